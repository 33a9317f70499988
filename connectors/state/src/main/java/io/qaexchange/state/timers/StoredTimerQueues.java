package io.qaexchange.state.timers;

import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyExtractorFunction;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.PriorityComparator;
import org.apache.flink.runtime.state.RegisteredPriorityQueueStateBackendMetaInfo;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.heap.KeyGroupPartitionedPriorityQueue;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.StateMigrationException;

/**
 * Timers in the engine: a family per queue, whose keys are the timers and whose values are empty. There may be any number of them, and
 * checkpoints hold of them what is new.
 */
public final class StoredTimerQueues implements TimerQueues {
    private final StateStore store;
    private final StateFamilies families;
    private final KeyGroupRange keyGroups;
    private final int numberOfKeyGroups;
    private final int keyGroupBytes;
    private final Map<String, Queue<?>> byName = new LinkedHashMap<>();
    private final Slice timerView = new Slice();

    /** A queue's place. The meta information changes when a restored queue gets its serializer. */
    private static final class Queue<T> {
        final ColumnFamily family;
        /** Whether a snapshot may have filled it. */
        final boolean restored;
        RegisteredPriorityQueueStateBackendMetaInfo<T> metaInfo;

        Queue(ColumnFamily family, boolean restored, RegisteredPriorityQueueStateBackendMetaInfo<T> metaInfo) {
            this.family = family;
            this.restored = restored;
            this.metaInfo = metaInfo;
        }
    }

    public StoredTimerQueues(StateStore store, StateFamilies families, KeyGroupRange keyGroups, int numberOfKeyGroups) {
        this.store = store;
        this.families = families;
        this.keyGroups = keyGroups;
        this.numberOfKeyGroups = numberOfKeyGroups;
        keyGroupBytes = CompositeKeySerializationUtils.computeRequiredBytesInKeyGroupPrefix(numberOfKeyGroups);
    }

    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> KeyGroupedInternalPriorityQueue<T> create(String name,
            TypeSerializer<T> elementSerializer, boolean allowFutureUpdates) {
        Queue<T> queue = register(name, elementSerializer, allowFutureUpdates);
        StoredTimerSet.Place<T> place = new StoredTimerSet.Place<>(store, queue.family, elementSerializer, keyGroupBytes);
        return new KeyGroupPartitionedPriorityQueue<T, StoredTimerSet<T>>(KeyExtractorFunction.forKeyedObjects(), PriorityComparator.forPriorityComparableObjects(),
                (keyGroup, count, keys, priorities) -> new StoredTimerSet<>(place, keyGroup, !queue.restored), keyGroups, numberOfKeyGroups);
    }

    @SuppressWarnings("unchecked")
    private <T> Queue<T> register(String name, TypeSerializer<T> elementSerializer, boolean allowFutureUpdates) {
        Queue<T> queue = (Queue<T>) byName.get(name);
        if (queue == null) {
            try {
                queue = new Queue<>(store.createFamily(families.timersOf(name)), false,
                        new RegisteredPriorityQueueStateBackendMetaInfo<>(name, elementSerializer));
            } catch (IOException e) {
                throw new FlinkRuntimeException("no column family could be created for timers " + name, e);
            }
            byName.put(name, queue);
        } else {
            if (queue.metaInfo.updateElementSerializer(elementSerializer).isIncompatible()) {
                throw new FlinkRuntimeException(new StateMigrationException("timers " + name + " cannot be read by the new serializer "
                        + elementSerializer + ": they are stored by " + queue.metaInfo.getPreviousElementSerializer()));
            }
            queue = new Queue<>(queue.family, true, new RegisteredPriorityQueueStateBackendMetaInfo<>(name, elementSerializer));
            byName.put(name, queue);
        }
        if (allowFutureUpdates) {
            queue.metaInfo = queue.metaInfo.withSerializerUpgradesAllowed();
        }
        return queue;
    }

    @Override
    public void restore(StateMetaInfoSnapshot metaInfo) throws IOException {
        if (!byName.containsKey(metaInfo.getName())) {
            byName.put(metaInfo.getName(), new Queue<>(store.createFamily(families.timersOf(metaInfo.getName())), true,
                    new RegisteredPriorityQueueStateBackendMetaInfo<>(metaInfo)));
        }
    }

    @Override
    public void add(String name, byte[] timer) throws IOException {
        store.put(byName.get(name).family, timerView.wrap(timer), StoredTimerSet.NO_VALUE, 0);
    }

    /** They are where they belong. */
    @Override
    public void adoptStored() {
    }

    @Override
    public List<StateMetaInfoSnapshot> metaInfos() {
        List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>();
        byName.values().forEach(queue -> metaInfos.add(queue.metaInfo.snapshot()));
        return metaInfos;
    }

    @Override
    public List<HeapPriorityQueueStateSnapshot<?>> copies() {
        return List.of();
    }

    @Override
    public List<ColumnFamily> families() {
        return byName.values().stream().map(queue -> queue.family).toList();
    }

    /** Elements are made of their bytes. */
    @Override
    public boolean handsOutCopies() {
        return true;
    }
}
