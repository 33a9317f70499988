package io.qaexchange.archive.sink;

import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.connector.file.sink.writer.FileWriterBucketState;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.PartFileInfo;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.CheckpointRollingPolicy;

/**
 * The sink of the archive: Flink's own {@link FileSink} in bulk format, one finished file per part, and a {@link ManifestPublisher}
 * that learns of every committable before it is committed and lists its file in the manifest afterwards.
 *
 * <p>Writing, committing and their state are FileSink's, untouched. The publisher hangs beside the committer, not downstream of it: what a
 * committer sends on while a job ends or stops with a savepoint does not reach operators downstream of it any more.
 *
 * <p>Needs a uid on the sink. Its writer must run on the machine where the finished files are: same parallelism and slot sharing group
 * as the operator that writes them.
 */
public final class ArchiveSink implements Sink<FinishedFile>, SupportsWriterState<FinishedFile, FileWriterBucketState>,
        SupportsCommitter<FileSinkCommittable>, SupportsPreCommitTopology<FileSinkCommittable, FileSinkCommittable> {

    private static final long serialVersionUID = 1L;

    /** Uid of the publisher within the sink. */
    public static final String PUBLISHER_UID = "manifest-publisher";

    private final FileSink<FinishedFile> files;
    private final String archive;
    private final Duration commitTimeout;

    /**
     * A sink into that folder.
     *
     * @param archive the archive's folder, on any of Flink's file systems
     * @param commitTimeout how long the publisher waits for a file that a completed checkpoint has committed, before it fails
     */
    public ArchiveSink(Path archive, Duration commitTimeout) {
        this.archive = archive.toString();
        this.commitTimeout = commitTimeout;
        this.files = FileSink.forBulkFormat(archive, FinishedFileCopier::new)
                .withBucketAssigner(new ByTableAndDay())
                .withRollingPolicy(new OneFilePerPart())
                .withOutputFileConfig(OutputFileConfig.builder().withPartPrefix("part").withPartSuffix(".parquet").build())
                .build();
    }

    @Override
    public StatefulSinkWriter<FinishedFile, FileWriterBucketState> createWriter(WriterInitContext context) throws IOException {
        return files.createWriter(context);
    }

    @Override
    public StatefulSinkWriter<FinishedFile, FileWriterBucketState> restoreWriter(WriterInitContext context,
            Collection<FileWriterBucketState> recoveredState) throws IOException {
        // Each part has ended before the barrier, so a bucket's state says nothing but the folder that it had. The archive may lie in another one now.
        return files.createWriter(context);
    }

    @Override
    public SimpleVersionedSerializer<FileWriterBucketState> getWriterStateSerializer() {
        return files.getWriterStateSerializer();
    }

    @Override
    public Committer<FileSinkCommittable> createCommitter(CommitterInitContext context) throws IOException {
        return files.createCommitter(context);
    }

    @Override
    public SimpleVersionedSerializer<FileSinkCommittable> getCommittableSerializer() {
        return files.getCommittableSerializer();
    }

    @Override
    public SimpleVersionedSerializer<FileSinkCommittable> getWriteResultSerializer() {
        return files.getCommittableSerializer();
    }

    @Override
    public DataStream<CommittableMessage<FileSinkCommittable>> addPreCommitTopology(
            DataStream<CommittableMessage<FileSinkCommittable>> committables) {
        committables.global()
                .transform("Manifest publisher", Types.VOID,
                        new ManifestPublisher.Factory(archive, commitTimeout))
                .setParallelism(1)
                .setMaxParallelism(1)
                .uid(PUBLISHER_UID);
        return committables;
    }

    private static final class OneFilePerPart extends CheckpointRollingPolicy<FinishedFile, String> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean shouldRollOnEvent(PartFileInfo<String> part, FinishedFile file) {
            return true;
        }

        @Override
        public boolean shouldRollOnProcessingTime(PartFileInfo<String> part, long currentTimeMs) {
            return false;
        }
    }

    private static final class ByTableAndDay implements BucketAssigner<FinishedFile, String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String getBucketId(FinishedFile file, Context context) {
            return file.bucket();
        }

        @Override
        public SimpleVersionedSerializer<String> getSerializer() {
            return SimpleVersionedStringSerializer.INSTANCE;
        }
    }
}
