package io.qaexchange.job.stream.ledger;

import java.util.ArrayList;
import java.util.List;

/**
 * The values of one instrument in a {@link CachedMap}; of use only with the cache that gave it. One thread.
 *
 * @param <V> type of the values
 */
final class CachedValues<V> {

    /** A value, or the knowledge that there is none. */
    static final class Entry<V> extends TextTable.Entry {
        final CachedValues<V> values;
        V value;
        /** Whether the state has something under this id. */
        boolean stored;
        /** Whether the map state does not have the value as it is. */
        boolean changed;
        /** Whether it has a place in the {@link ChangeQueue}; never two. */
        boolean queued;
        /** Whether it has changed again since it came to that place. */
        boolean changedAgain;

        private Entry(CachedValues<V> values, String id) {
            super(id);
            this.values = values;
        }
    }

    final String instrument;
    final TextTable<Entry<V>> entries = new TextTable<>();
    /** Instruments in the order in which they were made. */
    final int number;
    /** When it was selected last, in selections. */
    long selectedAt;
    /** Whether an id that is not here is not in the state either. */
    boolean whole;
    /** Whether the cache has forgotten it. */
    boolean gone;
    /** Whether the state has pending values of it. */
    boolean pendingStored;
    /** Whether those in the state are not the ones that are pending now. */
    boolean pendingChanged;
    /** Used within a flush only. */
    final List<Entry<V>> pending = new ArrayList<>();

    CachedValues(String instrument, int number) {
        this.instrument = instrument;
        this.number = number;
    }

    /** An entry for an id that has none. */
    Entry<V> add(String id) {
        Entry<V> entry = new Entry<>(this, id);
        entries.add(entry);
        return entry;
    }
}
