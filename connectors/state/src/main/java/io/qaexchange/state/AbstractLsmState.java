package io.qaexchange.state;

import io.qaexchange.state.store.CompositeKey;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Arrays;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.queryablestate.client.state.serialization.KvStateSerializer;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.internal.InternalKvState;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Base of the five kinds of keyed state: the current namespace, and reading and writing one stored value.
 *
 * <p>Stored bytes are copied once, into a buffer that is used again and again, and deserialized from there; nothing is allocated but what
 * the serializer makes.
 *
 * <p>One thread, the task thread, except for {@link #getSerializedValue}.
 *
 * @param <V> value of the state as Flink's descriptors have it
 */
abstract class AbstractLsmState<K, N, V> implements InternalKvState<K, N, V>, State {
    private static final int KEPT_BUFFER_BYTES = 1 << 20;

    protected final LsmKeyedStateBackend<K> backend;
    protected final StateTable<N, V> table;
    protected final StateStore store;
    protected final ColumnFamily family;
    protected final DataInputDeserializer input = new DataInputDeserializer();
    protected final DataOutputSerializer output = new DataOutputSerializer(128);
    private final CompositeKey<K> keys;
    private final ReadCache cache;
    private byte[] readBuffer = new byte[256];

    protected TypeSerializer<N> namespaceSerializer;
    protected TypeSerializer<V> valueSerializer;
    /** Null unless values can be read where they lie. */
    @Nullable
    private FixedWidth<V> fixedValue;
    /** Stands for this state in the cache; the flag tells whether the cache may have an entry of it. */
    private ReadCache.Owner owner = new ReadCache.Owner();
    private boolean isKept;
    /** Whether one object may be given to everybody who reads; else its bytes are kept. */
    private boolean sharesValues;
    /** Whether the cache may hold on to keys and namespaces. A copy would do, but Flink's serializers of rows refuse to copy what they serialize. */
    private boolean keepsKeys;
    private V defaultValue;
    private N namespace;

    AbstractLsmState(LsmKeyedStateBackend<K> backend, StateTable<N, V> table) {
        this.backend = backend;
        this.table = table;
        store = backend.store();
        keys = backend.keys();
        cache = backend.readCache();
        family = table.family();
    }

    /** Takes over serializers, default value and functions of a descriptor that was just registered. */
    void update(StateDescriptor<?, V> descriptor) {
        namespaceSerializer = table.namespaceSerializer();
        valueSerializer = table.valueSerializer();
        fixedValue = FixedWidth.of(valueSerializer);
        defaultValue = descriptor.getDefaultValue();
        sharesValues = valueSerializer.isImmutableType();
        keepsKeys = cache.isEnabled() && backend.getKeySerializer().isImmutableType() && namespaceSerializer.isImmutableType();
        // The kept values were made by the serializers of before.
        forgetAll();
    }

    @Override
    public TypeSerializer<K> getKeySerializer() {
        return backend.getKeySerializer();
    }

    @Override
    public TypeSerializer<N> getNamespaceSerializer() {
        return namespaceSerializer;
    }

    @Override
    public TypeSerializer<V> getValueSerializer() {
        return valueSerializer;
    }

    @Override
    public void setCurrentNamespace(N newNamespace) {
        namespace = newNamespace;
    }

    protected N currentNamespace() {
        return namespace;
    }

    @Nullable
    protected V copyOfDefaultValue() {
        return defaultValue == null ? null : valueSerializer.copy(defaultValue);
    }

    @Override
    public void clear() {
        try {
            deleteCurrent();
        } catch (IOException e) {
            throw failure("cleared", e);
        }
    }

    /** The stored key of current key and namespace: a view, good until the next key is built by any state of the backend. */
    protected Slice key() {
        return keys.withNamespace(namespace, namespaceSerializer);
    }

    protected <UK> Slice key(UK userKey, TypeSerializer<UK> userKeySerializer) throws IOException {
        return keys.withUserKey(namespace, namespaceSerializer, userKey, userKeySerializer);
    }

    /** The value of current key and namespace; null if there is none. */
    @Nullable
    @SuppressWarnings("unchecked")
    protected V currentValue() throws IOException {
        Object known = known();
        if (known == null) {
            return readCurrent();
        }
        if (known == ReadCache.ABSENT) {
            return null;
        }
        if (sharesValues) {
            return (V) known;
        }
        input.setBuffer((byte[]) known);
        return valueSerializer.deserialize(input);
    }

    private V readCurrent() throws IOException {
        Slice stored = store.get(family, key());
        if (stored == null) {
            keep(ReadCache.ABSENT, 0);
            return null;
        }
        int length = stored.length();
        if (fixedValue != null && sharesValues) {
            V value = fixedValue.read(stored, 0);
            keep(value, length);
            return value;
        }
        copyToInput(stored);
        V value = valueSerializer.deserialize(input);
        if (keepsKeys && length <= ReadCache.LONGEST_VALUE) {
            keep(sharesValues ? value : Arrays.copyOf(readBuffer, length), length);
        }
        return value;
    }

    /** Writes the value of current key and namespace. */
    protected void putCurrent(V value) throws IOException {
        output.clear();
        valueSerializer.serialize(value, output);
        // A key that nobody reads is not worth a place.
        boolean isRead = knownBefore() != null;
        boolean isKnown = false;
        try {
            putOutput(key());
            if (isRead && output.length() <= ReadCache.LONGEST_VALUE) {
                keep(sharesValues ? value : output.getCopyOfBuffer(), output.length());
                isKnown = true;
            }
        } finally {
            if (isRead && !isKnown) {
                forget();
            }
        }
    }

    /** Deletes what is stored of current key and namespace. */
    protected void deleteCurrent() throws IOException {
        boolean isRead = knownBefore() != null;
        forget();
        store.delete(family, key());
        if (isRead) {
            keep(ReadCache.ABSENT, 0);
        }
    }

    /** The cache's entry of current key and namespace; null if it has none. */
    @Nullable
    protected Object known() {
        if (!isKept) {
            return null;
        }
        K key = backend.getCurrentKey();
        return key == null || namespace == null ? null : cache.get(owner, key, namespace);
    }

    /** As {@link #known}, before a change. */
    @Nullable
    protected Object knownBefore() {
        K key = backend.getCurrentKey();
        return isKept && key != null && namespace != null ? cache.peek(owner, key, namespace) : null;
    }

    /** Keeps what the store has of current key and namespace. */
    protected void keep(Object value, int valueBytes) {
        if (keepsKeys && valueBytes <= ReadCache.LONGEST_VALUE) {
            cache.put(owner, backend.getCurrentKey(), namespace, value, valueBytes);
            isKept = true;
        }
    }

    /** Before what is stored of current key and namespace changes: if that fails nobody knows what is there. */
    protected void forget() {
        if (!isKept) {
            return;
        }
        K key = backend.getCurrentKey();
        if (key != null && namespace != null) {
            cache.forget(owner, key, namespace);
        }
    }

    /** Before something of a key changes of which only the stored form is known. */
    protected void forgetAll() {
        if (isKept) {
            // Entries of the former one are found by nobody, and make room in time.
            owner = new ReadCache.Owner();
            isKept = false;
        }
    }

    /** Points {@link #input} at a copy of a stored value. */
    protected void copyToInput(Slice value) {
        int length = value.length();
        if (readBuffer.length < length) {
            readBuffer = new byte[Math.max(length, 2 * readBuffer.length)];
        } else if (readBuffer.length > KEPT_BUFFER_BYTES && length < KEPT_BUFFER_BYTES / 2) {
            readBuffer = new byte[KEPT_BUFFER_BYTES];
        }
        value.copyTo(readBuffer, 0);
        input.setBuffer(readBuffer, 0, length);
    }

    /** Writes what is in {@link #output}. */
    protected void putOutput(Slice key) throws IOException {
        store.put(family, key, output.getSharedBuffer(), output.length());
    }

    protected FlinkRuntimeException failure(String what, Exception cause) {
        return new FlinkRuntimeException("state " + table.name() + " could not be " + what, cause);
    }

    /** Called by any thread: uses its own buffers and the caller's serializers. */
    @Override
    @Nullable
    public byte[] getSerializedValue(byte[] serializedKeyAndNamespace, TypeSerializer<K> safeKeySerializer,
            TypeSerializer<N> safeNamespaceSerializer, TypeSerializer<V> safeValueSerializer) throws Exception {
        return store.copy(family, storedKey(serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer));
    }

    protected byte[] storedKey(byte[] serializedKeyAndNamespace, TypeSerializer<K> safeKeySerializer, TypeSerializer<N> safeNamespaceSerializer)
            throws IOException {
        Tuple2<K, N> found = KvStateSerializer.deserializeKeyAndNamespace(
                serializedKeyAndNamespace, safeKeySerializer, safeNamespaceSerializer);
        int groups = backend.getNumberOfKeyGroups();
        CompositeKey<K> own = new CompositeKey<>(safeKeySerializer, groups);
        own.setKey(found.f0, KeyGroupRangeAssignment.assignToKeyGroup(found.f0, groups));
        return own.withNamespace(found.f1, safeNamespaceSerializer).toByteArray();
    }

    @Override
    public StateIncrementalVisitor<K, N, V> getStateIncrementalVisitor(int recommendedMaxNumberOfReturnedRecords) {
        throw new UnsupportedOperationException("state that is stored as bytes is not visited entry by entry");
    }
}
