package io.qaexchange.job.cli.data;

import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import javax.annotation.Nullable;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The dead letters of a topic, and sending their messages again. A message is sent in one Kafka transaction with a record in the dead-letter topic
 * that says so ({@value #RESENT}), so it is sent again once, however often and in whatever way the command ends. One thread.
 */
final class DeadLetters {

    /** Header of a record that is no letter: the message of that position was sent again, and when. */
    static final String RESENT = "resent";
    private static final Duration POLL = Duration.ofMillis(500);
    private static final int POLLS = 20;

    private final KafkaConnection kafka;
    private final String topic;

    DeadLetters(KafkaConnection kafka, String topic) {
        this.kafka = kafka;
        this.topic = topic;
    }

    /** Whether a record of a dead-letter topic is a letter, and not the note that one was sent again. */
    static boolean isLetter(Headers headers) {
        return headers.lastHeader(RESENT) == null;
    }

    /**
     * A letter.
     *
     * @param position the message that it is about
     * @param found its record
     * @param resent when the message was sent again; null if it was not
     */
    record Letter(String position, ConsumerRecord<byte[], byte[]> found, @Nullable String resent) {

        String text(String header) {
            return String.valueOf(DeadLetterFormat.text(found.headers(), header));
        }

        boolean isCut() {
            String length = DeadLetterFormat.text(found.headers(), DeadLetterFormat.LENGTH);
            return length != null && Integer.parseInt(length) != found.value().length;
        }
    }

    /** All letters, each position once, in the order of the topic. */
    List<Letter> read() throws IOException {
        Map<String, ConsumerRecord<byte[], byte[]>> letters = new LinkedHashMap<>();
        Map<String, String> resent = new HashMap<>();
        TopicReader.forEach(kafka, List.of(topic), found -> {
            String position = DeadLetterFormat.position(found.headers());
            if (position == null) {
                return;
            }
            if (isLetter(found.headers())) {
                letters.putIfAbsent(position, found);
            } else {
                resent.put(position, DeadLetterFormat.text(found.headers(), RESENT));
            }
        });
        List<Letter> all = new ArrayList<>();
        letters.forEach((position, found) -> all.add(new Letter(position, found, resent.get(position))));
        return all;
    }

    /** Result of sending again: messages sent, sent earlier, and why some could not be sent. */
    record Outcome(long sent, long earlier, List<String> problems) {
    }

    /**
     * Sends messages again to the topic where they lay.
     *
     * @param which the letters
     * @param repaired what is sent instead of the message; null: the message as it was
     */
    Outcome resend(Predicate<Letter> which, @Nullable byte[] repaired) throws IOException {
        Map<String, Object> settings = kafka.client(Map.of(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "resend-" + topic, ProducerConfig.BATCH_SIZE_CONFIG, "0"));
        List<String> problems = new ArrayList<>();
        long sent = 0;
        long earlier = 0;
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            // Ends what another run has begun; only then is it known what was sent.
            producer.initTransactions();
            for (Letter letter : read()) {
                if (!which.test(letter)) {
                    continue;
                }
                if (letter.resent != null) {
                    earlier++;
                    continue;
                }
                byte[] value = repaired != null ? repaired : letter.isCut() ? original(letter) : letter.found.value();
                if (value == null) {
                    problems.add(letter.position + ": the letter is cut and the message is no longer in its topic");
                    continue;
                }
                send(producer, letter, value);
                sent++;
            }
        }
        return new Outcome(sent, earlier, problems);
    }

    private void send(KafkaProducer<byte[], byte[]> producer, Letter letter, byte[] value) {
        boolean keyless = DeadLetterFormat.text(letter.found.headers(), DeadLetterFormat.KEY_MISSING) != null;
        List<Header> headers = DeadLetterFormat.originalHeaders(letter.found.headers());
        Headers note = new RecordHeaders();
        for (String name : List.of(DeadLetterFormat.TOPIC, DeadLetterFormat.PARTITION, DeadLetterFormat.OFFSET)) {
            note.add(letter.found.headers().lastHeader(name));
        }
        note.add(RESENT, Instant.now().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(letter.text(DeadLetterFormat.TOPIC), null, keyless ? null : letter.found.key(), value, headers));
        producer.send(new ProducerRecord<>(topic, null, letter.found.key(), new byte[0], note));
        producer.commitTransaction();
    }

    /** The message where it lay, if it is still there; null if not. */
    @Nullable
    private byte[] original(Letter letter) {
        TopicPartition partition = new TopicPartition(letter.text(DeadLetterFormat.TOPIC), Integer.parseInt(letter.text(DeadLetterFormat.PARTITION)));
        long offset = Long.parseLong(letter.text(DeadLetterFormat.OFFSET));
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.client(Map.of(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1)),
                new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            if (consumer.beginningOffsets(List.of(partition)).get(partition) > offset) {
                return null;
            }
            consumer.seek(partition, offset);
            for (int i = 0; i < POLLS; i++) {
                for (ConsumerRecord<byte[], byte[]> found : consumer.poll(POLL)) {
                    boolean same = found.offset() == offset && DeadLetterFormat.sha256(found.value()).equals(letter.text(DeadLetterFormat.SHA256));
                    return same ? found.value() : null;
                }
            }
            return null;
        }
    }
}
