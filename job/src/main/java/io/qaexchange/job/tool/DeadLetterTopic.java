package io.qaexchange.job.tool;

import io.qaexchange.kafka.DeadLetterSink;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * What lies in the dead-letter topic, committed.
 *
 * @param letters number of letters
 * @param positions the messages that they are about, {@code topic-partition@offset}
 * @param byReason letters by reason
 */
record DeadLetterTopic(long letters, Set<String> positions, Map<String, Long> byReason) {

    private static final Duration POLL = Duration.ofMillis(200);

    /** Reads a topic from its beginning to its end. */
    static DeadLetterTopic read(String brokers, String topic) {
        Map<String, Object> properties = new HashMap<>();
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        Set<String> positions = new HashSet<>();
        Map<String, Long> byReason = new TreeMap<>();
        long letters = 0;
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(info -> new TopicPartition(topic, info.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                for (ConsumerRecord<byte[], byte[]> letter : consumer.poll(POLL)) {
                    letters++;
                    positions.add(new String(letter.key(), StandardCharsets.UTF_8));
                    Header reason = letter.headers().lastHeader(DeadLetterSink.REASON);
                    byReason.merge(new String(reason.value(), StandardCharsets.UTF_8), 1L, Long::sum);
                }
            }
        }
        return new DeadLetterTopic(letters, positions, byReason);
    }
}
