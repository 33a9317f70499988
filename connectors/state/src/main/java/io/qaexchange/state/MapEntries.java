package io.qaexchange.state;

import io.qaexchange.storage.StoreIterator;
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
        byte[] last = run.isEmpty() ? null : run.get(run.size() - 1).storedKey;
        List<Entry<UK, UV>> loaded = new ArrayList<>();
        try (StoreIterator entries = state.scan(prefix, last)) {
            for (; entries.valid() && loaded.size() < runLength; entries.next()) {
                loaded.add(new Entry<>(state, prefix.length, entries.key().toByteArray(), entries.value().toByteArray()));
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
        private final int userKeyOffset;
        private final byte[] storedKey;
        private byte[] storedValue;
        private UK key;
        private UV value;
        private boolean removed;

        Entry(LsmMapState<?, ?, UK, UV> state, int userKeyOffset, byte[] storedKey, byte[] storedValue) {
            this.state = state;
            this.userKeyOffset = userKeyOffset;
            this.storedKey = storedKey;
            this.storedValue = storedValue;
        }

        @Override
        public UK getKey() {
            if (key == null) {
                try {
                    key = state.readUserKey(storedKey, userKeyOffset);
                } catch (IOException e) {
                    throw state.failure("read", e);
                }
            }
            return key;
        }

        @Override
        public UV getValue() {
            if (storedValue != null) {
                try {
                    value = state.readUserValue(storedValue);
                    storedValue = null;
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
                state.putStored(storedKey, newValue);
            } catch (IOException e) {
                throw state.failure("written", e);
            }
            value = newValue;
            return before;
        }

        private void remove() {
            removed = true;
            storedValue = null;
            value = null;
            try {
                state.removeStored(storedKey);
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
