package io.qaexchange.job.cli.read;

import io.qaexchange.iceberg.SnapshotRetention;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.archive.Snapshots;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.cli.cluster.LocalBroker;
import io.qaexchange.job.cli.cluster.MetricsTargets;
import io.qaexchange.job.cli.data.KafkaClientConfig;
import io.qaexchange.job.cli.data.KafkaDeadLetters;
import io.qaexchange.job.cli.files.TierCacheOptions;
import io.qaexchange.job.cli.table.CatalogFile;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import io.qaexchange.job.server.security.ServerCertificate;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves the rows of a running job. */
@Command(name = "serve", mixinStandardHelpOptions = true,
        description = "Serves hot and archived rows of a running job over HTTP, the PostgreSQL wire and Arrow Flight SQL, until it is stopped. GET /openapi.json lists what can be asked.")
public final class ServeCommand implements Callable<Integer> {

    private static final String TLS_PASSWORD = "QAEXCHANGE_TLS_PASSWORD";

    /** Name of the server among the processes that Prometheus asks. */
    private static final String TARGET = "server";

    @Option(names = "--dir", paramLabel = "FOLDER", description = "Folder of a cluster that bin/cluster started.")
    private Path folder;
    @Mixin
    private RunningJobOptions running;
    @Mixin
    private TierCacheOptions tierCache;
    @Option(names = "--host", defaultValue = "127.0.0.1", description = "Address to listen on. Default: ${DEFAULT-VALUE}.")
    private String host;
    @Option(names = "--port", defaultValue = "8090", description = "Port to listen on. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--tokens", paramLabel = "FILE", description = "File of tokens (YAML). Needed, with TLS, to listen on another address than loopback.")
    private Path tokens;
    @Option(names = "--pg-port", defaultValue = "5433", description = "Port of the PostgreSQL wire protocol; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int pgPort;
    @Option(names = "--pg-connections", defaultValue = "100", description = "Connections of the PostgreSQL wire at once. Default: ${DEFAULT-VALUE}.")
    private int pgConnections;
    @Option(names = "--flight-port", defaultValue = "8091", description = "Port of Arrow Flight SQL; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int flightPort;
    @Option(names = "--tls-keystore", paramLabel = "FILE",
            description = "PKCS12 key store with the server's certificate: HTTP becomes HTTPS, Flight SQL speaks TLS only, the PostgreSQL wire offers it. Its password is in QAEXCHANGE_TLS_PASSWORD.")
    private Path keyStore;
    @Option(names = "--savepoints", paramLabel = "FOLDER", description = "Folder or URI for savepoints that operators take. Default with --dir: its own.")
    private String savepoints;
    @Option(names = "--checkpoints", split = ",", paramLabel = "FOLDER", description = "Folders with all checkpoints and savepoints from which the job may be restored,"
            + " or \"none\": needed to run the retention over HTTP. Default with --dir: its own.")
    private List<String> checkpoints = List.of();
    @Option(names = "--audit", paramLabel = "FILE", description = "File to which each call that steers the job is appended. Default with --dir: DIR/audit.jsonl.")
    private Path audit;
    @Option(names = "--brokers", paramLabel = "HOST:PORT", description = "Bootstrap servers of Kafka, to show dead letters and send messages again. Default with --dir: the broker that bin/kafka started there.")
    private String brokers;
    @Mixin
    private KafkaClientConfig client;
    @Option(names = "--dead-letter-topic", paramLabel = "TOPIC", defaultValue = "dead-letters", description = "Topic of the dead letters. Default: ${DEFAULT-VALUE}.")
    private String deadLetterTopic;
    @Option(names = "--concurrency", defaultValue = "8", description = "Queries that run at once. Default: ${DEFAULT-VALUE}.")
    private int concurrency;
    @Option(names = "--queue", defaultValue = "64", description = "Queries that wait; more are refused. Default: ${DEFAULT-VALUE}.")
    private int queue;
    @Option(names = "--query-memory", defaultValue = "1GB", description = "Memory of a query. Default: ${DEFAULT-VALUE}.")
    private String memory;
    @Option(names = "--query-seconds", defaultValue = "60", description = "Time of a query. Default: ${DEFAULT-VALUE}.")
    private int seconds;
    @Option(names = "--result-rows", paramLabel = "N", defaultValue = "0", description = "Most rows of an answer. One with more is refused before it is computed where its rows can be counted, and else ends with an error. Default: any number.")
    private long resultRows;

    @Option(names = "--iceberg", description = "Keep the archive as Iceberg tables, in its folder _iceberg, after each version of the archive manifest. "
            + "Tables that are there can be read at /iceberg in any case.")
    private boolean iceberg;
    @Option(names = "--iceberg-snapshots", paramLabel = "N", defaultValue = "100", description = "Snapshots of an Iceberg table that stay in any case. Default: ${DEFAULT-VALUE}.")
    private int icebergSnapshots;
    @Option(names = "--iceberg-days", paramLabel = "DAYS", defaultValue = "7", description = "Younger snapshots stay too. Default: ${DEFAULT-VALUE}.")
    private int icebergDays;
    @Option(names = "--iceberg-catalog", paramLabel = "FILE", description = {CatalogFile.DESCRIPTION, "Needs --iceberg."})
    private Path icebergCatalog;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ServeCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        URI address = running.address(folder, clusterFolder());
        QueryServer.Options options = new QueryServer.Options(host, port, address.getHost(), address.getPort(), running.job,
                tokens, concurrency, queue, new QueryEngine.Limits(memory, Math.max(1, Runtime.getRuntime().availableProcessors()), seconds, "10GB", resultRows),
                new QueryServer.Doors(QueryServer.Doors.orNone(pgPort), pgConnections, QueryServer.Doors.orNone(flightPort), tls(), Duration.ofMinutes(2)),
                steering(), tables());
        QueryServer server;
        try {
            server = QueryServer.start(options, running.configuration());
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage(), e);
        }
        String url = (keyStore == null ? "http://" : "https://") + host + ":" + server.port();
        ServerFile file = new ServerFile(clusterFolder());
        MetricsTargets targets = running.flink == null ? MetricsTargets.of(clusterFolder()) : null;
        if (targets != null) {
            targets.add(TARGET, server.port(), keyStore != null);
            file.write(URI.create(url), server.id());
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, targets, file), "stops the server"));
        System.out.println("serving the job on " + address + " at " + url + "; Ctrl-C stops it");
        System.out.println("the console: " + url + "/console/");
        System.out.println("try: curl '" + url + "/v1/latest/tick'");
        System.out.println("     curl '" + url + "/v1/rows/trade?limit=5&format=table'");
        System.out.println("     curl '" + url + "/v1/bars/trade?interval=1m&format=table'");
        System.out.println("     curl --data 'SELECT count(*) FROM trade' " + url + "/v1/query");
        if (server.pgPort() != QueryServer.Doors.NONE) {
            System.out.println("     psql -h " + host + " -p " + server.pgPort() + " qaexchange          # any client of PostgreSQL: docs/connect.md");
        }
        if (server.flightPort() != QueryServer.Doors.NONE) {
            System.out.println("     grpc://" + host + ":" + server.flightPort() + "          # Arrow Flight SQL, for ADBC and JDBC: docs/connect.md");
        }
        System.out.println("     " + url + "/iceberg          # Iceberg REST catalogue" + (iceberg ? "" : "; --iceberg keeps its tables up to date") + ": docs/analytics.md");
        System.out.flush();
        server.join();
        return Tool.GOOD;
    }

    private void stop(QueryServer server, @Nullable MetricsTargets targets, ServerFile file) {
        server.close();
        try {
            if (targets != null) {
                targets.remove(TARGET);
                file.remove(server.id());
            }
        } catch (IOException e) {
            System.err.println("serve: files in " + clusterFolder() + " still name this server: " + e.getMessage());
        }
    }

    private Path clusterFolder() {
        return folder == null ? Path.of("run") : folder;
    }

    @Nullable
    private ContinuousMirror.Settings tables() {
        if (icebergCatalog != null && !iceberg) {
            throw new UsageException("--iceberg-catalog needs --iceberg");
        }
        Map<String, String> outside = icebergCatalog == null ? Map.of() : CatalogFile.read(icebergCatalog);
        try {
            return iceberg ? ContinuousMirror.Settings.of(new SnapshotRetention(icebergSnapshots, Duration.ofDays(icebergDays)), outside) : null;
        } catch (IllegalArgumentException e) {
            throw new UsageException("--iceberg-snapshots, --iceberg-days: " + e.getMessage(), e);
        }
    }

    /** A folder of bin/cluster has a place for savepoints and for the audit log. */
    private QueryServer.Steering steering() throws IOException, InterruptedException {
        Path log = audit != null ? audit : running.flink == null ? clusterFolder().resolve("audit.jsonl") : null;
        String target = savepoints != null ? savepoints.contains("://") ? savepoints : JobOptions.folderUri(Path.of(savepoints))
                : running.flink == null ? JobOptions.folderUri(ClusterFolder.of(clusterFolder()).savepoints()) : null;
        String kafka = kafka();
        List<String> snapshots = !checkpoints.isEmpty() || running.flink != null ? checkpoints : snapshotFolders();
        return new QueryServer.Steering(target, log, kafka == null ? null : new KafkaDeadLetters(client.connection(kafka), deadLetterTopic),
                snapshots.isEmpty() ? null : () -> Snapshots.retained(Snapshots.of(snapshots)));
    }

    private List<String> snapshotFolders() throws IOException {
        ClusterFolder cluster = ClusterFolder.of(clusterFolder());
        List<String> folders = new ArrayList<>();
        for (Path snapshots : List.of(cluster.checkpoints(), cluster.savepoints())) {
            folders.add(Files.createDirectories(snapshots).toString());
        }
        return folders;
    }

    /** Bootstrap servers; null if they are not known. A broker that does not answer yet may do so later. */
    @Nullable
    private String kafka() throws IOException, InterruptedException {
        if (brokers != null || running.flink != null) {
            return brokers;
        }
        LocalBroker broker = LocalBroker.of(clusterFolder());
        if (!broker.wasStarted()) {
            return null;
        }
        try {
            return broker.connect();
        } catch (IOException e) {
            System.err.println("serve: dead letters cannot be shown yet: " + e.getMessage());
            return broker.address();
        }
    }

    @Nullable
    private SSLContext tls() throws IOException {
        if (keyStore == null) {
            return null;
        }
        String password = System.getenv(TLS_PASSWORD);
        if (password == null) {
            throw new UsageException("--tls-keystore needs the password of the key store in the environment: " + TLS_PASSWORD);
        }
        try {
            return ServerCertificate.load(keyStore, password.toCharArray());
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage(), e);
        }
    }
}
