package io.qaexchange.events.generator;

import java.time.LocalDate;
import java.time.ZoneId;

/**
 * One trading day of the exchanges in Shanghai: a night session on the evening before (21:00 to 02:30), then 09:00 to 11:30 and
 * 13:00 to 15:00. Immutable.
 *
 * <p>Progress, 0 to 1, is how much of the hours of trading is over.
 */
final class TradingSession implements MarketHours {

    private static final long NANOS_PER_MINUTE = 60_000_000_000L;
    private static final int[] START_MINUTES = {-3 * 60, 9 * 60, 13 * 60};
    private static final int[] LENGTH_MINUTES = {330, 150, 120};
    private static final int TOTAL_MINUTES = 600;
    private static final int MAX_GAP_NS = 1000;

    private final long midnightNs;
    private final LocalDate day;

    /** The trading day that ends on that date. */
    TradingSession(LocalDate day) {
        this.day = day;
        this.midnightNs = day.atStartOfDay(ZoneId.of("Asia/Shanghai")).toEpochSecond() * 1_000_000_000L;
    }

    @Override
    public LocalDate day() {
        return day;
    }

    /** Half an hour before the night session: accounts are opened. */
    @Override
    public long openingNs() {
        return midnightNs + (START_MINUTES[0] - 30) * NANOS_PER_MINUTE;
    }

    /** Fifteen minutes after the end: settlement. */
    @Override
    public long closingNs() {
        return midnightNs + (15 * 60 + 15) * NANOS_PER_MINUTE;
    }

    @Override
    public long timeNs(double progress) {
        double minutes = progress * TOTAL_MINUTES;
        int session = 0;
        while (session < LENGTH_MINUTES.length - 1 && minutes >= LENGTH_MINUTES[session]) {
            minutes -= LENGTH_MINUTES[session++];
        }
        return midnightNs + START_MINUTES[session] * NANOS_PER_MINUTE + (long) (minutes * NANOS_PER_MINUTE);
    }

    @Override
    public boolean isNight(double progress) {
        return progress * TOTAL_MINUTES < LENGTH_MINUTES[0];
    }

    @Override
    public long gapNs(Prng random) {
        return 1 + random.nextInt(MAX_GAP_NS);
    }
}
