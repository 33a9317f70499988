package io.qaexchange.job.server.http;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Numbers of the server in the text format of Prometheus. Thread-safe. */
public final class HttpMetrics {

    private static final double[] BOUNDS = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};

    /** Requests of one route and status class. */
    private static final class Series {
        final LongAdder count = new LongAdder();
        final LongAdder nanos = new LongAdder();
        final LongAdder[] buckets = new LongAdder[BOUNDS.length];

        Series() {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }
    }

    private record Key(String route, String status) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int order = route.compareTo(other.route);
            return order != 0 ? order : status.compareTo(other.status);
        }
    }

    private final Map<Key, Series> series = new ConcurrentHashMap<>();
    private final Map<ServerMetric, Supplier<Number>> gauges = new ConcurrentHashMap<>();

    /** Adds a gauge, read when it is asked for. */
    public void addGauge(ServerMetric metric, Supplier<Number> value) {
        gauges.put(metric, value);
    }

    void answered(String path, int status, long tookNs) {
        Series of = series.computeIfAbsent(new Key(route(path), status / 100 + "xx"), key -> new Series());
        of.count.increment();
        of.nanos.add(tookNs);
        double seconds = tookNs / 1e9;
        for (int i = 0; i < BOUNDS.length; i++) {
            if (seconds <= BOUNDS[i]) {
                of.buckets[i].increment();
            }
        }
    }

    /** The first two parts of a path: a bounded number of values. */
    private static String route(String path) {
        String[] parts = path.split("/", 4);
        boolean known = path.startsWith("/v1/") || path.startsWith("/admin/") || path.startsWith(IcebergRoutes.PREFIX) || path.equals("/healthz") || path.equals("/metrics") || path.equals("/openapi.json");
        return !known ? "other" : parts.length > 2 ? "/" + parts[1] + "/" + parts[2] : path;
    }

    /** All series. */
    String text() {
        StringBuilder text = new StringBuilder();
        text.append("# HELP ").append(ServerMetric.REQUESTS).append(' ').append(ServerMetric.REQUESTS_DESCRIPTION).append('\n');
        text.append("# TYPE ").append(ServerMetric.REQUESTS).append(" histogram\n");
        new TreeMap<>(series).forEach((key, of) -> {
            String labels = "route=\"" + key.route() + "\",status=\"" + key.status() + "\"";
            for (int i = 0; i < BOUNDS.length; i++) {
                text.append(ServerMetric.REQUESTS).append("_bucket{").append(labels).append(",le=\"").append(BOUNDS[i]).append("\"} ")
                        .append(of.buckets[i].sum()).append('\n');
            }
            text.append(ServerMetric.REQUESTS).append("_bucket{").append(labels).append(",le=\"+Inf\"} ").append(of.count.sum()).append('\n');
            text.append(ServerMetric.REQUESTS).append("_sum{").append(labels).append("} ").append(of.nanos.sum() / 1e9).append('\n');
            text.append(ServerMetric.REQUESTS).append("_count{").append(labels).append("} ").append(of.count.sum()).append('\n');
        });
        new TreeMap<>(gauges).forEach((metric, value) -> text.append("# HELP ").append(metric.id()).append(' ').append(metric.description()).append("\n# TYPE ")
                .append(metric.id()).append(" gauge\n").append(metric.id()).append(' ').append(value.get()).append('\n'));
        return text.toString();
    }
}
