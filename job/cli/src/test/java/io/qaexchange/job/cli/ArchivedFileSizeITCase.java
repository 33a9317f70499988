package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints ten times a second make no small files: a file ends with a batch or a window, never with a checkpoint. */
class ArchivedFileSizeITCase {

    private static final int SECONDS = Integer.getInteger("filesize.seconds", 10);
    private static final int MESSAGES_PER_SECOND = 800;
    private static final int PARALLELISM = 2;
    private static final long BATCH_BYTES = 256 << 10;
    private static final long WINDOW_NS = TimeUnit.HOURS.toNanos(1);
    private static final int SEED = 9;

    @Test
    @Timeout(900)
    void filesAreNotMoreThanBatchesAndWindows(@TempDir Path folder) throws Exception {
        int messages = SECONDS * MESSAGES_PER_SECOND;
        try (JobRig rig = JobRig.start(folder)) {
            rig.set("checkpoint-interval", "100 ms").set("batch-size", BATCH_BYTES + " b").set("min-batch-size", "1 b");
            JobID job = rig.submit(PARALLELISM, null);
            Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, messages);
            feeder.setRate(MESSAGES_PER_SECOND);
            CompletableFuture<?> feeding = feeder.start();
            JobRig.await(() -> feeding.isDone() && LiveMetrics.sum("consumed") >= messages);
            feeding.get();
            JobRig.await(() -> LiveMetrics.sum("archiving") == 0 && LiveMetrics.sum("handedOverBatches") == 0);
            String savepoint = rig.stop(job);

            AuditReport report = rig.audit(savepoint, new GeneratedEvents(SEED, messages));
            assertThat(report.holds()).as(report.toText()).isTrue();
            assertThat(report.cold()).as("archived rows").isGreaterThan(messages / 2);
            long checkpoints = CheckpointReader.open(savepoint).checkpointId();
            assertThat(checkpoints).as("checkpoints").isGreaterThan(SECONDS);
            List<DataFile> files = rig.manifest().files();
            long bytes = files.stream().mapToLong(DataFile::rawBytes).sum();
            long first = files.stream().mapToLong(DataFile::minEventTimeNs).min().orElseThrow();
            long last = files.stream().mapToLong(DataFile::maxEventTimeNs).max().orElseThrow();
            long windows = last / WINDOW_NS - first / WINDOW_NS + 1;
            Map<String, Long> byTableAndDay = files.stream()
                    .collect(Collectors.groupingBy(file -> file.table() + " of " + file.tradingDay(), Collectors.counting()));
            assertThat(byTableAndDay).as("files at most, with %s bytes in %s windows", bytes, windows)
                    .allSatisfy((table, count) -> assertThat(count).as(table).isLessThanOrEqualTo(bytes / BATCH_BYTES + PARALLELISM * windows));
            System.out.printf("%d checkpoints, %d files, at most %d of a table and day%n", checkpoints, files.size(),
                    java.util.Collections.max(byTableAndDay.values()));
        }
    }
}
