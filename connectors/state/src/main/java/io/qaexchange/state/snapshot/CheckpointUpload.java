package io.qaexchange.state.snapshot;

import io.qaexchange.state.snapshot.IncrementalSnapshotStrategy.Operator;
import io.qaexchange.state.snapshot.UploadHistory.Reuse;
import io.qaexchange.state.snapshot.UploadHistory.Uploaded;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogRange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy.SnapshotResultSupplier;
import org.apache.flink.runtime.state.StateUtil;
import org.apache.flink.runtime.state.StreamStateHandle;

/** Uploads one checkpoint. If it fails or is cancelled, what it has uploaded is removed. One use, one thread. */
final class CheckpointUpload<K> implements SnapshotResultSupplier<KeyedStateHandle> {
    private final Operator<K> operator;
    private final PinnedState state;
    private final long checkpointId;
    private final CheckpointStreamFactory streams;
    /** Null for a savepoint, which shares nothing. */
    @Nullable
    private final UploadHistory history;
    private final Map<String, Uploaded> files = new HashMap<>();
    private final List<StreamStateHandle> uploaded = new ArrayList<>();
    private CloseableRegistry cancelled;

    /** Writes a file. */
    @FunctionalInterface
    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    CheckpointUpload(Operator<K> operator, PinnedState state, long checkpointId, CheckpointStreamFactory streams,
            @Nullable UploadHistory history) {
        this.operator = operator;
        this.state = state;
        this.checkpointId = checkpointId;
        this.streams = streams;
        this.history = history;
    }

    @Override
    public SnapshotResult<KeyedStateHandle> get(CloseableRegistry registry) throws Exception {
        cancelled = registry;
        boolean completed = false;
        try {
            SnapshotResult<KeyedStateHandle> result = upload();
            completed = true;
            return result;
        } finally {
            if (!completed) {
                if (history != null) {
                    history.abort(checkpointId);
                }
                StateUtil.bestEffortDiscardAllStateObjects(uploaded);
            }
        }
    }

    private SnapshotResult<KeyedStateHandle> upload() throws IOException {
        Reuse reuse = history == null ? UploadHistory.none(state.checkpoint()) : history.reuse(checkpointId);
        if (reuse == null) {
            throw new IOException("checkpoint " + checkpointId + " was aborted before it was written");
        }
        reuse.files().forEach((name, file) -> files.put(name, new Uploaded(placeholder(file.handle()), file.piece())));
        uploadSstables();
        List<LogPiece> pieces = new ArrayList<>(reuse.log().reused());
        for (LogRange range : reuse.log().missing()) {
            pieces.add(uploadPiece(range));
        }
        pieces.sort(Comparator.comparingLong(LogPiece::firstSequence));

        List<HandleAndLocalPath> own = new ArrayList<>();
        byte[] description = state.checkpoint().describe(pieces);
        own.add(HandleAndLocalPath.of(write(CheckpointedStateScope.EXCLUSIVE, out -> out.write(description)), Checkpoint.FILE_NAME));
        if (!state.queues().isEmpty()) {
            own.add(HandleAndLocalPath.of(write(CheckpointedStateScope.EXCLUSIVE, out -> TimerFile.write(state.queues(), operator.keyGroups(),
                    operator.keyGroupBytes(), new DataOutputViewStreamWrapper(out))), TimerFile.NAME));
        }
        StreamStateHandle meta = write(CheckpointedStateScope.EXCLUSIVE, out -> new KeyedBackendSerializationProxy<>(
                operator.keySerializer(), state.metaInfos(), false).write(new DataOutputViewStreamWrapper(out)));
        if (history != null) {
            history.uploaded(checkpointId, files);
        }
        streams.reusePreviousStateHandle(reuse.files().values().stream().map(Uploaded::handle).toList());
        List<HandleAndLocalPath> shared = new ArrayList<>();
        files.forEach((name, file) -> shared.add(HandleAndLocalPath.of(file.handle(), name)));
        long bytes = uploaded.stream().mapToLong(StreamStateHandle::getStateSize).sum();
        return SnapshotResult.of(new IncrementalRemoteKeyedStateHandle(operator.backendId(), operator.keyGroups(), checkpointId, shared, own, meta, bytes));
    }

    /** Stands for a file that an earlier checkpoint has brought: the handle itself would be deleted if this checkpoint failed. */
    private static StreamStateHandle placeholder(StreamStateHandle handle) {
        return handle instanceof PlaceholderStreamStateHandle ? handle : new PlaceholderStreamStateHandle(
                handle.getStreamStateHandleID(), handle.getStateSize(), FileMergingSnapshotManager.isFileMergingHandle(handle));
    }

    private void uploadSstables() throws IOException {
        for (Checkpoint.Sstable sstable : state.checkpoint().sstables()) {
            if (!files.containsKey(sstable.name())) {
                StreamStateHandle handle = write(sharedScope(), out -> Files.copy(sstable.path(), out));
                if (handle.getStateSize() != sstable.sizeBytes()) {
                    throw new IOException("uploaded " + handle.getStateSize() + " bytes of " + sstable.path() + ", which has " + sstable.sizeBytes());
                }
                files.put(sstable.name(), new Uploaded(handle, null));
            }
        }
    }

    private LogPiece uploadPiece(LogRange range) throws IOException {
        // The checkpoint's id makes the name unique: two checkpoints under way may upload the same range.
        String name = range.firstSequence() + "-" + range.lastSequence() + "-" + checkpointId + ".piece";
        LogPiece[] piece = new LogPiece[1];
        StreamStateHandle handle = write(sharedScope(), out -> piece[0] = state.checkpoint().writePiece(range, name, out));
        files.put(name, new Uploaded(handle, piece[0]));
        return piece[0];
    }

    private CheckpointedStateScope sharedScope() {
        return history == null ? CheckpointedStateScope.EXCLUSIVE : CheckpointedStateScope.SHARED;
    }

    private StreamStateHandle write(CheckpointedStateScope scope, Content content) throws IOException {
        CheckpointStateOutputStream out = streams.createCheckpointStateOutputStream(scope);
        // Closing the registry closes the stream, which fails whoever writes to it.
        cancelled.registerCloseable(out);
        try {
            content.writeTo(out);
            if (!cancelled.unregisterCloseable(out)) {
                throw new IOException("checkpoint " + checkpointId + " was cancelled while it was written");
            }
            StreamStateHandle handle = out.closeAndGetHandle();
            if (handle == null) {
                throw new IOException("checkpoint storage returned no handle for a file of checkpoint " + checkpointId);
            }
            uploaded.add(handle);
            return handle;
        } finally {
            cancelled.unregisterCloseable(out);
            out.close();
        }
    }
}
