package io.qaexchange.prometheus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.prometheus.BoundPrometheusReporter;
import org.junit.jupiter.api.Test;

class BoundPrometheusReporterTest {

    @Test
    void exposesMetricsOnLoopbackOnly() throws Exception {
        BoundPrometheusReporter reporter = reporter("0");
        try {
            reporter.open(new MetricConfig());
            HttpResponse<String> answer = HttpClient.newHttpClient().send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + reporter.port() + "/metrics")).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            // If another address of the machine's loopback can still be bound to the port, not all addresses are taken.
            try (ServerSocket other = new ServerSocket(reporter.port(), 1, InetAddress.getByName("127.0.0.2"))) {
                assertThat(other.isBound()).isTrue();
            }
        } finally {
            reporter.close();
        }
    }

    @Test
    void takesTheNextPortOfTheRange() {
        BoundPrometheusReporter first = reporter("0");
        try {
            String range = first.port() + "-" + (first.port() + 20);
            BoundPrometheusReporter second = reporter(range);
            assertThat(second.port()).isBetween(first.port() + 1, first.port() + 20);
            second.close();

            String taken = Integer.toString(first.port());
            assertThatThrownBy(() -> reporter(taken)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("metrics cannot be exposed on 127.0.0.1: no port of the range is free");
        } finally {
            first.close();
        }
    }

    private static BoundPrometheusReporter reporter(String ports) {
        MetricConfig config = new MetricConfig();
        config.setProperty("port", ports);
        return new BoundPrometheusReporterFactory().createMetricReporter(config);
    }
}
