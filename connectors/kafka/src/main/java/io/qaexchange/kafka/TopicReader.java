package io.qaexchange.kafka;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads topics once, from the beginning to the current end: committed messages only, in order within each partition. */
public final class TopicReader {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration COMMIT_GRACE = Duration.ofSeconds(2);
    private static final long COMMIT_POLL_MS = 50;

    private TopicReader() {
    }

    /**
     * Visits all messages.
     *
     * @throws IOException if Kafka does not answer or has no such topic
     */
    public static void forEach(KafkaConnection kafka, List<String> topics, Consumer<ConsumerRecord<byte[], byte[]>> visitor) throws IOException {
        forEach(kafka, topics, COMMIT_GRACE, visitor);
    }

    /**
     * As {@link #forEach}, without waiting: messages of a transaction that was committed just now may not be among them. While others write to a topic in
     * transactions there is nearly always one that is open, and waiting for it takes its time.
     */
    public static void forEachSoFar(KafkaConnection kafka, List<String> topics, Consumer<ConsumerRecord<byte[], byte[]>> visitor) throws IOException {
        forEach(kafka, topics, Duration.ZERO, visitor);
    }

    private static void forEach(KafkaConnection kafka, List<String> topics, Duration grace, Consumer<ConsumerRecord<byte[], byte[]>> visitor) throws IOException {
        kafka.checkTopics(topics);
        Map<String, Object> properties = kafka.client(Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = topics.stream().flatMap(topic -> consumer.partitionsFor(topic).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = grace.isZero() ? consumer.endOffsets(partitions) : committedEnds(kafka, consumer, partitions, grace);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
                    visitor.accept(message);
                }
            }
        }
    }

    /**
     * Where the committed messages end. A broker says that a transaction is committed before readers see it, so where there is more behind, it is
     * asked again for a moment; what is still behind then belongs to a transaction that is open.
     */
    private static Map<TopicPartition, Long> committedEnds(KafkaConnection kafka, KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions,
            Duration grace) throws IOException {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        try (KafkaConsumer<byte[], byte[]> all = new KafkaConsumer<>(kafka.client(Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_uncommitted")),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            Map<TopicPartition, Long> wanted = all.endOffsets(partitions);
            long deadlineNs = System.nanoTime() + grace.toNanos();
            while (!reaches(ends, wanted) && System.nanoTime() < deadlineNs) {
                TimeUnit.MILLISECONDS.sleep(COMMIT_POLL_MS);
                ends = consumer.endOffsets(partitions);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for committed messages", e);
        }
        return ends;
    }

    private static boolean reaches(Map<TopicPartition, Long> ends, Map<TopicPartition, Long> wanted) {
        return wanted.entrySet().stream().allMatch(end -> ends.get(end.getKey()) >= end.getValue());
    }
}
