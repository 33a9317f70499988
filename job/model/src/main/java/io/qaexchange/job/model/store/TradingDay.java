package io.qaexchange.job.model.store;

import java.time.LocalDate;

/** Trading days, yyyymmdd, as they stand in paths and as dates. */
public final class TradingDay {

    private TradingDay() {
    }

    /** {@code yyyymmdd} as a date. */
    public static LocalDate toDate(int yyyymmdd) {
        return LocalDate.of(yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    }

    /** {@code yyyymmdd} as {@code yyyy-mm-dd}, the form that readers of partitioned folders take for a date. */
    public static String toIsoDate(int yyyymmdd) {
        return String.format("%04d-%02d-%02d", yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    }
}
