package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.Utf8View;
import io.qaexchange.job.stream.ledger.CachedValues.Entry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Write-back cache over a map state whose keys are texts. The oldest changes are written when there are too many, so an order that opens
 * and closes in between costs no state access. At a checkpoint, unwritten changes go into one value per instrument, the <em>pending</em>
 * values, which costs a fraction of writing them singly. Pending values override the map state, and are removed when they are written to
 * it.
 *
 * <p>Values are kept by instrument, which is the backend's key; if too many are, those of the instruments that were selected longest ago
 * are forgotten. Objects given out are the kept ones: who changes one puts it back. One thread.
 *
 * @param <V> type of the values
 */
final class CachedMap<V> {

    /**
     * How much of it is in memory.
     *
     * @param whole if an instrument has at most this many values, all of them are read at first, so that one is known not to be there
     * @param changes values that may be pending
     * @param values values in memory, besides those of the selected instrument
     */
    record Limits(int whole, int changes, int values) {
    }

    private static final int WRITTEN_AT_ONCE = 256;

    private final CachedMapState<V> state;
    private final Limits limits;
    private final Map<String, CachedValues<V>> instruments = new HashMap<>();
    private final ChangeQueue<V> changes = new ChangeQueue<>();
    private CachedValues<V> current;
    /** The entry that was asked for last, as it is often the one that changes next. */
    @Nullable
    private Entry<V> last;
    private int instrumentsMade;
    private long selections;
    private int size;

    /** A cache with nothing in it. */
    CachedMap(CachedMapState<V> state, Limits limits) {
        this.state = state;
        this.limits = limits;
    }

    /**
     * From here on it is about this instrument.
     *
     * @param known the values that an earlier call for that instrument gave, or null
     * @return its values, for the next call
     */
    CachedValues<V> select(String instrument, @Nullable CachedValues<V> known) throws Exception {
        last = null;
        current = known != null && !known.gone ? known : instruments.get(instrument);
        if (current == null) {
            current = new CachedValues<>(instrument, instrumentsMade++);
            instruments.put(instrument, current);
            if (limits.whole() > 0) {
                readAll();
            }
            readPending();
        }
        current.selectedAt = ++selections;
        return current;
    }

    private void readAll() throws Exception {
        current.whole = true;
        state.readAll(current.instrument, (id, value) -> {
            if (current.entries.size() == limits.whole()) {
                size -= current.entries.size();
                current.entries.clear();
                current.whole = false;
                return false;
            }
            Entry<V> entry = add(id);
            entry.value = value;
            entry.stored = true;
            return true;
        });
    }

    /** Values that a checkpoint had pending are so again: they hold over those of the map. */
    private void readPending() throws Exception {
        Map<String, V> stored = state.readPending(current.instrument);
        if (stored == null) {
            return;
        }
        for (Map.Entry<String, V> pending : stored.entrySet()) {
            Entry<V> entry = current.entries.get(pending.getKey());
            if (entry == null) {
                entry = add(pending.getKey());
                entry.stored = !current.whole;
            }
            entry.value = pending.getValue();
            changes.addPending(entry);
        }
        current.pendingStored = true;
    }

    private Entry<V> add(String id) {
        size++;
        return current.add(id);
    }

    /** The value, or null. */
    V get(String id) throws Exception {
        Entry<V> entry = current.entries.get(id);
        return entry != null ? use(entry) : current.whole ? null : read(id);
    }

    /** As {@link #get(String)}. */
    V get(Utf8View id) throws Exception {
        Entry<V> entry = current.entries.get(id);
        return entry != null ? use(entry) : current.whole ? null : read(id.toString());
    }

    private V use(Entry<V> entry) {
        last = entry;
        return entry.value;
    }

    private V read(String id) throws Exception {
        V value = state.read(current.instrument, id);
        Entry<V> entry = add(id);
        entry.stored = value != null;
        entry.value = value;
        return value;
    }

    void put(String id, V value) {
        Entry<V> entry = last != null && last.value == value ? last : current.entries.get(id);
        if (entry == null) {
            entry = add(id);
            entry.stored = !current.whole;
        }
        entry.value = value;
        changes.add(entry);
    }

    void remove(String id) {
        Entry<V> entry = last != null && last.id.equals(id) ? last : current.entries.get(id);
        if (entry == null) {
            if (current.whole) {
                return;
            }
            entry = add(id);
            entry.stored = true;
        }
        entry.value = null;
        if (entry.stored) {
            changes.add(entry);
        } else {
            // The map never had it; only the pending values in the state may still have it.
            changes.remove(entry);
            forget(entry);
        }
    }

    private void forget(Entry<V> entry) {
        if (last == entry) {
            last = null;
        }
        entry.values.entries.remove(entry);
        size--;
    }

    /** Values in memory. */
    int size() {
        return size;
    }

    /** Values that are not written yet. */
    int changes() {
        return changes.size();
    }

    /** Writes what changed longest ago, and forgets what was selected longest ago, until there is no more than the limits allow. */
    void trim() throws Exception {
        changes.trim(2 * limits.changes());
        if (changes.size() > limits.changes()) {
            int count = Math.max(changes.size() - limits.changes(), Math.min(WRITTEN_AT_ONCE, limits.changes()));
            for (Entry<V> entry : changes.takeOldest(count)) {
                write(entry);
            }
        }
        if (size > limits.values()) {
            forgetOldest();
        }
    }

    /** Writes the pending values of those instruments of which something has changed since the last time. */
    void flush() throws Exception {
        for (Entry<V> entry : changes.unsaved()) {
            if (entry.value == null && !entry.stored) {
                write(entry);
            } else {
                entry.values.pending.add(entry);
            }
        }
        for (CachedValues<V> values : changes.takeChangedValues()) {
            if (!values.gone) {
                writePending(values);
            }
        }
    }

    private void writePending(CachedValues<V> values) throws Exception {
        if (values.pending.isEmpty()) {
            removePending(values);
            return;
        }
        state.writePending(values.instrument, values.pending);
        values.pendingStored = true;
        values.pending.clear();
    }

    private void removePending(CachedValues<V> values) throws Exception {
        if (values.pendingStored) {
            state.removePending(values.instrument);
            values.pendingStored = false;
        }
    }

    /** All values of the selected instrument, in no order; a copy of the map, not of the values. */
    Map<String, V> all() throws Exception {
        Map<String, V> all = new HashMap<>();
        if (current.whole) {
            for (Entry<V> entry : current.entries.entries()) {
                if (entry.value != null) {
                    all.put(entry.id, entry.value);
                }
            }
            return all;
        }
        writeChanges(current);
        state.readAll(current.instrument, (id, value) -> {
            Entry<V> entry = current.entries.get(id);
            all.put(id, entry != null ? entry.value : value);
            return true;
        });
        return all;
    }

    private void writeChanges(CachedValues<V> values) throws Exception {
        for (Entry<V> entry : values.entries.entries()) {
            if (entry.changed) {
                write(entry);
            }
        }
    }

    private void write(Entry<V> entry) throws Exception {
        changes.remove(entry);
        String instrument = entry.values.instrument;
        if (entry.value != null) {
            state.write(instrument, entry.id, entry.value);
            entry.stored = true;
            return;
        }
        if (entry.stored) {
            state.remove(instrument, entry.id);
        }
        forget(entry);
    }

    /** Down to three quarters, so that it is seldom; the selected instrument stays. */
    private void forgetOldest() throws Exception {
        List<CachedValues<V>> oldestFirst = new ArrayList<>(instruments.values());
        oldestFirst.sort(Comparator.comparingLong(values -> values.selectedAt));
        for (CachedValues<V> values : oldestFirst) {
            if (values == current || size <= limits.values() / 4 * 3) {
                return;
            }
            forget(values);
        }
    }

    /** Its pending values go from the state too: they would hold over what is written from here on. */
    private void forget(CachedValues<V> values) throws Exception {
        writeChanges(values);
        removePending(values);
        values.gone = true;
        instruments.remove(values.instrument);
        size -= values.entries.size();
    }

    /** Forgets what is in memory, after it was written. */
    void clear() throws Exception {
        for (CachedValues<V> values : List.copyOf(instruments.values())) {
            forget(values);
        }
        changes.clear();
        last = null;
        current = null;
    }
}
