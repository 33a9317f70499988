package io.qaexchange.state.snapshot;

import io.qaexchange.storage.Checkpoint;
import java.util.List;
import org.apache.flink.runtime.state.SnapshotResources;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.util.ResourceGuard;

/**
 * An operator's state at the barrier: pointers, pinned on the task thread; and copies of timer queues that are on the heap.
 *
 * @param lease keeps the store open
 * @param metaInfos of states, then of the queues
 */
public record PinnedState(ResourceGuard.Lease lease, Checkpoint checkpoint, List<StateMetaInfoSnapshot> metaInfos,
        List<HeapPriorityQueueStateSnapshot<?>> queues) implements SnapshotResources {

    @Override
    public void release() {
        checkpoint.close();
        lease.close();
    }
}
