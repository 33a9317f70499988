package io.qaexchange.state;

import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.internal.InternalKvState;
import org.apache.flink.util.CloseableIterator;

/**
 * Ordered map state over the plain map state of any Flink backend.
 *
 * <p>Each {@link OrderedKey#bucket() bucket} is a map of its own, with the bucket as Flink's namespace; a second state lists the buckets of
 * each key. So a backend that stores bytes in order (RocksDB) reads a bucket as one prefix scan and drops it as a prefix, and a heap
 * backend copies and sorts one bucket at a time.
 *
 * <p>Cost: point operations are one map operation; a scan holds the references of one bucket in memory and sorts them;
 * {@link #dropBefore} removes whole buckets where it can and row by row at the edge.
 *
 * <p>One thread, the task thread.
 */
final class BucketedMapState<K extends OrderedKey<K>, V> implements OrderedMapState<K, V> {

    private final KeyedStateBackend<?> backend;
    private final MapState<K, V> rows;
    private final InternalKvState<?, Long, ?> rowsNamespace;
    private final MapState<Long, Boolean> buckets;
    private final InternalKvState<?, VoidNamespace, ?> bucketsNamespace;
    private final KnownBuckets knownBuckets = new KnownBuckets();

    private BucketedMapState(KeyedStateBackend<?> backend, MapState<K, V> rows, InternalKvState<?, Long, ?> rowsNamespace,
            MapState<Long, Boolean> buckets, InternalKvState<?, VoidNamespace, ?> bucketsNamespace) {
        this.backend = backend;
        this.rows = rows;
        this.rowsNamespace = rowsNamespace;
        this.buckets = buckets;
        this.bucketsNamespace = bucketsNamespace;
    }

    @SuppressWarnings("unchecked")
    static <K extends OrderedKey<K>, V> BucketedMapState<K, V> open(
            KeyedStateBackend<?> backend, OrderedMapStateDescriptor<K, V> descriptor) throws Exception {
        MapState<K, V> rows = backend.getOrCreateKeyedState(LongSerializer.INSTANCE, descriptor.rows());
        MapState<Long, Boolean> buckets = backend.getOrCreateKeyedState(VoidNamespaceSerializer.INSTANCE, descriptor.buckets());
        return new BucketedMapState<>(backend, rows, (InternalKvState<?, Long, ?>) rows, buckets,
                (InternalKvState<?, VoidNamespace, ?>) buckets);
    }

    @Override
    public V get(K key) throws Exception {
        return rowsOf(key.bucket()).get(key);
    }

    @Override
    public boolean contains(K key) throws Exception {
        return rowsOf(key.bucket()).contains(key);
    }

    @Override
    public void put(K key, V value) throws Exception {
        long bucket = key.bucket();
        if (knownBuckets.add(backend.getCurrentKey(), bucket)) {
            buckets().put(bucket, Boolean.TRUE);
        }
        rowsOf(bucket).put(key, value);
    }

    @Override
    public void remove(K key) throws Exception {
        rowsOf(key.bucket()).remove(key);
    }

    @Override
    public Map.Entry<K, V> first() throws Exception {
        try (CloseableIterator<Map.Entry<K, V>> all = range(null, null)) {
            return all.hasNext() ? all.next() : null;
        }
    }

    @Override
    public Map.Entry<K, V> last() throws Exception {
        try (CloseableIterator<Map.Entry<K, V>> all = reverse(null, null)) {
            return all.hasNext() ? all.next() : null;
        }
    }

    @Override
    public CloseableIterator<Map.Entry<K, V>> range(K lower, K upper) throws Exception {
        return new BucketScan(bucketsWithin(lower, upper, false), lower, upper, Map.Entry.comparingByKey());
    }

    @Override
    public CloseableIterator<V> values(K lower, K upper) throws Exception {
        CloseableIterator<Map.Entry<K, V>> entries = range(lower, upper);
        return new CloseableIterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public V next() {
                return entries.next().getValue();
            }

            @Override
            public void close() throws Exception {
                entries.close();
            }
        };
    }

    @Override
    public CloseableIterator<Map.Entry<K, V>> reverse(K lower, K upper) throws Exception {
        return new BucketScan(bucketsWithin(lower, upper, true), lower, upper, Map.Entry.<K, V>comparingByKey().reversed());
    }

    @Override
    public void dropRange(K lower, K upper) throws Exception {
        for (long bucket : bucketsWithin(lower, upper, false)) {
            boolean whole = (lower == null || lower.bucket() < bucket) && (upper == null || bucket < upper.bucket());
            if (whole) {
                dropBucket(bucket);
            } else {
                removeWhere(bucket, key -> (lower == null || key.compareTo(lower) >= 0) && (upper == null || key.compareTo(upper) < 0));
            }
        }
    }

    @Override
    public void dropBefore(long eventTimeNs) throws Exception {
        for (long bucket : bucketsWithin(null, null, false)) {
            Iterator<Map.Entry<K, V>> entries = entriesOf(bucket);
            K any = entries.hasNext() ? entries.next().getKey() : null;
            if (any == null || any.bucketUpperTimeNs() <= eventTimeNs) {
                dropBucket(bucket);
            } else if (any.bucketLowerTimeNs() < eventTimeNs) {
                removeWhere(bucket, key -> key.eventTimeNs() < eventTimeNs);
            }
        }
    }

    private interface KeyTest<K> {
        boolean matches(K key);
    }

    private void removeWhere(long bucket, KeyTest<K> test) throws Exception {
        Iterator<Map.Entry<K, V>> entries = entriesOf(bucket);
        boolean anyLeft = false;
        List<K> matching = new ArrayList<>();
        while (entries.hasNext()) {
            K key = entries.next().getKey();
            if (test.matches(key)) {
                matching.add(key);
            } else {
                anyLeft = true;
            }
        }
        if (!anyLeft) {
            dropBucket(bucket);
            return;
        }
        MapState<K, V> map = rowsOf(bucket);
        for (K key : matching) {
            map.remove(key);
        }
    }

    private void dropBucket(long bucket) throws Exception {
        rowsOf(bucket).clear();
        buckets().remove(bucket);
        knownBuckets.remove(backend.getCurrentKey(), bucket);
    }

    private List<Long> bucketsWithin(K lower, K upper, boolean descending) throws Exception {
        List<Long> found = new ArrayList<>();
        Iterable<Long> all = buckets().keys();
        if (all != null) {
            for (Long bucket : all) {
                if ((lower == null || lower.bucket() <= bucket) && (upper == null || bucket <= upper.bucket())) {
                    found.add(bucket);
                }
            }
        }
        found.sort(descending ? Collections.reverseOrder() : Comparator.naturalOrder());
        return found;
    }

    private Iterator<Map.Entry<K, V>> entriesOf(long bucket) throws Exception {
        Iterable<Map.Entry<K, V>> entries = rowsOf(bucket).entries();
        return entries == null ? Collections.emptyIterator() : entries.iterator();
    }

    private MapState<K, V> rowsOf(long bucket) {
        rowsNamespace.setCurrentNamespace(bucket);
        return rows;
    }

    private MapState<Long, Boolean> buckets() {
        bucketsNamespace.setCurrentNamespace(VoidNamespace.INSTANCE);
        return buckets;
    }

    /** Reads bucket after bucket of the key that was current when the scan began, each one sorted when it is reached. */
    private final class BucketScan implements CloseableIterator<Map.Entry<K, V>> {
        private final Object scannedKey = backend.getCurrentKey();
        private final Iterator<Long> bucketsLeft;
        private final K lower;
        private final K upper;
        private final Comparator<Map.Entry<K, V>> order;
        private Iterator<Map.Entry<K, V>> sorted = Collections.emptyIterator();

        BucketScan(List<Long> buckets, K lower, K upper, Comparator<Map.Entry<K, V>> order) {
            this.bucketsLeft = buckets.iterator();
            this.lower = lower;
            this.upper = upper;
            this.order = order;
        }

        @Override
        public boolean hasNext() {
            while (!sorted.hasNext() && bucketsLeft.hasNext()) {
                sorted = load(bucketsLeft.next());
            }
            return sorted.hasNext();
        }

        @Override
        public Map.Entry<K, V> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return sorted.next();
        }

        @Override
        public void close() {
            sorted = Collections.emptyIterator();
        }

        private Iterator<Map.Entry<K, V>> load(long bucket) {
            Object current = backend.getCurrentKey();
            setKey(scannedKey);
            try {
                List<Map.Entry<K, V>> found = new ArrayList<>();
                Iterator<Map.Entry<K, V>> entries = entriesOf(bucket);
                while (entries.hasNext()) {
                    Map.Entry<K, V> entry = entries.next();
                    K key = entry.getKey();
                    if ((lower == null || key.compareTo(lower) >= 0) && (upper == null || key.compareTo(upper) < 0)) {
                        found.add(new SimpleImmutableEntry<>(key, entry.getValue()));
                    }
                }
                found.sort(order);
                return found.iterator();
            } catch (Exception e) {
                throw new IllegalStateException("bucket " + bucket + " of key " + scannedKey + " could not be read", e);
            } finally {
                if (current != null) {
                    setKey(current);
                }
            }
        }

        @SuppressWarnings("unchecked")
        private void setKey(Object key) {
            ((KeyedStateBackend<Object>) backend).setCurrentKey(key);
        }
    }
}
