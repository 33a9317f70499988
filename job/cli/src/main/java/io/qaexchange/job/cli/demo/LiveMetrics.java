package io.qaexchange.job.cli.demo;

import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Sums numeric metrics of a mini cluster in this process by name, for a progress display. Flink creates the reporter, so the collected
 * metrics are static: one cluster at a time. Thread-safe.
 */
public final class LiveMetrics implements MetricReporter {

    private static final Map<String, Set<Metric>> BY_NAME = new ConcurrentHashMap<>();

    /** Found by Flink as {@code metrics.reporter.<name>.factory.class}. */
    public static final class Factory implements MetricReporterFactory {
        @Override
        public MetricReporter createMetricReporter(Properties properties) {
            return new LiveMetrics();
        }
    }

    /** The sum of all metrics of that name that run now. */
    public static long sum(String name) {
        long sum = 0;
        for (Metric metric : BY_NAME.getOrDefault(name, Set.of())) {
            if (metric instanceof Counter counter) {
                sum += counter.getCount();
            } else if (metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number number) {
                sum += number.longValue();
            }
        }
        return sum;
    }

    /** The greatest of that quantile over all histograms of that name that run now; 0 if there are none. */
    public static double quantile(String name, double quantile) {
        double greatest = 0;
        for (Metric metric : BY_NAME.getOrDefault(name, Set.of())) {
            if (metric instanceof Histogram histogram && histogram.getCount() > 0) {
                greatest = Math.max(greatest, histogram.getStatistics().getQuantile(quantile));
            }
        }
        return greatest;
    }

    /** How many samples all histograms of that name that run now have seen. */
    public static long samples(String name) {
        long samples = 0;
        for (Metric metric : BY_NAME.getOrDefault(name, Set.of())) {
            samples += metric instanceof Histogram histogram ? histogram.getCount() : 0;
        }
        return samples;
    }

    @Override
    public void open(MetricConfig config) {
        // Nothing to configure.
    }

    @Override
    public void close() {
        BY_NAME.clear();
    }

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
        BY_NAME.computeIfAbsent(name, n -> ConcurrentHashMap.newKeySet()).add(metric);
    }

    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
        BY_NAME.getOrDefault(name, Set.of()).remove(metric);
    }
}
