package io.qaexchange.job.server.letters;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.annotation.Nullable;

/**
 * Where the messages lie that the job refused. Thread-safe.
 */
public interface DeadLetterSource {

    /** Where it is, for people: "topic dead-letters of Kafka at 127.0.0.1:9092". */
    String place();

    /**
     * Counts all letters, and gives the newest.
     *
     * @param wanted letters that are given; all are counted
     * @param most how many are given; of each only the beginning of its value
     * @throws IOException if they cannot be read, with what to do
     */
    Overview overview(Filter wanted, int most) throws IOException;

    /** The letter about a message, with the whole value that it has. */
    Optional<Letter> find(String position) throws IOException;

    /**
     * Sends messages again to where they lay, each at most once however often this is asked.
     *
     * @param which the letters
     * @param repaired what is sent instead of the message; null: the message as it was
     * @param dryRun whether nothing is sent, and only counted
     */
    Outcome resend(Filter which, @Nullable byte[] repaired, boolean dryRun) throws IOException;

    /**
     * Letters that are wanted.
     *
     * @param reason only with this reason; null for all
     * @param position only the one about this message; null for all
     */
    record Filter(@Nullable String reason, @Nullable String position) {
    }

    /**
     * A letter.
     *
     * @param position the message that it is about, {@code topic-partition@offset}
     * @param reason why it was refused, a word
     * @param detail why, in words
     * @param writtenMs when the letter was written, ms since 1970
     * @param messageMs the message's own time, ms since 1970; null if it is not known
     * @param lengthBytes bytes of the message
     * @param isCut whether the letter has not all of them
     * @param key key of the message; null if it had none
     * @param value the message, or its beginning
     * @param headers headers of the message
     * @param sentAgainAt when the message was sent again; null if it was not
     */
    record Letter(String position, String reason, String detail, long writtenMs, @Nullable Long messageMs, long lengthBytes, boolean isCut,
            @Nullable byte[] key, byte[] value, List<Map.Entry<String, String>> headers, @Nullable String sentAgainAt) {

        public Letter {
            headers = List.copyOf(headers);
        }

        /** This letter, whose message was sent again then; null: it was not. */
        public Letter sentAgain(@Nullable String at) {
            return new Letter(position, reason, detail, writtenMs, messageMs, lengthBytes, isCut, key, value, headers, at);
        }
    }

    /**
     * Letters in numbers, and the newest.
     *
     * @param byReason letters by reason
     * @param sentAgain of them, those whose message was sent again, by reason
     * @param matching letters that are wanted
     * @param newest of these, the newest first
     */
    record Overview(Map<String, Long> byReason, Map<String, Long> sentAgain, long matching, List<Letter> newest) {

        public Overview {
            newest = List.copyOf(newest);
        }
    }

    /**
     * Result of sending again.
     *
     * @param sent messages that were sent, or would be
     * @param earlier those that were sent again earlier
     * @param problems why some cannot be sent, a line each
     */
    record Outcome(long sent, long earlier, List<String> problems) {

        public Outcome {
            problems = List.copyOf(problems);
        }
    }
}
