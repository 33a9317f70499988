package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.job.cli.archive.ArchiveCommand;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.kafka.KafkaConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
        // Many small files, as short batches make them.
        rig = JobRig.start(folder).set("batch-size", "32 kb").set("min-batch-size", "2 kb");
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void everySavepointIsCompleteThoughTheArchiveIsCompactedBesideTheJob() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        AtomicInteger compacted = new AtomicInteger();
        Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(MESSAGES / 8.0);
        CompletableFuture<?> feeding = feeder.start();
        JobID first = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
        CompletableFuture<Integer> compacting = CompletableFuture.supplyAsync(() -> compactUntil(ended, compacted));

        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 2 && LiveMetrics.sum("archivedRows") > 0);
        String early = rig.savepoint(first);
        feeding.get(60, TimeUnit.SECONDS);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        JobRig.await(() -> compacted.get() > 0);
        String last = rig.stop(first);
        ended.set(true);
        assertThat(files(compacting)).as("files that were compacted beside the job").isPositive();
        audit(last);
        compact();
        audit(last);

        JobID second = rig.submit(3, early);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        erase(last);
        assertThat(audit(rig.stop(second)).erased()).as("rows that were erased beside the job").isPositive();
        compact();

        // After the grace time only what the savepoints need is kept: both can still be restored.
        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofDays(30));
        RetentionReport let = new ArchiveRetention(store(), new RetentionPolicy(RetentionStages.KEEP, Map.of()), Duration.ofDays(7),
                List.of(retained(early), retained(last)), later).run();
        assertThat(let.notes()).isEmpty();
        assertThat(let.deleted()).isNotEmpty();
        JobID third = rig.submit(1, last);
        assertThat(audit(rig.stop(third)).erased()).as("files that come back have no erased row").isPositive();
        JobID fourth = rig.submit(2, early);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        audit(rig.stop(fourth));
        assertThat(ArchiveCheck.run(store(), null).problems()).isEmpty();
    }

    private static RetainedCheckpoint retained(String savepoint) throws Exception {
        CheckpointReader reader = CheckpointReader.open(savepoint);
        return new RetainedCheckpoint(savepoint, reader.epoch(), reader.checkpointId(), reader.uncommittedFiles());
    }

    private static int files(CompletableFuture<Integer> compacting) throws ExecutionException, InterruptedException {
        return compacting.get();
    }

    private int compactUntil(AtomicBoolean ended, AtomicInteger compacted) {
        try {
            int files = 0;
            while (!ended.get()) {
                files += compact();
                compacted.set(files);
            }
            return files;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private int compact() throws Exception {
        Path temporary = Files.createDirectories(folder.resolve("compaction"));
        CompactionReport report = new ArchiveCompaction(store(), CompactionOptions.DEFAULT, temporary, Clock.systemUTC()).run(file -> true, file -> { });
        assertThat(report.left()).isEmpty();
        return report.filesBefore();
    }

    private ManifestStore store() {
        return ManifestStore.of(new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri()));
    }

    /** As an operator does, beside the job. Rows that are hot stay, and the savepoint has some. */
    private void erase(String savepoint) throws Exception {
        String instrument = store().latest().files().stream().filter(file -> file.minInstrument() != null && !file.minInstrument().isEmpty())
                .max(Comparator.comparingLong(DataFile::rows)).orElseThrow().minInstrument();
        assertThat(Tool.execute(new ArchiveCommand(), new String[] {"erase", "--archive", folder.resolve("archive").toString(), "--checkpoints",
            URI.create(savepoint).getPath(), "--instrument", instrument, "--to", "2030-01-01", "--reason", "request 17", "--confirm"})).isNotEqualTo(Tool.COULD_NOT_RUN);
    }

    private AuditReport audit(String savepoint) throws Exception {
        AuditReport report = rig.audit(savepoint, new GeneratedEvents(SEED, MESSAGES));
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.cold()).isPositive();
        return report;
    }
}
