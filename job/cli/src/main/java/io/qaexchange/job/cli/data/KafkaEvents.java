package io.qaexchange.job.cli.data;

import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.job.query.audit.SentEvents;
import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The events in Kafka: every committed message of some topics that is an event and not a dead letter. An event that was sent several times
 * is visited several times; the first one must be stored.
 *
 * <p>Reads Kafka again for each pass. The positions of dead letters are held in memory.
 */
public final class KafkaEvents implements SentEvents {

    private final KafkaConnection kafka;
    private final List<String> topics;
    private final Set<String> refused = new HashSet<>();
    private final EventDecoder decoder = new EventDecoder();
    @Nullable
    private final Map<TopicPartition, Long> upTo;
    private long messages = -1;

    /**
     * The content of these topics.
     *
     * @param deadLetterTopic where the job put what it refused
     * @throws IOException if Kafka does not answer or has no such topic
     */
    public KafkaEvents(KafkaConnection kafka, List<String> topics, String deadLetterTopic) throws IOException {
        this(kafka, topics, deadLetterTopic, null);
    }

    /**
     * The content of these topics up to some offsets.
     *
     * @param upTo by partition the last offset that counts; a partition that is not in it counts for nothing; null for all messages
     */
    public KafkaEvents(KafkaConnection kafka, List<String> topics, String deadLetterTopic, @Nullable Map<TopicPartition, Long> upTo) throws IOException {
        this.kafka = kafka;
        this.topics = List.copyOf(topics);
        this.upTo = upTo == null ? null : Map.copyOf(upTo);
        TopicReader.forEach(kafka, List.of(deadLetterTopic),
                letter -> refused.add(DeadLetterFormat.position(letter.headers())));
    }

    private boolean counts(ConsumerRecord<byte[], byte[]> message) {
        return upTo == null || message.offset() <= upTo.getOrDefault(new TopicPartition(message.topic(), message.partition()), -1L);
    }

    @Override
    public long messages() throws IOException {
        if (messages < 0) {
            long[] count = new long[1];
            TopicReader.forEach(kafka, topics, message -> count[0] += counts(message) ? 1 : 0);
            messages = count[0];
        }
        return messages;
    }

    @Override
    public long duplicates() {
        return -1;
    }

    @Override
    public long deadLetters() {
        return refused.size();
    }

    @Override
    public boolean mayRepeat() {
        return true;
    }

    @Override
    public void forEachStored(Visitor visitor) throws Exception {
        Exception[] failure = new Exception[1];
        TopicReader.forEach(kafka, topics, message -> {
            String position = message.topic() + "-" + message.partition() + "@" + message.offset();
            Decoded decoded = failure[0] != null || !counts(message) || refused.contains(position) ? null : decoder.decode(message.value());
            if (decoded != null && decoded.isAccepted()) {
                try {
                    visitor.accept(decoder.event(),
                            EventIdentity.of(decoder.event(), message.topic(), message.partition(), message.offset()));
                } catch (Exception e) {
                    failure[0] = e;
                }
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
    }
}
