package io.qaexchange.job.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.ExchangeJob;
import io.qaexchange.job.JobOptions;
import io.qaexchange.job.audit.Audit;
import io.qaexchange.job.audit.AuditReport;
import io.qaexchange.job.audit.GeneratedEvents;
import io.qaexchange.job.seam.SeamReader;
import io.qaexchange.kafka.EmbeddedKafka;
import io.qaexchange.parquet.manifest.ManifestStore;
import io.qaexchange.parquet.manifest.TableManifest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
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
    private static final int SLOTS = 4;

    @TempDir
    private Path folder;
    private EmbeddedKafka kafka;
    private MiniCluster cluster;

    @BeforeEach
    void start() throws Exception {
        kafka = EmbeddedKafka.start(folder.resolve("kafka"));
        kafka.createTopic("events", 4);
        kafka.createTopic("dead-letters", 1);
        Configuration configuration = configuration(2);
        configuration.set(CoreOptions.TMP_DIRS, folder.resolve("tmp").toString());
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(configuration)
                .setNumTaskManagers(1).setNumSlotsPerTaskManager(SLOTS).build());
        cluster.start();
    }

    @AfterEach
    void stop() throws Exception {
        cluster.close();
        kafka.close();
    }

    @Test
    void everyBranchOfHistoryIsCompleteAtAnyParallelism() throws Exception {
        new Feeder(kafka.bootstrapServers(), "events", SEED, MESSAGES).start().get(60, TimeUnit.SECONDS);

        JobID first = submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(cluster, first, false);
        await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 2);
        String early = cluster.triggerSavepoint(first, savepoints(), false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
        await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > 0);
        String abandoned = stop(first);
        audit(abandoned);
        TableManifest before = manifest();

        JobID second = submit(3, early);
        await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > 0);
        String second3 = stop(second);
        audit(second3);
        TableManifest after = manifest();
        assertThat(after.superseded()).as("files behind the early savepoint left the archive").isNotEmpty();
        assertThatThrownBy(() -> audit(abandoned)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not in the history");

        JobID third = submit(1, abandoned);
        await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        audit(stop(third));
        assertThat(manifest().files()).as("the abandoned branch's files are back").containsAll(before.files());
    }

    @Test
    void refusesASecondJobOnTheSameArchive() throws Exception {
        new Feeder(kafka.bootstrapServers(), "events", SEED, 100).start().get(60, TimeUnit.SECONDS);
        JobID first = submit(1, null);
        await(() -> LiveMetrics.sum("consumed") >= 100);
        JobID second = submit(1, null, "other-job", "none");

        Throwable failure = cluster.requestJobResult(second).get(60, TimeUnit.SECONDS).getSerializedThrowable().orElseThrow()
                .deserializeError(getClass().getClassLoader());
        assertThat(failure).hasStackTraceContaining("belongs to job " + first.toHexString());
        stop(first);
    }

    private JobID submit(int parallelism, String savepoint) throws Exception {
        return submit(parallelism, savepoint, "exchange-job", "fixed-delay");
    }

    private JobID submit(int parallelism, String savepoint, String name, String restartStrategy) throws Exception {
        Configuration configuration = configuration(parallelism);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, restartStrategy);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        ExchangeJob.build(environment, options(parallelism, name));
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        if (savepoint != null) {
            graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
        }
        cluster.submitJob(graph).get(60, TimeUnit.SECONDS);
        return graph.getJobID();
    }

    private String stop(JobID job) throws Exception {
        CommonTestUtils.waitForAllTaskRunning(cluster, job, false);
        String path = cluster.stopWithSavepoint(job, savepoints(), false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
        cluster.requestJobResult(job).get(60, TimeUnit.SECONDS);
        return path;
    }

    private void audit(String savepoint) throws Exception {
        SeamReader seam = SeamReader.open(savepoint, archive(), Instruments.defaults());
        AuditReport report = Audit.run(new GeneratedEvents(SEED, MESSAGES), seam, Instruments.defaults(), 64 << 20);
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.cold()).isPositive();
    }

    private TableManifest manifest() throws Exception {
        return ManifestStore.of(archive()).latest();
    }

    private org.apache.flink.core.fs.Path archive() {
        return new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri());
    }

    private String savepoints() {
        return folder.resolve("savepoints").toUri().toString();
    }

    private JobOptions options(int parallelism, String name) {
        Map<String, String> texts = new HashMap<>();
        texts.put("brokers", kafka.bootstrapServers());
        texts.put("archive", folder.resolve("archive").toString());
        texts.put("checkpoints", folder.resolve("checkpoints").toString());
        texts.put("checkpoint-interval", "200 ms");
        texts.put("check-interval", "100 ms");
        texts.put("min-batch-size", "32 kb");
        texts.put("parallelism", Integer.toString(parallelism));
        texts.put("job-name", name);
        return JobOptions.of(texts, "test");
    }

    private Configuration configuration(int parallelism) {
        Configuration configuration = ExchangeJob.flinkConfiguration(options(parallelism, "exchange-job"));
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(100));
        configuration.setString("metrics.reporters", "live");
        configuration.setString("metrics.reporter.live.factory.class", LiveMetrics.Factory.class.getName());
        return configuration;
    }

    private static void await(java.util.concurrent.Callable<Boolean> condition) throws Exception {
        CommonTestUtils.waitUntilCondition(condition::call, 50L);
    }
}
