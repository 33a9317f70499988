package io.qaexchange.job.server.flight;

import io.grpc.netty.NettyServerBuilder;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.SqlSessions;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.ServerHeaderMiddleware;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for clients of Arrow Flight SQL.
 *
 * <p>Thread-safe. Threads: gRPC's own, and one for each result that is being read.
 */
public final class FlightSqlServer implements AutoCloseable {

    /** Tells of every client that ends a call in the midst of its rows, or speaks no HTTP/2; kept, since a logger that nobody holds is forgotten with its level. */
    private static final java.util.logging.Logger NETTY = java.util.logging.Logger.getLogger("io.grpc.netty");

    static {
        NETTY.setLevel(java.util.logging.Level.SEVERE);
    }

    private static final Logger LOG = LoggerFactory.getLogger(FlightSqlServer.class);
    /** Statements and values of their parameters. */
    private static final int MAX_MESSAGE_BYTES = 16 << 20;
    private static final int MAX_HEADER_BYTES = 16 << 10;
    /** Bytes that lie ready for a client before computing waits for it. */
    private static final int READY_BYTES = 4 << 20;
    /** Memory for messages that come in. */
    private static final long MAX_MEMORY = 256L << 20;
    private static final int MAX_CALLS = 100;
    private static final long KEEP_ALIVE_SECONDS = 10;
    private static final long STOP_SECONDS = 5;

    private final FlightServer server;
    private final SqlProducer producer;
    private final ExecutorService calls;
    private final ExecutorService streams;
    private final BufferAllocator allocator;

    /**
     * Settings.
     *
     * @param host address to listen on
     * @param port its port, 0 for any
     * @param tokens who may connect
     * @param tls certificate of the server, without which all is sent in the clear; null for none
     * @param slowest how long a client may take nothing of what it is sent before its call ends
     */
    public record Options(String host, int port, Tokens tokens, @Nullable SSLContext tls, Duration slowest) {
    }

    private FlightSqlServer(FlightServer server, SqlProducer producer, ExecutorService calls, ExecutorService streams, BufferAllocator allocator) {
        this.server = server;
        this.producer = producer;
        this.calls = calls;
        this.streams = streams;
        this.allocator = allocator;
    }

    /** Starts to listen. */
    public static FlightSqlServer start(Options options, SqlSessions sessions) throws IOException {
        BufferAllocator allocator = new RootAllocator(MAX_MEMORY);
        ExecutorService calls = Executors.newCachedThreadPool(task -> daemon(task, "flight call"));
        ExecutorService streams = Executors.newCachedThreadPool(task -> daemon(task, "flight stream"));
        boolean started = false;
        try {
            Callers callers = new Callers(options.tokens(), Clock.systemUTC(), options.tls() != null);
            SqlProducer producer = new SqlProducer(sessions, allocator, streams, options.slowest().toMillis(), Clock.systemUTC());
            Consumer<NettyServerBuilder> settings = builder -> configure(builder, options);
            FlightServer server = FlightServer.builder(allocator, Location.forGrpcInsecure(options.host(), options.port()), new GuardedProducer(producer, sessions))
                    .executor(calls).headerAuthenticator(callers).middleware(SqlProducer.HEADERS, new ServerHeaderMiddleware.Factory())
                    .maxInboundMessageSize(MAX_MESSAGE_BYTES).setMaxHeaderListSize(MAX_HEADER_BYTES).backpressureThreshold(READY_BYTES)
                    .transportHint("grpc.builderConsumer", settings).build();
            server.start();
            started = true;
            return new FlightSqlServer(server, producer, calls, streams, allocator);
        } catch (IOException e) {
            throw new IOException("the Flight SQL door cannot listen on " + options.host() + ":" + options.port() + ": " + (e.getCause() == null ? e : e.getCause()).getMessage()
                    + ". Choose another port with --flight-port, 0 for none", e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the Flight SQL door cannot be opened: " + e.getMessage(), e);
        } finally {
            if (!started) {
                calls.shutdown();
                streams.shutdown();
                allocator.close();
            }
        }
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static void configure(NettyServerBuilder builder, Options options) {
        builder.addStreamTracerFactory(Callers.addresses()).maxConcurrentCallsPerConnection(MAX_CALLS).permitKeepAliveWithoutCalls(true).permitKeepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
        if (options.tls() != null) {
            builder.sslContext(new JdkSslContext(options.tls(), false, null, IdentityCipherSuiteFilter.INSTANCE,
                    new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN, ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, "h2"),
                    ClientAuth.NONE, new String[] {"TLSv1.3", "TLSv1.2"}, false));
        }
    }

    /** The port it listens on. */
    public int port() {
        return server.getPort();
    }

    /** Results that are being read. */
    public int streams() {
        return producer.streams();
    }

    /** Prepared statements that clients have not closed. */
    public int preparedStatements() {
        return producer.preparedStatements();
    }

    @Override
    public void close() {
        producer.cancelAll("the server is being stopped");
        server.shutdown();
        try {
            if (!server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.info("clients of Flight SQL are still connected; their calls end now");
            }
            server.close();
            calls.shutdown();
            streams.shutdown();
            if (streams.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS) && calls.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                allocator.close();
            } else {
                LOG.warn("results of Flight SQL are still being computed; their memory goes with the process");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the Flight SQL door was closing", e);
        }
    }
}
