package io.qaexchange.job.cli.demo;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.data.DeadLetterTopic;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.stream.ExchangeJob;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * One run of the demo: a broker and a Flink cluster in this process, a generated trading day at full speed, one TaskManager killed in
 * the middle, recovery, a stop with a savepoint.
 */
public final class DemoRun {

    static final String EVENTS_TOPIC = "events";
    static final String DEAD_LETTER_TOPIC = "dead-letters";
    static final String ARCHIVE_FOLDER = "archive";
    public static final String INSTRUMENTS_FILE = "instruments.yaml";

    private static final int PARALLELISM = 2;
    private static final int PARTITIONS = 4;
    private static final long BYTES_PER_EVENT = 200;
    private static final long BATCHES_PER_RUN = 10;
    private static final Duration STALLED = Duration.ofMinutes(3);

    /**
     * Settings of a run.
     *
     * @param folder where everything goes; exists
     * @param messages number of messages
     * @param seed seed of the generator
     * @param backend name of the state backend
     */
    public record Settings(Path folder, long messages, long seed, String backend) {
    }

    /**
     * Result of a run.
     *
     * @param generator the generator at its end, for its counts
     * @param deadLetters what lies in the dead-letter topic
     * @param beforeKill savepoint that was taken before the TaskManager was killed
     * @param killedAt messages consumed when the TaskManager was killed
     * @param recoveredMs time from the kill until messages were consumed again
     * @param seconds time from first to last message
     */
    public record Result(RunFolder run, EventGenerator generator, DeadLetterTopic deadLetters, String beforeKill, long killedAt,
            long recoveredMs, double seconds) {
    }

    private final Settings settings;
    private final PrintStream progress;
    private final boolean terminal;

    public DemoRun(Settings settings, PrintStream progress, boolean terminal) {
        this.settings = settings;
        this.progress = progress;
        this.terminal = terminal;
    }

    public Result run() throws Exception {
        Path folder = settings.folder();
        Files.writeString(folder.resolve(INSTRUMENTS_FILE), Instruments.exampleYaml());
        say("starting a Kafka broker and a Flink cluster in this process");
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"))) {
            kafka.createTopic(EVENTS_TOPIC, PARTITIONS);
            kafka.createTopic(DEAD_LETTER_TOPIC, 1);
            JobOptions options = options(kafka);
            Configuration configuration = configuration(options);
            try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(configuration)
                    .setNumTaskManagers(2).setNumSlotsPerTaskManager(PARALLELISM).build())) {
                cluster.start();
                return feed(cluster, kafka, options, configuration);
            }
        }
    }

    private Result feed(MiniCluster cluster, EmbeddedKafka kafka, JobOptions options, Configuration configuration) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        ExchangeJob.build(environment, options);
        JobGraph graph = environment.getStreamGraph().getJobGraph();
        JobID job = graph.getJobID();
        cluster.submitJob(graph).get();
        long startedNs = System.nanoTime();
        Feeder feeder = new Feeder(KafkaConnection.to(kafka.bootstrapServers()), EVENTS_TOPIC, settings.seed(), settings.messages());
        CompletableFuture<EventGenerator> feeding = feeder.start();

        Progress display = new Progress(cluster, job, feeder, feeding);
        display.until(() -> LiveMetrics.sum("consumed") >= settings.messages() / 3 && display.checkpoint() > 0);
        display.end();
        JobTasks.awaitRunning(cluster, job);
        say("taking a savepoint, to check the accounts before the kill");
        String beforeKill = cluster.triggerSavepoint(job, JobOptions.folderUri(settings.folder().resolve("savepoints")), false,
                SavepointFormatType.CANONICAL).get(5, TimeUnit.MINUTES);
        display.until(() -> LiveMetrics.sum("consumed") >= settings.messages() / 2 && display.checkpoint() > 0);
        long killedAt = LiveMetrics.sum("consumed");
        display.end();
        say("killing a TaskManager after " + String.format("%,d", killedAt) + " messages");
        long killedNs = System.nanoTime();
        cluster.terminateTaskManager(0).get();
        cluster.startTaskManager();
        display.until(() -> cluster.getJobStatus(job).get() == JobStatus.RUNNING && LiveMetrics.sum("consumed") > 0);
        long recoveredMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedNs);
        display.end();
        say("recovered from checkpoint " + display.checkpoint() + " after " + String.format("%.1f s", recoveredMs / 1000.0));
        display.until(() -> feeding.isDone() && LiveMetrics.sum("consumed") >= settings.messages());
        double seconds = (System.nanoTime() - startedNs) / 1e9;
        display.until(() -> display.checkpointsSince() >= 2 && LiveMetrics.sum("archiving") == 0
                && LiveMetrics.sum("handedOverBatches") == 0);
        display.end();
        EventGenerator generator = feeding.get();
        JobTasks.awaitRunning(cluster, job);
        say("stopping with a savepoint");
        String savepoint = cluster.stopWithSavepoint(job, JobOptions.folderUri(settings.folder().resolve("savepoints")), false,
                SavepointFormatType.CANONICAL).get(5, TimeUnit.MINUTES);
        cluster.requestJobResult(job).get(1, TimeUnit.MINUTES);
        DeadLetterTopic deadLetters = DeadLetterTopic.read(KafkaConnection.to(kafka.bootstrapServers()), DEAD_LETTER_TOPIC);
        RunFolder run = new RunFolder(settings.seed(), settings.messages(), settings.backend(), ARCHIVE_FOLDER,
                settings.folder().toAbsolutePath().relativize(LocalFolders.find(savepoint)).toString(), INSTRUMENTS_FILE);
        run.write(settings.folder());
        return new Result(run, generator, deadLetters, beforeKill, killedAt, recoveredMs, seconds);
    }

    private JobOptions options(EmbeddedKafka kafka) {
        Path folder = settings.folder();
        long minBatchBytes = Math.max(32 << 10, Math.min(16 << 20, settings.messages() * BYTES_PER_EVENT / PARALLELISM / BATCHES_PER_RUN));
        Map<String, String> texts = new HashMap<>();
        texts.put(JobOptions.BROKERS.name(), kafka.bootstrapServers());
        texts.put(JobOptions.TOPICS.name(), EVENTS_TOPIC);
        texts.put(JobOptions.DEAD_LETTER_TOPIC.name(), DEAD_LETTER_TOPIC);
        texts.put(JobOptions.ARCHIVE.name(), folder.resolve(ARCHIVE_FOLDER).toString());
        texts.put(JobOptions.CHECKPOINTS.name(), folder.resolve("checkpoints").toString());
        texts.put(JobOptions.CHECKPOINT_INTERVAL.name(), "1 s");
        texts.put(JobOptions.BACKEND.name(), settings.backend());
        texts.put(JobOptions.PARALLELISM.name(), Integer.toString(PARALLELISM));
        texts.put(JobOptions.MIN_BATCH_SIZE.name(), minBatchBytes + " b");
        texts.put(JobOptions.CHECK_INTERVAL.name(), "500 ms");
        texts.put(JobOptions.LEDGER_FILE_INTERVAL.name(), "5 s");
        texts.put(JobOptions.INSTRUMENTS.name(), folder.resolve(INSTRUMENTS_FILE).toString());
        return JobOptions.of(texts, "demo");
    }

    private Configuration configuration(JobOptions options) throws IOException {
        Configuration configuration = ExchangeJob.flinkConfiguration(options);
        Path temporary = LocalFolders.inList(Files.createDirectories(settings.folder().resolve("tmp")));
        configuration.set(CoreOptions.TMP_DIRS, temporary.toString());
        // JDK 24 and later have not what Hadoop's client asks for its tokens, which nothing here uses.
        configuration.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 10);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(500));
        configuration.set(CheckpointingOptions.MAX_CONCURRENT_CHECKPOINTS, 1);
        // Readers of checkpoints need a moment.
        configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 5);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(256));
        configuration.setString("metrics.reporters", "live");
        configuration.setString("metrics.reporter.live.factory.class", LiveMetrics.Factory.class.getName());
        return configuration;
    }

    private void say(String line) {
        progress.println("== " + line);
    }

    /** Waits for things while it shows how far the run is; a run that stands still is an error. */
    private final class Progress {
        private static final long REFRESH_MS = 500;
        /** The kill is one, and what it takes along may be some more. */
        private static final int EXPECTED_FAILURES = 5;

        private final MiniCluster cluster;
        private final JobID job;
        private final Feeder feeder;
        private final CompletableFuture<EventGenerator> feeding;
        private long checkpoint;
        private long firstCheckpointSeen = -1;
        private long lastConsumed;
        private long lastNs = System.nanoTime();
        private long movedNs = System.nanoTime();
        private boolean lineOpen;
        private JobStatus lastState;
        private long lastFailureMs = -1;
        private int failures;

        Progress(MiniCluster cluster, JobID job, Feeder feeder, CompletableFuture<EventGenerator> feeding) {
            this.cluster = cluster;
            this.job = job;
            this.feeder = feeder;
            this.feeding = feeding;
        }

        interface Condition {
            boolean holds() throws Exception;
        }

        void until(Condition condition) throws Exception {
            firstCheckpointSeen = checkpoint;
            movedNs = System.nanoTime();
            while (!condition.holds()) {
                if (feeding.isCompletedExceptionally()) {
                    feeding.get();
                }
                if (cluster.getJobStatus(job).get().isTerminalState()) {
                    throw new IOException("the job ended early: " + cluster.requestJobResult(job).get().getSerializedThrowable()
                            .map(Throwable::getMessage).orElse("no cause given"));
                }
                show();
                TimeUnit.MILLISECONDS.sleep(REFRESH_MS);
            }
        }

        long checkpoint() {
            return checkpoint;
        }

        long checkpointsSince() {
            return checkpoint - firstCheckpointSeen;
        }

        void end() {
            if (lineOpen) {
                progress.println();
                lineOpen = false;
            }
        }

        private static String cause(ErrorInfo failure) {
            Throwable root = failure.getException().deserializeError(DemoRun.class.getClassLoader());
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage().lines().findFirst().orElse("");
        }

        private void show() throws Exception {
            CheckpointStatsSnapshot stats = cluster.getExecutionGraph(job).get().getCheckpointStatsSnapshot();
            CompletedCheckpointStats latest = stats == null ? null : stats.getHistory().getLatestCompletedCheckpoint();
            if (latest != null) {
                checkpoint = Math.max(checkpoint, latest.getCheckpointId());
            }
            JobStatus state = cluster.getJobStatus(job).get();
            ErrorInfo failure = cluster.getExecutionGraph(job).get().getFailureInfo();
            if (failure != null && failure.getTimestamp() != lastFailureMs) {
                lastFailureMs = failure.getTimestamp();
                failures++;
                end();
                progress.println("   the job failed: " + cause(failure));
            }
            if (failures > EXPECTED_FAILURES) {
                throw new IOException("the job fails again and again, the last time with: " + cause(failure) + "; see the log");
            }
            if (System.nanoTime() - movedNs > STALLED.toNanos()) {
                throw new TimeoutException("the job is " + state + " and has not consumed a message for " + STALLED.toMinutes() + " minutes; see the log");
            }
            if (state != JobStatus.RUNNING) {
                if (state != lastState) {
                    end();
                    progress.println("   the job is " + state);
                }
                lastState = state;
                return;
            }
            lastState = state;
            long consumed = LiveMetrics.sum("consumed");
            long nowNs = System.nanoTime();
            double perSecond = Math.max(0, consumed - lastConsumed) / ((nowNs - lastNs) / 1e9);
            if (consumed != lastConsumed) {
                movedNs = nowNs;
            }
            lastConsumed = consumed;
            lastNs = nowNs;
            String line = String.format("   sent %,d  consumed %,d  %,.0f events/s  hot %,d  archived %,d  checkpoint %d  lag %,d",
                    feeder.sent(), consumed, perSecond, LiveMetrics.sum("hotRows"), LiveMetrics.sum("archivedRows"), checkpoint,
                    Math.max(0, feeder.sent() - consumed));
            if (terminal) {
                progress.print("\r" + line + "    ");
                progress.flush();
                lineOpen = true;
            } else {
                progress.println(line);
            }
        }
    }
}
