package io.qaexchange.storage;

/**
 * A distribution of times at one moment. Buckets are a quarter of a power of two wide, so a quantile is at most 25% too high. Immutable;
 * the array must not be changed.
 *
 * @param counts by bucket
 * @param max the largest value, exactly
 */
public record StoreHistogram(long[] counts, long max) {
    /** Buckets that hold every positive long. */
    public static final int BUCKETS = 4 * 64;

    /** The bucket of a value. */
    public static int bucket(long value) {
        if (value < 4) {
            return (int) Math.max(0, value);
        }
        int power = 63 - Long.numberOfLeadingZeros(value);
        return 4 * (power - 1) + (int) (value >>> power - 2 & 3);
    }

    /** The largest value of a bucket. */
    public static long upper(int bucket) {
        if (bucket < 4) {
            return bucket;
        }
        int power = bucket / 4 + 1;
        long width = 1L << power - 2;
        return (1L << power) + (bucket % 4 + 1) * width - 1;
    }

    /** How many values there are. */
    public long count() {
        long count = 0;
        for (long of : counts) {
            count += of;
        }
        return count;
    }

    /**
     * A value that this part of all values does not exceed.
     *
     * @param part 0 to 1: 0.999 for the 99.9th percentile
     * @return 0 if there are no values
     */
    public long quantile(double part) {
        if (!(part >= 0 && part <= 1)) {
            throw new IllegalArgumentException("a quantile lies between 0 and 1, found " + part);
        }
        long count = count();
        long wanted = (long) Math.ceil(part * count);
        long seen = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            seen += counts[bucket];
            if (seen >= wanted && seen > 0) {
                return Math.min(max, upper(bucket));
            }
        }
        return 0;
    }
}
