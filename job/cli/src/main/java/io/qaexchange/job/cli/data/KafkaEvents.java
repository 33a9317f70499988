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
import java.util.Set;

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
    private long messages = -1;

    /**
     * The content of these topics.
     *
     * @param deadLetterTopic where the job put what it refused
     * @throws IOException if Kafka does not answer or has no such topic
     */
    public KafkaEvents(KafkaConnection kafka, List<String> topics, String deadLetterTopic) throws IOException {
        this.kafka = kafka;
        this.topics = List.copyOf(topics);
        TopicReader.forEach(kafka, List.of(deadLetterTopic),
                letter -> refused.add(DeadLetterFormat.position(letter.headers())));
    }

    @Override
    public long messages() throws IOException {
        if (messages < 0) {
            long[] count = new long[1];
            TopicReader.forEach(kafka, topics, message -> count[0]++);
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
            Decoded decoded = failure[0] != null || refused.contains(position) ? null : decoder.decode(message.value());
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
