package io.qaexchange.job.server.pg;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/**
 * Messages that were read and not carried out yet: a thread of the connection reads ahead, so that a client that goes away, or ends its
 * connection, is noticed while its query runs. Bounded by bytes. Thread-safe.
 */
final class MessageQueue {

    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_MESSAGES = 1_000;

    /** Guarded by this. */
    private final ArrayDeque<PgInput.Message> messages = new ArrayDeque<>();
    /** Guarded by this. */
    private int bytes;
    /** Guarded by this: why no more come, once the messages are used up. */
    private Exception end;
    /** Guarded by this. */
    private boolean ended;

    /** Adds a message, waiting while many are there. */
    synchronized void put(PgInput.Message message) throws InterruptedException {
        while (!ended && !messages.isEmpty() && (bytes + message.body().remaining() > MAX_BYTES || messages.size() >= MAX_MESSAGES)) {
            wait();
        }
        bytes += message.body().remaining();
        messages.add(message);
        notifyAll();
    }

    /** No more come. @param reason null if the client closed the connection in order */
    synchronized void end(@Nullable Exception reason) {
        if (!ended) {
            ended = true;
            end = reason;
            notifyAll();
        }
    }

    /**
     * The next message.
     *
     * @return null after the last one
     * @throws java.util.concurrent.TimeoutException if none comes in time
     */
    @Nullable
    synchronized PgInput.Message take(long timeoutMs) throws Exception {
        long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (messages.isEmpty() && !ended) {
            long leftMs = TimeUnit.NANOSECONDS.toMillis(deadlineNs - System.nanoTime());
            if (leftMs <= 0) {
                throw new java.util.concurrent.TimeoutException("no message in " + timeoutMs + " ms");
            }
            wait(leftMs);
        }
        if (messages.isEmpty()) {
            if (end != null) {
                throw end;
            }
            return null;
        }
        PgInput.Message next = messages.remove();
        bytes -= next.body().remaining();
        notifyAll();
        return next;
    }

    synchronized boolean isEmpty() {
        return messages.isEmpty();
    }
}
