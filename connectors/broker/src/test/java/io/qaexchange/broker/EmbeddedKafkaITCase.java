package io.qaexchange.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class EmbeddedKafkaITCase {

    private static final int PARTITIONS = 100;

    @TempDir
    private Path folder;

    /** By a producer that does not try again: a partition that nobody leads yet would refuse its record. */
    @Test
    void allPartitionsOfATopicThatWasCreatedTakeRecords() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder);
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of("bootstrap.servers", kafka.bootstrapServers(), "retries", "0", "enable.idempotence", "false"),
                        new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String topic : List.of("first", "second", "third")) {
                kafka.createTopic(topic, PARTITIONS);

                List<Future<RecordMetadata>> sent = new ArrayList<>();
                for (int partition = 0; partition < PARTITIONS; partition++) {
                    sent.add(producer.send(new ProducerRecord<>(topic, partition, null, new byte[] {1})));
                }
                for (Future<RecordMetadata> record : sent) {
                    assertThat(record.get().offset()).isZero();
                }
            }
        }
    }

    @Test
    void aTopicThatExistsIsNotCreatedAgain() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder)) {
            kafka.createTopic("events", 1);

            assertThatThrownBy(() -> kafka.createTopic("events", 1)).isInstanceOf(IOException.class)
                    .hasMessageContaining("topic events was not created").hasMessageContaining("already exists");
        }
    }

    /** Kafka takes its folder from a list, at commas and without white space at the ends. */
    @ParameterizedTest
    @ValueSource(strings = {"with space", "a, b", "100%20 [x] #1 ö", "ends with a space "})
    void anyNameOfAFolderWillDo(String name) throws Exception {
        Path data = folder.resolve(name);
        for (int run = 0; run < 2; run++) {
            try (EmbeddedKafka kafka = EmbeddedKafka.start(data)) {
                kafka.createTopic("events-" + run, 1);
            }
        }

        assertThat(data.resolve("events-0-0")).isDirectory();
        assertThat(data.resolve("events-1-0")).isDirectory();
        try (Stream<Path> entries = Files.list(folder)) {
            assertThat(entries).containsExactly(data);
        }
    }

    /** With Kafka's default, messages of a day that is over would go at the first look for old ones. */
    @Test
    void messagesOfLongAgoAreKept() throws Exception {
        Map<String, String> looksOften = Map.of("log.retention.check.interval.ms", "20", "log.initial.task.delay.ms", "0");
        TopicPartition kept = new TopicPartition("kept", 0);
        TopicPartition brief = new TopicPartition("brief", 0);
        try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, looksOften)) {
            Map<String, Object> client = Map.of("bootstrap.servers", kafka.bootstrapServers());
            try (Admin admin = Admin.create(client);
                    KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(client, new ByteArraySerializer(), new ByteArraySerializer())) {
                EmbeddedKafka.createTopic(admin, kept.topic(), 1, Map.of());
                EmbeddedKafka.createTopic(admin, brief.topic(), 1, Map.of("retention.ms", "1"));
                for (TopicPartition partition : List.of(kept, brief)) {
                    producer.send(new ProducerRecord<>(partition.topic(), 0, 1L, null, new byte[] {1})).get();
                }

                long deadlineNs = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                while (earliest(admin, brief) == 0 && System.nanoTime() < deadlineNs) {
                    Thread.onSpinWait();
                }

                assertThat(earliest(admin, brief)).as("the broker has looked for old messages").isEqualTo(1);
                assertThat(earliest(admin, kept)).isZero();
            }
        }
    }

    private static long earliest(Admin admin, TopicPartition partition) throws Exception {
        return admin.listOffsets(Map.of(partition, OffsetSpec.earliest())).partitionResult(partition).get().offset();
    }

    /** Between the moment that a port is found free and that in which the broker listens, another process may take it. */
    @Test
    void aPortThatIsTakenMeanwhileIsNotTheLastWord() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")); ServerSocket free = new ServerSocket(0); ServerSocket other = new ServerSocket(0)) {
            List<List<Integer>> found = new ArrayList<>(List.of(List.of(taken.getLocalPort(), other.getLocalPort()), List.of(free.getLocalPort(), other.getLocalPort())));
            free.close();
            other.close();
            try (EmbeddedKafka kafka = EmbeddedKafka.start(folder, Map.of(), () -> found.remove(0))) {
                kafka.createTopic("events", 1);
                assertThat(kafka.bootstrapServers()).isEqualTo("127.0.0.1:" + free.getLocalPort());
            }
            assertThat(found).isEmpty();
        }
    }
}
