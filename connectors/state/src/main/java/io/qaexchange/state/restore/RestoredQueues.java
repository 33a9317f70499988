package io.qaexchange.state.restore;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyExtractorFunction;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/** Timer queues on the heap, by state name, filled while state is restored. One thread. */
public final class RestoredQueues {
    private final HeapPriorityQueueSetFactory factory;
    private final KeyGroupRange keyGroups;
    private final int numberOfKeyGroups;
    private final Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> byName = new LinkedHashMap<>();

    public RestoredQueues(HeapPriorityQueueSetFactory factory, KeyGroupRange keyGroups, int numberOfKeyGroups) {
        this.factory = factory;
        this.keyGroups = keyGroups;
        this.numberOfKeyGroups = numberOfKeyGroups;
    }

    /** Live: Flink's queue manager adds what is registered later. */
    public Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> byName() {
        return byName;
    }

    int keyGroupBytes() {
        return CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
    }

    @SuppressWarnings("unchecked")
    HeapPriorityQueueSnapshotRestoreWrapper<HeapPriorityQueueElement> restore(StateMetaInfoSnapshot snapshot) {
        return (HeapPriorityQueueSnapshotRestoreWrapper<HeapPriorityQueueElement>) byName.computeIfAbsent(
                snapshot.getName(), name -> create(new RegisteredPriorityQueueStateBackendMetaInfo<>(snapshot)));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> HeapPriorityQueueSnapshotRestoreWrapper<T> create(
            RegisteredPriorityQueueStateBackendMetaInfo metaInfo) {
        return new HeapPriorityQueueSnapshotRestoreWrapper<>(factory.create(metaInfo.getName(), metaInfo.getElementSerializer()), metaInfo,
                KeyExtractorFunction.forKeyedObjects(), keyGroups, numberOfKeyGroups);
    }
}
