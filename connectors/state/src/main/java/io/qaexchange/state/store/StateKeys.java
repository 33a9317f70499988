package io.qaexchange.state.store;

import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Lists the keys that have a value in a state. A listing sees the state as of its making, so the caller may change it meanwhile. Streams
 * must be closed.
 */
public final class StateKeys<K> {
    private final StateStore store;
    private final CompositeKey<K> keys;

    public StateKeys(StateStore store, CompositeKey<K> keys) {
        this.store = store;
        this.keys = keys;
    }

    /** The keys that have a value in at least one of the states in that namespace, each once, in stored order. */
    public <N> Stream<K> in(List<StateTable<N, ?>> tables, N namespace) {
        List<Cursor<N>> cursors = new ArrayList<>();
        try {
            for (StateTable<N, ?> table : tables) {
                cursors.add(new Cursor<>(table, namespace));
            }
            return stream(cursors, found -> found.key);
        } catch (IOException e) {
            cursors.forEach(Cursor::close);
            throw new FlinkRuntimeException("keys of states " + tables.stream().map(StateTable::name).toList() + " cannot be listed", e);
        }
    }

    /** The keys and namespaces that have a value in a state, each pair once, in stored order. */
    public <N> Stream<Tuple2<K, N>> withNamespaces(StateTable<N, ?> table) {
        try {
            return stream(List.of(new Cursor<>(table, null)), found -> Tuple2.of(found.key, found.namespace));
        } catch (IOException e) {
            throw new FlinkRuntimeException("keys of state " + table.name() + " cannot be listed", e);
        }
    }

    private <N, T> Stream<T> stream(List<Cursor<N>> cursors, Function<Found<K, N>, T> result) {
        Iterator<T> merged = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return smallest(cursors) != null;
            }

            @Override
            public T next() {
                Cursor<N> first = smallest(cursors);
                if (first == null) {
                    throw new NoSuchElementException();
                }
                Found<K, N> found = first.found;
                for (Cursor<N> cursor : cursors) {
                    if (cursor.found != null && Arrays.equals(cursor.found.stored, found.stored)) {
                        cursor.advance();
                    }
                }
                return result.apply(found);
            }
        };
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(merged, Spliterator.ORDERED), false)
                .onClose(() -> cursors.forEach(Cursor::close));
    }

    private static <K, N> StateKeys<K>.Cursor<N> smallest(List<StateKeys<K>.Cursor<N>> cursors) {
        StateKeys<K>.Cursor<N> smallest = null;
        for (StateKeys<K>.Cursor<N> cursor : cursors) {
            if (cursor.found != null && (smallest == null || Arrays.compareUnsigned(cursor.found.stored, smallest.found.stored) < 0)) {
                smallest = cursor;
            }
        }
        return smallest;
    }

    /** @param stored key group, key and namespace as they are stored */
    private record Found<K, N>(byte[] stored, K key, N namespace) {
    }

    /** Walks one state from one (key, namespace) to the next. */
    private final class Cursor<N> {
        private final String name;
        private final TypeSerializer<N> namespaceSerializer;
        private final boolean ambiguous;
        private final byte[] wanted;
        private final StoreIterator entries;
        private final DataInputDeserializer input = new DataInputDeserializer();
        private Found<K, N> found;

        /** @param namespace null for all */
        Cursor(StateTable<N, ?> table, N namespace) throws IOException {
            name = table.name();
            namespaceSerializer = table.namespaceSerializer();
            ambiguous = keys.isAmbiguousWith(namespaceSerializer);
            if (namespace == null) {
                wanted = null;
            } else {
                DataOutputSerializer bytes = new DataOutputSerializer(16);
                CompositeKeySerializationUtils.writeNameSpace(namespace, namespaceSerializer, bytes, ambiguous);
                wanted = bytes.getCopyOfBuffer();
            }
            entries = store.iterator(table.family(), KeyRange.ALL, null);
            entries.seekToFirst();
            find();
        }

        void advance() {
            find();
        }

        private void find() {
            try {
                byte[] seen = found == null ? null : found.stored;
                found = null;
                for (; found == null && entries.valid(); entries.next()) {
                    if (seen == null || !entries.key().startsWith(seen)) {
                        found = read(entries.key());
                        seen = null;
                    }
                }
            } catch (IOException e) {
                throw new FlinkRuntimeException("keys of state " + name + " cannot be read", e);
            }
        }

        /** Null if the entry is of another namespace. */
        private Found<K, N> read(Slice stored) throws IOException {
            byte[] bytes = stored.toByteArray();
            int prefix = keys.keyGroupBytes();
            input.setBuffer(bytes, prefix, bytes.length - prefix);
            K key = CompositeKeySerializationUtils.readKey(keys.keySerializer(), input, ambiguous);
            int begin = input.getPosition();
            if (wanted != null && !Arrays.equals(bytes, begin, Math.min(bytes.length, begin + wanted.length), wanted, 0, wanted.length)) {
                return null;
            }
            N namespace = CompositeKeySerializationUtils.readNamespace(namespaceSerializer, input, ambiguous);
            return new Found<>(Arrays.copyOf(bytes, input.getPosition()), key, namespace);
        }

        void close() {
            entries.close();
        }
    }
}
