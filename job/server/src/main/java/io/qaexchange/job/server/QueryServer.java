package io.qaexchange.job.server;

import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.server.console.ConsoleHandler;
import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.CheckpointFiles;
import io.qaexchange.job.server.engine.EngineSessions;
import io.qaexchange.job.server.engine.JobMonitor;
import io.qaexchange.job.server.engine.LiveLedger;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.engine.StoreHistory;
import io.qaexchange.job.server.engine.SystemTables;
import io.qaexchange.job.server.flight.FlightSqlServer;
import io.qaexchange.job.server.http.AdminRoutes;
import io.qaexchange.job.server.http.ArchiveRoutes;
import io.qaexchange.job.server.http.DeadLetterRoutes;
import io.qaexchange.job.server.http.HttpEndpoint;
import io.qaexchange.job.server.http.HttpMetrics;
import io.qaexchange.job.server.http.IcebergRoutes;
import io.qaexchange.job.server.http.InstrumentRoutes;
import io.qaexchange.job.server.http.JobRoutes;
import io.qaexchange.job.server.http.LedgerRoutes;
import io.qaexchange.job.server.http.LogRoutes;
import io.qaexchange.job.server.http.PlanRoutes;
import io.qaexchange.job.server.http.PointRoutes;
import io.qaexchange.job.server.http.QueryRoutes;
import io.qaexchange.job.server.http.ServerMetric;
import io.qaexchange.job.server.http.StatusRoutes;
import io.qaexchange.job.server.http.StorageRoutes;
import io.qaexchange.job.server.http.UpdateStream;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import io.qaexchange.job.server.letters.DeadLetterSource;
import io.qaexchange.job.server.pg.PgSchema;
import io.qaexchange.job.server.pg.PgServer;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.SessionSchema;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import org.apache.flink.configuration.Configuration;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The query server beside a running job. Thread-safe.
 */
public final class QueryServer implements AutoCloseable {

    private static final int THREADS = 128;
    private static final int HEADER_BYTES = 16 << 10;
    private static final long IDLE_MS = 120_000;
    /** The last part of a path is the name of an instrument or account, with any sign in it; no path leads to a file by its name. */
    private static final UriCompliance NAMES_IN_PATHS = UriCompliance.DEFAULT.with("names in paths", UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR,
            UriCompliance.Violation.AMBIGUOUS_PATH_ENCODING);
    private static final long WAIT_MS = 10_000;
    private static final long STOP_MS = 5_000;

    private final Server server;
    private final ServerConnector connector;
    private final QueryEngine engine;
    private final Opened opened;
    private final String id;

    /**
     * Settings of a server.
     *
     * @param host address it listens on; another than loopback needs tokens and a certificate
     * @param port its port, 0 for any
     * @param flinkHost host of Flink's REST interface
     * @param flinkPort its port
     * @param job name or id of the job; null for the only one
     * @param tokens file of tokens; null for none
     * @param concurrency queries that run at once
     * @param queue queries that wait
     * @param limits limits of a query
     * @param doors doors beside HTTP, and the certificate of all of them
     * @param steering how the job is steered
     * @param tables how this server keeps Iceberg tables up to date; null if it does not
     */
    public record Options(String host, int port, String flinkHost, int flinkPort, @Nullable String job, @Nullable Path tokens, int concurrency,
            int queue, QueryEngine.Limits limits, Doors doors, Steering steering, @Nullable ContinuousMirror.Settings tables) {

        /** A server that writes no Iceberg tables. */
        public Options(String host, int port, String flinkHost, int flinkPort, @Nullable String job, @Nullable Path tokens, int concurrency, int queue,
                QueryEngine.Limits limits, Doors doors, Steering steering) {
            this(host, port, flinkHost, flinkPort, job, tokens, concurrency, queue, limits, doors, steering, null);
        }

        /** A server that speaks HTTP only. */
        public Options(String host, int port, String flinkHost, int flinkPort, @Nullable String job, @Nullable Path tokens, int concurrency, int queue,
                QueryEngine.Limits limits) {
            this(host, port, flinkHost, flinkPort, job, tokens, concurrency, queue, limits, Doors.HTTP_ONLY, Steering.NONE);
        }

        /** A server that takes no savepoints and writes no audit log to a file. */
        public Options(String host, int port, String flinkHost, int flinkPort, @Nullable String job, @Nullable Path tokens, int concurrency, int queue,
                QueryEngine.Limits limits, Doors doors) {
            this(host, port, flinkHost, flinkPort, job, tokens, concurrency, queue, limits, doors, Steering.NONE);
        }
    }

    /**
     * How the job is steered.
     *
     * @param savepoints folder of savepoints, a URI; null if none are taken here
     * @param audit file of the audit log; null for none
     * @param letters where dead letters lie; null if this is not known here
     * @param snapshots the checkpoints and savepoints from which the job may be restored, for the retention; null if they are not known here
     */
    public record Steering(@Nullable String savepoints, @Nullable Path audit, @Nullable DeadLetterSource letters,
            @Nullable Callable<List<RetainedCheckpoint>> snapshots) {
        static final Steering NONE = new Steering(null, null, null, null);

        /** Without knowledge of checkpoints: the retention is not run here. */
        public Steering(@Nullable String savepoints, @Nullable Path audit, @Nullable DeadLetterSource letters) {
            this(savepoints, audit, letters, null);
        }

        /** Without dead letters. */
        public Steering(@Nullable String savepoints, @Nullable Path audit) {
            this(savepoints, audit, null);
        }
    }

    /**
     * Doors beside HTTP.
     *
     * @param pgPort port of the PostgreSQL wire, 0 for any, {@value #NONE} for none
     * @param pgConnections connections of the PostgreSQL wire at once
     * @param flightPort port of Flight SQL, 0 for any, {@value #NONE} for none
     * @param tls the server's certificate, for HTTP too; null for no TLS
     * @param slowest how long a client may take nothing of what it is sent before its connection ends
     */
    public record Doors(int pgPort, int pgConnections, int flightPort, @Nullable SSLContext tls, Duration slowest) {

        /** The port of a door that stays shut. */
        public static final int NONE = -1;

        /** A port as commands take it, where 0 keeps the door shut. */
        public static int orNone(int port) {
            return port == 0 ? NONE : port;
        }

        static final Doors HTTP_ONLY = new Doors(NONE, 0, NONE, null, Duration.ofMinutes(2));
    }

    private QueryServer(Server server, ServerConnector connector, QueryEngine engine, Opened opened, String id) {
        this.server = server;
        this.connector = connector;
        this.engine = engine;
        this.opened = opened;
        this.id = id;
    }

    /** Doors beside HTTP that are open; the last opened is closed first. */
    private static final class Opened implements AutoCloseable {
        private final Deque<AutoCloseable> all = new ArrayDeque<>();
        @Nullable
        private PgServer pg;
        @Nullable
        private FlightSqlServer flight;

        /** Opens the doors that the settings name. */
        void open(Options options, QueryEngine engine, Admission admission, Tokens tokens, HttpMetrics metrics) throws IOException {
            Doors doors = options.doors();
            if (doors.pgPort() != Doors.NONE) {
                PgSchema schema = new PgSchema();
                EngineSessions sessions = sessions(engine, admission, tokens, schema, options);
                all.push(sessions);
                pg = PgServer.start(new PgServer.Options(options.host(), doors.pgPort(), tokens, doors.tls(), doors.pgConnections(), doors.slowest()), sessions,
                        schema);
                all.push(pg);
                metrics.addGauge(ServerMetric.PG_CONNECTIONS, pg::connections);
            }
            if (doors.flightPort() != Doors.NONE) {
                EngineSessions sessions = sessions(engine, admission, tokens, SessionSchema.PLAIN, options);
                all.push(sessions);
                flight = FlightSqlServer.start(new FlightSqlServer.Options(options.host(), doors.flightPort(), tokens, doors.tls(), doors.slowest()), sessions);
                all.push(flight);
                metrics.addGauge(ServerMetric.FLIGHT_STREAMS, flight::streams);
            }
        }

        /** Keeps Iceberg tables up to date; null without settings. */
        @Nullable
        ContinuousMirror mirror(@Nullable ContinuousMirror.Settings settings, LiveReader reader, HttpMetrics metrics) {
            if (settings == null) {
                return null;
            }
            ContinuousMirror mirror = ContinuousMirror.start(reader::archive, settings, Clock.systemUTC());
            all.push(mirror);
            metrics.addGauge(ServerMetric.ICEBERG_LAG_VERSIONS, () -> mirror.state().lag());
            metrics.addGauge(ServerMetric.ICEBERG_LAG_SECONDS, mirror::behindSeconds);
            metrics.addGauge(ServerMetric.ICEBERG_FAILED_SYNCS, () -> mirror.state().failures());
            return mirror;
        }

        private static EngineSessions sessions(QueryEngine engine, Admission admission, Tokens tokens, SessionSchema schema, Options options) throws IOException {
            try {
                return EngineSessions.of(engine, admission, tokens::accessOf, schema, options.limits());
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException("the catalogue of the server cannot be made: " + e.getMessage(), e);
            }
        }

        @Override
        public void close() {
            while (!all.isEmpty()) {
                try {
                    all.pop().close();
                } catch (Exception e) {
                    throw new IllegalStateException("a door did not close: " + e.getMessage(), e);
                }
            }
        }
    }

    /**
     * Starts a server.
     *
     * @throws IOException if it cannot listen, or its tokens cannot be read
     * @throws IllegalArgumentException if others than this machine could reach it without a token
     */
    public static QueryServer start(Options options) throws IOException {
        return start(options, new Configuration());
    }

    /**
     * Starts a server beside a cluster with settings of its own.
     *
     * @param flinkConfiguration Flink's configuration there: it says whether reads go over Flink's internal TLS
     * @throws IOException if it cannot listen, or its tokens or the keys of that TLS cannot be read
     * @throws IllegalArgumentException if others than this machine could reach it without a token, or without TLS
     */
    public static QueryServer start(Options options, Configuration flinkConfiguration) throws IOException {
        boolean others = !InetAddress.getByName(options.host()).isLoopbackAddress();
        if (others && options.tokens() == null) {
            throw new IllegalArgumentException("a server on " + options.host() + " can be reached from other machines: give it tokens (--tokens FILE), "
                    + "or let it listen on 127.0.0.1");
        }
        if (others && options.doors().tls() == null) {
            throw new IllegalArgumentException("tokens for a server on " + options.host() + " would cross the network in clear: give it a certificate "
                    + "(--tls-keystore FILE), or let it listen on 127.0.0.1 behind a proxy that has one");
        }
        Tokens tokens = options.tokens() == null ? Tokens.none() : Tokens.of(options.tokens(), Clock.systemUTC());
        AuditLog audit = options.steering().audit() == null ? AuditLog.inMemory() : AuditLog.to(options.steering().audit());
        FlinkJobDirectory directory = FlinkJobDirectory.of(options.flinkHost(), options.flinkPort(), options.job());
        LiveReader reader = new LiveReader(directory, EndpointPool.of(flinkConfiguration), Duration.ofSeconds(2));
        JobMonitor monitor = new JobMonitor(new FlinkRest(options.flinkHost(), options.flinkPort()), options.job());
        LiveLedger ledger = new LiveLedger(directory, monitor);
        CheckpointFiles checkpoints = new CheckpointFiles(directory, monitor, reader::leases, Clock.systemUTC());
        QueryEngine engine = new QueryEngine(reader, ledger, checkpoints, new SystemTables(reader, monitor), options.limits(), Files.createTempDirectory("qaexchange-serve"));
        HttpMetrics metrics = new HttpMetrics();
        HttpEndpoint endpoint = new HttpEndpoint(tokens, metrics, audit);
        Admission admission = new Admission(options.concurrency(), options.queue(), WAIT_MS);
        QueryRoutes queries = new QueryRoutes(engine, admission);
        queries.addTo(endpoint);
        new PlanRoutes(engine, admission).addTo(endpoint);
        new PointRoutes(engine, admission).addTo(endpoint);
        String id = UUID.randomUUID().toString();
        new InstrumentRoutes(engine, Clock.systemUTC()).addTo(endpoint);
        new JobRoutes(monitor).addTo(endpoint);
        Operations operations = new Operations(Clock.systemUTC());
        new AdminRoutes(monitor, operations, audit, options.steering().savepoints()).addTo(endpoint);
        StoreHistory history = StoreHistory.start(reader, Clock.systemUTC());
        new StorageRoutes(reader, history, operations, Clock.systemUTC()).addTo(endpoint);
        new ArchiveRoutes(reader, operations, options.steering().snapshots(), Clock.systemUTC()).addTo(endpoint);
        new LogRoutes().addTo(endpoint);
        new DeadLetterRoutes(options.steering().letters(), operations).addTo(endpoint);
        new LedgerRoutes(ledger).addTo(endpoint);
        new StatusRoutes(engine, queries, metrics, id).addTo(endpoint);
        Opened opened = new Opened();
        opened.all.push(operations);
        opened.all.push(history);
        opened.all.push(new UpdateStream(endpoint));
        new IcebergRoutes(reader::archive, opened.mirror(options.tables(), reader, metrics)).addTo(endpoint);

        Server server = new Server(new QueuedThreadPool(THREADS));
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        http.setUriCompliance(NAMES_IN_PATHS);
        ServerConnector connector = connector(server, http, options.doors().tls());
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(IDLE_MS);
        server.addConnector(connector);
        server.setHandler(new Handler.Sequence(new ConsoleHandler(), endpoint));
        server.setStopTimeout(STOP_MS);
        boolean started = false;
        try {
            opened.open(options, engine, admission, tokens, metrics);
            server.start();
            started = true;
            return new QueryServer(server, connector, engine, opened, id);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the server cannot listen on " + options.host() + ":" + options.port() + ": " + e.getMessage(), e);
        } finally {
            if (!started) {
                opened.close();
                engine.close();
            }
        }
    }

    private static ServerConnector connector(Server server, HttpConfiguration http, @Nullable SSLContext tls) {
        if (tls == null) {
            return new ServerConnector(server, new HttpConnectionFactory(http));
        }
        SslContextFactory.Server factory = new SslContextFactory.Server();
        factory.setSslContext(tls);
        return new ServerConnector(server, factory, new HttpConnectionFactory(http));
    }

    /** Id of this run of the server; {@code GET /healthz} names it. */
    public String id() {
        return id;
    }

    /** The port it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** The port of the PostgreSQL wire; {@link Doors#NONE} if that door is shut. */
    public int pgPort() {
        return opened.pg == null ? Doors.NONE : opened.pg.port();
    }

    /** The port of Flight SQL; {@link Doors#NONE} if that door is shut. */
    public int flightPort() {
        return opened.flight == null ? Doors.NONE : opened.flight.port();
    }

    /** Waits until it is stopped. */
    public void join() throws InterruptedException {
        server.join();
    }

    @Override
    public void close() {
        opened.close();
        engine.close();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the server did not stop: " + e.getMessage(), e);
        }
    }
}
