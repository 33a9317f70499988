package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive is compacted again and again while the job publishes; it is stopped, restored from before, and complete each time. */
@Timeout(180)
class CompactionITCase {

    private static final int MESSAGES = 6_000;
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
    void everySavepointIsCompleteThoughTheArchiveIsCompactedBesideTheJob() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(MESSAGES / 8.0);
        CompletableFuture<?> feeding = feeder.start();
        JobID first = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
        CompletableFuture<Integer> compacting = CompletableFuture.supplyAsync(() -> compactUntil(ended));

        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 2 && LiveMetrics.sum("archivedRows") > 0);
        String early = rig.savepoint(first);
        feeding.get(60, TimeUnit.SECONDS);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        String last = rig.stop(first);
        ended.set(true);
        assertThat(files(compacting)).as("files that were compacted beside the job").isPositive();
        audit(last);
        compact();
        audit(last);

        JobID second = rig.submit(3, early);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        audit(rig.stop(second));
        compact();

        JobID third = rig.submit(1, last);
        audit(rig.stop(third));
        assertThat(ArchiveCheck.run(store(), null).problems()).isEmpty();
    }

    private static int files(CompletableFuture<Integer> compacting) throws ExecutionException, InterruptedException {
        return compacting.get();
    }

    private int compactUntil(AtomicBoolean ended) {
        try {
            int files = 0;
            while (!ended.get()) {
                files += compact();
            }
            return files;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private int compact() throws Exception {
        Path temporary = Files.createDirectories(folder.resolve("compaction"));
        return new ArchiveCompaction(store(), CompactionOptions.DEFAULT, temporary, Clock.systemUTC()).run(file -> true, file -> { }).filesBefore();
    }

    private ManifestStore store() {
        return ManifestStore.of(new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri()));
    }

    private void audit(String savepoint) throws Exception {
        AuditReport report = rig.audit(savepoint, new GeneratedEvents(SEED, MESSAGES));
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.cold()).isPositive();
    }
}
