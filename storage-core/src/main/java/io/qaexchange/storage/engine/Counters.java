package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreHistogram;
import io.qaexchange.storage.StoreMetric;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counters since the store was opened. Thread-safe; writes are counted by whoever holds the write lock. */
final class Counters {
    private final Map<StoreMetric, LongAdder> values = new EnumMap<>(StoreMetric.class);
    /** Counters that only the writer changes: no atomic step, which would wait for all stores before it. */
    private final AtomicLong writeOperations = new AtomicLong();
    private final AtomicLong writeUserBytes = new AtomicLong();
    private final LatencyHistogram putLatency = new LatencyHistogram();

    Counters() {
        for (StoreMetric metric : StoreMetric.values()) {
            if (metric.kind() == StoreMetric.Kind.COUNTER) {
                values.put(metric, new LongAdder());
            }
        }
    }

    /** With the write lock held. @param userBytes of keys and values */
    void wrote(int operations, long userBytes) {
        writeOperations.setRelease(writeOperations.getPlain() + operations);
        writeUserBytes.setRelease(writeUserBytes.getPlain() + userBytes);
    }

    /** With the write lock held. @param writes how many writes the measured one stands for */
    void putTook(long nanos, int writes) {
        putLatency.record(nanos, writes);
    }

    void add(StoreMetric counter, long amount) {
        values.get(counter).add(amount);
    }

    void increment(StoreMetric counter) {
        values.get(counter).increment();
    }

    void into(Map<StoreMetric, Long> target) {
        values.forEach((metric, value) -> target.put(metric, value.sum()));
        target.put(StoreMetric.WRITE_OPERATIONS, writeOperations.get());
        target.put(StoreMetric.WRITE_USER_BYTES, writeUserBytes.get());
    }

    StoreHistogram putLatency() {
        return putLatency.snapshot();
    }
}
