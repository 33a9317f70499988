package org.apache.flink.metrics.prometheus;

import io.prometheus.client.exporter.HTTPServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.PrimitiveIterator;
import java.util.stream.IntStream;

/**
 * Flink's metrics for Prometheus, as {@link PrometheusReporter} exposes them, on one address instead of all. It stands in Flink's package
 * because Flink keeps the registry to itself.
 *
 * <p>Thread-safe.
 */
public final class BoundPrometheusReporter extends AbstractPrometheusReporter {

    private final HTTPServer server;

    /**
     * Listens on the first free port.
     *
     * @throws IllegalStateException if none is free
     */
    public BoundPrometheusReporter(String host, IntStream ports) {
        HTTPServer started = null;
        IOException last = null;
        for (PrimitiveIterator.OfInt each = ports.iterator(); started == null && each.hasNext();) {
            int port = each.nextInt();
            try {
                started = new HTTPServer(new InetSocketAddress(host, port), registry, true);
                log.info("metrics for Prometheus are at http://{}:{}/metrics", host, started.getPort());
            } catch (IOException e) {
                last = e;
                log.debug("metrics cannot be exposed on port {} of {}", port, host, e);
            }
        }
        if (started == null) {
            throw new IllegalStateException("metrics cannot be exposed on " + host + ": no port of the range is free", last);
        }
        server = started;
    }

    /** The port on which it listens. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.stop();
        super.close();
    }
}
