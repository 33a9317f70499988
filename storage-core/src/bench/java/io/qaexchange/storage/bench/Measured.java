package io.qaexchange.storage.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Work that was measured.
 *
 * @param perSecond operations
 * @param latency in ns
 * @param bytesPerOperation what the thread allocated on the heap
 */
record Measured(double perSecond, Histogram latency, double bytesPerOperation) {
    static final int PREPARED = 64;
    private static final int ROUNDS = 5;

    /** One operation of a contender. */
    interface Operation {
        void run(Contender contender, int i) throws Exception;

        /** Told before every {@link #PREPARED} operations, and not measured. */
        default void prepare() {}
    }

    double micros(double percentile) {
        return latency.getValueAtPercentile(percentile) / 1000.0;
    }

    /** A percentile of each that was measured, NaN for the others. */
    static double[] micros(Measured[] all, double percentile) {
        return Arrays.stream(all).mapToDouble(measured -> measured == null ? Double.NaN : measured.micros(percentile)).toArray();
    }

    static Measured of(Contender contender, int operations, Operation operation) throws Exception {
        Histogram latency = new Histogram(60_000_000_000L, 3);
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long allocated = threads.getThreadAllocatedBytes(thread);
        long nanos = 0;
        for (int first = 0; first < operations; first += PREPARED) {
            operation.prepare();
            int end = Math.min(operations, first + PREPARED);
            long started = System.nanoTime();
            long before = started;
            for (int i = first; i < end; i++) {
                operation.run(contender, i);
                long after = System.nanoTime();
                latency.recordValue(after - before);
                before = after;
            }
            nanos += before - started;
        }
        return new Measured(operations / (nanos / 1e9), latency, (threads.getThreadAllocatedBytes(thread) - allocated) / (double) operations);
    }

    /**
     * All contenders in turn, in several rounds, so that a busy neighbour of this machine meets all of them alike. Per second is that of
     * the median round; latencies are those of all rounds.
     *
     * @param warmUpMillis for each of them first: by time, not by count, since a fast operation is compiled no faster
     */
    static List<Measured> sideBySide(List<? extends Contender> contenders, int operations, long warmUpMillis, Operation operation)
            throws Exception {
        for (Contender contender : contenders) {
            long end = System.nanoTime() + warmUpMillis * 1_000_000;
            for (int i = 0; System.nanoTime() < end; i++) {
                if (i % PREPARED == 0) {
                    operation.prepare();
                }
                operation.run(contender, i);
            }
        }
        List<List<Measured>> rounds = new ArrayList<>();
        contenders.forEach(contender -> rounds.add(new ArrayList<>()));
        for (int round = 0; round < ROUNDS; round++) {
            for (int which = 0; which < contenders.size(); which++) {
                // The first operations fetch back what the others drove out of the processor's caches.
                of(contenders.get(which), operations / ROUNDS / 10, operation);
                rounds.get(which).add(of(contenders.get(which), operations / ROUNDS, operation));
            }
        }
        return rounds.stream().map(Measured::together).toList();
    }

    private static Measured together(List<Measured> rounds) {
        Histogram all = new Histogram(60_000_000_000L, 3);
        rounds.forEach(round -> all.add(round.latency()));
        double median = rounds.stream().mapToDouble(Measured::perSecond).sorted().skip(rounds.size() / 2).findFirst().orElseThrow();
        return new Measured(median, all, rounds.stream().mapToDouble(Measured::bytesPerOperation).min().orElseThrow());
    }
}
