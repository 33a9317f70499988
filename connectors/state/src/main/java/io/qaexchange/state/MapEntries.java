package io.qaexchange.state;

import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.function.Function;

/**
 * Iterates the entries of a map state, whatever happens to the map, the current key and the current namespace meanwhile.
 *
 * <p>Flink's iterators cannot be closed, and a store's iterator that is never closed keeps files: so entries are copied in runs, each
 * read by an iterator of its own that begins behind the last entry. What was put behind it meanwhile may be seen.
 */
final class MapEntries<UK, UV, T> implements Iterator<T> {
    private static final int FIRST_RUN = 32;
    private static final int LONGEST_RUN = 1024;
    private static final int FIRST_BYTES = 1 << 10;
    private static final int MOST_BYTES = 16 << 10;

    private final LsmMapState<?, ?, UK, UV> state;
    private final byte[] prefix;
    private final Function<Entry<UK, UV>, T> result;
    private List<Entry<UK, UV>> run = List.of();
    private int at;
    private int runLength = FIRST_RUN;
    private boolean ended;
    private Entry<UK, UV> current;

    MapEntries(LsmMapState<?, ?, UK, UV> state, byte[] prefix, Function<Entry<UK, UV>, T> result) {
        this.state = state;
        this.prefix = prefix;
        this.result = result;
    }

    @Override
    public boolean hasNext() {
        if (at == run.size() && !ended) {
            load();
        }
        return at < run.size();
    }

    @Override
    public T next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        current = run.get(at++);
        return result.apply(current);
    }

    @Override
    public void remove() {
        if (current == null || current.removed) {
            throw new IllegalStateException("remove() must follow next()");
        }
        current.remove();
    }

    private void load() {
        byte[] last = run.isEmpty() ? null : run.get(run.size() - 1).storedKey().toByteArray();
        List<Entry<UK, UV>> loaded = new ArrayList<>();
        try (StoreIterator entries = state.scan(prefix, last)) {
            byte[] bytes = new byte[FIRST_BYTES];
            int free = 0;
            for (; entries.valid() && loaded.size() < runLength; entries.next()) {
                Slice key = entries.key();
                Slice value = entries.value();
                int valueAt = free + key.length();
                int end = valueAt + value.length();
                if (end > bytes.length) {
                    // Entries that were loaded keep the array that they are in.
                    end -= free;
                    valueAt -= free;
                    free = 0;
                    bytes = new byte[Math.max(end, Math.min(2 * bytes.length, MOST_BYTES))];
                }
                key.copyTo(bytes, free);
                value.copyTo(bytes, valueAt);
                loaded.add(new Entry<>(state, prefix.length, bytes, free, valueAt, end));
                free = end;
            }
            ended = !entries.valid();
        } catch (IOException e) {
            throw state.failure("read", e);
        }
        run = loaded;
        at = 0;
        runLength = Math.min(2 * runLength, LONGEST_RUN);
    }

    /** An entry; key and value are deserialized when they are asked for. */
    static final class Entry<UK, UV> implements Map.Entry<UK, UV> {
        private final LsmMapState<?, ?, UK, UV> state;
        private final int prefixLength;
        /** Stored key, then stored value, among those of other entries. */
        private final byte[] stored;
        private final int keyAt;
        private final int valueAt;
        private final int end;
        private UK key;
        private UV value;
        private boolean hasKey;
        private boolean hasValue;
        private boolean removed;

        Entry(LsmMapState<?, ?, UK, UV> state, int prefixLength, byte[] stored, int keyAt, int valueAt, int end) {
            this.state = state;
            this.prefixLength = prefixLength;
            this.stored = stored;
            this.keyAt = keyAt;
            this.valueAt = valueAt;
            this.end = end;
        }

        private Slice storedKey() {
            return new Slice().wrap(stored, keyAt, valueAt - keyAt);
        }

        @Override
        public UK getKey() {
            if (!hasKey) {
                try {
                    key = state.readUserKey(stored, keyAt + prefixLength, valueAt);
                    hasKey = true;
                } catch (IOException e) {
                    throw state.failure("read", e);
                }
            }
            return key;
        }

        @Override
        public UV getValue() {
            if (!hasValue) {
                try {
                    value = state.readUserValue(stored, valueAt, end);
                    hasValue = true;
                } catch (IOException e) {
                    throw state.failure("read", e);
                }
            }
            return value;
        }

        @Override
        public UV setValue(UV newValue) {
            if (removed) {
                throw new IllegalStateException("the entry was removed");
            }
            UV before = getValue();
            try {
                state.putStored(storedKey(), newValue);
            } catch (IOException e) {
                throw state.failure("written", e);
            }
            value = newValue;
            return before;
        }

        private void remove() {
            removed = true;
            hasValue = true;
            value = null;
            try {
                state.removeStored(storedKey());
            } catch (IOException e) {
                throw state.failure("written", e);
            }
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
}
