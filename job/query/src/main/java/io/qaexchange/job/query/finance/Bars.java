package io.qaexchange.job.query.finance;

import static java.util.Objects.requireNonNull;

import io.qaexchange.job.query.SqlText;
import io.qaexchange.parquet.bar.BarTable;
import java.util.Locale;
import javax.annotation.Nullable;

/**
 * Bars: open, high, low, close, volume, turnover, vwap and number of rows of each instrument and interval.
 *
 * <p>A bar is named by its beginning, in UTC; one of a trading day by that day. Open and close are the first and the last row by event time, then
 * source, then sequence, so they are the same on any number of threads. Trades of kind HIDDEN and CROSS count, as their volume does.
 *
 * <p>Immutable.
 *
 * @param table {@code trade} or {@code tick}
 * @param width width of a bar
 * @param instrument the only instrument; null for all
 * @param fromNs event times from here, inclusive; null for no bound
 * @param toNs up to here, exclusive; null for no bound
 * @param fill bars of intervals without rows
 */
public record Bars(String table, Granularity width, @Nullable String instrument, @Nullable Long fromNs, @Nullable Long toNs, Fill fill) {

    /** Bars of intervals without rows, between the first and the last bar of an instrument and trading day. */
    public enum Fill {
        /** None. */
        NONE,
        /** The close of the bar before, volume 0. */
        PREVIOUS,
        /** A price on the straight line from the close of the bar before to the close of the next one, volume 0. */
        LINEAR,
        /** No prices, volume 0. */
        NULL
    }

    public Bars {
        if (BarTable.find(table) == null) {
            throw new IllegalArgumentException(table + " is none of the tables that bars are made of: tick, trade");
        }
        if (fill != Fill.NONE && width.isTradingDay()) {
            throw new IllegalArgumentException("bars of trading days are not filled: a day without rows need not be a trading day");
        }
    }

    /** Where prices and volumes come from. */
    public BarTable source() {
        return requireNonNull(BarTable.find(table));
    }

    /** The query that gives the same bars. */
    public String sql() {
        return "SELECT * FROM bars('" + table + "', '" + width + "', fill := '" + fill.name().toLowerCase(Locale.ROOT) + "'"
                + (fromNs == null ? "" : ", since := " + fromNs) + (toNs == null ? "" : ", until := " + toNs) + ")"
                + (instrument == null ? "" : " WHERE instrument = " + SqlText.quote(instrument)) + " ORDER BY instrument, bar";
    }
}
