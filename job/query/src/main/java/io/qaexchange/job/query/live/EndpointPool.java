package io.qaexchange.job.query.live;

import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import javax.net.SocketFactory;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.runtime.net.SSLUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Open connections to read endpoints, used again and again. Thread-safe. */
public final class EndpointPool implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EndpointPool.class);
    private static final int IDLE_OF_EACH = 16;

    private final SocketFactory sockets;
    /** Guarded by this. */
    private final Map<Address, Deque<EndpointConnection>> idle = new HashMap<>();
    /** Guarded by this. */
    private boolean closed;

    /** An endpoint: another process at the same port has another secret. */
    record Address(String host, int port, String secret) {
        static Address of(EndpointAnnouncement endpoint) {
            return new Address(endpoint.host(), endpoint.port(), endpoint.secret());
        }
    }

    private EndpointPool(SocketFactory sockets) {
        this.sockets = sockets;
    }

    /**
     * A pool for the endpoints of a cluster.
     *
     * @param flink Flink's configuration there: with {@code security.ssl.internal.enabled} the endpoints speak Flink's internal TLS
     * @throws IOException if the keys of that TLS cannot be used
     */
    public static EndpointPool of(Configuration flink) throws IOException {
        if (!SecurityOptions.isInternalSSLEnabled(flink)) {
            return new EndpointPool(SocketFactory.getDefault());
        }
        try {
            return new EndpointPool(SSLUtils.createSSLClientSocketFactory(flink));
        } catch (Exception e) {
            throw new IOException("Flink's internal TLS cannot be used: " + e.getMessage(), e);
        }
    }

    /** Works with a connection. */
    interface Use<T> {
        T with(EndpointConnection connection) throws IOException;
    }

    /**
     * Works with a connection to an endpoint.
     *
     * @throws LiveException if the endpoint refuses, with {@link LiveProtocol#GONE} also if it cannot be reached
     */
    <T> T use(EndpointAnnouncement endpoint, Use<T> use) throws IOException {
        try {
            EndpointConnection idleOne = takeIdle(endpoint);
            return useAndReturn(endpoint, idleOne == null ? EndpointConnection.open(endpoint, sockets) : idleOne, use);
        } catch (LiveException e) {
            throw e;
        } catch (IOException e) {
            throw gone(endpoint, e);
        }
    }

    private static LiveException gone(EndpointAnnouncement endpoint, IOException cause) {
        LiveException gone = new LiveException(LiveProtocol.GONE, "subtask " + endpoint.subtask() + " at " + endpoint.host() + ":"
                + endpoint.port() + " cannot be reached: " + cause.getMessage());
        gone.initCause(cause);
        return gone;
    }

    private <T> T useAndReturn(EndpointAnnouncement endpoint, EndpointConnection connection, Use<T> use) throws IOException {
        try {
            return use.with(connection);
        } finally {
            giveBack(endpoint, connection);
        }
    }

    private synchronized EndpointConnection takeIdle(EndpointAnnouncement endpoint) {
        Deque<EndpointConnection> of = idle.get(Address.of(endpoint));
        return of == null ? null : of.poll();
    }

    private void giveBack(EndpointAnnouncement endpoint, EndpointConnection connection) {
        if (connection.isBroken()) {
            return;
        }
        synchronized (this) {
            Deque<EndpointConnection> of = idle.computeIfAbsent(Address.of(endpoint), address -> new ArrayDeque<>());
            if (!closed && of.size() < IDLE_OF_EACH) {
                of.push(connection);
                return;
            }
        }
        quietly(connection);
    }

    /** Closes the idle connections to endpoints that are not among these. */
    void retain(Iterable<EndpointAnnouncement> endpoints) {
        Map<Address, Boolean> known = new HashMap<>();
        endpoints.forEach(endpoint -> known.put(Address.of(endpoint), true));
        Deque<EndpointConnection> old = new ArrayDeque<>();
        synchronized (this) {
            idle.entrySet().removeIf(entry -> {
                if (known.containsKey(entry.getKey())) {
                    return false;
                }
                old.addAll(entry.getValue());
                return true;
            });
        }
        old.forEach(EndpointPool::quietly);
    }

    private static void quietly(EndpointConnection connection) {
        try {
            connection.close();
        } catch (IOException e) {
            LOG.debug("a connection to a read endpoint could not be closed", e);
        }
    }

    @Override
    public void close() {
        Deque<EndpointConnection> all = new ArrayDeque<>();
        synchronized (this) {
            closed = true;
            idle.values().forEach(all::addAll);
            idle.clear();
        }
        all.forEach(EndpointPool::quietly);
    }
}
