package io.qaexchange.job.query.finance;

import javax.annotation.Nullable;

/**
 * A bar. Immutable.
 *
 * @param beginNs its beginning, ns since 1970; of a bar of a trading day midnight of that day in UTC
 * @param open price of the first row; null, like the other prices, in a bar without rows that is not filled
 * @param turnover sum of price times volume
 * @param vwap turnover by volume; null without volume
 * @param rows number of rows; 0 in a bar that was filled
 */
public record Bar(String instrument, int tradingDay, long beginNs, @Nullable Double open, @Nullable Double high, @Nullable Double low,
        @Nullable Double close, double volume, double turnover, long rows) {

    /** Average price by volume; null without volume. */
    @Nullable
    public Double vwap() {
        return volume > 0 ? turnover / volume : null;
    }

    /** A bar without rows whose prices are all the same. */
    static Bar filled(String instrument, int tradingDay, long beginNs, @Nullable Double price) {
        return new Bar(instrument, tradingDay, beginNs, price, price, price, price, 0, 0, 0);
    }
}
