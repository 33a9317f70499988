package io.qaexchange.job.cli.data;

import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The committed letters of the dead-letter topic.
 *
 * @param letters number of letters
 * @param positions the messages that they are about, {@code topic-partition@offset}
 * @param byReason letters by reason
 */
public record DeadLetterTopic(long letters, Set<String> positions, Map<String, Long> byReason) {

    /** Reads a topic from its beginning to its end. */
    public static DeadLetterTopic read(KafkaConnection kafka, String topic) throws IOException {
        Set<String> positions = new HashSet<>();
        Map<String, Long> byReason = new TreeMap<>();
        long[] letters = new long[1];
        TopicReader.forEach(kafka, List.of(topic), letter -> {
            if (!DeadLetters.isLetter(letter.headers())) {
                return;
            }
            letters[0]++;
            positions.add(DeadLetterFormat.position(letter.headers()));
            byReason.merge(String.valueOf(DeadLetterFormat.text(letter.headers(), DeadLetterFormat.REASON)), 1L, Long::sum);
        });
        return new DeadLetterTopic(letters[0], positions, byReason);
    }
}
