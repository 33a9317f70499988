package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteThrottleTest {
    private static final long MILLI = 1_000_000;

    @Test
    void nothingIsGuessedBeforeAFlushHasEnded() {
        FlushEstimate estimate = new FlushEstimate();
        assertThat(estimate.remainingNanos(1000, 0)).isZero();
        estimate.begin(1000, 0);
        assertThat(estimate.remainingNanos(1000, 10)).isZero();
    }

    @Test
    void aFlushIsGuessedFromTheSpeedOfThoseBefore() {
        FlushEstimate estimate = new FlushEstimate();
        estimate.begin(64 << 20, 0);
        estimate.end(100 * MILLI);
        estimate.begin(128 << 20, 1000 * MILLI);
        assertThat(estimate.remainingNanos(0, 1050 * MILLI)).isEqualTo(150 * MILLI);
        assertThat(estimate.remainingNanos(0, 1300 * MILLI)).as("late: a tenth of the guess, again and again").isEqualTo(20 * MILLI);
        estimate.end(1300 * MILLI);
        assertThat(estimate.remainingNanos(64 << 20, 0)).as("0.7 of the old speed and 0.3 of the new").isBetween(110 * MILLI, 115 * MILLI);
    }

    /** A writer that could fill the memtable in 20 ms takes the 300 ms of the flush, in pauses of a millisecond. */
    @Test
    void theSpaceThatIsLeftLastsUntilTheFlushEnds() {
        long chunk = 256 << 10;
        long left = 64 << 20;
        long now = 0;
        long longest = 0;
        while (left > 0) {
            long pause = WriteThrottle.owed(chunk, left, Math.max(0, 300 * MILLI - now), 20 * MILLI / 256);
            longest = Math.max(longest, pause);
            now += pause + 20 * MILLI / 256;
            left -= chunk;
        }
        assertThat(now).isBetween(290 * MILLI, 310 * MILLI);
        assertThat(longest).isLessThan(2 * MILLI);
    }

    @Test
    void aWriterThatIsSlowerThanTheFlushDoesNotPause() {
        assertThat(WriteThrottle.owed(256 << 10, 64 << 20, 100 * MILLI, MILLI)).isZero();
        assertThat(WriteThrottle.owed(256 << 10, 0, 100 * MILLI, 0)).isEqualTo(100 * MILLI);
    }
}
