package io.qaexchange.job.store;

import io.qaexchange.events.EventView;
import java.io.Serializable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;

/** The trading day that an event counts for: its own, or one derived from its time. Must not change while a job's state lives. */
@FunctionalInterface
public interface TradingDays extends Serializable {

    /** Days of UTC, for events that do not say theirs. */
    TradingDays UTC = event -> event.tradingDay() != 0 ? event.tradingDay() : utcDay(event.eventTime());

    /** The trading day as yyyymmdd. */
    int of(EventView event);

    /** {@code yyyymmdd} as {@code yyyy-mm-dd}, the form that readers of partitioned folders take for a date. */
    static String toIsoDate(int yyyymmdd) {
        return String.format("%04d-%02d-%02d", yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    }

    private static int utcDay(long timeNs) {
        LocalDate day = Instant.ofEpochSecond(Math.floorDiv(timeNs, TimeUnit.SECONDS.toNanos(1))).atZone(ZoneOffset.UTC).toLocalDate();
        return day.getYear() * 10_000 + day.getMonthValue() * 100 + day.getDayOfMonth();
    }
}
