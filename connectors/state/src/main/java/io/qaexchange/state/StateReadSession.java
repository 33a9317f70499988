package io.qaexchange.state;

import io.qaexchange.state.StateReads.Readable;
import io.qaexchange.state.store.CompositeKey;
import io.qaexchange.state.store.KeyGroupPrefix;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.Store;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Queue;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.StateDescriptor.Type;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.ListSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.MapSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.ListDelimitedSerializer;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlValue;

/**
 * Reads of one moment of an operator's state, see {@link StateReads}. Values are copies. Between calls nothing is held but the sequence
 * number: iterators read their entries in runs.
 *
 * <p>Many entries are read fastest as they are stored, by a {@link #scan} or {@link #scanEachKey}, which deserialize nothing. Stored keys
 * are those of Flink's canonical savepoints, in unsigned order of their bytes; {@code docs/state-backend.md} has their layout.
 *
 * <p>Threads: one at a time; {@link #another} is for a further thread. When the task ends, another thread may end the session; then every
 * call fails with a {@link io.qaexchange.storage.error.StoreClosedException}, in an {@link UncheckedIOException} where an iterator throws
 * it.
 *
 * @param <K> key
 */
public final class StateReadSession<K> implements AutoCloseable {
    private static final int FIRST_RUN = 32;
    private static final int LONGEST_RUN = 1024;

    private final StateReads<K> reads;
    private final Store store;
    private final SharedSnapshot moment;
    private final OptionalLong checkpoint;
    private final Snapshot snapshot;
    private final StoreReader reader;
    private final CompositeKey<K> keys;
    private final Map<String, TypeSerializer<?>> serializers = new HashMap<>();
    private final Map<String, TypeSerializer<?>> namespaceSerializers = new HashMap<>();
    private final DataInputDeserializer input = new DataInputDeserializer();
    private Object namespace = VoidNamespace.INSTANCE;
    /** Guarded by this, as is every use of the store. */
    private boolean ended;

    /**
     * @param moment of which this session is one user
     * @param checkpoint if the moment is that of a Flink checkpoint
     */
    StateReadSession(StateReads<K> reads, TypeSerializer<K> keySerializer, Store store, SharedSnapshot moment, OptionalLong checkpoint)
            throws IOException {
        this.reads = reads;
        this.store = store;
        this.moment = moment;
        this.checkpoint = checkpoint;
        keys = new CompositeKey<>(keySerializer, reads.operator().numberOfKeyGroups());
        snapshot = moment.snapshot();
        reader = store.reader(snapshot);
    }

    SharedSnapshot moment() {
        return moment;
    }

    /** The Flink checkpoint whose barrier is this session's moment, if it is one's. */
    public OptionalLong checkpoint() {
        return checkpoint;
    }

    /** A further session of the same moment, for another thread. Close both. */
    public synchronized StateReadSession<K> another() throws IOException {
        requireOpen();
        return reads.openLike(this);
    }

    /** Sequence number of the last write that the session sees. */
    public long sequence() {
        return snapshot.sequence();
    }

    /** Whether this subtask has the state of a key; if not, another one has. */
    public boolean owns(K key) {
        return reads.operator().keyGroups().contains(keyGroup(key));
    }

    /**
     * Reads from now on are of another namespace than the default one: of a window, in the states of a window operator.
     *
     * @param of the states that will be read; {@code VoidNamespace.INSTANCE} for the default one. Ordered maps have none
     * @return this session
     */
    public synchronized StateReadSession<K> inNamespace(Object of) {
        namespace = Objects.requireNonNull(of, "namespace");
        return this;
    }

    /** The value of a value, reducing or aggregating state, of the last one the accumulator; null if there is none. */
    @Nullable
    @SuppressWarnings("unchecked")
    public synchronized <V> V value(String state, K key) throws IOException {
        Readable readable = find(state, false, Type.VALUE, Type.REDUCING, Type.AGGREGATING);
        setKey(key);
        return (V) unwrap(readable, get(readable, withoutUserKey(readable)) ? serializer(readable).deserialize(input) : null);
    }

    /** The elements of a list state, none if there is no list. */
    @SuppressWarnings("unchecked")
    public synchronized <E> List<E> list(String state, K key) throws IOException {
        Readable readable = find(state, false, Type.LIST);
        TypeSerializer<?> serializer = ((ListSerializer<?>) serializer(readable)).getElementSerializer();
        setKey(key);
        List<E> elements = new ArrayList<>();
        if (get(readable, withoutUserKey(readable))) {
            while (input.available() > 0) {
                Object element = unwrap(readable, ListDelimitedSerializer.deserializeNextElement(input, serializer));
                if (element != null) {
                    elements.add((E) element);
                }
            }
        }
        return elements;
    }

    /** The value of a map state's entry; null if there is none, or it is null. */
    @Nullable
    @SuppressWarnings("unchecked")
    public synchronized <UK, UV> UV mapValue(String state, K key, UK userKey) throws IOException {
        Readable readable = find(state, false, Type.MAP);
        MapSerializer<UK, UV> serializer = (MapSerializer<UK, UV>) serializer(readable);
        setKey(key);
        withoutUserKey(readable);
        boolean found = get(readable, keys.withUserKey(namespaceOf(readable), namespaceSerializer(readable), userKey, serializer.getKeySerializer()));
        return found ? (UV) userValue(readable, serializer) : null;
    }

    /** The entries of a map state, in the order of their stored keys. The iterator ends with the session. */
    @SuppressWarnings("unchecked")
    public synchronized <UK, UV> Iterator<Map.Entry<UK, UV>> mapEntries(String state, K key) {
        Readable readable = find(state, false, Type.MAP);
        MapSerializer<UK, UV> serializer = (MapSerializer<UK, UV>) serializer(readable);
        setKey(key);
        byte[] prefix = withoutUserKey(readable).toByteArray();
        return new Scan<>(readable, KeyRange.prefix(prefix), false, (stored, value) -> {
            input.setBuffer(stored, prefix.length, stored.length - prefix.length);
            UK userKey = serializer.getKeySerializer().deserialize(input);
            input.setBuffer(value);
            boolean isNull = value[0] != 0;
            UV userValue = (UV) userValue(readable, serializer);
            return userValue == null && !isNull ? null : new SimpleImmutableEntry<>(userKey, userValue);
        });
    }

    /**
     * Entries of an {@link OrderedMapState} from {@code lower} (inclusive) up to {@code upper} (exclusive). The iterator ends with the
     * session.
     *
     * @param lower null for the first key
     * @param upper null for no bound
     */
    @SuppressWarnings("unchecked")
    public synchronized <UK extends OrderedKey<UK>, V> Iterator<Map.Entry<UK, V>> range(String state, K key, @Nullable UK lower, @Nullable UK upper,
            boolean descending) throws IOException {
        Readable readable = find(state, true, Type.MAP);
        MapSerializer<UK, V> serializer = (MapSerializer<UK, V>) serializer(readable);
        setKey(key);
        int keyOffset = keys.key().length() + Long.BYTES;
        KeyRange all = KeyRange.prefix(keys.key().toByteArray());
        KeyRange range = KeyRange.of(stored(lower, serializer, all.lower()), stored(upper, serializer, all.upper()));
        return new Scan<>(readable, range, descending, (stored, value) -> {
            input.setBuffer(stored, keyOffset, stored.length - keyOffset);
            UK userKey = serializer.getKeySerializer().deserialize(input);
            if (lower != null && userKey.compareTo(lower) < 0 || upper != null && userKey.compareTo(upper) >= 0) {
                return null;
            }
            input.setBuffer(value);
            return new SimpleImmutableEntry<>(userKey, input.readBoolean() ? null : serializer.getValueSerializer().deserialize(input));
        });
    }

    /**
     * Shows the stored entries of a state, of any kind, as they are stored.
     *
     * <p>A stored value of a map is a byte that is 0 unless the value is null, then the value's bytes.
     *
     * @throws IllegalArgumentException if event times are asked for and the state has none
     */
    public synchronized StoredScan scan(String state, StoredRange range) {
        return new StoredScan(source(requireTimes(reads.find(state), range), range.times()), range);
    }

    /**
     * Shows, of each key, the rows of an {@link OrderedMapState} from {@code lower} (inclusive) up to {@code upper} (exclusive). Rows outside
     * are jumped over, so the cost is that of the keys and of the rows that are shown.
     *
     * @param range which keys, in which order, and how many rows in all
     * @param lower null for the first row of a key
     * @param upper null for no bound
     * @param mostPerKey rows of one key: 1 and a descending range for the newest of each
     * @throws IllegalArgumentException if the bucket of a bound is negative
     */
    @SuppressWarnings("unchecked")
    public synchronized <UK extends OrderedKey<UK>> StoredScan scanEachKey(String state, StoredRange range, @Nullable UK lower, @Nullable UK upper,
            long mostPerKey) throws IOException {
        Readable readable = find(state, true, Type.MAP);
        TypeSerializer<UK> rows = ((MapSerializer<UK, ?>) serializer(readable)).getKeySerializer();
        TypeSerializer<K> keySerializer = keys.keySerializer();
        DataInputDeserializer stored = new DataInputDeserializer();
        return new EachKeyScan(source(readable, range.times()), range, row -> {
            stored.setBuffer(row.toByteArray(), keys.keyGroupBytes(), row.length() - keys.keyGroupBytes());
            keySerializer.deserialize(stored);
            return stored.getPosition();
        }, storedRow(lower, rows), storedRow(upper, rows), mostPerKey);
    }

    /** Shows the stored value of a stored key. @return false if it has none */
    public synchronized boolean get(String state, byte[] storedKey, StoredScan.Visitor visitor) throws IOException {
        requireOpen();
        Slice key = Slice.of(storedKey);
        if (!reader.get(reads.find(state).family(), key)) {
            return false;
        }
        try {
            visitor.visit(key, reader.value());
        } finally {
            reader.release();
        }
        return true;
    }

    /** The key groups of this subtask. */
    public KeyGroupRange keyGroups() {
        return reads.operator().keyGroups();
    }

    /** The stored keys of a key group of this subtask, in every state. */
    public KeyRange storedKeysOf(int keyGroup) {
        if (!keyGroups().contains(keyGroup)) {
            throw new IllegalArgumentException("key group " + keyGroup + " is not one of this subtask, which has " + keyGroups());
        }
        return KeyGroupPrefix.rangeOf(KeyGroupRange.of(keyGroup, keyGroup), keys.keyGroupBytes());
    }

    /** The stored keys of a key, in the session's namespace where the state has namespaces. */
    public synchronized KeyRange storedKeysOf(String state, K key) {
        Readable readable = reads.find(state);
        setKey(key);
        return KeyRange.prefix((readable.isOrdered() ? keys.key() : withoutUserKey(readable)).toByteArray());
    }

    /**
     * The stored keys of a key's rows in an {@link OrderedMapState}, from {@code lower} (inclusive) up to {@code upper} (exclusive).
     *
     * @param lower null for the first key
     * @param upper null for no bound
     * @throws IllegalArgumentException if the bucket of a bound is negative
     */
    @SuppressWarnings("unchecked")
    public synchronized <UK extends OrderedKey<UK>> KeyRange storedRowsOf(String state, K key, @Nullable UK lower, @Nullable UK upper)
            throws IOException {
        MapSerializer<UK, ?> serializer = (MapSerializer<UK, ?>) serializer(find(state, true, Type.MAP));
        setKey(key);
        requireInOrder(lower);
        requireInOrder(upper);
        KeyRange all = KeyRange.prefix(keys.key().toByteArray());
        return KeyRange.of(stored(lower, serializer, all.lower()), stored(upper, serializer, all.upper()));
    }

    /** Bucket and key of a row. */
    @Nullable
    private static <UK extends OrderedKey<UK>> byte[] storedRow(@Nullable UK row, TypeSerializer<UK> serializer) throws IOException {
        if (row == null) {
            return null;
        }
        requireInOrder(row);
        DataOutputSerializer bytes = new DataOutputSerializer(64);
        bytes.writeLong(row.bucket());
        serializer.serialize(row, bytes);
        return bytes.getCopyOfBuffer();
    }

    private static void requireInOrder(@Nullable OrderedKey<?> bound) {
        if (bound != null && bound.bucket() < 0) {
            throw new IllegalArgumentException("bucket " + bound.bucket() + " of bound " + bound
                    + " is negative, and does not sort as stored keys do");
        }
    }

    private static Readable requireTimes(Readable readable, StoredRange range) {
        if (!range.times().isAll() && !readable.isOrdered()) {
            throw new IllegalArgumentException("state " + readable.name() + " is " + readable.type() + ", and its entries have no event times");
        }
        return readable;
    }

    private StoredScan.Source source(Readable readable, TimeRange times) {
        return new StoredScan.Source() {
            @Override
            public StoreIterator iterator(KeyRange range) throws IOException {
                return store.iterator(readable.family(), range, times, snapshot);
            }

            @Override
            public void requireOpen() throws IOException {
                StateReadSession.this.requireOpen();
            }

            @Override
            public Object lock() {
                return StateReadSession.this;
            }
        };
    }

    /** A bound of the scan; one in a negative bucket does not sort as bytes, so the rows themselves are compared with it. */
    private <UK extends OrderedKey<UK>> byte[] stored(@Nullable UK bound, MapSerializer<UK, ?> serializer, byte[] otherwise) throws IOException {
        return bound == null || bound.bucket() < 0 ? otherwise
                : keys.withUserKey(bound.bucket(), LongSerializer.INSTANCE, bound, serializer.getKeySerializer()).toByteArray();
    }

    private Readable find(String state, boolean ordered, Type... types) {
        Readable found = reads.find(state);
        if (!Arrays.asList(types).contains(found.type()) || found.isOrdered() != ordered) {
            throw new IllegalArgumentException("state " + state + " is " + (found.isOrdered() ? "an ordered map" : found.type())
                    + ", and is not read as " + (ordered ? "an ordered map" : Arrays.toString(types)));
        }
        return found;
    }

    private TypeSerializer<?> serializer(Readable readable) {
        return serializers.computeIfAbsent(readable.name(), name -> {
            synchronized (reads) {
                return readable.serializer().duplicate();
            }
        });
    }

    private int keyGroup(K key) {
        return KeyGroupRangeAssignment.assignToKeyGroup(Objects.requireNonNull(key, "key"), reads.operator().numberOfKeyGroups());
    }

    private void setKey(K key) {
        int keyGroup = keyGroup(key);
        if (!reads.operator().keyGroups().contains(keyGroup)) {
            throw new IllegalArgumentException("key " + key + " is in key group " + keyGroup + ", and this subtask has "
                    + reads.operator().keyGroups() + ": read it from the subtask that has it");
        }
        keys.setKey(key, keyGroup);
    }

    private Slice withoutUserKey(Readable readable) {
        Object of = namespaceOf(readable);
        try {
            return keys.withNamespace(of, namespaceSerializer(readable));
        } catch (ClassCastException e) {
            throw new IllegalArgumentException("state " + readable.name() + " is not kept by namespaces like " + of + ", a "
                    + of.getClass().getSimpleName(), e);
        }
    }

    private Object namespaceOf(Readable readable) {
        boolean byDefault = readable.namespaceSerializer() instanceof VoidNamespaceSerializer;
        if (byDefault != (namespace == VoidNamespace.INSTANCE)) {
            throw new IllegalArgumentException("state " + readable.name() + (byDefault ? " is of the default namespace, and is not read in "
                    + namespace : " is kept by namespaces, those of windows for instance: say which with inNamespace()"));
        }
        return namespace;
    }

    @SuppressWarnings("unchecked")
    private TypeSerializer<Object> namespaceSerializer(Readable readable) {
        return (TypeSerializer<Object>) namespaceSerializers.computeIfAbsent(readable.name(), name -> {
            synchronized (reads) {
                return readable.namespaceSerializer().duplicate();
            }
        });
    }

    /** Points {@link #input} at a stored value. @return false if there is none */
    private boolean get(Readable readable, Slice key) throws IOException {
        requireOpen();
        if (!reader.get(readable.family(), key)) {
            return false;
        }
        input.setBuffer(reader.value().toByteArray());
        reader.release();
        return true;
    }

    private Object userValue(Readable readable, MapSerializer<?, ?> serializer) throws IOException {
        return input.readBoolean() ? null : unwrap(readable, serializer.getValueSerializer().deserialize(input));
    }

    /** @return null for a value that has expired */
    @Nullable
    private Object unwrap(Readable readable, @Nullable Object stored) {
        if (!(stored instanceof TtlValue<?> timed) || readable.timeToLiveMs() == Long.MAX_VALUE) {
            return stored;
        }
        boolean alive = reads.operator().clock().currentTimestamp() - timed.getLastAccessTimestamp() < readable.timeToLiveMs();
        return alive ? timed.getUserValue() : null;
    }

    private void requireOpen() throws IOException {
        if (ended) {
            throw reads.endedTask(", or the session was closed");
        }
    }

    /** Makes an entry of stored key and value; null to leave it out. */
    @FunctionalInterface
    private interface Decoder<T> {
        T decode(byte[] key, byte[] value) throws IOException;
    }

    /** Reads a range in runs, each with an iterator of its own that begins where the last one ended. */
    private final class Scan<T> implements Iterator<T> {
        private final Readable readable;
        private final boolean descending;
        private final Decoder<T> decoder;
        private final Queue<T> run = new ArrayDeque<>();
        private KeyRange left;
        private int runLength = FIRST_RUN;

        Scan(Readable readable, KeyRange range, boolean descending, Decoder<T> decoder) {
            this.readable = readable;
            this.descending = descending;
            this.decoder = decoder;
            left = range;
        }

        @Override
        public boolean hasNext() {
            try {
                while (run.isEmpty() && !left.isEmpty()) {
                    load();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return !run.isEmpty();
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return run.remove();
        }

        private void load() throws IOException {
            synchronized (StateReadSession.this) {
                requireOpen();
                byte[] last = null;
                int loaded = 0;
                try (StoreIterator entries = store.iterator(readable.family(), left, snapshot)) {
                    for (first(entries); entries.valid() && loaded < runLength; move(entries)) {
                        last = entries.key().toByteArray();
                        T decoded = decoder.decode(last, entries.value().toByteArray());
                        if (decoded != null) {
                            run.add(decoded);
                        }
                        loaded++;
                    }
                }
                left = loaded < runLength ? KeyRange.of(left.lower(), left.lower())
                        : descending ? KeyRange.of(left.lower(), last) : KeyRange.of(Arrays.copyOf(last, last.length + 1), left.upper());
                runLength = Math.min(2 * runLength, LONGEST_RUN);
            }
        }

        private void first(StoreIterator entries) throws IOException {
            if (descending) {
                entries.seekToLast();
            } else {
                entries.seekToFirst();
            }
        }

        private void move(StoreIterator entries) throws IOException {
            if (descending) {
                entries.previous();
            } else {
                entries.next();
            }
        }
    }

    /** The task ends: every later call fails. Waits for the call that is under way. */
    synchronized void revoke() {
        if (!ended) {
            ended = true;
            reader.close();
            moment.release();
        }
    }

    @Override
    public void close() {
        revoke();
        reads.forget(this);
    }
}
