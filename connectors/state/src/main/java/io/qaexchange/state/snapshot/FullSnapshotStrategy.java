package io.qaexchange.state.snapshot;

import static org.apache.flink.runtime.state.CheckpointStreamWithResultProvider.createDuplicatingStream;
import static org.apache.flink.runtime.state.CheckpointStreamWithResultProvider.createSimpleStream;

import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointStreamWithResultProvider;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.FullSnapshotAsyncWriter;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy;
import org.apache.flink.util.function.SupplierWithException;

/**
 * A checkpoint that holds everything and refers to no other: all entries at one sequence number, written in the background in the
 * format of canonical savepoints, and marked as such: so every backend can be restored from it, and this one can tell it from the
 * checkpoints of others.
 *
 * @param <K> key
 */
public final class FullSnapshotStrategy<K> implements SnapshotStrategy<KeyedStateHandle, FullSnapshot<K>> {
    private final SupplierWithException<FullSnapshot<K>, Exception> taker;
    private final LocalRecoveryConfig localRecovery;

    /** @param taker pins a snapshot; called on the task thread */
    public FullSnapshotStrategy(SupplierWithException<FullSnapshot<K>, Exception> taker, LocalRecoveryConfig localRecovery) {
        this.taker = taker;
        this.localRecovery = localRecovery;
    }

    @Override
    public FullSnapshot<K> syncPrepareResources(long checkpointId) throws Exception {
        return taker.get();
    }

    @Override
    public SnapshotResultSupplier<KeyedStateHandle> asyncSnapshot(FullSnapshot<K> snapshot, long checkpointId, long timestamp,
            CheckpointStreamFactory streamFactory, CheckpointOptions options) {
        if (snapshot.getMetaInfoSnapshots().isEmpty()) {
            return registry -> SnapshotResult.empty();
        }
        boolean keepsLocalCopy = localRecovery.isLocalBackupEnabled() && !options.getCheckpointType().isSavepoint();
        SupplierWithException<CheckpointStreamWithResultProvider, Exception> stream = keepsLocalCopy
                ? () -> createDuplicatingStream(checkpointId, CheckpointedStateScope.EXCLUSIVE, streamFactory,
                        localRecovery.getLocalStateDirectoryProvider().orElseThrow(LocalRecoveryConfig.localRecoveryNotEnabled()))
                : () -> createSimpleStream(CheckpointedStateScope.EXCLUSIVE, streamFactory);
        return new FullSnapshotAsyncWriter<>(SavepointType.savepoint(SavepointFormatType.CANONICAL), stream, snapshot);
    }
}
