package io.qaexchange.storage.engine;

/**
 * Guesses when the flush at hand will end: from how far it has come, and before that can be said from the speed of those before. A flush has two
 * parts: it writes entries, then it syncs and publishes. Nobody can tell how far the second has come, so a flush that is late is guessed to take half as
 * long again as it is late.
 *
 * <p>The same guesses when a compaction of level 0 ends, which does not tell how far it has come.
 *
 * <p>Thread-safe: a flush tells, the writer asks.
 */
final class FlushEstimate {
    /** Weight of the last flush in what is known of those before. */
    private static final double NEWEST = 0.3;
    /** Below this part of its entries a flush is judged by the speed of those before. */
    private static final double TELLING = 0.05;
    /** Part of the time that something is late by already that it is expected to take in addition. */
    private static final double LATER_STILL = 0.5;

    // Guarded by this.
    /** Time to write entries, in flushes that ended; 0 if none has. */
    private double nanosPerByte;
    /** Time from the last entry to the end of the flush. */
    private double tailNanos;
    private boolean known;
    private long bytes;
    private long startedNanos;
    private long writtenNanos;
    private boolean running;
    private boolean written;

    /** Part of the entries that is written, 0 to 1. Volatile: set by the flush, for the writer. */
    private volatile double progress;

    synchronized void begin(long flushBytes, long nowNanos) {
        bytes = Math.max(1, flushBytes);
        startedNanos = nowNanos;
        progress = 0;
        written = false;
        running = true;
    }

    /** @param part of the entries that is written, 0 to 1 */
    void progress(double part) {
        progress = part;
    }

    /** All entries are written; they are synced and published next. */
    synchronized void written(long nowNanos) {
        writtenNanos = nowNanos;
        written = true;
    }

    /** The flush has ended; one that failed teaches nothing. */
    synchronized void end(long nowNanos) {
        running = false;
        if (written) {
            nanosPerByte = average(nanosPerByte, Math.max(1, writtenNanos - startedNanos) / (double) bytes);
            tailNanos = average(tailNanos, nowNanos - writtenNanos);
            known = true;
        }
    }

    private double average(double before, double now) {
        return known ? (1 - NEWEST) * before + NEWEST * now : now;
    }

    /**
     * @param waitingBytes of memtables that wait for a flush that has not begun
     * @return until the flush at hand ends, or the next one; 0 if nothing can be said
     */
    synchronized long remainingNanos(long waitingBytes, long nowNanos) {
        if (!running) {
            return (long) (waitingBytes * nanosPerByte + (waitingBytes > 0 ? tailNanos : 0));
        }
        if (written) {
            return late(tailNanos, nowNanos - writtenNanos);
        }
        double part = progress;
        long elapsed = nowNanos - startedNanos;
        if (part >= TELLING) {
            return (long) (elapsed * (1 - part) / part + tailNanos);
        }
        return known ? late(bytes * nanosPerByte, elapsed) + (long) tailNanos : 0;
    }

    private static long late(double expected, long elapsed) {
        return (long) Math.max(expected - elapsed, LATER_STILL * elapsed);
    }
}
