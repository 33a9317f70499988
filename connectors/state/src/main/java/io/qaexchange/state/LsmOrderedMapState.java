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
 * Ordered map state as the engine has it: rows of a key lie side by side in order, so a range is a scan and old rows are hidden by one
 * write, and whole files of them removed at once.
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
        return readValue(stored);
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
        return new Entries(lower, upper, false);
    }

    @Override
    public CloseableIterator<V> values(@Nullable UK lower, @Nullable UK upper) throws IOException {
        return new Values(lower, upper);
    }

    @Override
    public CloseableIterator<Map.Entry<UK, V>> reverse(@Nullable UK lower, @Nullable UK upper) throws IOException {
        return new Entries(lower, upper, true);
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

    /** The bounds of a scan; where a bound is not exact, all rows of the key. */
    private KeyRange storedRange(@Nullable UK lower, @Nullable UK upper) throws IOException {
        KeyRange all = KeyRange.prefix(backend.keys().key().toByteArray());
        byte[] from = lower == null || !isExact(lower) ? all.lower() : storedKey(lower).toByteArray();
        byte[] to = upper == null || !isExact(upper) ? all.upper() : storedKey(upper).toByteArray();
        return KeyRange.of(from, to);
    }

    private Slice storedKey(UK key) throws IOException {
        return backend.keys().withUserKey(key.bucket(), LongSerializer.INSTANCE, key, keySerializer);
    }

    private UK readKey(Slice stored, int keyOffset) throws IOException {
        input.setBuffer(readBuffer(stored), keyOffset, stored.length() - keyOffset);
        return keySerializer.deserialize(input);
    }

    private V readValue(Slice stored) throws IOException {
        input.setBuffer(readBuffer(stored), 0, stored.length());
        return input.readBoolean() ? null : valueSerializer.deserialize(input);
    }

    /** The bytes from the start of an array that is good until the next reading. */
    private byte[] readBuffer(Slice stored) {
        int length = stored.length();
        if (readBuffer.length < length) {
            readBuffer = new byte[2 * length];
        }
        stored.copyTo(readBuffer, 0);
        return readBuffer;
    }

    /** A scan; sees the state as of its making. Rows are made by {@link #row}, one ahead, as they are asked for. */
    private abstract class Scan<R> implements CloseableIterator<R> {
        private final UK lower;
        private final UK upper;
        private final boolean descending;
        /** Whether rows that the engine shows are those within the bounds. */
        private final boolean exact;
        private final int keyOffset;
        private final StoreIterator rows;
        private R next;
        private boolean hasNext;
        private boolean closed;

        Scan(@Nullable UK lower, @Nullable UK upper, boolean descending) throws IOException {
            this.lower = lower;
            this.upper = upper;
            this.descending = descending;
            exact = isExact(lower) && isExact(upper);
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

        /** The entry that the iterator stands on. */
        abstract R row(StoreIterator at) throws IOException;

        final UK key(StoreIterator at) throws IOException {
            return readKey(at.key(), keyOffset);
        }

        /** From the iterator's place on, the first row within the bounds; closes after the last one. */
        private void find() throws IOException {
            hasNext = false;
            while (!closed && rows.valid()) {
                UK key = exact ? null : key(rows);
                boolean tooLow = key != null && lower != null && key.compareTo(lower) < 0;
                boolean tooHigh = key != null && upper != null && key.compareTo(upper) >= 0;
                if (descending ? tooLow : tooHigh) {
                    break;
                }
                if (!tooLow && !tooHigh) {
                    next = row(rows);
                    hasNext = true;
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
        public final boolean hasNext() {
            return hasNext;
        }

        @Override
        public final R next() {
            if (!hasNext) {
                throw new NoSuchElementException();
            }
            R found = next;
            try {
                move();
                find();
            } catch (IOException e) {
                throw new FlinkRuntimeException("rows of state " + family.name() + " could not be read", e);
            }
            return found;
        }

        @Override
        public final void close() {
            next = null;
            hasNext = false;
            if (!closed) {
                closed = true;
                rows.close();
            }
        }
    }

    private final class Entries extends Scan<Map.Entry<UK, V>> {
        Entries(@Nullable UK lower, @Nullable UK upper, boolean descending) throws IOException {
            super(lower, upper, descending);
        }

        @Override
        Map.Entry<UK, V> row(StoreIterator at) throws IOException {
            return new SimpleImmutableEntry<>(key(at), readValue(at.value()));
        }
    }

    private final class Values extends Scan<V> {
        Values(@Nullable UK lower, @Nullable UK upper) throws IOException {
            super(lower, upper, false);
        }

        @Override
        V row(StoreIterator at) throws IOException {
            return readValue(at.value());
        }
    }
}
