package io.qaexchange.job.query.sql;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.BarBuilder;
import io.qaexchange.job.query.finance.Bars;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * Tables of bars for the calls in a query. DuckDB makes one row of all rows of an instrument, trading day and minute, or of a shorter time that divides the
 * width; {@link BarBuilder} makes bars of these.
 *
 * <p>One thread.
 */
final class BarTables {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final byte[] NO_SOURCE = {};
    private static final int SECONDS_PER_MINUTE = 60;

    private final Connection connection;

    BarTables(Connection connection) {
        this.connection = connection;
    }

    /** Makes the table of a call. */
    void make(BarCall call, Instruments instruments) throws SQLException {
        BarBuilder builder = new BarBuilder(call.bars().width(), call.bars().fill(), instruments);
        try (Statement statement = connection.createStatement(); ResultSet parts = statement.executeQuery(parts(call))) {
            while (parts.next()) {
                builder.add(parts.getString(1), parts.getInt(2), parts.getLong(3), NO_SOURCE, 0, parts.getDouble(4), parts.getDouble(5), parts.getDouble(6),
                        parts.getDouble(7), parts.getDouble(8), parts.getDouble(9), parts.getLong(10));
            }
        }
        String raw = call.name() + "_raw";
        String table = HotTables.SCHEMA + '.' + SqlText.name(raw);
        execute("CREATE TABLE " + table + " (instrument VARCHAR, begin_us BIGINT, open DOUBLE, high DOUBLE, low DOUBLE, close DOUBLE, volume DOUBLE, "
                + "turnover DOUBLE, vwap DOUBLE, \"rows\" BIGINT)");
        try (DuckDBAppender appender = connection.unwrap(DuckDBConnection.class).createAppender(HotTables.SCHEMA, raw)) {
            for (Bar bar : builder.finish()) {
                appender.beginRow();
                appender.append(bar.instrument());
                appender.append(Math.floorDiv(bar.beginNs(), NANOS_PER_MICRO));
                append(appender, bar.open());
                append(appender, bar.high());
                append(appender, bar.low());
                append(appender, bar.close());
                append(appender, bar.volume());
                append(appender, bar.turnover());
                append(appender, bar.vwap());
                appender.append(bar.rows());
                appender.endRow();
            }
            appender.flush();
        }
        String bar = call.bars().width().isTradingDay() ? "make_timestamp(begin_us)::DATE" : "make_timestamp(begin_us)::TIMESTAMPTZ";
        execute("CREATE VIEW " + HotTables.SCHEMA + '.' + SqlText.name(call.name()) + " AS SELECT instrument, " + bar
                + " AS bar, open, high, low, close, volume, turnover, vwap, \"rows\" FROM " + table);
    }

    private static void append(DuckDBAppender appender, Double value) throws SQLException {
        if (value == null) {
            appender.appendNull();
        } else {
            appender.append((double) value);
        }
    }

    private static String parts(BarCall call) {
        Bars bars = call.bars();
        String price = bars.priceColumn();
        String volume = bars.volumeColumn() == null ? "0" : "coalesce(" + bars.volumeColumn() + ", 0)";
        String order = "(event_time, source, sequence)";
        int seconds = bars.width().isTradingDay() ? 0
                : BigInteger.valueOf(bars.width().seconds()).gcd(BigInteger.valueOf(SECONDS_PER_MINUTE)).intValueExact();
        String part = "time_bucket(INTERVAL " + seconds + " seconds, event_time_us)";
        StringBuilder where = new StringBuilder(" WHERE " + price + " IS NOT NULL");
        if (call.rows().instruments() != null) {
            where.append(" AND instrument IN (").append(call.rows().instruments().stream().map(SqlText::quote).collect(Collectors.joining(", ", "", "")))
                    .append(call.rows().instruments().isEmpty() ? "NULL)" : ")");
        }
        if (bars.fromNs() != null) {
            where.append(" AND event_time >= make_timestamp_ns(").append(bars.fromNs()).append(")::TIMESTAMPTZ_NS");
        }
        if (bars.toNs() != null) {
            where.append(" AND event_time < make_timestamp_ns(").append(bars.toNs()).append(")::TIMESTAMPTZ_NS");
        }
        return "SELECT instrument, trading_day, " + (seconds == 0 ? "0" : "epoch_us(" + part + ") * 1000") + ", arg_min(" + price + ", " + order + "), max(" + price + "), min(" + price
                + "), arg_max(" + price + ", " + order + "), fsum(" + volume + "), fsum(" + volume + " * " + price + "), count(*) FROM " + bars.table() + where
                + " GROUP BY instrument, trading_day" + (seconds == 0 ? "" : ", " + part);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
