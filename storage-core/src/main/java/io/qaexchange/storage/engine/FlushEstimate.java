package io.qaexchange.storage.engine;

/**
 * Guesses when the flush at hand will end, from the speed of those before. Thread-safe: a flush tells, the writer asks.
 */
final class FlushEstimate {
    /** A flush that takes longer than was guessed is guessed to take this part of the guess longer, whenever one asks. */
    private static final double LEAST_LEFT = 0.1;
    /** Weight of the last flush in the speed. */
    private static final double NEWEST = 0.3;

    // Guarded by this.
    private double bytesPerNano;
    private long bytes;
    private long startedNanos;
    private boolean running;

    synchronized void begin(long flushBytes, long nowNanos) {
        bytes = flushBytes;
        startedNanos = nowNanos;
        running = true;
    }

    synchronized void end(long nowNanos) {
        running = false;
        double speed = bytes / (double) Math.max(1, nowNanos - startedNanos);
        bytesPerNano = bytesPerNano == 0 ? speed : (1 - NEWEST) * bytesPerNano + NEWEST * speed;
    }

    /**
     * @param waitingBytes of memtables that wait for a flush, or are in the one that runs
     * @return until the next flush ends; 0 if none has ended yet, so that nothing is known
     */
    synchronized long remainingNanos(long waitingBytes, long nowNanos) {
        if (bytesPerNano == 0) {
            return 0;
        }
        double whole = (running ? bytes : waitingBytes) / bytesPerNano;
        double left = running ? whole - (nowNanos - startedNanos) : whole;
        return (long) Math.max(left, LEAST_LEFT * whole);
    }
}
