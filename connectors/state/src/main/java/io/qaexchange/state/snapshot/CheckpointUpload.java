package io.qaexchange.state.snapshot;

import static org.apache.flink.runtime.state.CheckpointStreamWithResultProvider.createDuplicatingStream;
import static org.apache.flink.runtime.state.CheckpointStreamWithResultProvider.createSimpleStream;

import io.qaexchange.state.metrics.CheckpointFigures;
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
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.memory.DataOutputViewStreamWrapper;
import org.apache.flink.runtime.checkpoint.filemerging.FileMergingSnapshotManager;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointStreamWithResultProvider;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedBackendSerializationProxy;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.PlaceholderStreamStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy.SnapshotResultSupplier;
import org.apache.flink.runtime.state.StateUtil;
import org.apache.flink.runtime.state.StreamStateHandle;

/** Uploads one checkpoint. If it fails or is cancelled, the files that it has uploaded are removed. One use, one thread. */
final class CheckpointUpload<K> implements SnapshotResultSupplier<KeyedStateHandle> {
    private final Operator<K> operator;
    private final PinnedState state;
    private final long checkpointId;
    private final CheckpointStreamFactory streams;
    /** Null for a savepoint, which shares nothing. */
    @Nullable
    private final UploadHistory history;
    private final Consumer<CheckpointFigures> figures;
    private final Map<String, Uploaded> files = new HashMap<>();
    private final List<StreamStateHandle> uploaded = new ArrayList<>();
    private CloseableRegistry cancelled;
    /** Null without local recovery. */
    @Nullable
    private LocalCopy local;

    /** Writes a file. */
    @FunctionalInterface
    private interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    CheckpointUpload(Operator<K> operator, PinnedState state, long checkpointId, CheckpointStreamFactory streams,
            @Nullable UploadHistory history, Consumer<CheckpointFigures> figures) {
        this.operator = operator;
        this.state = state;
        this.checkpointId = checkpointId;
        this.streams = streams;
        this.history = history;
        this.figures = figures;
    }

    @Override
    public SnapshotResult<KeyedStateHandle> get(CloseableRegistry registry) throws Exception {
        cancelled = registry;
        local = history == null ? null : LocalCopy.begin(operator.localRecovery(), operator.backendId(), checkpointId, operator.localPieces());
        long started = System.nanoTime();
        boolean completed = false;
        try {
            SnapshotResult<KeyedStateHandle> result = upload();
            completed = true;
            report((System.nanoTime() - started) / 1_000_000);
            return result;
        } finally {
            if (!completed) {
                if (history != null) {
                    history.abort(checkpointId);
                }
                if (local != null) {
                    local.discard();
                }
                StateUtil.bestEffortDiscardAllStateObjects(uploaded);
            }
        }
    }

    private void report(long millis) {
        int pieces = (int) files.values().stream().filter(file -> file.piece() != null).count();
        figures.accept(new CheckpointFigures(state.checkpoint().sequence(), files.size() - pieces, pieces, uploadedBytes(), millis));
    }

    private long uploadedBytes() {
        return uploaded.stream().mapToLong(StreamStateHandle::getStateSize).sum();
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

        if (local != null) {
            state.checkpoint().sstables().forEach(local::link);
            pieces.forEach(piece -> local.linkPiece(piece.name()));
        }
        byte[] description = state.checkpoint().describe(pieces);
        List<HandleAndLocalPath> own = new ArrayList<>();
        own.add(writeOwn(Checkpoint.FILE_NAME, out -> out.write(description)));
        if (!state.queues().isEmpty()) {
            own.add(writeOwn(TimerFile.NAME, out -> TimerFile.write(state.queues(), operator.keyGroups(), operator.keyGroupBytes(),
                    new DataOutputViewStreamWrapper(out))));
        }
        SnapshotResult<StreamStateHandle> meta = writeMetaInfos();
        if (history != null) {
            history.uploaded(checkpointId, files);
        }
        streams.reusePreviousStateHandle(reuse.files().values().stream().map(Uploaded::handle).toList());
        return result(own, meta);
    }

    private SnapshotResult<KeyedStateHandle> result(List<HandleAndLocalPath> own, SnapshotResult<StreamStateHandle> meta) {
        List<HandleAndLocalPath> shared = new ArrayList<>();
        files.forEach((name, file) -> shared.add(HandleAndLocalPath.of(file.handle(), name)));
        KeyedStateHandle remote = new IncrementalRemoteKeyedStateHandle(operator.backendId(), operator.keyGroups(), checkpointId, shared, own,
                meta.getJobManagerOwnedSnapshot(), uploadedBytes());
        KeyedStateHandle copy = local == null ? null
                : local.finish(operator.backendId(), operator.keyGroups(), meta.getTaskLocalSnapshot(), shared);
        return copy == null ? SnapshotResult.of(remote) : SnapshotResult.withLocalState(remote, copy);
    }

    /** A file that belongs to this checkpoint alone. */
    private HandleAndLocalPath writeOwn(String name, Content content) throws IOException {
        return HandleAndLocalPath.of(write(name, CheckpointedStateScope.EXCLUSIVE,
                out -> writeTo(out, local == null ? null : local.file(name, out), content)), name);
    }

    /** Writes a file, and its copy if there is one. */
    private static void writeTo(OutputStream out, @Nullable OutputStream copying, Content content) throws IOException {
        if (copying == null) {
            content.writeTo(out);
            return;
        }
        try (copying) {
            content.writeTo(copying);
        }
    }

    private SnapshotResult<StreamStateHandle> writeMetaInfos() throws IOException {
        CheckpointStreamWithResultProvider both = local == null
                ? createSimpleStream(CheckpointedStateScope.EXCLUSIVE, streams)
                : createDuplicatingStream(checkpointId, CheckpointedStateScope.EXCLUSIVE, streams,
                        operator.localRecovery().getLocalStateDirectoryProvider().orElseThrow(LocalRecoveryConfig.localRecoveryNotEnabled()));
        cancelled.registerCloseable(both);
        try {
            new KeyedBackendSerializationProxy<>(operator.keySerializer(), state.metaInfos(), false)
                    .write(new DataOutputViewStreamWrapper(both.getCheckpointOutputStream()));
            if (!cancelled.unregisterCloseable(both)) {
                throw cancelledMeanwhile();
            }
            SnapshotResult<StreamStateHandle> result = both.closeAndFinalizeCheckpointStreamResult();
            uploaded.add(result.getJobManagerOwnedSnapshot());
            return result;
        } catch (IOException e) {
            throw unwritten("the description of the states", e);
        } finally {
            cancelled.unregisterCloseable(both);
            both.close();
        }
    }

    private IOException cancelledMeanwhile() {
        return new IOException("checkpoint " + checkpointId + " was cancelled while it was written");
    }

    /** Stands for a file that an earlier checkpoint has brought: the handle itself would be deleted if this checkpoint failed. */
    private static StreamStateHandle placeholder(StreamStateHandle handle) {
        return handle instanceof PlaceholderStreamStateHandle ? handle : new PlaceholderStreamStateHandle(
                handle.getStreamStateHandleID(), handle.getStateSize(), FileMergingSnapshotManager.isFileMergingHandle(handle));
    }

    private void uploadSstables() throws IOException {
        for (Checkpoint.Sstable sstable : state.checkpoint().sstables()) {
            if (!files.containsKey(sstable.name())) {
                StreamStateHandle handle = write(sstable.name(), sharedScope(), out -> Files.copy(sstable.path(), out));
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
        StreamStateHandle handle = write(name, sharedScope(), out -> writeTo(out, local == null ? null : local.piece(name, out),
                to -> piece[0] = state.checkpoint().writePiece(range, name, to)));
        files.put(name, new Uploaded(handle, piece[0]));
        return piece[0];
    }

    private CheckpointedStateScope sharedScope() {
        return history == null ? CheckpointedStateScope.EXCLUSIVE : CheckpointedStateScope.SHARED;
    }

    private StreamStateHandle write(String name, CheckpointedStateScope scope, Content content) throws IOException {
        try {
            return write(scope, content);
        } catch (IOException e) {
            throw unwritten("file " + name, e);
        }
    }

    private IOException unwritten(String what, IOException cause) {
        return new IOException(what + " of checkpoint " + checkpointId + " could not be written to " + streams + ": " + cause.getMessage(), cause);
    }

    private StreamStateHandle write(CheckpointedStateScope scope, Content content) throws IOException {
        CheckpointStateOutputStream out = streams.createCheckpointStateOutputStream(scope);
        // Closing the registry closes the stream, and the thread that writes to it gets an error.
        cancelled.registerCloseable(out);
        try {
            content.writeTo(out);
            if (!cancelled.unregisterCloseable(out)) {
                throw cancelledMeanwhile();
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
