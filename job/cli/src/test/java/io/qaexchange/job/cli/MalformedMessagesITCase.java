package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.job.cli.data.DeadLetterTopic;
import io.qaexchange.job.cli.data.KafkaEvents;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a message can be wrong, through the whole job: it runs on, and consumed = stored + duplicates + dead letters. */
@Timeout(120)
class MalformedMessagesITCase {

    private static final long TIME_NS = 1_767_657_600_000_000_000L;
    private static final int GOOD = 50;
    private static final int DUPLICATES = 7;
    private static final int HEADER_LENGTH = 8;
    /** Kafka's own limit is a megabyte with the default configuration. */
    private static final int HUGE = 1_000_000;

    private int sent;

    @Test
    void theJobRunsOnAndCountsEveryMessage(@TempDir Path folder) throws Exception {
        byte[] good = tick(-1);
        Map<String, byte[]> bad = badMessages(good);
        try (JobRig rig = JobRig.start(folder)) {
            JobID job = rig.submit(2, null);
            try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", rig.brokers()),
                    new ByteArraySerializer(), new ByteArraySerializer())) {
                for (byte[] message : bad.values()) {
                    send(producer, message);
                }
                for (int i = 0; i < GOOD; i++) {
                    send(producer, tick(i));
                }
                for (int i = 0; i < DUPLICATES; i++) {
                    send(producer, tick(i));
                }
            }
            JobRig.await(() -> LiveMetrics.sum("consumed") >= sent);
            assertThat(rig.cluster().getJobStatus(job).get(10, TimeUnit.SECONDS)).isEqualTo(JobStatus.RUNNING);
            JobRig.await(() -> LiveMetrics.sum("duplicates") >= DUPLICATES);
            String savepoint = rig.stop(job);

            AuditReport report = rig.audit(savepoint, new KafkaEvents(KafkaConnection.to(rig.brokers()), List.of("events"), "dead-letters"));
            DeadLetterTopic letters = DeadLetterTopic.read(KafkaConnection.to(rig.brokers()), "dead-letters");
            assertThat(report.holds()).as(report.toText()).isTrue();
            assertThat(report.hot() + report.cold()).isEqualTo(GOOD);
            assertThat(letters.letters()).as("dead letters %s", letters.byReason()).isEqualTo(bad.size());
            assertThat(letters.positions()).hasSize(bad.size());
            assertThat(CheckpointReader.open(savepoint).consumed()).isEqualTo(sent)
                    .isEqualTo(report.hot() + report.cold() + DUPLICATES + letters.letters());
        }
    }

    private static Map<String, byte[]> badMessages(byte[] good) {
        Map<String, byte[]> bad = new LinkedHashMap<>();
        bad.put("null", null);
        bad.put("empty", new byte[0]);
        for (int length : new int[] {1, 7, HEADER_LENGTH, HEADER_LENGTH + 5, good.length - 1}) {
            bad.put("cut to " + length, Arrays.copyOf(good, length));
        }
        bad.put("longer than it says", Arrays.copyOf(good, good.length + 9));
        bad.put("other schema", patch(good, 4, 99));
        bad.put("version 0", patch(patch(good, 6, 0), 7, 0));
        bad.put("unknown template", patch(good, 2, 120));
        bad.put("block shorter than any version's", patch(good, 0, 1));
        bad.put("block longer than the message", patch(patch(good, 0, 0xFF), 1, 0xFF));
        int firstText = HEADER_LENGTH + (good[0] & 0xFF);
        bad.put("text of negative length", patch(patch(good, firstText, 0xFF), firstText + 1, 0xFF));
        bad.put("text longer than the message", patch(good, firstText, 0xF0));
        bad.put("text that is not UTF-8", patch(good, firstText + 2, 0xFF));
        bad.put("group of negative count", negativeCount());
        bad.put("huge, not an event", new byte[HUGE]);
        bad.put("huge text", ("{\"type\":\"tick\",\"instrument\":\"" + "x".repeat(HUGE) + "\"}").getBytes(StandardCharsets.UTF_8));
        bad.put("infinite price", event(TIME_NS, Double.POSITIVE_INFINITY));
        bad.put("year 1969", event(-1, 1.5));
        bad.put("year 1677", event(Long.MIN_VALUE + 1, 1.5));
        bad.put("year 2262", event(Long.MAX_VALUE, 1.5));
        for (String fields : List.of("\"last_price\":NaN", "\"last_price\":\"x\"", "\"last_price\":[1]", "\"last_price\":1e999", "\"volume\":1",
                "\"last_price\":1,\"last_price\":2", "\"last_price\":1,\"trading_day\":\"monday\"")) {
            bad.put(fields, json(TIME_NS, fields));
        }
        bad.put("json in 1969", json(-5, "\"last_price\":1"));
        bad.put("json beyond 2262", ("{\"type\":\"tick\",\"event_time\":\"2262-04-12T00:00:00Z\",\"instrument\":\"A\",\"last_price\":1}")
                .getBytes(StandardCharsets.UTF_8));
        bad.put("json that is not UTF-8", patch(json(TIME_NS, "\"last_price\":1"), 9, 0xFF));
        bad.put("json, not closed", "{\"type\":\"tick\"".getBytes(StandardCharsets.UTF_8));
        bad.put("json of a type that is a number", "{\"type\":1}".getBytes(StandardCharsets.UTF_8));
        bad.put("json, deep", ("{\"type\":\"tick\",\"x\":" + "[".repeat(5000)).getBytes(StandardCharsets.UTF_8));
        return bad;
    }

    private void send(KafkaProducer<byte[], byte[]> producer, byte[] message) {
        producer.send(new ProducerRecord<>("events", "A".getBytes(StandardCharsets.UTF_8), message));
        sent++;
    }

    private static byte[] tick(int number) {
        return new EventBuilder().start("tick").eventTime(TIME_NS + number).instrument("A").identity("test", number).tradingDay(20260106)
                .set("last_price", 100.5).build();
    }

    /** A tick whose numbers no builder would take. */
    private static byte[] event(long eventTimeNs, double price) {
        byte[] message = tick(-2);
        byte[] priceBytes = bytes(Double.doubleToRawLongBits(100.5));
        for (int at = HEADER_LENGTH; at + Long.BYTES <= message.length; at++) {
            if (Arrays.equals(message, at, at + Long.BYTES, priceBytes, 0, Long.BYTES)) {
                System.arraycopy(bytes(Double.doubleToRawLongBits(price)), 0, message, at, Long.BYTES);
                System.arraycopy(bytes(eventTimeNs), 0, message, HEADER_LENGTH, Long.BYTES);
                return message;
            }
        }
        throw new AssertionError("the price is not in the message");
    }

    private static byte[] negativeCount() {
        byte[] message = new EventBuilder().start("book_snapshot").eventTime(TIME_NS).instrument("A").identity("test", 1).tradingDay(20260106).build();
        int group = HEADER_LENGTH + (message[0] & 0xFF);
        return patch(patch(message, group + 2, 0xFF), group + 3, 0xFF);
    }

    private static byte[] json(long eventTimeNs, String fields) {
        return ("{\"type\":\"tick\",\"event_time\":" + eventTimeNs + ",\"instrument\":\"A\"," + fields + "}").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] bytes(long value) {
        return java.nio.ByteBuffer.allocate(Long.BYTES).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static byte[] patch(byte[] message, int at, int value) {
        byte[] patched = message.clone();
        patched[at] = (byte) value;
        return patched;
    }
}
