package io.qaexchange.prometheus;

import java.util.Iterator;
import java.util.Properties;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.prometheus.BoundPrometheusReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.apache.flink.util.NetUtils;

/**
 * Makes reporters of Flink's configuration: {@code metrics.reporter.NAME.factory.class} is the name of this class.
 *
 * <p>Settings: {@code host}, the address to listen on, 127.0.0.1 by default; {@code port}, a port or a range such as 9249-9260, 9249 by
 * default, 0 for any. All other settings are those of Flink's {@code PrometheusReporter}.
 *
 * <p>Stateless.
 */
public final class BoundPrometheusReporterFactory implements MetricReporterFactory {

    private static final String HOST = "host";
    private static final String LOOPBACK = "127.0.0.1";
    private static final String PORT = "port";
    private static final String FIRST_PORT = "9249";

    @Override
    public BoundPrometheusReporter createMetricReporter(Properties properties) {
        MetricConfig config = (MetricConfig) properties;
        Iterator<Integer> ports = NetUtils.getPortRangeFromString(config.getString(PORT, FIRST_PORT));
        IntStream range = StreamSupport.stream(Spliterators.spliteratorUnknownSize(ports, Spliterator.ORDERED), false).mapToInt(port -> port);
        return new BoundPrometheusReporter(config.getString(HOST, LOOPBACK), range);
    }
}
