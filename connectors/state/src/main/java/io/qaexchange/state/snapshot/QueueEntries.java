package io.qaexchange.state.snapshot;

import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;

/** The elements of a timer queue on the heap: key is the key group and the element's bytes, value is empty. */
final class QueueEntries<T> implements StateEntries {
    private static final byte[] EMPTY = {};

    private final HeapPriorityQueueStateSnapshot<T> queue;
    private final TypeSerializer<T> elementSerializer;
    private final Iterator<Integer> keyGroups;
    private final int keyGroupBytes;
    private final DataOutputSerializer output = new DataOutputSerializer(64);
    private Iterator<T> elements = Collections.emptyIterator();
    private int keyGroup;
    private byte[] key;

    QueueEntries(HeapPriorityQueueStateSnapshot<T> queue, KeyGroupRange keyGroups, int keyGroupBytes) throws IOException {
        this.queue = queue;
        elementSerializer = queue.getMetaInfo().getElementSerializer();
        this.keyGroups = keyGroups.iterator();
        this.keyGroupBytes = keyGroupBytes;
        next();
    }

    @Override
    public void next() throws IOException {
        while (!elements.hasNext()) {
            if (!keyGroups.hasNext()) {
                keyGroup = NONE;
                return;
            }
            keyGroup = keyGroups.next();
            elements = queue.getIteratorForKeyGroup(keyGroup);
        }
        output.clear();
        CompositeKeySerializationUtils.writeKeyGroup(keyGroup, keyGroupBytes, output);
        elementSerializer.serialize(elements.next(), output);
        key = output.getCopyOfBuffer();
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    @Override
    public byte[] key() {
        return key;
    }

    @Override
    public byte[] value() {
        return EMPTY;
    }

    @Override
    public void close() {
        elements = Collections.emptyIterator();
    }
}
