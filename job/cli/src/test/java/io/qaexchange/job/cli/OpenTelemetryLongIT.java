package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.sun.net.httpserver.HttpServer;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Flink's reporter for OpenTelemetry, with the settings that {@code docs/operations.md} gives, in front of a running job: a receiver of OTLP gets the
 * metrics of the job, over gRPC and over HTTP. In the profile {@code long}.
 */
@Timeout(180)
class OpenTelemetryLongIT {

    private static final Path PAGE = Path.of("../../docs/operations.md");
    private static final String EXPORT = "opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    private static final String STORED = "flink.taskmanager.job.task.operator.stored";
    private static final int MESSAGES = 2_000;
    /** Fields of the messages of OTLP: ExportMetricsServiceRequest, ResourceMetrics, ScopeMetrics, Metric, Gauge and Sum, NumberDataPoint, KeyValue. */
    private static final int RESOURCE_METRICS = 1;
    private static final int SCOPE_METRICS = 2;
    private static final int METRICS = 2;
    private static final int NAME = 1;
    private static final int GAUGE = 5;
    private static final int SUM = 7;
    private static final int DATA_POINTS = 1;
    private static final int AS_DOUBLE = 4;
    private static final int AS_INT = 6;
    private static final int ATTRIBUTES = 7;

    @TempDir
    private Path folder;
    /** Values by metric and attributes; a counter is told as what came since the last report, so these are sums. */
    private final Map<String, Double> sums = new ConcurrentHashMap<>();
    private final Set<String> attributes = ConcurrentHashMap.newKeySet();
    private AutoCloseable receiver;

    @AfterEach
    void stop() throws Exception {
        if (receiver != null) {
            receiver.close();
        }
    }

    @Test
    void overGrpc() throws Exception {
        MethodDescriptor.Marshaller<byte[]> bytes = new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                try {
                    return stream.readAllBytes();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
        MethodDescriptor<byte[], byte[]> export = MethodDescriptor.newBuilder(bytes, bytes).setType(MethodDescriptor.MethodType.UNARY).setFullMethodName(EXPORT).build();
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).maxInboundMessageSize(64 << 20)
                .addService(ServerServiceDefinition.builder(EXPORT.substring(0, EXPORT.indexOf('/'))).addMethod(export, ServerCalls.asyncUnaryCall((request, answer) -> {
                    take(request);
                    answer.onNext(new byte[0]);
                    answer.onCompleted();
                })).build()).build().start();
        receiver = () -> server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        runs(settings("gRPC", "http://127.0.0.1:" + server.getPort()));
    }

    @Test
    void overHttp() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/metrics", exchange -> {
            take(exchange.getRequestBody().readAllBytes());
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
        receiver = () -> server.stop(0);
        runs(settings("HTTP", "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/metrics"));
    }

    /** The settings as the page has them; the address is that of the receiver, and reports come sooner. */
    private static Configuration settings(String protocol, String endpoint) throws IOException {
        Configuration settings = new Configuration();
        Matcher lines = Pattern.compile("^metrics\\.reporter\\.otel\\.([a-z.]+): (\\S+)", Pattern.MULTILINE).matcher(Files.readString(PAGE));
        while (lines.find()) {
            settings.setString("metrics.reporter.otel." + lines.group(1), lines.group(2));
        }
        assertThat(settings.keySet()).contains("metrics.reporter.otel.factory.class", "metrics.reporter.otel.exporter.endpoint", "metrics.reporter.otel.exporter.protocol");
        settings.setString("metrics.reporter.otel.exporter.protocol", protocol);
        settings.setString("metrics.reporter.otel.exporter.endpoint", endpoint);
        settings.setString("metrics.reporter.otel.interval", "1 s");
        settings.setString("metrics.reporters", "live,otel");
        return settings;
    }

    private void runs(Configuration settings) throws Exception {
        try (JobRig rig = JobRig.start(folder, settings)) {
            JobID job = rig.submitWithArchivedRows(33, MESSAGES);
            JobRig.await(() -> sums.getOrDefault(STORED, 0.0) > 0 && sums.containsKey("flink.taskmanager.job.task.operator.hotRows")
                    && sums.containsKey("flink.jobmanager.job.lastCheckpointDuration"));
            assertThat(sums.keySet()).contains("flink.taskmanager.job.task.operator.archivingPaused", "flink.taskmanager.Status.JVM.Memory.Heap.Used");
            assertThat(sums.keySet()).as("of the engine").anyMatch(name -> name.startsWith("flink.taskmanager.job.task.operator.lsm."));
            assertThat(attributes).contains("job_name", "subtask_index", "operator_name");
            rig.cluster().cancelJob(job).get(60, TimeUnit.SECONDS);
        }
    }

    private void take(byte[] request) {
        try {
            for (ByteString resource : of(ByteString.copyFrom(request), RESOURCE_METRICS)) {
                for (ByteString scope : of(resource, SCOPE_METRICS)) {
                    for (ByteString metric : of(scope, METRICS)) {
                        takeMetric(metric);
                    }
                }
            }
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void takeMetric(ByteString metric) throws InvalidProtocolBufferException {
        String name = of(metric, NAME).get(0).toStringUtf8();
        for (int kind : new int[] {GAUGE, SUM}) {
            for (ByteString data : of(metric, kind)) {
                for (ByteString point : of(data, DATA_POINTS)) {
                    UnknownFieldSet fields = UnknownFieldSet.parseFrom(point);
                    double value = fields.getField(AS_INT).getFixed64List().stream().mapToDouble(Long::doubleValue).sum()
                            + fields.getField(AS_DOUBLE).getFixed64List().stream().mapToDouble(Double::longBitsToDouble).sum();
                    sums.merge(name, value, Double::sum);
                    for (ByteString attribute : fields.getField(ATTRIBUTES).getLengthDelimitedList()) {
                        attributes.add(of(attribute, NAME).get(0).toStringUtf8());
                    }
                }
            }
        }
    }

    private static List<ByteString> of(ByteString message, int field) throws InvalidProtocolBufferException {
        return UnknownFieldSet.parseFrom(message).getField(field).getLengthDelimitedList();
    }
}
