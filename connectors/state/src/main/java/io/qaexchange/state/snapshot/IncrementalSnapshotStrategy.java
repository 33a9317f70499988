package io.qaexchange.state.snapshot;

import io.qaexchange.state.metrics.CheckpointFigures;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SnapshotType.SharingFilesStrategy;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy;
import org.apache.flink.util.function.SupplierWithException;

/**
 * Checkpoints of what is new: at the barrier, pointers are pinned; in the background, sstables and ranges of the log that no earlier
 * checkpoint holds are uploaded. Native savepoints are the same without earlier checkpoints, on files of their own.
 *
 * <p>The result is Flink's {@code IncrementalRemoteKeyedStateHandle}: shared are sstables and pieces of the log, private are the
 * storage checkpoint's description ({@code CHECKPOINT}) and timers on the heap ({@link TimerFile}); the states' meta information is in
 * Flink's own form.
 *
 * @param <K> key
 */
public final class IncrementalSnapshotStrategy<K> implements SnapshotStrategy<KeyedStateHandle, PinnedState> {
    private final Operator<K> operator;
    private final SupplierWithException<PinnedState, Exception> pinner;
    private final UploadHistory history;
    /** Volatile: written in the background, read by reporters of metrics. */
    private volatile CheckpointFigures last = CheckpointFigures.NONE;

    /**
     * Who takes snapshots.
     *
     * @param backendId under which Flink knows the chain of checkpoints
     * @param keyGroupBytes length of the key group in stored keys
     * @param localPieces folder for pieces, if there is local recovery
     */
    public record Operator<K>(UUID backendId, KeyGroupRange keyGroups, int keyGroupBytes, TypeSerializer<K> keySerializer,
            LocalRecoveryConfig localRecovery, Path localPieces) {
    }

    /** @param pinner pins the state; called on the task thread */
    public IncrementalSnapshotStrategy(Operator<K> operator, SupplierWithException<PinnedState, Exception> pinner, UploadHistory history) {
        this.operator = operator;
        this.pinner = pinner;
        this.history = history;
    }

    @Override
    public PinnedState syncPrepareResources(long checkpointId) throws Exception {
        return pinner.get();
    }

    @Override
    public SnapshotResultSupplier<KeyedStateHandle> asyncSnapshot(PinnedState state, long checkpointId, long timestamp,
            CheckpointStreamFactory streams, CheckpointOptions options) {
        if (state.metaInfos().isEmpty()) {
            return registry -> SnapshotResult.empty();
        }
        SharingFilesStrategy sharing = options.getCheckpointType().getSharingFilesStrategy();
        boolean isShared = sharing != SharingFilesStrategy.NO_SHARING;
        if (isShared) {
            history.begin(checkpointId, state.checkpoint(),
                    sharing == SharingFilesStrategy.FORWARD_BACKWARD ? streams::couldReuseStateHandle : handle -> false);
        }
        return new CheckpointUpload<>(operator, state, checkpointId, streams, isShared ? history : null, figures -> last = figures);
    }

    /** The last checkpoint or native savepoint that was written. */
    public CheckpointFigures last() {
        return last;
    }
}
