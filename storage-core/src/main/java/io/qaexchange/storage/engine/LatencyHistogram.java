package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreHistogram;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts times by size. One thread at a time records, any reads: no step needs to be atomic, and none waits for the stores before it.
 */
final class LatencyHistogram {
    private final AtomicLongArray counts = new AtomicLongArray(StoreHistogram.BUCKETS);
    private final AtomicLong max = new AtomicLong();

    /** @param weight how many values this one stands for */
    void record(long value, int weight) {
        int bucket = StoreHistogram.bucket(value);
        counts.setRelease(bucket, counts.getPlain(bucket) + weight);
        if (value > max.getPlain()) {
            max.setRelease(value);
        }
    }

    StoreHistogram snapshot() {
        long[] copy = new long[StoreHistogram.BUCKETS];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts.getAcquire(i);
        }
        return new StoreHistogram(copy, max.getAcquire());
    }
}
