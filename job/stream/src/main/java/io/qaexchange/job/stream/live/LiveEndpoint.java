package io.qaexchange.job.stream.live;

import io.qaexchange.job.model.live.LiveProtocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.net.SSLUtils;
import org.apache.flink.util.NetUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers readers of all event-store subtasks that a TaskManager runs of a job: started by the first, stopped with the last.
 *
 * <p>Nothing here touches the task thread. A connection has a thread of its own, which mostly waits for the reader to take rows; at most
 * {@link #SCANS} of them read rows at one moment. What exceeds a limit is refused with the code {@link LiveProtocol#BUSY}.
 *
 * <p>With Flink's internal TLS ({@code security.ssl.internal.enabled}) the endpoint takes TLS only. The query server has no keys of the cluster and
 * speaks plain sockets, so it cannot read such a job. A reader always shows the endpoint's secret, which only the coordinator of the job tells.
 *
 * <p>Thread-safe.
 */
public final class LiveEndpoint {

    private static final Logger LOG = LoggerFactory.getLogger(LiveEndpoint.class);
    private static final Map<JobID, LiveEndpoint> RUNNING = new HashMap<>();
    /** Threads that read rows at one moment. */
    static final int SCANS = 2;
    private static final int CONNECTIONS = 128;
    private static final int BACKLOG = 64;
    private static final String LOOPBACK = "127.0.0.1";

    private final ServerSocket server;
    private final String host;
    private final String secret;
    private final Map<Long, Served> subtasks = new ConcurrentHashMap<>();
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final Semaphore scans = new Semaphore(SCANS, true);
    private final PinTable pins = new PinTable();
    private final AtomicInteger threads = new AtomicInteger();
    private volatile boolean stopped;

    /** A subtask that can be read. */
    record Served(int index, HotRowService service) {
    }

    /**
     * A subtask's place in an endpoint.
     *
     * @param incarnation random number of this attempt
     */
    public record Registration(LiveEndpoint endpoint, JobID job, long incarnation) {

        public String host() {
            return endpoint.host;
        }

        public int port() {
            return endpoint.server.getLocalPort();
        }

        public String secret() {
            return endpoint.secret;
        }

        /** Ends it: pins of the subtask are released, readers are told that it has gone. */
        public void close() {
            release(this);
        }
    }

    private LiveEndpoint(ServerSocket server, String host) {
        this.server = server;
        this.host = host;
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        this.secret = HexFormat.of().formatHex(random);
    }

    /**
     * Adds a subtask to the endpoint of its job, which is started if there is none.
     *
     * @throws IOException if no port is free
     */
    public static Registration register(JobID job, HotRowService service, LiveOptions options, Configuration taskManager, String externalAddress)
            throws IOException {
        synchronized (RUNNING) {
            LiveEndpoint endpoint = RUNNING.get(job);
            if (endpoint == null) {
                endpoint = start(options, taskManager, externalAddress);
                RUNNING.put(job, endpoint);
            }
            long incarnation = new SecureRandom().nextLong();
            endpoint.subtasks.put(incarnation, new Served(service.subtask(), service));
            return new Registration(endpoint, job, incarnation);
        }
    }

    private static void release(Registration registration) {
        synchronized (RUNNING) {
            LiveEndpoint endpoint = registration.endpoint();
            Served served = endpoint.subtasks.remove(registration.incarnation());
            if (served != null) {
                endpoint.pins.releaseOf(served.service());
            }
            if (endpoint.subtasks.isEmpty() && RUNNING.remove(registration.job(), endpoint)) {
                endpoint.stop();
            }
        }
    }

    private static LiveEndpoint start(LiveOptions options, Configuration configuration, String externalAddress) throws IOException {
        String bind = configuration.getOptional(TaskManagerOptions.BIND_HOST).orElse(LOOPBACK);
        InetAddress address = InetAddress.getByName(bind);
        ServerSocketFactory sockets = ServerSocketFactory.getDefault();
        if (SecurityOptions.isInternalSSLEnabled(configuration)) {
            try {
                sockets = SSLUtils.createSSLServerSocketFactory(configuration);
            } catch (Exception e) {
                throw new IOException("live reads cannot use Flink's internal TLS: " + e.getMessage(), e);
            }
        }
        IOException last = null;
        for (Iterator<Integer> ports = NetUtils.getPortRangeFromString(options.ports()); ports.hasNext();) {
            int port = ports.next();
            try {
                ServerSocket server = sockets.createServerSocket(port, BACKLOG, address);
                LiveEndpoint endpoint = new LiveEndpoint(server, address.isLoopbackAddress() ? LOOPBACK : externalAddress);
                endpoint.thread("accepts", endpoint::accept).start();
                endpoint.thread("releases pins", endpoint.pins::releaseExpired).start();
                LOG.info("live reads of this TaskManager: {}:{}", endpoint.host, server.getLocalPort());
                return endpoint;
            } catch (IOException e) {
                last = e;
            }
        }
        throw new IOException("no port of live.ports " + options.ports() + " is free on " + bind, last);
    }

    private Thread thread(String purpose, Runnable work) {
        Thread thread = new Thread(work, "live reads " + purpose + " " + threads.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    private void accept() {
        while (!stopped) {
            try {
                Socket socket = server.accept();
                if (connections.size() >= CONNECTIONS) {
                    LOG.warn("live reads: {} connections are open, another one from {} is refused", CONNECTIONS, socket.getRemoteSocketAddress());
                    socket.close();
                    continue;
                }
                connections.add(socket);
                thread("connection", () -> {
                    try {
                        new LiveConnection(socket, this).run();
                    } finally {
                        connections.remove(socket);
                    }
                }).start();
            } catch (IOException e) {
                if (!stopped) {
                    LOG.warn("live reads: a connection could not be accepted", e);
                }
            }
        }
    }

    private void stop() {
        stopped = true;
        pins.close();
        try {
            server.close();
        } catch (IOException e) {
            LOG.warn("live reads: the endpoint could not be closed", e);
        }
        for (Socket connection : connections) {
            try {
                connection.close();
            } catch (IOException e) {
                LOG.debug("live reads: a connection could not be closed", e);
            }
        }
    }

    /** Whether a reader knows the secret; takes the same time for any. */
    boolean isSecret(String shown) {
        return MessageDigest.isEqual(secret.getBytes(StandardCharsets.UTF_8), shown.getBytes(StandardCharsets.UTF_8));
    }

    Semaphore scans() {
        return scans;
    }

    PinTable pins() {
        return pins;
    }

    /** The subtask of that incarnation; null if it has ended. */
    Served find(long incarnation) {
        return subtasks.get(incarnation);
    }

    /** The running attempt of a subtask; null if none runs here. */
    Served findSubtask(int index) {
        for (Served served : subtasks.values()) {
            if (served.index() == index) {
                return served;
            }
        }
        return null;
    }
}
