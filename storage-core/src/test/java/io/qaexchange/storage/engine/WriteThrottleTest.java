package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteThrottleTest {
    private static final long MILLI = 1_000_000;

    @Test
    void nothingIsGuessedBeforeAFlushHasEndedOrComeSomeWay() {
        FlushEstimate estimate = new FlushEstimate();
        assertThat(estimate.remainingNanos(1000, 0)).isZero();
        estimate.begin(1000, 0);
        assertThat(estimate.remainingNanos(1000, 10)).isZero();
        estimate.progress(0.25);
        assertThat(estimate.remainingNanos(1000, 100)).isEqualTo(300);
    }

    @Test
    void aFlushIsGuessedFromTheSpeedOfThoseBeforeAndThenFromItsOwn() {
        FlushEstimate estimate = new FlushEstimate();
        flush(estimate, 64 << 20, 80 * MILLI, 20 * MILLI);
        estimate.begin(128 << 20, 1000 * MILLI);
        assertThat(estimate.remainingNanos(0, 1000 * MILLI)).as("160 ms of writing, 20 ms of syncing").isEqualTo(180 * MILLI);
        estimate.progress(0.5);
        assertThat(estimate.remainingNanos(0, 1200 * MILLI)).as("slower than those before").isEqualTo(220 * MILLI);
        estimate.written(1400 * MILLI);
        assertThat(estimate.remainingNanos(0, 1405 * MILLI)).isEqualTo(15 * MILLI);
        assertThat(estimate.remainingNanos(0, 1500 * MILLI)).as("late: half as long again").isEqualTo(50 * MILLI);
        estimate.end(1500 * MILLI);
        assertThat(estimate.remainingNanos(64 << 20, 0)).as("0.7 of those before and 0.3 of the last: 80 and 200 ms of writing, 20 and 100 of syncing")
                .isBetween(159 * MILLI, 161 * MILLI);
    }

    @Test
    void aFlushThatFailsTeachesNothing() {
        FlushEstimate estimate = new FlushEstimate();
        flush(estimate, 64 << 20, 80 * MILLI, 20 * MILLI);
        estimate.begin(64 << 20, 0);
        estimate.end(MILLI);
        assertThat(estimate.remainingNanos(64 << 20, 0)).isEqualTo(100 * MILLI);
    }

    private static void flush(FlushEstimate estimate, long bytes, long writingNanos, long syncingNanos) {
        estimate.begin(bytes, 0);
        estimate.written(writingNanos);
        estimate.end(writingNanos + syncingNanos);
    }

    /** A writer that could fill the space in 20 ms takes the 300 ms of the flush, in even steps. */
    @Test
    void theSpaceThatIsLeftLastsUntilTheFlushEnds() {
        long chunk = 256 << 10;
        long left = 64 << 20;
        double now = 0;
        double longest = 0;
        while (left > 0 && now < 300 * MILLI) {
            double step = Math.max(20.0 * MILLI / 256, chunk * WriteThrottle.nanosPerByte((long) Math.max(0, 300 * MILLI - now), left, 16 << 20, chunk));
            longest = Math.max(longest, step);
            now += step;
            left -= chunk;
        }
        assertThat(now).isBetween(290.0 * MILLI, 310.0 * MILLI);
        assertThat(left).isLessThan(8 << 20);
        assertThat(longest).isLessThan(2.0 * MILLI);
    }

    /** A flush that takes ten times as long as those before: the guesses grow with it, so the writer still has space after four times as long. */
    @Test
    void spaceLastsThoughAFlushIsLate() {
        FlushEstimate estimate = new FlushEstimate();
        flush(estimate, 64 << 20, 80 * MILLI, 20 * MILLI);
        estimate.begin(64 << 20, 0);
        estimate.written(80 * MILLI);
        long chunk = 256 << 10;
        long left = 64 << 20;
        double now = 80 * MILLI;
        while (left > chunk && now < 400 * MILLI) {
            now += Math.max(0.1 * MILLI, chunk * WriteThrottle.nanosPerByte(estimate.remainingNanos(0, (long) now), left, 16 << 20, chunk));
            left -= chunk;
        }
        assertThat(left).isGreaterThan(chunk);
    }

    @Test
    void aWriterThatIsSlowerThanTheFlushIsNotHeldBack() {
        assertThat((256 << 10) * WriteThrottle.nanosPerByte(100 * MILLI, 64 << 20, 16 << 20, 256 << 10)).as("less than the millisecond that a chunk takes")
                .isLessThan(MILLI);
        assertThat(WriteThrottle.nanosPerByte(100 * MILLI, 0, 16 << 20, 1000)).as("no space: the whole flush").isEqualTo(100 * MILLI / 1000.0);
    }
}
