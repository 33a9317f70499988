package io.qaexchange.job.server.http;

import io.qaexchange.job.model.live.InstrumentStatistics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Rows per second of each instrument, over half a minute to a minute while somebody asks; over longer if nobody did. Two samples of the counts are kept,
 * however many ask.
 *
 * <p>Thread-safe.
 */
final class InstrumentRates {

    /** Counts are those of the last barrier: over less, a rate would tell of barriers. */
    private static final long PERIOD_MS = 30_000;

    /** Guarded by this. */
    @Nullable
    private Sample former;
    /** Guarded by this. */
    @Nullable
    private Sample last;

    private record Sample(long atMs, Map<String, Long> stored) {
    }

    /** Rows per second of instruments since a sample. Immutable. */
    static final class Rates {
        @Nullable
        private final Sample since;
        private final long nowMs;

        private Rates(@Nullable Sample since, long nowMs) {
            this.since = since;
            this.nowMs = nowMs;
        }

        /** The rate of an instrument; null if there is no sample that is old enough, or the job went back to an earlier point. */
        @Nullable
        Double of(InstrumentStatistics now) {
            if (since == null) {
                return null;
            }
            long rows = now.stored() - since.stored().getOrDefault(now.routeKey(), 0L);
            return rows < 0 ? null : Math.round(rows * 10_000.0 / (nowMs - since.atMs())) / 10.0;
        }
    }

    /**
     * Takes note of the counts.
     *
     * @param now of all instruments
     * @param nowMs the clock, ms since 1970
     */
    synchronized Rates rates(List<InstrumentStatistics> now, long nowMs) {
        if (last != null && nowMs < last.atMs()) {
            // The clock was put back.
            former = null;
            last = null;
        }
        if (last == null || nowMs - last.atMs() >= PERIOD_MS) {
            former = last;
            Map<String, Long> stored = new HashMap<>(now.size() * 2);
            now.forEach(of -> stored.put(of.routeKey(), of.stored()));
            last = new Sample(nowMs, stored);
        }
        return new Rates(former, nowMs);
    }
}
