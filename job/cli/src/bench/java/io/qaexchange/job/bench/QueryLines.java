package io.qaexchange.job.bench;

import java.util.Locale;
import javax.annotation.Nullable;

/** Prints figures of queries beside their targets, and DuckDB's. One thread. */
final class QueryLines {

    /** No target. */
    static final double NONE = Double.NaN;

    /**
     * The most milliseconds that are good; {@link #NONE} where there is no target.
     *
     * @param p50 of half of the requests
     * @param p99 of all but one in a hundred
     */
    record Target(double p50, double p99) {

        static Target p99(double ms) {
            return new Target(NONE, ms);
        }

        private String verdict(Timings timings) {
            String half = Double.isNaN(p50) ? "" : String.format(Locale.ROOT, "p50 <= %.0f: %s ", p50, timings.p50() <= p50 ? "yes" : "NO");
            return half + (Double.isNaN(p99) ? "" : String.format(Locale.ROOT, "p99 <= %.0f: %s", p99, timings.p99() <= p99 ? "yes" : "NO"));
        }
    }

    static final Target NO_TARGET = new Target(NONE, NONE);

    void heading(String name) {
        System.out.printf(Locale.ROOT, "%n%-50s %9s %9s %8s %12s %12s  %s%n", name, "p50 ms", "p99 ms", "count", "DuckDB p50", "ratio of p50", "target");
    }

    /** @param duckDb the same by DuckDB on the same rows; null if there is no such thing */
    void line(String name, Timings timings, Target target, @Nullable Timings duckDb) {
        System.out.printf(Locale.ROOT, "%-50s %9.2f %9.2f %8d %12s %12s  %s%n", name, timings.p50(), timings.p99(), timings.count(),
                duckDb == null ? "" : String.format(Locale.ROOT, "%.2f", duckDb.p50()),
                duckDb == null ? "" : String.format(Locale.ROOT, "%.2f", duckDb.p50() / timings.p50()), target.verdict(timings));
    }

    void fact(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
