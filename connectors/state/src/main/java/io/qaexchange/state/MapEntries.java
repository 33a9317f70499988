package io.qaexchange.state;

import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Iterates the entries of a map state, whatever happens to the map, the current key and the current namespace meanwhile.
 *
 * <p>Flink's iterators cannot be closed, and a store's iterator that is never closed keeps files: so entries are copied, those of a small
 * map at once, those of others in runs, each read by an iterator of its own that begins after the last entry. What was put after it
 * meanwhile may be seen. Of a run, the bytes of user keys and values lie in one array; objects are made of them when they are asked for.
 */
abstract class MapEntries<UK, UV, T> implements Iterator<T> {
    private static final int FIRST_RUN = 32;
    private static final int LONGEST_RUN = 1024;
    private static final int FIRST_BYTES = 512;
    /** A run ends with the entry that passes it. */
    private static final int RUN_BYTES = 32 << 10;

    private final LsmMapState<?, ?, UK, UV> state;
    /** Key group, key and namespace, which the stored keys begin with. */
    private final byte[] prefix;
    private final boolean withValues;

    private byte[] run = new byte[0];
    /** Where each entry's user key and value end; each begins where the one before ends. */
    private int[] ends = new int[0];
    private int count;
    private int runLength = FIRST_RUN;
    private boolean ended;
    /** The next entry's number, and where it begins. */
    private int at;
    private int begin;

    /** Where the entry lies that was returned last; it may be in a run that is left. Null: none, or removed. */
    private byte[] lastRun;
    private int lastBegin;
    private int lastKeyEnd;

    private MapEntries(LsmMapState<?, ?, UK, UV> state, byte[] prefix, boolean withValues) {
        this.state = state;
        this.prefix = prefix;
        this.withValues = withValues;
    }

    static <UK, UV> Iterator<Map.Entry<UK, UV>> entries(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new Entries<>(state, prefix);
    }

    static <UK, UV> Iterator<UK> keys(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new Keys<>(state, prefix);
    }

    static <UK, UV> Iterator<UV> values(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
        return new Values<>(state, prefix);
    }

    private static final class Keys<UK, UV> extends MapEntries<UK, UV, UK> {
        Keys(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
            super(state, prefix, false);
        }

        @Override
        UK show(byte[] bytes, int from, int keyEnd, int to) {
            return userKey(bytes, from, keyEnd);
        }
    }

    private static final class Values<UK, UV> extends MapEntries<UK, UV, UV> {
        Values(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
            super(state, prefix, true);
        }

        @Override
        UV show(byte[] bytes, int from, int keyEnd, int to) {
            return userValue(bytes, keyEnd, to);
        }
    }

    private static final class Entries<UK, UV> extends MapEntries<UK, UV, Map.Entry<UK, UV>> {
        private Entry<UK, UV> last;

        Entries(LsmMapState<?, ?, UK, UV> state, byte[] prefix) {
            super(state, prefix, true);
        }

        @Override
        Map.Entry<UK, UV> show(byte[] bytes, int from, int keyEnd, int to) {
            last = new Entry<>(this, bytes, from, keyEnd, to);
            return last;
        }

        @Override
        public void remove() {
            super.remove();
            last.wasRemoved();
        }
    }

    @Override
    public boolean hasNext() {
        if (at == count && !ended) {
            load();
        }
        return at < count;
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        int from = begin;
        int keyEnd = ends[2 * at];
        int to = ends[2 * at + 1];
        at++;
        begin = to;
        lastRun = run;
        lastBegin = from;
        lastKeyEnd = keyEnd;
        return show(run, from, keyEnd, to);
    }

    /** The layout of an entry that {@link #next} returns: its user key from {@code from} on, its value from {@code keyEnd} up to {@code to}. */
    abstract T show(byte[] bytes, int from, int keyEnd, int to);

    @Override
    public void remove() {
        if (lastRun == null) {
            throw new IllegalStateException("remove() must follow next()");
        }
        byte[] from = lastRun;
        lastRun = null;
        try {
            state.removeStored(Slice.of(storedKey(from, lastBegin, lastKeyEnd)));
        } catch (IOException e) {
            throw state.failure("written", e);
        }
    }

    private byte[] storedKey(byte[] bytes, int from, int keyEnd) {
        byte[] key = Arrays.copyOf(prefix, prefix.length + keyEnd - from);
        System.arraycopy(bytes, from, key, prefix.length, keyEnd - from);
        return key;
    }

    UK userKey(byte[] bytes, int from, int keyEnd) {
        try {
            return state.readUserKey(bytes, from, keyEnd);
        } catch (IOException e) {
            throw state.failure("read", e);
        }
    }

    UV userValue(byte[] bytes, int from, int to) {
        try {
            return state.readUserValue(bytes, from, to);
        } catch (IOException e) {
            throw state.failure("read", e);
        }
    }

    private void load() {
        try {
            CopiedEntries all = count == 0 ? state.copy(prefix, withValues) : null;
            if (all == null) {
                scan();
            } else {
                run = all.toByteArray();
                ends = all.toEnds();
                count = all.count();
                ended = true;
            }
        } catch (IOException e) {
            throw state.failure("read", e);
        }
    }

    private void scan() throws IOException {
        byte[] last = count == 0 ? null : storedKey(run, count == 1 ? 0 : ends[2 * count - 3], ends[2 * count - 2]);
        byte[] bytes = new byte[Math.max(FIRST_BYTES, Math.min(2 * run.length, RUN_BYTES))];
        int[] places = new int[2 * Math.min(runLength, FIRST_RUN)];
        int loaded = 0;
        int free = 0;
        try (StoreIterator entries = state.scan(prefix, last)) {
            for (; entries.valid() && loaded < runLength && free < RUN_BYTES; entries.next()) {
                Slice key = entries.key();
                int keyBytes = key.length() - prefix.length;
                Slice value = withValues ? entries.value() : null;
                int keyEnd = free + keyBytes;
                int end = value == null ? keyEnd : keyEnd + value.length();
                if (end > bytes.length) {
                    bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
                }
                if (2 * loaded == places.length) {
                    places = Arrays.copyOf(places, 2 * places.length);
                }
                key.copyTo(prefix.length, bytes, free, keyBytes);
                if (value != null) {
                    value.copyTo(bytes, keyEnd);
                }
                places[2 * loaded] = keyEnd;
                places[2 * loaded + 1] = end;
                loaded++;
                free = end;
            }
            ended = !entries.valid();
        }
        run = bytes;
        ends = places;
        count = loaded;
        at = 0;
        begin = 0;
        runLength = Math.min(2 * runLength, LONGEST_RUN);
    }

    /**
     * An entry; key and value are deserialized when they are asked for. It keeps both after it was removed, as an entry of a map on the heap
     * does: Flink SQL's operators collect entries, remove them, and read them afterwards.
     */
    private static final class Entry<UK, UV> implements Map.Entry<UK, UV> {
        private final Entries<UK, UV> origin;
        /** User key, then stored value, among those of other entries. */
        private final byte[] stored;
        private final int keyAt;
        private final int valueAt;
        private final int end;
        private UK key;
        private UV value;
        private boolean hasKey;
        private boolean hasValue;
        private boolean removed;

        Entry(Entries<UK, UV> origin, byte[] stored, int keyAt, int valueAt, int end) {
            this.origin = origin;
            this.stored = stored;
            this.keyAt = keyAt;
            this.valueAt = valueAt;
            this.end = end;
        }

        @Override
        public UK getKey() {
            if (!hasKey) {
                key = origin.userKey(stored, keyAt, valueAt);
                hasKey = true;
            }
            return key;
        }

        @Override
        public UV getValue() {
            if (!hasValue) {
                value = origin.userValue(stored, valueAt, end);
                hasValue = true;
            }
            return value;
        }

        @Override
        public UV setValue(UV newValue) {
            if (removed) {
                throw new IllegalStateException("the entry was removed");
            }
            UV before = getValue();
            origin.put(stored, keyAt, valueAt, newValue);
            value = newValue;
            return before;
        }

        private void wasRemoved() {
            removed = true;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Map.Entry<?, ?> entry && Objects.equals(getKey(), entry.getKey())
                    && Objects.equals(getValue(), entry.getValue());
        }

        @Override
        public int hashCode() {
            return Objects.hashCode(getKey()) ^ Objects.hashCode(getValue());
        }
    }

    void put(byte[] bytes, int keyAt, int keyEnd, UV newValue) {
        try {
            state.putStored(Slice.of(storedKey(bytes, keyAt, keyEnd)), newValue);
        } catch (IOException e) {
            throw state.failure("written", e);
        }
    }
}
