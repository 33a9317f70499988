package io.qaexchange.storage.engine;

import java.util.concurrent.locks.LockSupport;

/** Holds compactions to a number of bytes per second, over all of them together. Thread-safe. */
final class RateLimiter {
    private static final long LONGEST_PAUSE_NANOS = 50_000_000;

    private final long bytesPerSecond;
    private long paidUntilNanos = System.nanoTime();
    private final ThreadLocal<Long> lastSeen = ThreadLocal.withInitial(() -> 0L);

    /** @param bytesPerSecond 0 = unlimited */
    RateLimiter(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** @param jobBytes what the job of this thread has written since it began */
    void pace(long jobBytes) {
        if (bytesPerSecond == 0) {
            return;
        }
        long seen = lastSeen.get();
        lastSeen.set(jobBytes);
        long pause = reserve(jobBytes >= seen ? jobBytes - seen : jobBytes);
        boolean interrupted = false;
        while (pause > 0) {
            long part = Math.min(pause, LONGEST_PAUSE_NANOS);
            LockSupport.parkNanos(part);
            // The compaction is the store's, not this thread's: it goes on.
            interrupted |= Thread.interrupted();
            pause -= part;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized long reserve(long bytes) {
        long now = System.nanoTime();
        long cost = (long) (bytes * 1e9 / bytesPerSecond);
        paidUntilNanos = Math.max(paidUntilNanos, now) + cost;
        return paidUntilNanos - now;
    }
}
