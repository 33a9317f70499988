package io.qaexchange.job.cli;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.SentEvents;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.ExchangeJob;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A broker with the topics {@code events} and {@code dead-letters} and a mini cluster in this process, with everything in one folder. */
final class JobRig implements AutoCloseable {

    private static final int SLOTS = 4;

    private final Path folder;
    private final EmbeddedKafka kafka;
    private final MiniCluster cluster;
    private final Map<String, String> texts = new HashMap<>();

    private JobRig(Path folder, EmbeddedKafka kafka, Configuration more) throws Exception {
        this.folder = folder;
        this.kafka = kafka;
        set("brokers", kafka.bootstrapServers());
        set("archive", folder.resolve("archive").toString());
        set("checkpoints", folder.resolve("checkpoints").toString());
        set("checkpoint-interval", "200 ms");
        set("check-interval", "100 ms");
        set("min-batch-size", "32 kb");
        Configuration configuration = configuration(options(2, "exchange-job"));
        configuration.set(CoreOptions.TMP_DIRS, folder.resolve("tmp").toString());
        configuration.addAll(more);
        this.cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(configuration)
                .setNumTaskManagers(1).setNumSlotsPerTaskManager(SLOTS).build());
    }

    static JobRig start(Path folder) throws Exception {
        return start(folder, new Configuration());
    }

    /** @param more settings of the cluster */
    static JobRig start(Path folder, Configuration more) throws Exception {
        EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"));
        kafka.createTopic("events", 4);
        kafka.createTopic("dead-letters", 1);
        return start(folder, kafka, more);
    }

    /** On a broker that has the topics; the rig closes it. */
    static JobRig start(Path folder, EmbeddedKafka kafka) throws Exception {
        return start(folder, kafka, new Configuration());
    }

    private static JobRig start(Path folder, EmbeddedKafka kafka, Configuration more) throws Exception {
        JobRig rig = new JobRig(folder, kafka, more);
        rig.cluster.start();
        return rig;
    }

    /** Sets an option of jobs that are submitted from now on. */
    JobRig set(String option, String value) {
        texts.put(option, value);
        return this;
    }

    String brokers() {
        return kafka.bootstrapServers();
    }

    MiniCluster cluster() {
        return cluster;
    }

    JobID submit(int parallelism, String savepoint) throws Exception {
        return submit(parallelism, savepoint, "exchange-job", "fixed-delay");
    }

    JobID submit(int parallelism, String savepoint, String name, String restartStrategy) throws Exception {
        JobOptions options = options(parallelism, name);
        Configuration configuration = configuration(options);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, restartStrategy);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        ExchangeJob.build(environment, options);
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        if (savepoint != null) {
            graph.setSavepointRestoreSettings(SavepointRestoreSettings.forPath(savepoint));
        }
        cluster.submitJob(graph).get(60, TimeUnit.SECONDS);
        return graph.getJobID();
    }

    /** Sends generated messages and starts a job of two subtasks; when it returns, all are stored or refused, and some rows lie in Parquet. */
    JobID submitWithArchivedRows(long seed, int messages) throws Exception {
        new Feeder(KafkaConnection.to(brokers()), "events", seed, messages).start().get(60, TimeUnit.SECONDS);
        JobID job = submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(cluster, job, false);
        await(() -> LiveMetrics.sum("stored") + LiveMetrics.sum("duplicates") + LiveMetrics.sum("deadLetters") + LiveMetrics.sum("refused") >= messages
                && LiveMetrics.sum("archivedRows") > 0 && LiveMetrics.sum("archiving") == 0);
        return job;
    }

    /** A savepoint of a job that goes on; its path. */
    String savepoint(JobID job) throws Exception {
        CommonTestUtils.waitForAllTaskRunning(cluster, job, false);
        return cluster.triggerSavepoint(job, savepoints(), false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
    }

    /** Stops with a savepoint; its path. */
    String stop(JobID job) throws Exception {
        CommonTestUtils.waitForAllTaskRunning(cluster, job, false);
        String path = cluster.stopWithSavepoint(job, savepoints(), false, SavepointFormatType.CANONICAL).get(60, TimeUnit.SECONDS);
        cluster.requestJobResult(job).get(60, TimeUnit.SECONDS);
        return path;
    }

    AuditReport audit(String savepoint, SentEvents sent) throws Exception {
        UnionReader union = UnionReader.open(savepoint, archive(), Instruments.defaults());
        return Audit.run(sent, union, Instruments.defaults(), 64 << 20);
    }

    ArchiveManifest manifest() throws Exception {
        return ManifestStore.of(archive()).latest();
    }

    org.apache.flink.core.fs.Path archive() {
        return new org.apache.flink.core.fs.Path(folder.resolve("archive").toUri());
    }

    private String savepoints() {
        return folder.resolve("savepoints").toUri().toString();
    }

    static void await(Callable<Boolean> condition) throws Exception {
        CommonTestUtils.waitUntilCondition(condition::call, 50L);
    }

    private JobOptions options(int parallelism, String name) {
        Map<String, String> all = new HashMap<>(texts);
        all.put("parallelism", Integer.toString(parallelism));
        all.put("job-name", name);
        return JobOptions.of(all, "test");
    }

    private static Configuration configuration(JobOptions options) {
        Configuration configuration = ExchangeJob.flinkConfiguration(options);
        configuration.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
        configuration.set(RestOptions.BIND_PORT, "0");
        // A checkpoint every 200 ms would be gone before it is read.
        configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 50);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 3);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(100));
        configuration.setString("metrics.reporters", "live");
        configuration.setString("metrics.reporter.live.factory.class", LiveMetrics.Factory.class.getName());
        return configuration;
    }

    @Override
    public void close() throws Exception {
        cluster.close();
        kafka.close();
    }
}
