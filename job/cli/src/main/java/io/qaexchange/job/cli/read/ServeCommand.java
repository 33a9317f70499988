package io.qaexchange.job.cli.read;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.cli.cluster.MetricsTargets;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.ServerCertificate;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Serves the rows of a running job. */
@Command(name = "serve", mixinStandardHelpOptions = true,
        description = "Serves hot and archived rows of a running job over HTTP, the PostgreSQL wire and Arrow Flight SQL, until it is stopped. GET /openapi.json lists what can be asked.")
public final class ServeCommand implements Callable<Integer> {

    private static final int FLINK_PORT = 8081;
    private static final String TLS_PASSWORD = "QAEXCHANGE_TLS_PASSWORD";

    /** Name of the server among the processes that Prometheus asks. */
    private static final String TARGET = "server";

    @Option(names = "--dir", paramLabel = "FOLDER", description = "Folder of a cluster that bin/cluster started.")
    private Path folder;
    @Option(names = "--flink", paramLabel = "URL", description = "Flink's REST interface, such as http://127.0.0.1:8081; instead of --dir.")
    private String flink;
    @Option(names = "--job", paramLabel = "NAME", description = "Name or id of the job. Default: the only one that runs.")
    private String job;
    @Option(names = "--host", defaultValue = "127.0.0.1", description = "Address to listen on. Default: ${DEFAULT-VALUE}.")
    private String host;
    @Option(names = "--port", defaultValue = "8090", description = "Port to listen on. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Option(names = "--tokens", paramLabel = "FILE", description = "File of tokens (YAML). Needed to listen on another address than loopback.")
    private Path tokens;
    @Option(names = "--pg-port", defaultValue = "5433", description = "Port of the PostgreSQL wire protocol; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int pgPort;
    @Option(names = "--pg-connections", defaultValue = "100", description = "Connections of the PostgreSQL wire at once. Default: ${DEFAULT-VALUE}.")
    private int pgConnections;
    @Option(names = "--flight-port", defaultValue = "8091", description = "Port of Arrow Flight SQL; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int flightPort;
    @Option(names = "--tls-keystore", paramLabel = "FILE",
            description = "PKCS12 key store with the server's certificate, for TLS on the PostgreSQL wire and Flight SQL. Its password is in QAEXCHANGE_TLS_PASSWORD.")
    private Path keyStore;
    @Option(names = "--concurrency", defaultValue = "8", description = "Queries that run at once. Default: ${DEFAULT-VALUE}.")
    private int concurrency;
    @Option(names = "--queue", defaultValue = "64", description = "Queries that wait; more are refused. Default: ${DEFAULT-VALUE}.")
    private int queue;
    @Option(names = "--query-memory", defaultValue = "1GB", description = "Memory of a query. Default: ${DEFAULT-VALUE}.")
    private String memory;
    @Option(names = "--query-seconds", defaultValue = "60", description = "Time of a query. Default: ${DEFAULT-VALUE}.")
    private int seconds;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ServeCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        URI address = address();
        QueryServer.Options options = new QueryServer.Options(host, port, address.getHost(), address.getPort() < 0 ? FLINK_PORT : address.getPort(), job,
                tokens, concurrency, queue, new QueryEngine.Limits(memory, Math.max(1, Runtime.getRuntime().availableProcessors()), seconds, "10GB"),
                new QueryServer.Doors(orNone(pgPort), pgConnections, orNone(flightPort), tls(), Duration.ofMinutes(2)));
        QueryServer server;
        try {
            server = QueryServer.start(options);
        } catch (IllegalArgumentException e) {
            throw new UsageException(e.getMessage(), e);
        }
        MetricsTargets targets = flink == null ? MetricsTargets.of(clusterFolder()) : null;
        if (targets != null) {
            targets.add(TARGET, server.port());
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, targets), "stops the server"));
        String url = "http://" + host + ":" + server.port();
        System.out.println("serving the job on " + address + " at " + url + "; Ctrl-C stops it");
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
        System.out.flush();
        server.join();
        return Tool.GOOD;
    }

    private static int orNone(int doorPort) {
        return doorPort == 0 ? QueryServer.Doors.NONE : doorPort;
    }

    private static void stop(QueryServer server, @Nullable MetricsTargets targets) {
        server.close();
        try {
            if (targets != null) {
                targets.remove(TARGET);
            }
        } catch (IOException e) {
            System.err.println("serve: Prometheus still asks for metrics of this server: " + e.getMessage());
        }
    }

    private Path clusterFolder() {
        return folder == null ? Path.of("run") : folder;
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

    private URI address() throws Exception {
        if (folder != null && flink != null) {
            throw new UsageException("say either --dir (folder of a cluster) or --flink (URL of Flink's REST interface)");
        }
        if (flink != null) {
            try {
                URI uri = URI.create(flink.contains("://") ? flink : "http://" + flink);
                if (uri.getHost() != null) {
                    return uri;
                }
            } catch (IllegalArgumentException e) {
                throw new UsageException("--flink " + flink + " is no URL such as http://127.0.0.1:8081", e);
            }
            throw new UsageException("--flink " + flink + " is no URL such as http://127.0.0.1:8081");
        }
        Path of = clusterFolder();
        if (!Files.isDirectory(of)) {
            throw new UsageException("there is no folder " + of + (folder == null ? ": say --dir (folder of a cluster) or --flink (URL)" : ""));
        }
        return URI.create("http://127.0.0.1:" + ClusterFolder.of(of).port());
    }
}
