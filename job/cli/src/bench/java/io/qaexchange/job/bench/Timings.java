package io.qaexchange.job.bench;

import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * How long requests took that were made one after the other. Immutable.
 *
 * @param sortedNs each of them, ascending
 */
record Timings(long[] sortedNs) {

    private static final int MOST = 1 << 20;

    /**
     * Makes requests.
     *
     * @param warmUpS for so long they are not counted: a server's code is compiled while it serves
     * @param seconds for so long they are, or for one request if that takes longer
     */
    static Timings of(Callable<?> request, long warmUpS, long seconds) throws Exception {
        long begin = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmUpS);
        do {
            request.call();
        } while (System.nanoTime() < begin);
        long[] times = new long[MOST];
        int count = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        do {
            long began = System.nanoTime();
            request.call();
            times[count++] = System.nanoTime() - began;
        } while (count < MOST && System.nanoTime() < end);
        return ofNanos(Arrays.copyOf(times, count));
    }

    /** Times that were taken elsewhere, at least one. */
    static Timings ofNanos(long[] ns) {
        long[] sorted = ns.clone();
        Arrays.sort(sorted);
        return new Timings(sorted);
    }

    int count() {
        return sortedNs.length;
    }

    /** @param quantile from 0 to 1 */
    double ms(double quantile) {
        return sortedNs[Math.min(sortedNs.length - 1, (int) (sortedNs.length * quantile))] / 1e6;
    }

    double p50() {
        return ms(0.5);
    }

    double p99() {
        return ms(0.99);
    }
}
