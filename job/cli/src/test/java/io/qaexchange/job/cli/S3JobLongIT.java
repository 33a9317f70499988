package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.s3.S3Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Archive, checkpoints and savepoints on a real S3 server, by Flink's S3 file system: the job goes on from a savepoint there, at another parallelism, while
 * the archive is compacted, and each event is there once. In the profile {@code long}.
 */
@Timeout(180)
class S3JobLongIT {

    private static final int MESSAGES = 4_000;
    private static final int SEED = 7;
    private static final String BUCKET = "market";
    private static final String ARCHIVE = "s3://" + BUCKET + "/archive";

    @TempDir
    private Path folder;
    private S3Server server;
    private JobRig rig;

    @BeforeEach
    void start() throws Exception {
        server = S3Server.start(folder.resolve("s3"), BUCKET);
        S3Server.use(server.address());
        Configuration flink = server.flinkConfiguration();
        FileSystem.initialize(flink, null);
        rig = JobRig.start(folder.resolve("job"), flink).set("archive", ARCHIVE).set("checkpoints", "s3://" + BUCKET + "/checkpoints")
                .set("checkpoint-interval", "1 s");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        FileSystem.initialize(new Configuration(), null);
        S3Server.useNone();
        server.close();
    }

    @Test
    void everyEventIsThereOnceAfterARestoreFromASavepointOnS3() throws Exception {
        new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES).start().get(60, TimeUnit.SECONDS);
        JobID first = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > 0);
        compact();
        JobRig.await(() -> metadata().anyMatch(object -> object.contains("/checkpoints/")));
        String savepoint = stopOnS3(first);
        audit(savepoint);

        JobID second = rig.submit(3, savepoint);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), second, false);
        compact();
        audit(stopOnS3(second));
        assertThat(metadata().filter(object -> object.contains("/savepoints/"))).hasSize(2);
        assertThat(ArchiveCheck.run(store(), null).problems()).isEmpty();
    }

    /** Objects that make a checkpoint or savepoint. */
    private Stream<String> metadata() throws IOException {
        try (Stream<Path> objects = Files.find(server.object(BUCKET, ""), 10, (path, of) -> path.getFileName().toString().equals("_metadata"))) {
            return objects.map(Path::toString).toList().stream();
        } catch (UncheckedIOException e) {
            // The job removed a checkpoint meanwhile.
            return Stream.empty();
        }
    }

    private String stopOnS3(JobID job) throws Exception {
        String path = rig.cluster().stopWithSavepoint(job, "s3://" + BUCKET + "/savepoints", false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
        rig.cluster().requestJobResult(job).get(60, TimeUnit.SECONDS);
        return path;
    }

    private void compact() throws Exception {
        CompactionReport report = new ArchiveCompaction(store(), CompactionOptions.DEFAULT, Files.createDirectories(folder.resolve("compaction")),
                Clock.systemUTC()).run(file -> true, file -> { });
        assertThat(report.left()).isEmpty();
    }

    private static ManifestStore store() {
        return ManifestStore.of(new org.apache.flink.core.fs.Path(ARCHIVE));
    }

    private static void audit(String savepoint) throws Exception {
        UnionReader union = UnionReader.open(savepoint, new org.apache.flink.core.fs.Path(ARCHIVE), Instruments.defaults());
        AuditReport report = Audit.run(new GeneratedEvents(SEED, MESSAGES), union, Instruments.defaults(), 64 << 20);
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.cold()).isPositive();
    }
}
