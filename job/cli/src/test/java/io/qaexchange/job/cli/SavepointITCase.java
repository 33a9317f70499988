package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Savepoints, other parallelisms and branches of history on a real mini cluster with a real broker. */
@Timeout(240)
class SavepointITCase {

    private static final int MESSAGES = 8_000;
    private static final int SEED = 5;

    @TempDir
    private Path folder;
    private JobRig rig;

    @BeforeEach
    void start() throws Exception {
        rig = JobRig.start(folder);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void everyBranchOfHistoryIsCompleteAtAnyParallelism() throws Exception {
        // Half of it comes after the early savepoint, however fast the job is.
        Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(MESSAGES / 10.0);
        CompletableFuture<?> feeding = feeder.start();

        JobID first = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 2);
        String early = rig.savepoint(first);
        double archivedByThen = LiveMetrics.sum("archivedRows");
        feeder.setRate(Double.POSITIVE_INFINITY);
        feeding.get(60, TimeUnit.SECONDS);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > archivedByThen);
        String abandoned = rig.stop(first);
        audit(abandoned);
        ArchiveManifest before = rig.manifest();

        JobID second = rig.submit(3, early);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > 0);
        String second3 = rig.stop(second);
        audit(second3);
        ArchiveManifest after = rig.manifest();
        assertThat(after.superseded()).as("files behind the early savepoint left the archive").isNotEmpty();
        assertThatThrownBy(() -> audit(abandoned)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not in the history");

        JobID third = rig.submit(1, abandoned);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        String last = rig.stop(third);
        audit(last);
        assertThat(rig.manifest().files()).as("the abandoned branch's files are back").containsAll(before.files());
        goesOnElsewhere(last);
    }

    /** The folder is lost; a copy of the archive and of one savepoint, in another folder, is all that there is. */
    private void goesOnElsewhere(String savepoint) throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere, 100% [x]"));
        FileUtils.copy(new org.apache.flink.core.fs.Path(rig.archive().toUri()), new org.apache.flink.core.fs.Path(JobOptions.folderUri(elsewhere.resolve("archive"))), false);
        FileUtils.copy(new org.apache.flink.core.fs.Path(savepoint), new org.apache.flink.core.fs.Path(JobOptions.folderUri(elsewhere.resolve("savepoint"))), false);
        FileUtils.deleteDirectory(folder.resolve("archive").toFile());
        FileUtils.deleteDirectory(folder.resolve("savepoints").toFile());
        FileUtils.deleteDirectory(folder.resolve("checkpoints").toFile());

        rig.set("archive", elsewhere.resolve("archive").toString()).set("checkpoints", elsewhere.resolve("checkpoints").toString());
        JobID job = rig.submit(2, JobOptions.folderUri(elsewhere.resolve("savepoint")));
        String after = rig.stop(job);
        UnionReader union = UnionReader.open(after, new org.apache.flink.core.fs.Path(JobOptions.folderUri(elsewhere.resolve("archive"))), Instruments.defaults());
        AuditReport report = Audit.run(new GeneratedEvents(SEED, MESSAGES), union, Instruments.defaults(), 64 << 20);
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(folder.resolve("archive")).as("the lost folder").doesNotExist();
    }

    @Test
    void refusesASecondJobOnTheSameArchive() throws Exception {
        new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, 100).start().get(60, TimeUnit.SECONDS);
        JobID first = rig.submit(1, null);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= 100);
        JobID second = rig.submit(1, null, "other-job", "none");

        Throwable failure = rig.cluster().requestJobResult(second).get(60, TimeUnit.SECONDS).getSerializedThrowable().orElseThrow()
                .deserializeError(getClass().getClassLoader());
        assertThat(failure).hasStackTraceContaining("belongs to job " + first.toHexString());
        rig.stop(first);
    }

    private void audit(String savepoint) throws Exception {
        AuditReport report = rig.audit(savepoint, new GeneratedEvents(SEED, MESSAGES));
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.cold()).isPositive();
    }
}
