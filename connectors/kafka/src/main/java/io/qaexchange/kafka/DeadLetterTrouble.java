package io.qaexchange.kafka;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.annotation.Nullable;
import org.apache.flink.util.ExceptionUtils;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Knowledge about a dead-letter topic that did not take a letter. A failed send ends its transaction, and so the task; what was learned must
 * outlive it, or the job would restart for the same letter for ever. So it is static: Flink keeps the job's class loader on a TaskManager
 * over restarts. On another TaskManager it is learned again.
 *
 * <p>Thread-safe.
 */
final class DeadLetterTrouble {

    /** Why a letter was not written. */
    enum Kind {
        /** Longer than the topic allows, whatever its settings said. */
        TOO_LARGE,
        /** The topic is missing, or does not take records from us. */
        REFUSED,
        /** Kafka does not answer. */
        AWAY,
        /** Something else, as a fenced producer: Flink's restart is the answer. */
        OTHER
    }

    private static final long FIRST_PAUSE_MS = 10_000;
    private static final long LONGEST_PAUSE_MS = 600_000;
    private static final Map<String, DeadLetterTrouble> BY_TOPIC = new ConcurrentHashMap<>();

    private long maxRecordBytes = Long.MAX_VALUE;
    private long awaySinceMs = -1;
    private long pauseMs = FIRST_PAUSE_MS;
    private long pausedUntilMs = Long.MIN_VALUE;
    private String reason;

    /** Knowledge about a topic of a Kafka, as one job sees it. */
    static DeadLetterTrouble of(String brokers, String topic, String transactionPrefix) {
        return BY_TOPIC.computeIfAbsent(brokers + " " + topic + " " + transactionPrefix, name -> new DeadLetterTrouble());
    }

    static Kind kind(Throwable failure) {
        if (ExceptionUtils.findThrowable(failure, RecordTooLargeException.class).isPresent()) {
            return Kind.TOO_LARGE;
        }
        for (Class<? extends Throwable> refusal : java.util.List.of(AuthorizationException.class, AuthenticationException.class,
                UnknownTopicOrPartitionException.class, InvalidTopicException.class, PolicyViolationException.class, InvalidRecordException.class)) {
            if (ExceptionUtils.findThrowable(failure, refusal).isPresent()) {
                return Kind.REFUSED;
            }
        }
        return ExceptionUtils.findThrowable(failure, RetriableException.class).isPresent() ? Kind.AWAY : Kind.OTHER;
    }

    /** At most this many bytes, as far as it was learned. */
    synchronized long maxRecordBytes() {
        return maxRecordBytes;
    }

    /** A record of at most that many bytes was too large. Large steps, as each costs a restart. */
    synchronized void tooLarge(long triedBytes) {
        maxRecordBytes = Math.min(maxRecordBytes, triedBytes / 4);
    }

    /** Kafka has not answered; whether that has lasted for longer than it may. */
    synchronized boolean awayTooLong(long nowMs, long mayMs) {
        if (awaySinceMs < 0) {
            awaySinceMs = nowMs;
        }
        return nowMs - awaySinceMs >= mayMs;
    }

    /** The topic does not take letters: it is left alone for a while, longer each time. */
    synchronized void pause(String why, long nowMs) {
        reason = why;
        pausedUntilMs = nowMs + pauseMs;
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }

    /** Why the topic is left alone now; null if it is not. */
    @Nullable
    synchronized String paused(long nowMs) {
        return nowMs < pausedUntilMs ? reason : null;
    }

    /** Letters were written. */
    synchronized void over() {
        awaySinceMs = -1;
        pauseMs = FIRST_PAUSE_MS;
        pausedUntilMs = Long.MIN_VALUE;
    }
}
