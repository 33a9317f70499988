package io.qaexchange.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.qaexchange.broker.EmbeddedKafka;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The promises of the source's options, against a real broker. */
@Timeout(120)
class EventSourceITCase {

    private static final long TIME_MS = 1_767_657_600_000L;

    @TempDir
    private static Path folder;
    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(folder);
    }

    @AfterAll
    static void stop() {
        kafka.close();
    }

    @Test
    void earliestReadsAllTopicsAndKeepsBytesTimeAndPosition() throws Exception {
        kafka.createTopic("a", 1);
        kafka.createTopic("b", 1);
        send("a", 0, "first", TIME_MS);
        send("b", 0, "second", TIME_MS + 1);

        List<KafkaMessage> read = readAll(List.of("a", "b"), new EventSource.Start.Earliest());

        assertThat(read).extracting(KafkaMessage::topic, KafkaMessage::partition, KafkaMessage::offset, KafkaMessage::timestampMs,
                EventSourceITCase::text).containsExactlyInAnyOrder(
                        tuple("a", 0, 0L, TIME_MS, "first"),
                        tuple("b", 0, 0L, TIME_MS + 1, "second"));
    }

    @Test
    void aTimeBeginsAtTheFirstMessageThatIsNotBefore() throws Exception {
        kafka.createTopic("times", 1);
        for (int i = 0; i < 5; i++) {
            send("times", 0, "at " + i, TIME_MS + i * 1000L);
        }

        List<KafkaMessage> read = readAll(List.of("times"), new EventSource.Start.Timestamp(TIME_MS + 2001));

        assertThat(read).extracting(EventSourceITCase::text).containsExactly("at 3", "at 4");
    }

    @Test
    void latestLeavesOutWhatWasThereBefore() throws Exception {
        kafka.createTopic("latest", 1);
        send("latest", 0, "old", TIME_MS);
        try (CloseableIterator<KafkaMessage> read = read(List.of("latest"), new EventSource.Start.Latest(), false, Map.of());
                Heartbeat ignored = new Heartbeat("latest")) {
            assertThat(text(read.next())).startsWith("beat");
        }
    }

    @Test
    void partitionsAreFoundWhileItRuns() throws Exception {
        kafka.createTopic("growing", 1);
        send("growing", 0, "before", TIME_MS);
        Map<String, String> often = Map.of("partition.discovery.interval.ms", "100");
        try (CloseableIterator<KafkaMessage> read = read(List.of("growing"), new EventSource.Start.Earliest(), false, often)) {
            assertThat(text(read.next())).isEqualTo("before");
            try (Admin admin = Admin.create(KafkaConnection.to(kafka.bootstrapServers()).client(Map.of()))) {
                admin.createPartitions(Map.of("growing", NewPartitions.increaseTo(2))).all().get();
            }
            send("growing", 1, "in the new one", TIME_MS);

            KafkaMessage found = read.next();

            assertThat(text(found)).isEqualTo("in the new one");
            assertThat(found.partition()).isEqualTo(1);
        }
    }

    @Test
    void abortedTransactionsAreNotRead() throws Exception {
        kafka.createTopic("transactions", 1);
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", "test"))) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(message("transactions", 0, "aborted", TIME_MS));
            producer.flush();
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(message("transactions", 0, "committed", TIME_MS));
            producer.commitTransaction();
        }

        List<KafkaMessage> read = readAll(List.of("transactions"), new EventSource.Start.Earliest());

        assertThat(read).extracting(EventSourceITCase::text).containsExactly("committed");
    }

    private static List<KafkaMessage> readAll(List<String> topics, EventSource.Start start) throws Exception {
        List<KafkaMessage> all = new ArrayList<>();
        try (CloseableIterator<KafkaMessage> read = read(topics, start, true, Map.of())) {
            read.forEachRemaining(all::add);
        }
        return all;
    }

    private static CloseableIterator<KafkaMessage> read(List<String> topics, EventSource.Start start, boolean bounded,
            Map<String, String> properties) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1, new Configuration());
        return environment.fromSource(EventSource.of(new EventSource.Options(kafka.bootstrapServers(), topics, start, bounded, properties)),
                WatermarkStrategy.noWatermarks(), "Kafka", new KafkaMessage.Serializer().typeInformation()).executeAndCollect();
    }

    private static void send(String topic, int partition, String text, long timestampMs) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            producer.send(message(topic, partition, text, timestampMs)).get();
        }
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> properties) {
        return new KafkaProducer<>(KafkaConnection.to(kafka.bootstrapServers()).client(new HashMap<>(properties)),
                new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static ProducerRecord<byte[], byte[]> message(String topic, int partition, String text, long timestampMs) {
        return new ProducerRecord<>(topic, partition, timestampMs, null, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(KafkaMessage message) {
        return new String(message.value(), StandardCharsets.UTF_8);
    }

    /** Sends until it is closed: when the source begins to read is not known. */
    private static final class Heartbeat implements AutoCloseable {
        private final Thread thread;
        private volatile boolean closed;

        Heartbeat(String topic) {
            thread = new Thread(() -> {
                try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
                    for (int i = 0; !closed; i++) {
                        producer.send(message(topic, 0, "beat " + i, TIME_MS)).get();
                    }
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            thread.start();
        }

        @Override
        public void close() throws InterruptedException {
            closed = true;
            thread.join();
        }
    }
}
