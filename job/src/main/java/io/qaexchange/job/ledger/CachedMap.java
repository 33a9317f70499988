package io.qaexchange.job.ledger;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.MapState;

/**
 * A map state by text whose values are objects in memory while they are in use; what has changed is written before each checkpoint, or
 * when much has. So an order that comes and goes between two checkpoints costs no state access at all.
 *
 * <p>Values are kept by instrument, which is the backend's key. Objects given out are the kept ones: who changes one puts it back. One
 * thread.
 *
 * @param <V> type of the values
 */
final class CachedMap<V> {

    /** Reads and writes a value. */
    interface Codec<V> {
        V read(byte[] stored) throws Exception;

        byte[] write(V value) throws Exception;
    }

    /** A value, or that there is none. */
    private static final class Entry<V> {
        final String id;
        V value;
        /** Whether the state has something under this id. */
        boolean stored;
        boolean changed;

        Entry(String id) {
            this.id = id;
        }
    }

    /** The values of an instrument; of use only with the cache that gave it. */
    static final class Part<V> {
        final String instrument;
        final Map<String, Entry<V>> entries = new HashMap<>();
        final List<Entry<V>> changed = new ArrayList<>();
        /** Whether what is not here is not in the state either. */
        boolean whole;
        /** Whether the cache has forgotten it. */
        boolean gone;

        Part(String instrument) {
            this.instrument = instrument;
        }
    }

    private final Consumer<String> key;
    private final MapState<String, byte[]> state;
    private final Codec<V> codec;
    private final int maxWhole;
    private final Map<String, Part<V>> parts = new HashMap<>();
    private Part<V> current;
    /** What was asked for last, as it is often what changes next. */
    @Nullable
    private Entry<V> last;
    private int size;
    private int changes;

    /**
     * A cache with nothing in it.
     *
     * @param key sets the backend's key
     * @param maxWhole if an instrument has at most so many values, all of them are read at first: for what is often asked for in vain
     */
    CachedMap(Consumer<String> key, MapState<String, byte[]> state, Codec<V> codec, int maxWhole) {
        this.key = key;
        this.state = state;
        this.codec = codec;
        this.maxWhole = maxWhole;
    }

    /**
     * From here on it is about this instrument, which is also the backend's key.
     *
     * @param known what an earlier call for that instrument gave, or null
     * @return its values, for the next call
     */
    Part<V> select(String instrument, @Nullable Part<V> known) throws Exception {
        last = null;
        current = known != null && !known.gone ? known : parts.get(instrument);
        if (current == null) {
            current = new Part<>(instrument);
            parts.put(instrument, current);
            if (maxWhole > 0) {
                readAll();
            }
        }
        return current;
    }

    private void readAll() throws Exception {
        for (Map.Entry<String, byte[]> stored : state.entries()) {
            if (current.entries.size() == maxWhole) {
                size -= current.entries.size();
                current.entries.clear();
                return;
            }
            Entry<V> entry = add(stored.getKey());
            entry.value = codec.read(stored.getValue());
            entry.stored = true;
        }
        current.whole = true;
    }

    private Entry<V> add(String id) {
        Entry<V> entry = new Entry<>(id);
        current.entries.put(id, entry);
        size++;
        return entry;
    }

    /** The value, or null. */
    V get(String id) throws Exception {
        Entry<V> entry = current.entries.get(id);
        if (entry != null) {
            last = entry;
            return entry.value;
        }
        if (current.whole) {
            return null;
        }
        byte[] stored = state.get(id);
        entry = add(id);
        entry.stored = stored != null;
        entry.value = stored == null ? null : codec.read(stored);
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
        change(entry);
    }

    private void change(Entry<V> entry) {
        if (!entry.changed) {
            entry.changed = true;
            current.changed.add(entry);
            changes++;
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

    /** Writes what has changed, of all instruments; the backend's key is another one afterwards. */
    void flush() throws Exception {
        if (changes == 0) {
            return;
        }
        for (Part<V> part : parts.values()) {
            if (!part.changed.isEmpty()) {
                key.accept(part.instrument);
                flush(part);
            }
        }
    }

    /** Writes what has changed of the selected instrument, so that the state can be walked through. */
    void flushSelected() throws Exception {
        if (current != null) {
            flush(current);
        }
    }

    private void flush(Part<V> part) throws Exception {
        last = null;
        for (Entry<V> entry : part.changed) {
            entry.changed = false;
            if (entry.value != null) {
                state.put(entry.id, codec.write(entry.value));
                entry.stored = true;
            } else {
                if (entry.stored) {
                    state.remove(entry.id);
                }
                part.entries.remove(entry.id);
                size--;
            }
        }
        changes -= part.changed.size();
        part.changed.clear();
    }

    /** Forgets what is in memory, after it was written. */
    void clear() throws Exception {
        flush();
        parts.values().forEach(part -> part.gone = true);
        parts.clear();
        last = null;
        current = null;
        size = 0;
    }
}
