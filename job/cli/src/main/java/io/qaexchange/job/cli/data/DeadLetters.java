package io.qaexchange.job.cli.data;

import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
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

    /**
     * Visits all letters, each position once, in the order of the topic. The topic is read twice, so that no more than the positions is kept in memory:
     * whether a message was sent again stands behind its letter.
     */
    void forEach(Consumer<Letter> visitor) throws IOException {
        Map<String, String> resent = new HashMap<>();
        TopicReader.forEach(kafka, List.of(topic), found -> note(found, resent));
        Set<String> seen = new HashSet<>();
        TopicReader.forEachSoFar(kafka, List.of(topic), found -> visit(found, seen, resent, visitor));
    }

    /**
     * As {@link #forEach}, in one reading: whether a letter's message was sent again is not known yet when the letter is visited.
     *
     * @param soFar whether to go without what was committed just now: of use while the job writes letters all the time
     * @return when messages were sent again, by position
     */
    Map<String, String> forEachOnce(boolean soFar, Consumer<Letter> visitor) throws IOException {
        Map<String, String> resent = new HashMap<>();
        Set<String> seen = new HashSet<>();
        Consumer<ConsumerRecord<byte[], byte[]>> each = found -> {
            note(found, resent);
            visit(found, seen, Map.of(), visitor);
        };
        if (soFar) {
            TopicReader.forEachSoFar(kafka, List.of(topic), each);
        } else {
            TopicReader.forEach(kafka, List.of(topic), each);
        }
        return resent;
    }

    private static void note(ConsumerRecord<byte[], byte[]> found, Map<String, String> resent) {
        String position = DeadLetterFormat.position(found.headers());
        if (position != null && !isLetter(found.headers())) {
            resent.put(position, DeadLetterFormat.text(found.headers(), RESENT));
        }
    }

    private static void visit(ConsumerRecord<byte[], byte[]> found, Set<String> seen, Map<String, String> resent, Consumer<Letter> visitor) {
        String position = DeadLetterFormat.position(found.headers());
        if (position != null && isLetter(found.headers()) && seen.add(position)) {
            visitor.accept(new Letter(position, found, resent.get(position)));
        }
    }

    /** All letters, as {@link #forEach} visits them. */
    List<Letter> read() throws IOException {
        List<Letter> all = new ArrayList<>();
        forEach(all::add);
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
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            // Ends what another run has begun; only then is it known what was sent. A run that begins later ends this one before it reads.
            producer.initTransactions();
            return each(which, repaired, (letter, value) -> send(producer, letter, value));
        }
    }

    /** The outcome that {@link #resend} would have now; nothing is sent. */
    Outcome plan(Predicate<Letter> which, @Nullable byte[] repaired) throws IOException {
        return each(which, repaired, (letter, value) -> { });
    }

    private Outcome each(Predicate<Letter> which, @Nullable byte[] repaired, BiConsumer<Letter, byte[]> sender) throws IOException {
        List<String> problems = new ArrayList<>();
        long[] sent = new long[1];
        long[] earlier = new long[1];
        forEach(letter -> {
            if (!which.test(letter)) {
                return;
            }
            if (letter.resent != null) {
                earlier[0]++;
                return;
            }
            byte[] value = repaired != null ? repaired : letter.isCut() ? original(letter) : letter.found.value();
            if (value == null) {
                problems.add(letter.position + ": the letter is cut and the message is no longer in its topic");
                return;
            }
            sender.accept(letter, value);
            sent[0]++;
        });
        return new Outcome(sent[0], earlier[0], problems);
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
