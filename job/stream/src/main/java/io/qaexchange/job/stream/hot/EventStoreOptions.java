package io.qaexchange.job.stream.hot;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.parquet.ParquetOptions;
import java.io.Serializable;
import java.time.Duration;

/**
 * Settings of the event store.
 *
 * @param archive folder of the archive, a URI of one of Flink's file systems
 * @param minAge event time behind an instrument's clock, or wall time of silence, after which its events are aged
 * @param hotRetention event time that rows stay hot after they are published; older events are refused
 * @param maxFuture how far an event time may be ahead of the wall clock
 * @param window event time whose end closes a batch
 * @param batchBytes aged stored bytes of a subtask that make a batch before its window is over
 * @param minBatchBytes a window with less waits for the next
 * @param maxWait how long it waits, in event time or in silence
 * @param checkInterval wall time between two looks at what has aged
 * @param sliceBudget task-thread time that writing files takes at once
 * @param parquet how files are written
 * @param instruments which trading day an event counts for; must give the same days as long as the state lives
 */
public record EventStoreOptions(String archive, Duration minAge, Duration hotRetention, Duration maxFuture, Duration window,
        long batchBytes, long minBatchBytes, Duration maxWait, Duration checkInterval, Duration sliceBudget, ParquetOptions parquet,
        Instruments instruments) implements Serializable {

    public EventStoreOptions {
        requireNonNull(archive, "archive");
        requirePositive(window, "window");
        requirePositive(checkInterval, "checkInterval");
        requirePositive(sliceBudget, "sliceBudget");
        requireNonNull(parquet, "parquet");
        requireNonNull(instruments, "instruments");
        if (hotRetention.compareTo(minAge) < 0) {
            throw new IllegalArgumentException("hot retention " + hotRetention + " is shorter than the minimum age " + minAge
                    + ": rows must stay hot until they are archived");
        }
        if (minBatchBytes > batchBytes) {
            throw new IllegalArgumentException("min batch bytes " + minBatchBytes + " are more than batch bytes " + batchBytes);
        }
    }

    private static void requirePositive(Duration duration, String name) {
        if (duration.isZero() || duration.isNegative()) {
            throw new IllegalArgumentException(name + " must be positive: " + duration);
        }
    }
}
