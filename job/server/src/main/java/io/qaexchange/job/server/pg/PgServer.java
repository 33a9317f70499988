package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.security.LoginLimits;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.SqlSessions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for clients of PostgreSQL.
 *
 * <p>Thread-safe. Threads: one that accepts, one that looks after slow clients, two for each connection.
 */
public final class PgServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PgServer.class);
    private static final int BACKLOG = 128;
    /** Connections beyond the most, which are told so. */
    private static final int TOLD_TO_GO = 32;

    private final ServerSocket listener;
    private final Options options;
    private final CatalogueSql catalogue;
    private final LoginLimits limits = new LoginLimits(Clock.systemUTC());
    private final byte[] secret = new byte[32];
    private final SecureRandom random = new SecureRandom();
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, PgConnection> connections = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> daemon(task, "pg connection"));
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> daemon(task, "pg clock"));
    private volatile boolean closed;

    /**
     * Settings.
     *
     * @param host address to listen on
     * @param port its port, 0 for any
     * @param tokens who may connect
     * @param tls certificate of the server; null for none
     * @param maxConnections connections at once
     * @param slowest how long a client may take nothing of what it is sent before its connection ends
     */
    public record Options(String host, int port, Tokens tokens, @Nullable SSLContext tls, int maxConnections, Duration slowest) {
    }

    private final SqlSessions sessions;

    private PgServer(ServerSocket listener, Options options, SqlSessions sessions, PgSchema schema) {
        this.listener = listener;
        this.options = options;
        this.sessions = sessions;
        this.catalogue = schema.rewriting();
        random.nextBytes(secret);
        clock.setRemoveOnCancelPolicy(true);
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Starts to listen.
     *
     * @param schema that which the sessions' databases were made with
     */
    public static PgServer start(Options options, SqlSessions sessions, PgSchema schema) throws IOException {
        ServerSocket listener = new ServerSocket();
        try {
            listener.setReuseAddress(true);
            listener.bind(new InetSocketAddress(InetAddress.getByName(options.host()), options.port()), BACKLOG);
        } catch (IOException e) {
            listener.close();
            throw new IOException("the PostgreSQL door cannot listen on " + options.host() + ":" + options.port() + ": " + e.getMessage()
                    + ". Choose another port with --pg-port, 0 for none", e);
        }
        PgServer server = new PgServer(listener, options, sessions, schema);
        daemon(server::accept, "pg accept").start();
        long slowestNs = options.slowest().toNanos();
        server.clock.scheduleWithFixedDelay(() -> server.connections.values().forEach(connection -> connection.check(slowestNs)), 250, 250,
                TimeUnit.MILLISECONDS);
        return server;
    }

    private void accept() {
        while (!closed) {
            try {
                Socket socket = listener.accept();
                long told = connections.values().stream().filter(PgConnection::isRefused).count();
                boolean full = connections.size() - told >= options.maxConnections();
                if (full && told >= TOLD_TO_GO) {
                    socket.close();
                    continue;
                }
                int id = ids.incrementAndGet() & Integer.MAX_VALUE;
                PgConnection connection = new PgConnection(this, socket, id, random.nextInt(), full);
                connections.put(id, connection);
                threads.execute(connection);
            } catch (IOException e) {
                if (!closed) {
                    LOG.warn("a connection could not be accepted", e);
                    pause();
                }
            }
        }
    }

    /** Out of file handles, say: other connections end meanwhile. */
    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The port it listens on. */
    public int port() {
        return listener.getLocalPort();
    }

    /** Connections that are open. */
    public int connections() {
        return connections.size();
    }

    /** Connections with an open answer. */
    public long answers() {
        return connections.values().stream().filter(PgConnection::isAnswering).count();
    }

    SqlSessions sessions() {
        return sessions;
    }

    CatalogueSql catalogue() {
        return catalogue;
    }

    Tokens tokens() {
        return options.tokens();
    }

    LoginLimits limits() {
        return limits;
    }

    @Nullable
    SSLContext tls() {
        return options.tls();
    }

    int maxConnections() {
        return options.maxConnections();
    }

    byte[] secret() {
        return secret;
    }

    ScheduledThreadPoolExecutor clock() {
        return clock;
    }

    void execute(Runnable task) {
        threads.execute(task);
    }

    /** Cancels what runs on a connection, if the secret is that connection's. */
    void cancel(int id, int key) {
        PgConnection connection = connections.get(id);
        boolean right = MessageDigest.isEqual(bytes(connection == null ? ~key : connection.secret()), bytes(key));
        if (connection != null && right) {
            connection.cancel("canceling statement due to user request");
        }
    }

    private static byte[] bytes(int value) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(value).array();
    }

    void ended(PgConnection connection) {
        connections.remove(connection.id());
    }

    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            throw new IllegalStateException("the PostgreSQL door did not close: " + e.getMessage(), e);
        } finally {
            connections.values().forEach(connection -> {
                connection.cancel("terminating connection: the server is being stopped");
                connection.close();
            });
            clock.shutdownNow();
            threads.shutdown();
        }
    }
}
