package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.control.ArchiveControl;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The statistics of ten thousand instruments: each is right, no row and no file is read for them, and the time is printed. */
@Timeout(240)
class ManyInstrumentsLongIT {

    private static final int INSTRUMENTS = 10_000;
    private static final int ASKED = 40;
    private static final int WARM_UPS = 100;
    private static final int BUSIEST = 20;
    /** The most bytes of a line about an instrument. */
    private static final int LINE_BYTES = 600;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private final HttpClient http = HttpClient.newHttpClient();
    private QueryServer server;

    @Test
    void tenThousandInstrumentsAreToldFromMetadata() throws Exception {
        try (JobRig rig = JobRig.start(folder)) {
            rig.set("min-age", "30 min").set("instruments", Files.writeString(folder.resolve("instruments.yaml"), instrumentsFile()).toString());
            long rows = send(rig.brokers(), System.currentTimeMillis());
            JobID job = rig.submit(2, null);
            CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
            JobRig.await(() -> LiveMetrics.sum("stored") == rows);
            // The last row of each stays hot: it is younger than min-age.
            ArchiveControl control = ArchiveControl.of(ManifestStore.of(rig.archive()));
            JobRig.await(() -> {
                if (LiveMetrics.sum("archiving") == 0) {
                    control.archiveNow("test", "many-instruments", Clock.systemUTC());
                }
                return LiveMetrics.sum("archivedRows") == rows - INSTRUMENTS;
            });
            URI rest = rig.cluster().getRestAddress().get();
            try (QueryServer started = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 4, 4,
                    new QueryEngine.Limits("256MB", 1, 60, "1GB", 0)));
                    LiveReader reader = new LiveReader(FlinkJobDirectory.of(rest.getHost(), rest.getPort(), job.toHexString()), EndpointPool.of(new Configuration()),
                            Duration.ofSeconds(10))) {
                server = started;
                // Numbers are those of the last barrier.
                JobRig.await(() -> reader.statistics().stream().mapToLong(InstrumentStatistics::archived).sum() == rows - INSTRUMENTS);
                everyNumberIsRight();
                Path archive = folder.resolve("archive");
                Path away = Files.move(archive, folder.resolve("archive that is away"));
                try {
                    everyNumberIsRight();
                } finally {
                    Files.move(away, archive);
                }
                theBusiestAreFew();
                print("GET /v1/instruments", () -> bytes("/v1/instruments"));
                print("GET /v1/instruments?busiest=" + BUSIEST, () -> bytes("/v1/instruments?busiest=" + BUSIEST));
                print("GET /v1/instruments/X.i9999", () -> bytes("/v1/instruments/" + name(INSTRUMENTS - 1)));
                print("what bin/status --instruments asks", () -> ask(reader));
            }
            rig.cluster().cancelJob(job).get(60, TimeUnit.SECONDS);
        }
    }

    private static String name(int instrument) {
        return String.format("X.i%04d", instrument);
    }

    /** Rows of an instrument that are old enough for the archive. */
    private static int oldRows(int instrument) {
        return 1 + instrument % 3;
    }

    private static int multiplier(int instrument) {
        return 1 + instrument % 7;
    }

    private static String instrumentsFile() {
        StringBuilder yaml = new StringBuilder("instruments:\n");
        for (int i = 0; i < INSTRUMENTS; i++) {
            yaml.append("  - id: ").append(name(i)).append("\n    exchange: X\n    multiplier: ").append(multiplier(i)).append('\n');
        }
        return yaml.toString();
    }

    /** Some ticks of fifty minutes ago and one of now, for each instrument; the number of all. */
    private static long send(String brokers, long nowMs) {
        long sequence = 0;
        long oldNs = TimeUnit.MILLISECONDS.toNanos(nowMs) - TimeUnit.MINUTES.toNanos(50);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", brokers, "linger.ms", "20"), new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int i = 0; i < INSTRUMENTS; i++) {
                for (int row = 0; row <= oldRows(i); row++) {
                    long timeNs = row < oldRows(i) ? oldNs + row : TimeUnit.MILLISECONDS.toNanos(nowMs);
                    byte[] tick = new EventBuilder().start("tick").eventTime(timeNs).instrument(name(i)).identity("test", sequence++).set("last_price", 100.0).build();
                    producer.send(new ProducerRecord<>("events", name(i).getBytes(java.nio.charset.StandardCharsets.UTF_8), tick));
                }
            }
        }
        return sequence;
    }

    private void everyNumberIsRight() throws Exception {
        JsonNode all = JSON.readTree(get("/v1/instruments")).get("instruments");
        assertThat(all).hasSize(INSTRUMENTS);
        for (int i = 0; i < INSTRUMENTS; i++) {
            JsonNode one = all.get(i);
            assertThat(one.get("instrument").asText()).isEqualTo(name(i));
            assertThat(one.get("storedRows").asLong()).as(one.toString()).isEqualTo(oldRows(i) + 1);
            assertThat(one.get("coldRows").asLong()).as(one.toString()).isEqualTo(oldRows(i));
            assertThat(one.get("hotRows").asLong()).as(one.toString()).isEqualTo(1);
            assertThat(one.get("hotBytes").asLong()).as(one.toString()).isPositive();
            assertThat(one.get("coldBytes").asLong()).as(one.toString()).isPositive();
            assertThat(one.get("lateRows").asLong()).as(one.toString()).isZero();
            assertThat(one.get("multiplier").asLong()).as(one.toString()).isEqualTo(multiplier(i));
            assertThat(one.get("newestEvent").isTextual()).as(one.toString()).isTrue();
        }
    }

    private void theBusiestAreFew() throws Exception {
        String text = get("/v1/instruments?busiest=" + BUSIEST);
        assertThat(text.length()).isLessThan(BUSIEST * LINE_BYTES);
        JsonNode busiest = JSON.readTree(text).get("instruments");
        assertThat(busiest).hasSize(BUSIEST);
        busiest.forEach(one -> assertThat(one.get("storedRows").asLong()).as(one.toString()).isEqualTo(4));

        String series = get("/v1/instruments?format=prometheus&busiest=" + BUSIEST);
        assertThat(series.lines().filter(line -> !line.startsWith("#"))).as("a bounded number of series").hasSize(6 * BUSIEST)
                .contains("qaexchange_instrument_stored_rows_total{instrument=\"X.i0002\"} 4", "qaexchange_instrument_cold_rows_total{instrument=\"X.i0002\"} 3");
        assertThat(ask("/v1/instruments?format=prometheus").body()).contains("parameter busiest is missing");
        assertThat(ask("/v1/instruments?format=prometheus&busiest=101").statusCode()).isEqualTo(400);
        assertThat(ask("/v1/instruments?format=xml").body()).contains("format xml");
    }

    private static void print(String what, LongSupplier asks) {
        for (int i = 0; i < WARM_UPS; i++) {
            asks.getAsLong();
        }
        long[] tookNs = new long[ASKED];
        long answer = 0;
        for (int i = 0; i < ASKED; i++) {
            long beganNs = System.nanoTime();
            answer = asks.getAsLong();
            tookNs[i] = System.nanoTime() - beganNs;
        }
        Arrays.sort(tookNs);
        System.out.printf("%,d instruments, %s: median %.1f ms, slowest of %d %.1f ms, %,d bytes or lines%n", INSTRUMENTS, what, tookNs[ASKED / 2] / 1e6, ASKED,
                tookNs[ASKED - 1] / 1e6, answer);
    }

    private static long ask(LiveReader reader) {
        try {
            List<InstrumentStatistics> all = reader.statistics();
            assertThat(all).hasSize(INSTRUMENTS);
            return all.size();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private long bytes(String path) {
        try {
            return get(path).length();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse<String> ask(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private String get(String path) throws Exception {
        HttpResponse<String> answer = ask(path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }
}
