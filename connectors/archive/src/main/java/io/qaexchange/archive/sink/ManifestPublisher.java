package io.qaexchange.archive.sink;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestConflictException;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.manifest.VersionLeases;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.FlinkInputFile;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Lists committed files in the manifest, in parallelism 1.
 *
 * <p>It gets every committable with the id of the checkpoint that will commit it, and keeps it in its state. Once that checkpoint is
 * complete it waits until the committer has moved the file, checks its length and footer, takes its SHA-256, and publishes the next version of the
 * manifest. Publishing again what is published changes nothing, so a restore may repeat it.
 *
 * <p>At every start it begins an epoch before anything else. If another job has published meanwhile, it fails: one job writes an
 * archive.
 *
 * <p>One thread; it waits in it, as nothing else has to be done here.
 */
final class ManifestPublisher extends AbstractStreamOperator<Void>
        implements OneInputStreamOperator<CommittableMessage<FileSinkCommittable>, Void> {

    private static final long serialVersionUID = 1L;
    /** Compaction, retention and erasing publish versions too: whoever loses one race or five has no conflict. */
    private static final int PUBLISH_ATTEMPTS = 200;
    private static final long POLL_MS = 20;
    private static final long NONE_TO_MOVE = Long.MIN_VALUE;

    private final String archive;
    private final Duration commitTimeout;

    private transient ManifestStore store;
    private transient ArchiveManifest manifest;
    private transient String epochId;
    /** When files were superseded that are not moved away yet, ms since 1970. */
    private transient long supersededAtMs;
    private transient NavigableMap<Long, List<PendingFile>> pendingByCheckpoint;
    private transient ListState<String> epochState;
    private transient ListState<PendingFile> pendingState;

    /**
     * A file that a checkpoint will commit.
     *
     * @param path where it will lie
     * @param lengthBytes its length, -1 if the file system does not tell
     * @param epoch epoch in which it was handed over
     * @param checkpointId checkpoint that commits it
     */
    public record PendingFile(String path, long lengthBytes, String epoch, long checkpointId) implements PublisherState.Pending {
    }

    static ListStateDescriptor<PendingFile> pendingDescriptor() {
        return new ListStateDescriptor<>(PublisherState.PENDING, Types.POJO(PendingFile.class));
    }

    ManifestPublisher(StreamOperatorParameters<Void> parameters, String archive, Duration commitTimeout) {
        super(parameters);
        this.archive = archive;
        this.commitTimeout = commitTimeout;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        epochState = context.getOperatorStateStore()
                .getListState(new ListStateDescriptor<>(PublisherState.EPOCH, Types.STRING));
        pendingState = context.getOperatorStateStore()
                .getListState(pendingDescriptor());
        pendingByCheckpoint = new TreeMap<>();
        String parent = null;
        for (String restored : epochState.get()) {
            parent = restored;
        }
        for (PendingFile file : pendingState.get()) {
            pendingByCheckpoint.computeIfAbsent(file.checkpointId(), id -> new ArrayList<>()).add(inArchive(file));
        }
        OptionalLong restoredCheckpointId = context.getRestoredCheckpointId();
        store = ManifestStore.of(new Path(archive));
        beginEpoch(parent, restoredCheckpointId.orElse(0));
        if (restoredCheckpointId.isPresent()) {
            publishUpTo(restoredCheckpointId.getAsLong());
        }
        getMetricGroup().gauge("manifestVersion", () -> manifest.version());
        getMetricGroup().gauge("publishedFiles", () -> manifest.files().size());
    }

    /** A restored file, in the folder that the archive has now: it may have been copied elsewhere. */
    private PendingFile inArchive(PendingFile file) {
        Path path = new Path(file.path());
        Path day = path.getParent();
        Path here = new Path(new Path(archive, day.getParent().getName() + "/" + day.getName()), path.getName());
        return new PendingFile(here.toString(), file.lengthBytes(), file.epoch(), file.checkpointId());
    }

    @Override
    public void processElement(StreamRecord<CommittableMessage<FileSinkCommittable>> element) {
        if (element.getValue() instanceof CommittableWithLineage<FileSinkCommittable> withLineage
                && withLineage.getCommittable().hasPendingFile()) {
            FileSinkCommittable committable = withLineage.getCommittable();
            // FileSink's serializer writes the path as an escaped URI and reads it as plain text: of it only the name is right in any folder.
            Path file = new Path(new Path(archive, committable.getBucketId()), committable.getPendingFile().getPath().getName());
            long checkpointId = withLineage.getCheckpointId();
            pendingByCheckpoint.computeIfAbsent(checkpointId, id -> new ArrayList<>())
                    .add(new PendingFile(file.toString(), committable.getPendingFile().getSize(), epochId, checkpointId));
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        epochState.update(List.of(epochId));
        List<PendingFile> all = new ArrayList<>();
        pendingByCheckpoint.values().forEach(all::addAll);
        pendingState.update(all);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) throws Exception {
        super.notifyCheckpointComplete(checkpointId);
        publishUpTo(checkpointId);
        if (supersededAtMs != NONE_TO_MOVE) {
            moveSuperseded();
        }
    }

    private void beginEpoch(@Nullable String parent, long restoredCheckpointId) throws IOException {
        String jobId = getRuntimeContext().getJobInfo().getJobId().toHexString();
        ArchiveEpoch epoch = new ArchiveEpoch(ArchiveEpoch.idOf(jobId, restoredCheckpointId), parent, restoredCheckpointId, jobId, System.currentTimeMillis());
        for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
            ArchiveManifest latest = store.latest();
            checkMayTakeOver(latest, epoch);
            ArchiveManifest next = nextOf(latest, epoch);
            Map<String, RemoteCopy> copies = next.remoteByBatch();
            for (DataFile file : next.files()) {
                if (latest.superseded().contains(file)) {
                    move(store.locateSuperseded(file), store.locate(file), hasLocalFile(file, copies));
                }
            }
            if (store.publish(next)) {
                manifest = next;
                epochId = epoch.id();
                supersededAtMs = System.currentTimeMillis();
                moveSuperseded();
                LOG.info("epoch {} begins with manifest version {}: {} files, {} superseded", epochId, next.version(),
                        next.files().size(), next.superseded().size());
                return;
            }
        }
        throw lost(store.latest());
    }

    /** Moves files of abandoned branches away, once no reader has a lease that is older than the epoch: he opens them where they were. */
    private void moveSuperseded() throws IOException {
        if (VersionLeases.of(store, Clock.systemUTC()).heldSinceMs() <= supersededAtMs) {
            LOG.info("{} superseded files stay where they are until the leases of readers end", manifest.superseded().size());
            return;
        }
        Map<String, RemoteCopy> copies = manifest.remoteByBatch();
        for (DataFile file : manifest.superseded()) {
            if (hasLocalFile(file, copies)) {
                move(store.locate(file), store.locateSuperseded(file), false);
            }
        }
        supersededAtMs = NONE_TO_MOVE;
    }

    /** Whether a file must be on the local disk: it is not in an object store alone. */
    private static boolean hasLocalFile(DataFile file, Map<String, RemoteCopy> copies) {
        RemoteCopy copy = copies.get(file.batchId());
        return copy == null || copy.hasLocalFile();
    }

    /** The archive as of the restored checkpoint. */
    private ArchiveManifest nextOf(ArchiveManifest latest, ArchiveEpoch epoch) throws ManifestConflictException {
        try {
            return latest.beginEpoch(epoch);
        } catch (IllegalArgumentException e) {
            throw new ManifestConflictException("archive " + archive + ": " + e.getMessage());
        }
    }

    private void checkMayTakeOver(ArchiveManifest latest, ArchiveEpoch epoch) throws ManifestConflictException {
        if (epoch.parent() != null) {
            if (latest.findEpoch(epoch.parent()) == null) {
                throw new ManifestConflictException("archive " + archive + " does not know epoch " + epoch.parent()
                        + " of the restored checkpoint: it is another archive. Start the job with the archive that it had");
            }
            return;
        }
        ArchiveEpoch current = latest.findEpoch(latest.currentEpoch());
        if (current != null && (!current.jobId().equals(epoch.jobId()) || !latest.files().isEmpty())) {
            boolean empty = latest.files().isEmpty() && latest.superseded().isEmpty();
            throw new ManifestConflictException("archive " + archive + " belongs to job " + current.jobId() + ", which began at "
                    + Instant.ofEpochMilli(current.startedAtMs()) + ", and holds " + latest.files().size() + " files. "
                    + (empty ? "If that job does not run any more, remove the folder " + ManifestStore.MANIFEST_FOLDER
                            + " in it and submit again; nothing was archived there"
                            : "Restore that job from a checkpoint or savepoint, or choose an empty folder"));
        }
    }

    private void publishUpTo(long checkpointId) throws IOException, InterruptedException {
        NavigableMap<Long, List<PendingFile>> due = pendingByCheckpoint.headMap(checkpointId, true);
        if (due.isEmpty()) {
            return;
        }
        List<DataFile> files = new ArrayList<>();
        Set<String> replaced = manifest.replacedPaths();
        long deadlineNs = System.nanoTime() + commitTimeout.toNanos();
        for (List<PendingFile> ofCheckpoint : due.values()) {
            for (PendingFile file : ofCheckpoint) {
                if (!replaced.contains(relative(new Path(file.path())))) {
                    files.add(verified(file, deadlineNs));
                }
            }
        }
        publish(files);
        due.clear();
    }

    /** Waits until the file is committed and checks it. */
    private DataFile verified(PendingFile file, long deadlineNs) throws IOException, InterruptedException {
        Path path = new Path(file.path());
        FileSystem fileSystem = path.getFileSystem();
        while (!fileSystem.exists(path)) {
            if (System.nanoTime() > deadlineNs) {
                throw new IOException("archived file " + path + " is missing: checkpoint " + file.checkpointId()
                        + " committed it. Restore it from a backup, or restore the job from an older savepoint");
            }
            Thread.sleep(POLL_MS);
        }
        FileStatus status = fileSystem.getFileStatus(path);
        if (file.lengthBytes() >= 0 && status.getLen() != file.lengthBytes()) {
            throw new IOException("archived file " + path + " has " + status.getLen() + " bytes, committed were " + file.lengthBytes());
        }
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(path));
        return new DataFile(footer.batchId(), footer.table(), footer.tradingDay(), relative(path), status.getLen(), footer.rows(),
                footer.rawBytes(), footer.minEventTimeNs(), footer.maxEventTimeNs(), file.epoch(), file.checkpointId(), footer.minInstrument(),
                footer.maxInstrument(), footer.subtask(), footer.ordinal(), Sha256.of(path), null);
    }

    private void publish(List<DataFile> files) throws IOException {
        for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
            ArchiveManifest next = manifest.withFiles(files);
            if (next == manifest) {
                return;
            }
            if (store.publish(next)) {
                manifest = next;
                return;
            }
            manifest = store.latest();
            if (!epochId.equals(manifest.currentEpoch())) {
                throw new ManifestConflictException("archive " + archive + " was taken over by epoch " + manifest.currentEpoch()
                        + " while this job (epoch " + epochId + ") was running: two jobs write one archive. Stop one of them");
            }
        }
        throw lost(manifest);
    }

    /** A failure that a restart of the job may mend, unlike a conflict. */
    private IOException lost(ArchiveManifest latest) {
        return new IOException("manifest version " + (latest.version() + 1) + " of archive " + archive + " could not be created: in " + PUBLISH_ATTEMPTS
                + " attempts others were faster. Is bin/archive run there again and again?");
    }

    private String relative(Path file) throws IOException {
        String root = store.root().toUri().getPath();
        String path = file.toUri().getPath();
        String prefix = root.endsWith("/") ? root : root + "/";
        if (!path.startsWith(prefix)) {
            throw new IOException("file " + path + " is not inside the archive " + root);
        }
        return path.substring(prefix.length());
    }

    /** Moves a file unless it has been moved already. */
    private void move(Path source, Path target, boolean required) throws IOException {
        FileSystem fileSystem = source.getFileSystem();
        if (fileSystem.exists(target)) {
            return;
        }
        if (!fileSystem.exists(source)) {
            if (required) {
                throw new IOException("file " + source + " of a restored branch is missing; it was moved there when the job was restored"
                        + " from an earlier point");
            }
            LOG.warn("file {} left the archive, but it is not there", source);
            return;
        }
        fileSystem.mkdirs(target.getParent());
        if (!fileSystem.rename(source, target)) {
            throw new IOException("file " + source + " could not be moved to " + target);
        }
    }

    /** Makes the operator. */
    static final class Factory extends AbstractStreamOperatorFactory<Void>
            implements OneInputStreamOperatorFactory<CommittableMessage<FileSinkCommittable>, Void> {
        private static final long serialVersionUID = 1L;

        private final String archive;
        private final Duration commitTimeout;

        Factory(String archive, Duration commitTimeout) {
            this.archive = archive;
            this.commitTimeout = commitTimeout;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T extends StreamOperator<Void>> T createStreamOperator(StreamOperatorParameters<Void> parameters) {
            return (T) new ManifestPublisher(parameters, archive, commitTimeout);
        }

        @Override
        @SuppressWarnings("rawtypes")
        public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
            return ManifestPublisher.class;
        }
    }
}
