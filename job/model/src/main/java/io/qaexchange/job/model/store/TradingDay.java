package io.qaexchange.job.model.store;

/** Trading days as they stand in paths. */
public final class TradingDay {

    private TradingDay() {
    }

    /** {@code yyyymmdd} as {@code yyyy-mm-dd}, the form that readers of partitioned folders take for a date. */
    public static String toIsoDate(int yyyymmdd) {
        return String.format("%04d-%02d-%02d", yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    }
}
