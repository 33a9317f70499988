package io.qaexchange.job.server;

import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.server.http.HttpEndpoint;
import io.qaexchange.job.server.http.HttpMetrics;
import io.qaexchange.job.server.http.QueryRoutes;
import io.qaexchange.job.server.http.StatusRoutes;
import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import javax.annotation.Nullable;
import javax.net.SocketFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The query server beside a running job. Thread-safe.
 */
public final class QueryServer implements AutoCloseable {

    private static final int THREADS = 128;
    private static final int HEADER_BYTES = 16 << 10;
    private static final long IDLE_MS = 120_000;
    private static final long STOP_MS = 5_000;

    private final Server server;
    private final ServerConnector connector;
    private final QueryEngine engine;

    /**
     * Settings of a server.
     *
     * @param host address it listens on; another than loopback needs tokens
     * @param port its port, 0 for any
     * @param flinkHost host of Flink's REST interface
     * @param flinkPort its port
     * @param job name or id of the job; null for the only one
     * @param tokens file of tokens; null for none
     * @param concurrency queries that run at once
     * @param queue queries that wait
     * @param limits limits of a query
     */
    public record Options(String host, int port, String flinkHost, int flinkPort, @Nullable String job, @Nullable Path tokens, int concurrency,
            int queue, QueryEngine.Limits limits) {
    }

    private QueryServer(Server server, ServerConnector connector, QueryEngine engine) {
        this.server = server;
        this.connector = connector;
        this.engine = engine;
    }

    /**
     * Starts a server.
     *
     * @throws IOException if it cannot listen, or its tokens cannot be read
     * @throws IllegalArgumentException if others than this machine could reach it without a token
     */
    public static QueryServer start(Options options) throws IOException {
        if (options.tokens() == null && !InetAddress.getByName(options.host()).isLoopbackAddress()) {
            throw new IllegalArgumentException("a server on " + options.host() + " can be reached from other machines: give it tokens (--tokens FILE), "
                    + "or let it listen on 127.0.0.1");
        }
        Tokens tokens = options.tokens() == null ? Tokens.none() : Tokens.of(options.tokens(), Clock.systemUTC());
        FlinkJobDirectory directory = FlinkJobDirectory.of(options.flinkHost(), options.flinkPort(), options.job());
        LiveReader reader = new LiveReader(directory, new EndpointPool(SocketFactory.getDefault()), Duration.ofSeconds(2));
        URI flink = URI.create("http://" + options.flinkHost() + ":" + options.flinkPort());
        LiveLedger ledger = new LiveLedger(directory, flink);
        QueryEngine engine = new QueryEngine(reader, ledger, options.limits(), Files.createTempDirectory("qaexchange-serve"));
        HttpMetrics metrics = new HttpMetrics();
        HttpEndpoint endpoint = new HttpEndpoint(tokens, metrics);
        QueryRoutes queries = new QueryRoutes(engine, options.concurrency(), options.queue(), 10_000);
        queries.addTo(endpoint);
        new StatusRoutes(engine, ledger, queries, metrics).addTo(endpoint);

        Server server = new Server(new QueuedThreadPool(THREADS));
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        http.setRequestHeaderSize(HEADER_BYTES);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setHost(options.host());
        connector.setPort(options.port());
        connector.setIdleTimeout(IDLE_MS);
        server.addConnector(connector);
        server.setHandler(endpoint);
        server.setStopTimeout(STOP_MS);
        boolean started = false;
        try {
            server.start();
            started = true;
            return new QueryServer(server, connector, engine);
        } catch (IOException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the server cannot listen on " + options.host() + ":" + options.port() + ": " + e.getMessage(), e);
        } finally {
            if (!started) {
                engine.close();
            }
        }
    }

    /** The port it listens on. */
    public int port() {
        return connector.getLocalPort();
    }

    /** Waits until it is stopped. */
    public void join() throws InterruptedException {
        server.join();
    }

    @Override
    public void close() {
        engine.close();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the server did not stop: " + e.getMessage(), e);
        }
    }
}
