package io.qaexchange.job.query.finance;

import io.qaexchange.job.query.SqlText;
import java.util.ArrayList;
import java.util.List;
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
        if (!table.equals("trade") && !table.equals("tick")) {
            throw new IllegalArgumentException("bars are made of trade and tick, not of " + table);
        }
        if (fill != Fill.NONE && width.isTradingDay()) {
            throw new IllegalArgumentException("bars of trading days are not filled: a day without rows need not be a trading day");
        }
    }

    /** The column of prices. */
    public String priceColumn() {
        return table.equals("trade") ? "price" : "last_price";
    }

    /** The column of volumes; null if the rows have none. */
    @Nullable
    public String volumeColumn() {
        return table.equals("trade") ? "volume" : null;
    }

    /** The query. */
    public String sql() {
        boolean trades = table.equals("trade");
        String price = trades ? "price" : "last_price";
        String volume = trades ? "volume" : "0";
        String order = "(event_time, source, sequence)";
        String bar = width.isTradingDay() ? "\"date\"" : "time_bucket(INTERVAL " + width.seconds() + " seconds, event_time_us)";
        List<String> conditions = new ArrayList<>();
        if (instrument != null) {
            conditions.add("instrument = " + SqlText.quote(instrument));
        }
        if (fromNs != null) {
            conditions.add("event_time >= make_timestamp_ns(" + fromNs + ")::TIMESTAMPTZ_NS");
        }
        if (toNs != null) {
            conditions.add("event_time < make_timestamp_ns(" + toNs + ")::TIMESTAMPTZ_NS");
        }
        String where = conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
        String bars = "SELECT instrument, " + bar + " AS bar, any_value(\"date\") AS day, arg_min(" + price + ", " + order + ") AS open, max(" + price
                + ") AS high, min(" + price + ") AS low, arg_max(" + price + ", " + order + ") AS close, sum(" + volume + ") AS volume, sum("
                + volume + " * " + price + ") AS turnover, count(*) AS rows FROM " + table + where + " GROUP BY instrument, 2";
        String columns = "instrument, bar, open, high, low, close, volume, turnover, CASE WHEN volume > 0 THEN turnover / volume END AS vwap, rows";
        if (fill == Fill.NONE) {
            return "SELECT " + columns + " FROM (" + bars + ") ORDER BY instrument, bar";
        }
        String previous = fill == Fill.PREVIOUS
                ? "last_value(close IGNORE NULLS) OVER (PARTITION BY instrument, day ORDER BY bar ROWS UNBOUNDED PRECEDING)" : "NULL";
        return "WITH known AS (" + bars + "), slots AS (SELECT instrument, day, unnest(generate_series(min(bar), max(bar), INTERVAL "
                + width.seconds() + " seconds)) AS bar FROM known GROUP BY instrument, day), filled AS (SELECT slots.instrument, slots.day, slots.bar, "
                + "open, high, low, close, coalesce(volume, 0) AS volume, coalesce(turnover, 0) AS turnover, coalesce(rows, 0) AS rows FROM slots "
                + "LEFT JOIN known ON slots.instrument = known.instrument AND slots.bar = known.bar), priced AS (SELECT *, " + previous
                + " AS before FROM filled) SELECT instrument, bar, coalesce(open, before) AS open, coalesce(high, before) AS high, "
                + "coalesce(low, before) AS low, coalesce(close, before) AS close, volume, turnover, CASE WHEN volume > 0 THEN turnover / volume END "
                + "AS vwap, rows FROM priced ORDER BY instrument, bar";
    }
}
