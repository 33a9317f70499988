package io.qaexchange.state.store;

import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.util.FlinkRuntimeException;

/**
 * Builds stored keys, byte for byte as Flink's canonical savepoints have them, in one buffer that is looked at where it lies.
 *
 * <pre>
 *   key group   1 byte if the maximum parallelism is at most 128, else 2, big-endian
 *   key         its serializer's bytes
 *   key length  only if key and namespace both have variable size
 *   namespace   its serializer's bytes
 *   ns length   only if key and namespace both have variable size
 *   user key    map state only
 * </pre>
 *
 * <p>The current key is serialized once, when a stored key is first asked for, and stays as the prefix of what follows. A key that somebody may change is
 * serialized at once. One thread, the task thread.
 */
public final class CompositeKey<K> {
    private final TypeSerializer<K> keySerializer;
    private final int keyGroupBytes;
    private final boolean keyVaries;
    private final DataOutputSerializer buffer = new DataOutputSerializer(64);
    private final Slice view = new Slice();
    /** 0 as long as there is no key, or it waits. */
    private int keyEnd;
    /** The key that is not serialized yet; null if it is. */
    @Nullable
    private K waiting;
    private int waitingKeyGroup;

    public CompositeKey(TypeSerializer<K> keySerializer, int numberOfKeyGroups) {
        this.keySerializer = keySerializer;
        keyGroupBytes = CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
        keyVaries = CompositeKeySerializationUtils.isSerializerTypeVariableSized(keySerializer);
    }

    public int keyGroupBytes() {
        return keyGroupBytes;
    }

    public TypeSerializer<K> keySerializer() {
        return keySerializer;
    }

    /** Whether lengths stand after key and namespace, because their border could not be found otherwise. */
    public boolean isAmbiguousWith(TypeSerializer<?> namespaceSerializer) {
        return keyVaries && CompositeKeySerializationUtils.isSerializerTypeVariableSized(namespaceSerializer);
    }

    public void setKey(K key, int keyGroup) {
        keyEnd = 0;
        waiting = key;
        waitingKeyGroup = keyGroup;
        if (!keySerializer.isImmutableType()) {
            serializeKey();
        }
    }

    private void serializeKey() {
        K key = waiting;
        waiting = null;
        try {
            buffer.clear();
            CompositeKeySerializationUtils.writeKeyGroup(waitingKeyGroup, keyGroupBytes, buffer);
            keySerializer.serialize(key, buffer);
            keyEnd = buffer.length();
        } catch (IOException e) {
            throw new FlinkRuntimeException("key could not be serialized: " + key, e);
        }
    }

    /** Key group and key. A view, as everything this class returns: good until its next call. */
    public Slice key() {
        requireKey();
        buffer.setPosition(keyEnd);
        return view();
    }

    /** Key group, key, namespace. */
    public <N> Slice withNamespace(N namespace, TypeSerializer<N> namespaceSerializer) {
        writeNamespace(namespace, namespaceSerializer);
        return view();
    }

    /** Key group, key, namespace, user key. */
    public <N, UK> Slice withUserKey(N namespace, TypeSerializer<N> namespaceSerializer, UK userKey, TypeSerializer<UK> userKeySerializer)
            throws IOException {
        writeNamespace(namespace, namespaceSerializer);
        userKeySerializer.serialize(userKey, buffer);
        return view();
    }

    private <N> void writeNamespace(N namespace, TypeSerializer<N> namespaceSerializer) {
        requireKey();
        if (namespace == null) {
            throw new NullPointerException("No namespace set: this state's namespace must be set before it is used.");
        }
        try {
            buffer.setPosition(keyEnd);
            boolean ambiguous = isAmbiguousWith(namespaceSerializer);
            if (ambiguous) {
                CompositeKeySerializationUtils.writeVariableIntBytes(keyEnd - keyGroupBytes, buffer);
            }
            CompositeKeySerializationUtils.writeNameSpace(namespace, namespaceSerializer, buffer, ambiguous);
        } catch (IOException e) {
            throw new FlinkRuntimeException("namespace could not be serialized: " + namespace, e);
        }
    }

    private void requireKey() {
        if (waiting != null) {
            serializeKey();
        }
        if (keyEnd == 0) {
            throw new NullPointerException("No key set. This method should not be called outside of a keyed context.");
        }
    }

    private Slice view() {
        return view.wrap(buffer.getSharedBuffer(), 0, buffer.length());
    }
}
