package io.qaexchange.state.snapshot;

import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.state.timers.TimerQueues;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.FullSnapshotResources;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyValueStateIterator;
import org.apache.flink.runtime.state.StateSnapshotTransformer;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.IOUtils;
import org.apache.flink.util.ResourceGuard;

/**
 * Every state of an operator at one moment, timers included: a pinned sequence number, and a copy of timers that are on the heap.
 *
 * <p>Made on the task thread, which costs nothing per entry of a state; read by one other thread while the task goes on. It keeps the
 * store open until {@link #release()}.
 */
public final class FullSnapshot<K> implements FullSnapshotResources<K> {
    /** The family of a state, and the transformation of its values for the snapshot. */
    record StoredState(ColumnFamily family, @Nullable StateSnapshotTransformer<byte[]> transformer) {
    }

    private final StateStore store;
    private final KeyContext<K> keys;
    private final ResourceGuard.Lease lease;
    private final Snapshot snapshot;
    private final List<StateMetaInfoSnapshot> metaInfos;
    private final List<StoredState> states;
    private final List<HeapPriorityQueueStateSnapshot<?>> queues;

    /**
     * The keys of a snapshot.
     *
     * @param keySerializer of this snapshot alone: it is used on another thread
     * @param keyGroupBytes length of the key group in stored keys
     */
    public record KeyContext<K>(TypeSerializer<K> keySerializer, KeyGroupRange keyGroups, int keyGroupBytes,
            StreamCompressionDecorator compression) {
    }

    private FullSnapshot(StateStore store, KeyContext<K> keys, ResourceGuard.Lease lease, Snapshot snapshot,
            List<StateMetaInfoSnapshot> metaInfos, List<StoredState> states, List<HeapPriorityQueueStateSnapshot<?>> queues) {
        this.store = store;
        this.keys = keys;
        this.lease = lease;
        this.snapshot = snapshot;
        this.metaInfos = metaInfos;
        this.states = states;
        this.queues = queues;
    }

    /** Pins the current state. */
    public static <K> FullSnapshot<K> take(StateStore store, Collection<StateTable<?, ?>> tables, TimerQueues timers,
            KeyContext<K> keys) throws IOException {
        List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>();
        List<StoredState> states = new ArrayList<>();
        for (StateTable<?, ?> table : tables) {
            metaInfos.add(table.metaInfo().snapshot());
            states.add(new StoredState(table.family(),
                    table.metaInfo().getStateSnapshotTransformFactory().createForSerializedState().orElse(null)));
        }
        metaInfos.addAll(timers.metaInfos());
        timers.families().forEach(family -> states.add(new StoredState(family, null)));
        List<HeapPriorityQueueStateSnapshot<?>> queueSnapshots = timers.copies();
        ResourceGuard.Lease lease = store.lease();
        boolean pinned = false;
        try {
            Snapshot snapshot = store.snapshot();
            pinned = true;
            return new FullSnapshot<>(store, keys, lease, snapshot, metaInfos, states, queueSnapshots);
        } finally {
            if (!pinned) {
                lease.close();
            }
        }
    }

    @Override
    public List<StateMetaInfoSnapshot> getMetaInfoSnapshots() {
        return metaInfos;
    }

    /** States are numbered as in {@link #getMetaInfoSnapshots()}. */
    @Override
    public KeyValueStateIterator createKVStateIterator() throws IOException {
        List<StateEntries> all = new ArrayList<>();
        boolean made = false;
        try {
            for (StoredState state : states) {
                all.add(StoredEntries.open(store, state, snapshot, keys.keyGroupBytes()));
            }
            for (HeapPriorityQueueStateSnapshot<?> queue : queues) {
                all.add(new QueueEntries<>(queue, keys.keyGroups(), keys.keyGroupBytes()));
            }
            made = true;
            return new EntriesByKeyGroup(all, keys.keyGroups());
        } finally {
            if (!made) {
                all.forEach(IOUtils::closeQuietly);
            }
        }
    }

    @Override
    public KeyGroupRange getKeyGroupRange() {
        return keys.keyGroups();
    }

    @Override
    public TypeSerializer<K> getKeySerializer() {
        return keys.keySerializer();
    }

    @Override
    public StreamCompressionDecorator getStreamCompressionDecorator() {
        return keys.compression();
    }

    @Override
    public void release() {
        snapshot.close();
        lease.close();
    }
}
