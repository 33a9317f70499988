package io.qaexchange.state;

import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.internal.InternalKvState;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Ordered map state as the engine has it: rows of a key lie side by side in order, so a range is a scan and what is too old is hidden by
 * one write, whole files of it removed at once.
 *
 * <p>Stored as {@link BucketedMapState} stores it, so that savepoints go both ways: the bucket as namespace in front of the row's key,
 * and a second state that lists buckets. Buckets are big-endian, so rows of buckets from 0 on lie in order of bucket and key, which is
 * the order of keys; negative buckets are refused. Bounds may have a negative bucket: they are compared with rows instead of bytes.
 *
 * <p>One thread, the task thread.
 */
final class LsmOrderedMapState<K, UK extends OrderedKey<UK>, V> implements OrderedMapState<UK, V> {
    private final LsmKeyedStateBackend<K> backend;
    private final StateStore store;
    private final ColumnFamily family;
    private final TypeSerializer<UK> keySerializer;
    private final TypeSerializer<V> valueSerializer;
    private final MapState<Long, Boolean> buckets;
    private final DataInputDeserializer input = new DataInputDeserializer();
    private final DataOutputSerializer output = new DataOutputSerializer(256);
    private final KnownBuckets knownBuckets = new KnownBuckets();
    private byte[] readBuffer = new byte[256];

    LsmOrderedMapState(LsmKeyedStateBackend<K> backend, StateTable<Long, Map<UK, V>> rows, MapState<Long, Boolean> buckets) {
        this.backend = backend;
        this.buckets = buckets;
        store = backend.store();
        family = rows.family();
        MapSerializer<UK, V> serializer = (MapSerializer<UK, V>) rows.valueSerializer();
        keySerializer = serializer.getKeySerializer();
        valueSerializer = serializer.getValueSerializer();
    }

    @Override
    public V get(UK key) throws IOException {
        Slice stored = key.bucket() < 0 ? null : store.get(family, storedKey(key));
        if (stored == null) {
            return null;
        }
        int length = stored.length();
        if (readBuffer.length < length) {
            readBuffer = new byte[2 * length];
        }
        stored.copyTo(readBuffer, 0);
        return readValue(readBuffer, length);
    }

    @Override
    public boolean contains(UK key) throws IOException {
        return key.bucket() >= 0 && store.get(family, storedKey(key)) != null;
    }

    @Override
    public void put(UK key, V value) throws Exception {
        long bucket = key.bucket();
        if (bucket < 0) {
            throw new IllegalArgumentException("state " + family.name() + ": bucket " + bucket + " of key " + key
                    + " is negative, and would not lie in order");
        }
        if (knownBuckets.add(backend.getCurrentKey(), bucket)) {
            listedBuckets().put(bucket, Boolean.TRUE);
        }
        output.clear();
        output.writeBoolean(value == null);
        if (value != null) {
            valueSerializer.serialize(value, output);
        }
        store.put(family, storedKey(key), output.getSharedBuffer(), output.length());
    }

    @Override
    public void remove(UK key) throws IOException {
        if (key.bucket() >= 0) {
            store.delete(family, storedKey(key));
        }
    }

    @Override
    public Map.Entry<UK, V> first() throws Exception {
        try (CloseableIterator<Map.Entry<UK, V>> rows = range(null, null)) {
            return rows.hasNext() ? rows.next() : null;
        }
    }

    @Override
    public Map.Entry<UK, V> last() throws Exception {
        try (CloseableIterator<Map.Entry<UK, V>> rows = reverse(null, null)) {
            return rows.hasNext() ? rows.next() : null;
        }
    }

    @Override
    public CloseableIterator<Map.Entry<UK, V>> range(@Nullable UK lower, @Nullable UK upper) throws IOException {
        return new Rows(lower, upper, false);
    }

    @Override
    public CloseableIterator<Map.Entry<UK, V>> reverse(@Nullable UK lower, @Nullable UK upper) throws IOException {
        return new Rows(lower, upper, true);
    }

    @Override
    public void dropRange(@Nullable UK lower, @Nullable UK upper) throws Exception {
        if (isExact(lower) && isExact(upper)) {
            KeyRange range = storedRange(lower, upper);
            if (!range.isEmpty()) {
                store.deleteRange(family, range);
            }
        } else {
            List<UK> dropped = new ArrayList<>();
            try (CloseableIterator<Map.Entry<UK, V>> rows = range(lower, upper)) {
                rows.forEachRemaining(row -> dropped.add(row.getKey()));
            }
            for (UK key : dropped) {
                remove(key);
            }
        }
        forgetEmptyBuckets();
    }

    @Override
    public void dropBefore(long eventTimeNs) throws Exception {
        store.dropBefore(family, KeyRange.prefix(backend.keys().key().toByteArray()), eventTimeNs);
        forgetEmptyBuckets();
    }

    private void forgetEmptyBuckets() throws Exception {
        List<Long> empty = new ArrayList<>();
        for (Long bucket : listedBuckets().keys()) {
            byte[] prefix = backend.keys().withNamespace(bucket, LongSerializer.INSTANCE).toByteArray();
            if (store.isEmpty(family, KeyRange.prefix(prefix))) {
                empty.add(bucket);
            }
        }
        for (Long bucket : empty) {
            listedBuckets().remove(bucket);
            knownBuckets.remove(backend.getCurrentKey(), bucket);
        }
    }

    private MapState<Long, Boolean> listedBuckets() {
        @SuppressWarnings("unchecked")
        InternalKvState<K, VoidNamespace, ?> namespaced = (InternalKvState<K, VoidNamespace, ?>) buckets;
        namespaced.setCurrentNamespace(VoidNamespace.INSTANCE);
        return buckets;
    }

    /** Whether stored rows before the bound have smaller bytes than the bound, and the others have not. */
    private boolean isExact(@Nullable UK bound) {
        return bound == null || bound.bucket() >= 0;
    }

    /** What a scan has to look at; where a bound is not exact, all rows of the key. */
    private KeyRange storedRange(@Nullable UK lower, @Nullable UK upper) throws IOException {
        KeyRange all = KeyRange.prefix(backend.keys().key().toByteArray());
        byte[] from = lower == null || !isExact(lower) ? all.lower() : storedKey(lower).toByteArray();
        byte[] to = upper == null || !isExact(upper) ? all.upper() : storedKey(upper).toByteArray();
        return KeyRange.of(from, to);
    }

    private Slice storedKey(UK key) throws IOException {
        return backend.keys().withUserKey(key.bucket(), LongSerializer.INSTANCE, key, keySerializer);
    }

    private V readValue(byte[] stored, int length) throws IOException {
        input.setBuffer(stored, 0, length);
        return input.readBoolean() ? null : valueSerializer.deserialize(input);
    }

    /** A scan; sees the state as of its making. */
    private final class Rows implements CloseableIterator<Map.Entry<UK, V>> {
        private final UK lower;
        private final UK upper;
        private final boolean descending;
        private final int keyOffset;
        private final StoreIterator rows;
        private Map.Entry<UK, V> next;
        private boolean closed;

        Rows(@Nullable UK lower, @Nullable UK upper, boolean descending) throws IOException {
            this.lower = lower;
            this.upper = upper;
            this.descending = descending;
            keyOffset = backend.keys().key().length() + Long.BYTES;
            KeyRange range = storedRange(lower, upper);
            rows = store.iterator(family, range, null);
            boolean placed = false;
            try {
                if (range.isEmpty()) {
                    close();
                } else if (descending) {
                    rows.seekToLast();
                } else {
                    rows.seekToFirst();
                }
                find();
                placed = true;
            } finally {
                if (!placed) {
                    close();
                }
            }
        }

        /** From the iterator's place on, the first row within the bounds; closes behind the last one. */
        private void find() throws IOException {
            next = null;
            while (!closed && rows.valid()) {
                byte[] stored = rows.key().toByteArray();
                input.setBuffer(stored, keyOffset, stored.length - keyOffset);
                UK key = keySerializer.deserialize(input);
                boolean tooLow = lower != null && key.compareTo(lower) < 0;
                boolean tooHigh = upper != null && key.compareTo(upper) >= 0;
                if (descending ? tooLow : tooHigh) {
                    break;
                }
                if (!tooLow && !tooHigh) {
                    byte[] value = rows.value().toByteArray();
                    next = new SimpleImmutableEntry<>(key, readValue(value, value.length));
                    return;
                }
                move();
            }
            close();
        }

        private void move() throws IOException {
            if (descending) {
                rows.previous();
            } else {
                rows.next();
            }
        }

        @Override
        public boolean hasNext() {
            return next != null;
        }

        @Override
        public Map.Entry<UK, V> next() {
            if (next == null) {
                throw new NoSuchElementException();
            }
            Map.Entry<UK, V> found = next;
            try {
                if (closed) {
                    next = null;
                } else {
                    move();
                    find();
                }
            } catch (IOException e) {
                throw new FlinkRuntimeException("rows of state " + family.name() + " could not be read", e);
            }
            return found;
        }

        @Override
        public void close() {
            next = null;
            if (!closed) {
                closed = true;
                rows.close();
            }
        }
    }
}
