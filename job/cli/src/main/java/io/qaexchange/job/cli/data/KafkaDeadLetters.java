package io.qaexchange.job.cli.data;

import io.qaexchange.job.server.letters.DeadLetterSource;
import io.qaexchange.kafka.DeadLetterFormat;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import javax.annotation.Nullable;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;

/**
 * The dead letters of a topic for the query server: what {@code bin/dead-letters} does, for its users.
 *
 * <p>The topic is read once, from its beginning, for each look, and twice for sending again; by one at a time. Memory: the positions of all letters, and
 * those that are given.
 *
 * <p>Thread-safe.
 */
public final class KafkaDeadLetters implements DeadLetterSource {

    private static final int PREVIEW_BYTES = 1 << 10;

    private final KafkaConnection kafka;
    private final String topic;
    private final DeadLetters letters;

    public KafkaDeadLetters(KafkaConnection kafka, String topic) {
        this.kafka = kafka;
        this.topic = topic;
        this.letters = new DeadLetters(kafka, topic);
    }

    @Override
    public String place() {
        return "topic " + topic + " of Kafka at " + kafka.brokers();
    }

    /** Work with Kafka. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    private synchronized <T> T withKafka(Work<T> work) throws IOException {
        try {
            return work.run();
        } catch (KafkaException e) {
            throw new IOException(place() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Overview overview(Filter wanted, int most) throws IOException {
        Map<String, Long> byReason = new TreeMap<>();
        Map<String, String> reasons = new HashMap<>();
        Deque<Letter> newest = new ArrayDeque<>();
        long[] matching = new long[1];
        Predicate<DeadLetters.Letter> isWanted = filter(wanted);
        return withKafka(() -> {
            Map<String, String> resent = letters.forEachOnce(true, letter -> {
                String reason = letter.text(DeadLetterFormat.REASON).intern();
                byReason.merge(reason, 1L, Long::sum);
                reasons.put(letter.position(), reason);
                if (isWanted.test(letter)) {
                    matching[0]++;
                    newest.addFirst(letter(letter, PREVIEW_BYTES));
                    if (newest.size() > most) {
                        newest.removeLast();
                    }
                }
            });
            Map<String, Long> sentAgain = new TreeMap<>();
            resent.keySet().stream().filter(reasons::containsKey).forEach(position -> sentAgain.merge(reasons.get(position), 1L, Long::sum));
            return new Overview(byReason, sentAgain, matching[0], newest.stream().map(letter -> letter.sentAgain(resent.get(letter.position()))).toList());
        });
    }

    @Override
    public Optional<Letter> find(String position) throws IOException {
        Letter[] found = new Letter[1];
        return withKafka(() -> {
            Map<String, String> resent = letters.forEachOnce(false, letter -> {
                if (letter.position().equals(position)) {
                    found[0] = letter(letter, Integer.MAX_VALUE);
                }
            });
            return Optional.ofNullable(found[0]).map(letter -> letter.sentAgain(resent.get(position)));
        });
    }

    @Override
    public Outcome resend(Filter which, @Nullable byte[] repaired, boolean dryRun) throws IOException {
        return withKafka(() -> {
            DeadLetters.Outcome outcome = dryRun ? letters.plan(filter(which), repaired) : letters.resend(filter(which), repaired);
            return new Outcome(outcome.sent(), outcome.earlier(), outcome.problems());
        });
    }

    private static Predicate<DeadLetters.Letter> filter(Filter wanted) {
        return letter -> (wanted.reason() == null || letter.text(DeadLetterFormat.REASON).equals(wanted.reason()))
                && (wanted.position() == null || letter.position().equals(wanted.position()));
    }

    private static Letter letter(DeadLetters.Letter letter, int mostBytes) {
        byte[] value = letter.found().value();
        String time = DeadLetterFormat.text(letter.found().headers(), DeadLetterFormat.TIMESTAMP);
        boolean keyless = DeadLetterFormat.text(letter.found().headers(), DeadLetterFormat.KEY_MISSING) != null;
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (Header header : DeadLetterFormat.originalHeaders(letter.found().headers())) {
            headers.add(Map.entry(header.key(), header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8)));
        }
        return new Letter(letter.position(), letter.text(DeadLetterFormat.REASON), letter.text(DeadLetterFormat.DETAIL), letter.found().timestamp(),
                time == null ? null : Long.valueOf(time), Long.parseLong(letter.text(DeadLetterFormat.LENGTH)), letter.isCut(), keyless ? null : letter.found().key(),
                value.length > mostBytes ? Arrays.copyOf(value, mostBytes) : value, headers, letter.resent());
    }
}
