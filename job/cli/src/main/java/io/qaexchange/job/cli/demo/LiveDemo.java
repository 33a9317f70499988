package io.qaexchange.job.cli.demo;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.cluster.MetricsTargets;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.data.KafkaDeadLetters;
import io.qaexchange.job.cli.files.LocalFolders;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.stream.ExchangeJob;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.prometheus.BoundPrometheusReporterFactory;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamGraph;

/** Broker, job, a market that is open now and the query server, in this process, until it is stopped. */
public final class LiveDemo {

    private static final int PARTITIONS = 4;
    private static final int PARALLELISM = 2;
    /** As in flink-conf/config.yaml. It is taken as it is needed. */
    private static final int SLOT_MANAGED_MEGABYTES = 512;
    private static final long POLL_MS = 100;
    /** A market of more messages per second than this begins with so many, and reaches its rate after {@link #RISE_S}: until then most code is not compiled. */
    private static final double RISE_FROM = 5_000;
    private static final double RISE_S = 60;
    private static final String METRICS_TARGET = "demo";
    private static final int METRICS_PORT = 9249;
    private static final int QUERIES = 8;
    private static final int QUEUE = 64;
    private static final int PG_CONNECTIONS = 100;
    private static final int CHECKPOINTS_SHOWN = 50;

    /**
     * Settings.
     *
     * @param folder folder for everything, empty
     * @param seed seed of the market
     * @param rate messages per second
     * @param port port of the server, 0 for any
     * @param pgPort port of the PostgreSQL wire, 0 for none
     * @param flightPort port of Flight SQL, 0 for none
     */
    public record Settings(Path folder, long seed, double rate, int port, int pgPort, int flightPort) {
    }

    /**
     * Where it can be reached.
     *
     * @param port port of the server
     * @param brokers address of Kafka
     */
    public record Running(int port, String brokers) {
    }

    private final Settings settings;
    private final PrintStream out;

    public LiveDemo(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /**
     * Runs until the job ends, the thread is interrupted or the process is stopped.
     *
     * @param started told once rows can be asked for
     */
    public void run(Consumer<Running> started) throws Exception {
        Path folder = settings.folder();
        Files.writeString(folder.resolve(DemoRun.INSTRUMENTS_FILE), Instruments.exampleYaml());
        out.println("== starting a Kafka broker and a Flink cluster in this process");
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder.resolve("kafka"))) {
            kafka.createTopic("events", PARTITIONS);
            kafka.createTopic("dead-letters", 1);
            JobOptions options = options(kafka);
            Configuration configuration = configuration(options);
            try (MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder().setConfiguration(configuration)
                    .setNumTaskManagers(1).setNumSlotsPerTaskManager(PARALLELISM).build())) {
                cluster.start();
                serve(cluster, kafka, options, configuration, started);
            }
        }
    }

    private void serve(MiniCluster cluster, EmbeddedKafka kafka, JobOptions options, Configuration configuration,
            Consumer<Running> started) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        ExchangeJob.build(environment, options);
        StreamGraph topology = environment.getStreamGraph();
        topology.setJobName(options.get(JobOptions.JOB_NAME));
        JobGraph graph = topology.getJobGraph();
        JobID job = graph.getJobID();
        cluster.submitJob(graph).get();
        JobTasks.awaitRunning(cluster, job);
        Feeder feeder = new Feeder(KafkaConnection.to(kafka.bootstrapServers()), "events",
                EventGenerator.live(settings.seed(), Long.MAX_VALUE, Clock.systemUTC(), settings.rate(), true));
        feeder.setRate(rate(0));
        CompletableFuture<EventGenerator> feeding = feeder.start();
        long openedNs = System.nanoTime();
        URI rest = cluster.getRestAddress().get();
        QueryServer.Options server = new QueryServer.Options("127.0.0.1", settings.port(), rest.getHost(), rest.getPort(), null, null, QUERIES, QUEUE,
                new QueryEngine.Limits("1GB", Math.max(1, Runtime.getRuntime().availableProcessors()), 60, "10GB", 0),
                new QueryServer.Doors(QueryServer.Doors.orNone(settings.pgPort()), PG_CONNECTIONS, QueryServer.Doors.orNone(settings.flightPort()), null, Duration.ofMinutes(2)),
                new QueryServer.Steering(JobOptions.folderUri(settings.folder().resolve("savepoints")), settings.folder().resolve("audit.jsonl"),
                        new KafkaDeadLetters(KafkaConnection.to(kafka.bootstrapServers()), "dead-letters")));
        try (QueryServer running = QueryServer.start(server)) {
            MetricsTargets.of(settings.folder()).add("server", running.port());
            new ServerFile(settings.folder()).write(URI.create("http://127.0.0.1:" + running.port()), running.id());
            tell(running, kafka);
            started.accept(new Running(running.port(), kafka.bootstrapServers()));
            while (!cluster.getJobStatus(job).get().isTerminalState()) {
                if (feeding.isCompletedExceptionally()) {
                    feeding.get();
                }
                feeder.setRate(rate((System.nanoTime() - openedNs) / 1e9));
                TimeUnit.MILLISECONDS.sleep(POLL_MS);
            }
            throw new IOException("the job ended: " + cluster.requestJobResult(job).get().getSerializedThrowable().map(Throwable::getMessage)
                    .orElse("no cause given"));
        } finally {
            feeder.stop();
        }
    }

    /** Messages per second of the market, so many seconds after it opened. */
    private double rate(double seconds) {
        double full = settings.rate();
        return full <= RISE_FROM ? full : Math.min(full, RISE_FROM + (full - RISE_FROM) * seconds / RISE_S);
    }

    private void tell(QueryServer server, EmbeddedKafka kafka) {
        String url = "http://127.0.0.1:" + server.port();
        out.println("== a market is open: " + String.format(java.util.Locale.ROOT, "%,.0f", settings.rate()) + " messages per second go to Kafka at "
                + kafka.bootstrapServers());
        out.println("== the console: " + url + "/console/");
        out.println("== rows are served at " + url + "; Ctrl-C ends all of it. Try in another terminal:");
        out.println("curl '" + url + "/v1/latest/tick'                                              # the newest tick of each instrument");
        out.println("curl '" + url + "/v1/rows/trade?limit=10&format=table'                         # the last ten trades");
        out.println("curl '" + url + "/v1/bars/trade?interval=10s&format=table'                     # bars of ten seconds");
        out.println("curl --data 'SELECT instrument, count(*) AS trades FROM trade GROUP BY 1 ORDER BY 2 DESC' '" + url + "/v1/query?format=table'");
        out.println("bin/sql --dir " + Tool.shellWord(settings.folder()) + "                                 # a shell for SQL");
        out.println("curl -N '" + url + "/v1/stream/tick?instrument=INSTRUMENT'                     # each tick as it comes");
        out.println("bin/monitor start --dir " + Tool.shellWord(settings.folder()) + "                        # a Prometheus on all metrics, with alerts");
        if (server.pgPort() != QueryServer.Doors.NONE) {
            out.println("psql -h 127.0.0.1 -p " + server.pgPort() + " qaexchange                                                  # any client of PostgreSQL: docs/connect.md");
        }
        if (server.flightPort() != QueryServer.Doors.NONE) {
            out.println("grpc://127.0.0.1:" + server.flightPort() + "                                                         # Arrow Flight SQL, for ADBC and JDBC: docs/connect.md");
        }
        out.flush();
    }

    private JobOptions options(EmbeddedKafka kafka) {
        Path folder = settings.folder();
        Map<String, String> texts = new HashMap<>();
        texts.put(JobOptions.BROKERS.name(), kafka.bootstrapServers());
        texts.put(JobOptions.ARCHIVE.name(), folder.resolve(DemoRun.ARCHIVE_FOLDER).toString());
        texts.put(JobOptions.CHECKPOINTS.name(), folder.resolve("checkpoints").toString());
        texts.put(JobOptions.CHECKPOINT_INTERVAL.name(), "1 s");
        texts.put(JobOptions.PARALLELISM.name(), Integer.toString(PARALLELISM));
        texts.put(JobOptions.MIN_AGE.name(), "1 min");
        texts.put(JobOptions.WINDOW.name(), "1 min");
        texts.put(JobOptions.MIN_BATCH_SIZE.name(), "64 kb");
        texts.put(JobOptions.CHECK_INTERVAL.name(), "5 s");
        texts.put(JobOptions.INSTRUMENTS.name(), folder.resolve(DemoRun.INSTRUMENTS_FILE).toString());
        return JobOptions.of(texts, "demo");
    }

    private Configuration configuration(JobOptions options) throws IOException {
        Configuration configuration = ExchangeJob.flinkConfiguration(options);
        configuration.set(CoreOptions.TMP_DIRS, LocalFolders.inList(Files.createDirectories(settings.folder().resolve("tmp"))).toString());
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "exponential-delay");
        configuration.set(WebOptions.CHECKPOINTS_HISTORY_SIZE, CHECKPOINTS_SHOWN);
        configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, 5);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(PARALLELISM * SLOT_MANAGED_MEGABYTES));
        MetricsTargets targets = MetricsTargets.of(settings.folder());
        int port = targets.choose(METRICS_TARGET, METRICS_PORT);
        targets.add(METRICS_TARGET, port);
        configuration.setString("metrics.reporters", "prom");
        configuration.setString("metrics.reporter.prom.factory.class", BoundPrometheusReporterFactory.class.getName());
        configuration.setString("metrics.reporter.prom.port", Integer.toString(port));
        configuration.setString("metrics.reporter.prom.filterLabelValueCharacters", "false");
        configuration.setString("metrics.reporter.prom.scope.variables.excludes", "task_attempt_id;task_attempt_num;task_id;operator_id");
        return configuration;
    }
}
