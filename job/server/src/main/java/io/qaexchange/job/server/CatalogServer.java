package io.qaexchange.job.server;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.job.server.http.HttpEndpoint;
import io.qaexchange.job.server.http.HttpMetrics;
import io.qaexchange.job.server.http.IcebergRoutes;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import javax.annotation.Nullable;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The Iceberg REST catalogue of an archive, and nothing else: needs no job. It listens on loopback; a proxy that has a certificate may stand before it.
 * Thread-safe.
 */
public final class CatalogServer implements AutoCloseable {

    private static final int THREADS = 16;

    private final Server server;
    private final ServerConnector connector;
    @Nullable
    private final ContinuousMirror mirror;

    private CatalogServer(Server server, ServerConnector connector, @Nullable ContinuousMirror mirror) {
        this.server = server;
        this.connector = connector;
        this.mirror = mirror;
    }

    /**
     * Starts a server.
     *
     * @param port its port, 0 for any
     * @param tokens file of tokens; null for none
     * @param settings how this server keeps the tables up to date; null if it does not
     * @throws IOException if it cannot listen, or its tokens cannot be read
     */
    public static CatalogServer start(ManifestStore archive, int port, @Nullable Path tokens, @Nullable ContinuousMirror.Settings settings) throws IOException {
        Tokens known = tokens == null ? Tokens.none() : Tokens.of(tokens, Clock.systemUTC());
        Server server = new Server(new QueuedThreadPool(THREADS));
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(port);
        server.addConnector(connector);
        ContinuousMirror mirror = settings == null ? null : ContinuousMirror.start(() -> archive, settings, Clock.systemUTC());
        HttpEndpoint endpoint = new HttpEndpoint(known, new HttpMetrics(), AuditLog.inMemory());
        new IcebergRoutes(() -> archive, mirror).addTo(endpoint);
        server.setHandler(endpoint);
        try {
            server.start();
        } catch (Exception e) {
            if (mirror != null) {
                mirror.close();
            }
            throw new IOException("the catalogue cannot listen on 127.0.0.1:" + port + ": " + e.getMessage(), e);
        }
        return new CatalogServer(server, connector, mirror);
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
        if (mirror != null) {
            mirror.close();
        }
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("the catalogue did not stop: " + e.getMessage(), e);
        }
    }
}
