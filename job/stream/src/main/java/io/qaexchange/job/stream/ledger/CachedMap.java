package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.Utf8View;
import io.qaexchange.job.model.ledger.PendingValues;
import io.qaexchange.job.model.ledger.StateBytes;
import io.qaexchange.job.model.ledger.ValueCodec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.ValueState;

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
     * The state of the backend's current key.
     *
     * @param key sets that key
     * @param pending what {@link PendingValues} makes of the values that are not in the map
     */
    record State(Consumer<String> key, MapState<String, byte[]> map, ValueState<byte[]> pending) {
    }

    /**
     * How much of it is in memory.
     *
     * @param whole if an instrument has at most so many values, all of them are read at first, so that one is known not to be there
     * @param changes values that may be pending
     * @param values values in memory, besides those of the selected instrument
     */
    record Limits(int whole, int changes, int values) {
    }

    /** A value, or that there is none. */
    private static final class Entry<V> extends TextTable.Entry {
        final Part<V> part;
        V value;
        /** Whether the state has something under this id. */
        boolean stored;
        boolean changed;
        /** Whether it has a place among the changes; never two. */
        boolean queued;
        /** Whether it has changed again since it came to that place. */
        boolean changedAgain;

        Entry(Part<V> part, String id) {
            super(id);
            this.part = part;
        }
    }

    /** The values of an instrument; of use only with the cache that gave it. */
    static final class Part<V> {
        final String instrument;
        final TextTable<Entry<V>> entries = new TextTable<>();
        final int number;
        /** When it was selected last, in selections. */
        long selectedAt;
        /** Whether what is not here is not in the state either. */
        boolean whole;
        /** Whether the cache has forgotten it. */
        boolean gone;
        /** Whether the state has pending values of it. */
        boolean pendingStored;
        /** Whether those in the state are not the ones that are pending now. */
        boolean pendingChanged;
        /** Of use within a flush only. */
        final List<Entry<V>> pending = new ArrayList<>();

        Part(String instrument, int number) {
            this.instrument = instrument;
            this.number = number;
        }
    }

    private static final int WRITTEN_AT_ONCE = 256;

    private final State state;
    private final ValueCodec<V> codec;
    private final StateBytes bytes = new StateBytes();
    private final Limits limits;
    private final Map<String, Part<V>> parts = new HashMap<>();
    /**
     * In the order in which they changed first, or got a second chance; those that were written or dropped since are no longer marked as
     * changed.
     */
    private final ArrayDeque<Entry<V>> changed = new ArrayDeque<>();
    /** Those of which the state does not have the pending values as they are. */
    private final List<Part<V>> changedParts = new ArrayList<>();
    private Part<V> current;
    /** What was asked for last, as it is often what changes next. */
    @Nullable
    private Entry<V> last;
    private int partsMade;
    private long selections;
    private int size;
    private int changes;

    /** A cache with nothing in it. */
    CachedMap(State state, ValueCodec<V> codec, Limits limits) {
        this.state = state;
        this.codec = codec;
        this.limits = limits;
    }

    /**
     * From here on it is about this instrument.
     *
     * @param known what an earlier call for that instrument gave, or null
     * @return its values, for the next call
     */
    Part<V> select(String instrument, @Nullable Part<V> known) throws Exception {
        last = null;
        current = known != null && !known.gone ? known : parts.get(instrument);
        if (current == null) {
            current = new Part<>(instrument, partsMade++);
            parts.put(instrument, current);
            state.key().accept(instrument);
            if (limits.whole() > 0) {
                readAll();
            }
            readPending();
        }
        current.selectedAt = ++selections;
        return current;
    }

    private void readAll() throws Exception {
        for (Map.Entry<String, byte[]> stored : state.map().entries()) {
            if (current.entries.size() == limits.whole()) {
                size -= current.entries.size();
                current.entries.clear();
                return;
            }
            Entry<V> entry = add(stored.getKey());
            entry.value = bytes.read(stored.getValue(), codec::read);
            entry.stored = true;
        }
        current.whole = true;
    }

    /** What a checkpoint had pending is so again: it holds over what the map has. */
    private void readPending() throws Exception {
        byte[] stored = state.pending().value();
        if (stored == null) {
            return;
        }
        for (Map.Entry<String, V> pending : PendingValues.read(stored, codec, bytes).entrySet()) {
            Entry<V> entry = current.entries.get(pending.getKey());
            if (entry == null) {
                entry = add(pending.getKey());
                entry.stored = !current.whole;
            }
            entry.value = pending.getValue();
            markChanged(entry);
        }
        current.pendingStored = true;
    }

    private Entry<V> add(String id) {
        Entry<V> entry = new Entry<>(current, id);
        current.entries.add(entry);
        size++;
        return entry;
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
        state.key().accept(current.instrument);
        byte[] stored = state.map().get(id);
        Entry<V> entry = add(id);
        entry.stored = stored != null;
        entry.value = stored == null ? null : bytes.read(stored, codec::read);
        return entry.value;
    }

    void put(String id, V value) {
        Entry<V> entry = last != null && last.value == value ? last : current.entries.get(id);
        if (entry == null) {
            entry = add(id);
            entry.stored = !current.whole;
        }
        entry.value = value;
        change(entry);
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
            change(entry);
        } else {
            drop(entry);
        }
    }

    /** What the map never had is as if it had not been; only the pending values in the state may still have it. */
    private void drop(Entry<V> entry) {
        changePending(entry.part);
        if (entry.changed) {
            entry.changed = false;
            changes--;
        }
        forget(entry);
    }

    private void forget(Entry<V> entry) {
        if (last == entry) {
            last = null;
        }
        entry.part.entries.remove(entry);
        size--;
    }

    private void change(Entry<V> entry) {
        changePending(entry.part);
        if (entry.changed) {
            entry.changedAgain = true;
        } else {
            markChanged(entry);
        }
    }

    private void markChanged(Entry<V> entry) {
        entry.changed = true;
        changes++;
        entry.changedAgain = entry.queued;
        if (!entry.queued) {
            entry.queued = true;
            changed.add(entry);
        }
    }

    private void changePending(Part<V> part) {
        if (!part.pendingChanged) {
            part.pendingChanged = true;
            changedParts.add(part);
        }
    }

    /** Values in memory. */
    int size() {
        return size;
    }

    /** Values that are not written yet. */
    int changes() {
        return changes;
    }

    /** Writes what changed longest ago, and forgets what was selected longest ago, until there is no more than the limits allow. */
    void trim() throws Exception {
        if (changed.size() > 2 * limits.changes()) {
            changed.removeIf(CachedMap::leavesQueue);
        }
        if (changes > limits.changes()) {
            writeOldest(Math.max(changes - limits.changes(), Math.min(WRITTEN_AT_ONCE, limits.changes())));
        }
        if (size > limits.values()) {
            forgetOldest();
        }
    }

    private static boolean leavesQueue(Entry<?> entry) {
        entry.queued = entry.changed;
        return !entry.changed;
    }

    /** Writes what is pending, of the instruments of which something has changed since the last time. */
    void flush() throws Exception {
        for (Entry<V> entry : changed) {
            if (entry.changed && entry.part.pendingChanged) {
                if (entry.value == null && !entry.stored) {
                    write(entry);
                } else {
                    entry.part.pending.add(entry);
                }
            }
        }
        for (Part<V> part : changedParts) {
            part.pendingChanged = false;
            if (!part.gone) {
                writePending(part);
            }
        }
        changedParts.clear();
    }

    private void writePending(Part<V> part) throws Exception {
        if (part.pending.isEmpty()) {
            removePending(part);
            return;
        }
        state.key().accept(part.instrument);
        state.pending().update(bytes.write(out -> {
            PendingValues.writeCount(part.pending.size(), out);
            for (Entry<V> entry : part.pending) {
                PendingValues.write(entry.id, entry.value, codec, out);
            }
        }));
        part.pendingStored = true;
        part.pending.clear();
    }

    private void removePending(Part<V> part) throws Exception {
        if (part.pendingStored) {
            state.key().accept(part.instrument);
            state.pending().clear();
            part.pendingStored = false;
        }
    }

    /** What changed again gets a second chance. Instrument by instrument, as another key costs as much as half a value. */
    private void writeOldest(int count) throws Exception {
        List<Entry<V>> oldest = new ArrayList<>(count);
        while (oldest.size() < count) {
            Entry<V> entry = changed.remove();
            if (entry.changed && entry.changedAgain) {
                entry.changedAgain = false;
                changed.add(entry);
                continue;
            }
            entry.queued = false;
            if (entry.changed) {
                oldest.add(entry);
            }
        }
        oldest.sort(Comparator.comparingInt(entry -> entry.part.number));
        for (Entry<V> entry : oldest) {
            write(entry);
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
        state.key().accept(current.instrument);
        for (Map.Entry<String, byte[]> stored : state.map().entries()) {
            Entry<V> entry = current.entries.get(stored.getKey());
            all.put(stored.getKey(), entry != null ? entry.value : bytes.read(stored.getValue(), codec::read));
        }
        return all;
    }

    private void writeChanges(Part<V> part) throws Exception {
        for (Entry<V> entry : part.entries.entries()) {
            if (entry.changed) {
                write(entry);
            }
        }
    }

    private void write(Entry<V> entry) throws Exception {
        entry.changed = false;
        changePending(entry.part);
        changes--;
        if (entry.value != null) {
            state.key().accept(entry.part.instrument);
            state.map().put(entry.id, bytes.write(out -> codec.write(entry.value, out)));
            entry.stored = true;
            return;
        }
        if (entry.stored) {
            state.key().accept(entry.part.instrument);
            state.map().remove(entry.id);
        }
        forget(entry);
    }

    /** Down to three quarters, so that it is seldom; the selected instrument stays. */
    private void forgetOldest() throws Exception {
        List<Part<V>> oldestFirst = new ArrayList<>(parts.values());
        oldestFirst.sort(Comparator.comparingLong(part -> part.selectedAt));
        for (Part<V> part : oldestFirst) {
            if (part == current || size <= limits.values() / 4 * 3) {
                return;
            }
            forget(part);
        }
    }

    /** Its pending values go from the state too: they would hold over what is written from here on. */
    private void forget(Part<V> part) throws Exception {
        writeChanges(part);
        removePending(part);
        part.gone = true;
        parts.remove(part.instrument);
        size -= part.entries.size();
    }

    /** Forgets what is in memory, after it was written. */
    void clear() throws Exception {
        for (Part<V> part : List.copyOf(parts.values())) {
            forget(part);
        }
        changed.clear();
        changedParts.clear();
        last = null;
        current = null;
    }
}
