package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.BarBuilder;
import io.qaexchange.job.query.finance.Bars;
import io.qaexchange.job.query.finance.EventBars;
import io.qaexchange.job.query.finance.StoredBars;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.parquet.bar.FileBars;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * Tables of bars for the calls in a query. DuckDB finds the rows, {@link BarBuilder} makes bars of them as they come: they are mostly in the order of
 * instruments and times, where that is several times as fast as grouping them by hashes, and needs memory for bars only.
 *
 * <p>One thread.
 */
final class BarTables {

    private static final long NANOS_PER_MICRO = 1_000;
    private static final long BATCH_ROWS = 32_768;

    private final Connection connection;
    private final Map<BarCall, BarBuilder> builders = new HashMap<>();
    /** Instruments of rows that were added and are in no view, by table. */
    private final Map<String, Set<String>> instruments = new HashMap<>();

    BarTables(Connection connection) {
        this.connection = connection;
    }

    /**
     * Adds the hot rows of a call whose table is not there for anything else, so that they need not go through DuckDB.
     *
     * @return how many they are
     */
    long addHot(BarCall call, RowSource source, RowAccess access) throws Exception {
        Bars bars = call.bars();
        RecordType type = EventSchema.get().table(bars.table());
        RowFilter filter = call.rows().and(access.filter(type));
        StoredBars.Wanted wanted = wanted(call, source.instruments());
        List<FileBars> parts = access.isAll() ? source.hotBars(type, filter, wanted.partSeconds()) : null;
        if (parts != null && wanted.addAll(parts)) {
            Set<String> inParts = instruments.computeIfAbsent(bars.table(), none -> new HashSet<>());
            parts.forEach(each -> inParts.addAll(each.byInstrument().keySet()));
            return parts.stream().mapToLong(FileBars::rows).sum();
        }
        EventBars events = new EventBars(builder(call, source.instruments()), bars, source.instruments());
        Set<String> seen = instruments.computeIfAbsent(bars.table(), none -> new HashSet<>());
        long[] rows = {0};
        source.forEachHotRow(new HotFilter(Map.of(type, filter)), (routeKey, stored) -> {
            if (access.allows(stored.event())) {
                events.add(stored);
                seen.add(routeKey);
                rows[0]++;
            }
        });
        return rows[0];
    }

    /**
     * Adds the bars that files keep in their footers, to all calls of a table that is not there for anything else.
     *
     * @param files files that may have rows
     * @return those of which no row need be read
     */
    Set<DataFile> addStored(List<BarCall> calls, RowSource source, List<DataFile> files) throws SQLException {
        List<StoredBars.Wanted> wanted = calls.stream().map(call -> wanted(call, source.instruments())).toList();
        StoredBars.Added added = appending(calls, appenders -> StoredBars.ofProcess().addTo(wanted, files, source::open, day -> {
            for (int i = 0; i < calls.size(); i++) {
                DuckDBAppender appender = appenders.get(i);
                // No other row can be of that day, and many bars in Java's memory take long to collect.
                wanted.get(i).builder().finishDay(day, bar -> append(appender, bar));
            }
        }));
        instruments.computeIfAbsent(calls.get(0).bars().table(), none -> new HashSet<>()).addAll(added.instruments());
        return added.files();
    }

    /** Instruments of a table of which rows were added that are in no view. */
    Set<String> instrumentsOf(String table) {
        return instruments.getOrDefault(table, Set.of());
    }

    private StoredBars.Wanted wanted(BarCall call, Instruments terms) {
        Bars bars = call.bars();
        return new StoredBars.Wanted(builder(call, terms), call.rows().instruments(), bars.fromNs() == null ? Long.MIN_VALUE : bars.fromNs(),
                bars.toNs() == null ? Long.MAX_VALUE : bars.toNs());
    }

    private BarBuilder builder(BarCall call, Instruments terms) {
        return builders.computeIfAbsent(call, none -> new BarBuilder(call.bars().width(), call.bars().fill(), terms));
    }

    /** Makes the table of a call, of the rows of its view and those that were added. */
    void make(BarCall call, Instruments terms) throws SQLException {
        BarBuilder builder = builder(call, terms);
        try (Statement statement = connection.createStatement(); BufferAllocator allocator = new RootAllocator();
                ArrowRows rows = ArrowRows.of(statement, rows(call), allocator, BATCH_ROWS)) {
            BarRows added = new BarRows(builder);
            while (rows.next()) {
                added.add(rows.batch());
            }
        }
        appending(List.of(call), appenders -> {
            builder.finish(made -> append(appenders.get(0), made));
            return call;
        });
        String bar = call.bars().width().isTradingDay() ? "make_timestamp(begin_us)::DATE" : "make_timestamp(begin_us)::TIMESTAMPTZ";
        execute("CREATE VIEW " + HotTables.SCHEMA + '.' + SqlText.name(call.name()) + " AS SELECT instrument, " + bar
                + " AS bar, open, high, low, close, volume, turnover, vwap, \"rows\" FROM " + HotTables.SCHEMA + '.' + SqlText.name(rawName(call)));
    }

    private static String rawName(BarCall call) {
        return call.name() + "_raw";
    }

    /** Appends bars. */
    @FunctionalInterface
    private interface Appending<T> {
        T to(List<DuckDBAppender> appenders) throws SQLException;
    }

    /** Appends to the tables of calls, which are made if they are not there. One transaction: else each 2,048 rows would be one. */
    private <T> T appending(List<BarCall> calls, Appending<T> bars) throws SQLException {
        List<DuckDBAppender> appenders = new ArrayList<>();
        boolean done = false;
        execute("BEGIN TRANSACTION");
        try {
            for (BarCall call : calls) {
                String raw = rawName(call);
                execute("CREATE TABLE IF NOT EXISTS " + HotTables.SCHEMA + '.' + SqlText.name(raw) + " (instrument VARCHAR, begin_us BIGINT, open DOUBLE, high DOUBLE, "
                        + "low DOUBLE, close DOUBLE, volume DOUBLE, turnover DOUBLE, vwap DOUBLE, \"rows\" BIGINT)");
                appenders.add(connection.unwrap(DuckDBConnection.class).createAppender(HotTables.SCHEMA, raw));
            }
            T answer = bars.to(appenders);
            done = true;
            return answer;
        } finally {
            for (DuckDBAppender appender : appenders) {
                appender.close();
            }
            execute(done ? "COMMIT" : "ROLLBACK");
        }
    }

    private static void append(DuckDBAppender appender, Bar bar) throws SQLException {
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

    private static void append(DuckDBAppender appender, Double value) throws SQLException {
        if (value == null) {
            appender.appendNull();
        } else {
            appender.append((double) value);
        }
    }

    private static String rows(BarCall call) {
        Bars bars = call.bars();
        String price = bars.source().priceColumn();
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
        return "SELECT instrument, coalesce(trading_day, 0), epoch_ns(event_time), source, sequence, " + price + ", "
                + (bars.source().volumeColumn() == null ? "0::DOUBLE" : "coalesce(" + bars.source().volumeColumn() + ", 0)") + " FROM " + bars.table() + where;
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
