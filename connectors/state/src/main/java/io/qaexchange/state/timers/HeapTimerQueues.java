package io.qaexchange.state.timers;

import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.HeapPriorityQueuesManager;
import org.apache.flink.runtime.state.KeyExtractorFunction;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSnapshotRestoreWrapper;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/** Timers on the heap, in Flink's own queues: fastest while they fit into memory; a checkpoint copies and writes all of them. */
public final class HeapTimerQueues implements TimerQueues {
    private static final int QUEUE_CAPACITY = 128;

    private final StateStore store;
    private final StateFamilies families;
    private final KeyGroupRange keyGroups;
    private final int numberOfKeyGroups;
    private final int keyGroupBytes;
    private final HeapPriorityQueueSetFactory factory;
    private final HeapPriorityQueuesManager manager;
    /** Flink's queue manager adds the queues that are registered. */
    private final Map<String, HeapPriorityQueueSnapshotRestoreWrapper<?>> byName = new LinkedHashMap<>();
    private final DataInputDeserializer input = new DataInputDeserializer();

    public HeapTimerQueues(StateStore store, StateFamilies families, KeyGroupRange keyGroups, int numberOfKeyGroups) {
        this.store = store;
        this.families = families;
        this.keyGroups = keyGroups;
        this.numberOfKeyGroups = numberOfKeyGroups;
        keyGroupBytes = CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
        factory = new HeapPriorityQueueSetFactory(keyGroups, numberOfKeyGroups, QUEUE_CAPACITY);
        manager = new HeapPriorityQueuesManager(byName, factory, keyGroups, numberOfKeyGroups);
    }

    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> KeyGroupedInternalPriorityQueue<T> create(String name,
            TypeSerializer<T> elementSerializer, boolean allowFutureUpdates) {
        return manager.createOrUpdate(name, elementSerializer, allowFutureUpdates);
    }

    @Override
    public void restore(StateMetaInfoSnapshot snapshot) {
        byName.computeIfAbsent(snapshot.getName(), name -> create(new RegisteredPriorityQueueStateBackendMetaInfo<>(snapshot)));
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> HeapPriorityQueueSnapshotRestoreWrapper<T> create(
            RegisteredPriorityQueueStateBackendMetaInfo metaInfo) {
        return new HeapPriorityQueueSnapshotRestoreWrapper<>(factory.create(metaInfo.getName(), metaInfo.getElementSerializer()), metaInfo,
                KeyExtractorFunction.forKeyedObjects(), keyGroups, numberOfKeyGroups);
    }

    @Override
    @SuppressWarnings("unchecked")
    public void add(String name, byte[] timer) throws IOException {
        HeapPriorityQueueSnapshotRestoreWrapper<HeapPriorityQueueElement> queue =
                (HeapPriorityQueueSnapshotRestoreWrapper<HeapPriorityQueueElement>) byName.get(name);
        input.setBuffer(timer);
        input.skipBytesToRead(keyGroupBytes);
        queue.getPriorityQueue().add(queue.getMetaInfo().getElementSerializer().deserialize(input));
    }

    /** The checkpoint was taken with timers in the engine: they move to the heap. */
    @Override
    public void adoptStored() throws IOException {
        for (String name : byName.keySet()) {
            ColumnFamily family = store.family(families.timersOf(name).name());
            if (family != null) {
                try (StoreIterator timers = store.iterator(family, KeyRange.ALL, null)) {
                    for (timers.seekToFirst(); timers.valid(); timers.next()) {
                        add(name, timers.key().toByteArray());
                    }
                }
                store.dropFamily(family);
            }
        }
    }

    @Override
    public List<StateMetaInfoSnapshot> metaInfos() {
        List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>();
        byName.values().forEach(queue -> metaInfos.add(queue.getMetaInfo().snapshot()));
        return metaInfos;
    }

    @Override
    public List<HeapPriorityQueueStateSnapshot<?>> copies() {
        List<HeapPriorityQueueStateSnapshot<?>> copies = new ArrayList<>();
        byName.values().forEach(queue -> copies.add(queue.stateSnapshot()));
        return copies;
    }

    @Override
    public List<ColumnFamily> families() {
        return List.of();
    }

    /** Elements on the heap are those that the operator added. */
    @Override
    public boolean handsOutCopies() {
        return false;
    }
}
