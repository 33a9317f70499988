package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.job.query.SqlText;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The macros beside programs that are obviously right, on rows with many equal times, in both kinds of database. */
class MacrosTest {

    private static final List<String> INSTRUMENTS = List.of("A", "B");
    private static final long WIDTH_US = 60_000_000;

    @TempDir
    private Path folder;
    /** Used for one query after the other. */
    private SqlDatabase database;
    private List<Row> trades;
    private List<Row> ticks;

    /** A trade or tick; prices are whole numbers, so sums do not depend on their order. */
    private record Row(String instrument, long us, String source, long sequence, double price, double volume) {

        static final Comparator<Row> ORDER = Comparator.comparingLong(Row::us).thenComparing(Row::source).thenComparingLong(Row::sequence);

        long bar() {
            return Math.floorDiv(us, WIDTH_US) * WIDTH_US;
        }
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    @BeforeEach
    void write() throws Exception {
        database = SqlDatabase.open(new SqlDatabase.Settings("1GB", 4, "1GB"), null);
        Random random = new Random(5);
        trades = rows(random, 400);
        ticks = rows(random, 600);
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:")) {
            write(duckdb, "trade", "price, volume", trades);
            write(duckdb, "tick", "last_price, volume", ticks);
            try (Statement statement = duckdb.createStatement()) {
                statement.execute("COPY (SELECT 'A' AS instrument, " + time("0") + ", 's' AS source, 1 AS sequence, [{'price': 10.0, 'volume': 5.0}, "
                        + "{'price': 9.0, 'volume': 2.0}] AS bids, [{'price': 11.0, 'volume': 4.0}] AS asks) TO " + file("book_snapshot") + " (FORMAT parquet)");
                statement.execute("COPY (SELECT 'A' AS instrument, " + time("n * 1000000") + ", 's' AS source, n AS sequence, side, price::DOUBLE AS price, "
                        + "volume::DOUBLE AS volume FROM (VALUES (2, 'BID', 10, 0), (3, 'ASK', 10, 7), (4, 'BID', 9, 3), (9, 'BID', 8, 1)) t(n, side, price, volume)) TO "
                        + file("book_delta") + " (FORMAT parquet)");
            }
        }
    }

    private static List<Row> rows(Random random, int count) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(new Row(INSTRUMENTS.get(random.nextInt(2)), random.nextInt(600) * 1_000_000L, random.nextBoolean() ? "s" : "t", i,
                    100 + random.nextInt(50), 1 + random.nextInt(9)));
        }
        return rows;
    }

    private static String time(String us) {
        return "make_timestamp_ns((" + us + ")::BIGINT * 1000)::TIMESTAMPTZ_NS AS event_time, make_timestamp((" + us + ")::BIGINT)::TIMESTAMPTZ AS event_time_us";
    }

    private String file(String table) {
        return SqlText.quote(folder.resolve(table + ".parquet").toString());
    }

    private void write(Connection duckdb, String table, String values, List<Row> rows) throws Exception {
        try (Statement statement = duckdb.createStatement()) {
            statement.execute("CREATE TABLE raw_" + table + " (instrument VARCHAR, us BIGINT, source VARCHAR, sequence BIGINT, a DOUBLE, b DOUBLE)");
            try (PreparedStatement insert = duckdb.prepareStatement("INSERT INTO raw_" + table + " VALUES (?, ?, ?, ?, ?, ?)")) {
                for (Row row : rows) {
                    insert.setString(1, row.instrument());
                    insert.setLong(2, row.us());
                    insert.setString(3, row.source());
                    insert.setLong(4, row.sequence());
                    insert.setDouble(5, row.price());
                    insert.setDouble(6, row.volume());
                    insert.execute();
                }
            }
            String[] names = values.split(", ");
            statement.execute("COPY (SELECT instrument, " + time("us") + ", source, sequence, a AS " + names[0] + ", b AS " + names[1] + " FROM raw_" + table
                    + ") TO " + file(table) + " (FORMAT parquet)");
        }
    }

    /** Rows of an instrument and bar, in order. */
    private static Map<String, List<Row>> byBar(List<Row> rows) {
        return rows.stream().sorted(Row.ORDER).collect(Collectors.groupingBy(row -> row.instrument() + "|" + row.bar(), TreeMap::new, Collectors.toList()));
    }

    @Test
    void barsAreThoseOfANaiveProgram() throws Exception {
        for (String table : List.of("trade", "tick")) {
            List<String> expected = new ArrayList<>();
            byBar(table.equals("trade") ? trades : ticks).forEach((bar, rows) -> {
                double volume = table.equals("trade") ? rows.stream().mapToDouble(Row::volume).sum() : 0;
                expected.add(bar + "|" + rows.get(0).price() + "|" + rows.stream().mapToDouble(Row::price).max().orElseThrow() + "|"
                        + rows.stream().mapToDouble(Row::price).min().orElseThrow() + "|" + rows.get(rows.size() - 1).price() + "|" + volume + "|" + rows.size());
            });
            assertSame("SELECT concat_ws('|', instrument, epoch_us(bar), open, high, low, close, volume::DOUBLE, rows) FROM bars('" + table
                    + "', INTERVAL 1 minute)", expected);
        }
    }

    @Test
    void averagesAreThoseOfANaiveProgram() throws Exception {
        List<String> byVolume = new ArrayList<>();
        byBar(trades).forEach((bar, rows) -> byVolume.add(bar + "|" + rows.stream().mapToDouble(row -> row.price() * row.volume()).sum()
                / rows.stream().mapToDouble(Row::volume).sum()));
        assertSame("SELECT concat_ws('|', instrument, epoch_us(bar), vwap) FROM vwap(INTERVAL 1 minute)", byVolume);
        List<String> byTime = new ArrayList<>();
        byBar(ticks).forEach((bar, rows) -> {
            double sum = 0;
            double held = 0;
            for (int i = 0; i < rows.size(); i++) {
                double us = (i + 1 < rows.size() ? rows.get(i + 1).us() : rows.get(i).bar() + WIDTH_US) - rows.get(i).us();
                sum += rows.get(i).price() * us;
                held += us;
            }
            byTime.add(bar + "|" + sum / held);
        });
        assertSame("SELECT concat_ws('|', instrument, epoch_us(bar), twap) FROM twap(INTERVAL 1 minute)", byTime);
    }

    @Test
    void latestIsTheLastByTimeSourceAndSequence() throws Exception {
        List<String> expected = INSTRUMENTS.stream().map(id -> ticks.stream().filter(row -> row.instrument().equals(id)).max(Row.ORDER).orElseThrow())
                .map(row -> row.instrument() + "|" + row.source() + "|" + row.sequence()).toList();
        assertSame("SELECT concat_ws('|', instrument, source, sequence) FROM latest('tick')", expected);
        assertSame("SELECT concat_ws('|', instrument, source, sequence) FROM latest('tick') WHERE instrument = 'B'", expected.subList(1, 2));
    }

    @Test
    void asOfTakesTheLastBeforeUpToTheToleranceWhateverTies() throws Exception {
        List<String> expected = new ArrayList<>();
        for (Row trade : trades) {
            Row found = ticks.stream().filter(tick -> tick.instrument().equals(trade.instrument())
                    && (tick.us() < trade.us() || tick.us() == trade.us() && tick.sequence() <= trade.sequence()))
                    .max(Comparator.comparingLong(Row::us).thenComparingLong(Row::sequence).thenComparing(Row::source)).orElse(null);
            boolean near = found != null && trade.us() - found.us() <= 2_000_000;
            expected.add(trade.sequence() + "|" + (near ? found.sequence() + "" : "-"));
        }
        assertSame("SELECT concat_ws('|', sequence, coalesce(found.sequence::VARCHAR, '-')) FROM asof_join('trade', 'tick', INTERVAL 2 seconds)", expected);
    }

    @Test
    void windowJoinTakesQuotesAroundEachTrade() throws Exception {
        List<String> expected = new ArrayList<>();
        for (Row trade : trades) {
            List<Row> around = ticks.stream().filter(tick -> tick.instrument().equals(trade.instrument()) && tick.us() >= trade.us() - 3_000_000
                    && tick.us() <= trade.us() + 1_000_000).sorted(Row.ORDER).toList();
            expected.add(trade.sequence() + "|" + around.size() + "|" + (around.isEmpty() ? "-" : around.get(around.size() - 1).price() + ""));
        }
        assertSame("SELECT concat_ws('|', sequence, quotes, coalesce(last_price::VARCHAR, '-')) FROM window_join(INTERVAL 3 seconds, INTERVAL 1 second)",
                expected);
    }

    @Test
    void bookIsTheSnapshotWithTheDeltasBehindIt() throws Exception {
        String book = "SELECT concat_ws('|', side, level, price, volume) FROM book_at('A', '1970-01-01 00:00:0";
        assertSame(book + "1+00')", List.of("BID|1|10.0|5.0", "BID|2|9.0|2.0", "ASK|1|11.0|4.0"));
        assertSame(book + "5+00')", List.of("BID|1|9.0|3.0", "ASK|1|10.0|7.0", "ASK|2|11.0|4.0"));
        assertSame("SELECT concat_ws('|', side, level) FROM book_at('B', '1970-01-01 00:00:05+00')", List.of());
    }

    @Test
    void spreadAndImbalance() throws Exception {
        assertSame("SELECT concat_ws('|', spread(10, 11), coalesce(spread(0, 11)::VARCHAR, '-'), imbalance(bids, asks, 1), imbalance(bids, asks, 5)) "
                + "FROM book_snapshot", List.of("1|-|" + 1.0 / 9 + "|" + 3.0 / 11));
    }

    @Test
    void saysWhichTablesAMacroReads() {
        assertThatThrownBy(() -> run("SELECT * FROM bars('order_insert', INTERVAL 1 minute)", false)).isInstanceOf(WrongSqlException.class)
                .hasMessageContaining("tick, trade");
        assertThatThrownBy(() -> run("SELECT * FROM latest('tik')", false)).isInstanceOf(WrongSqlException.class).hasMessageContaining("did you mean tick");
        assertThatThrownBy(() -> run("SELECT * FROM latest(1)", false)).isInstanceOf(WrongSqlException.class).hasMessageContaining("single quotes");
    }

    private void assertSame(String sql, List<String> expected) throws Exception {
        assertThat(run(sql, false)).as(sql).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(run(sql, true)).as("used again: %s", sql).containsExactlyInAnyOrderElementsOf(expected);
    }

    private List<String> run(String sql, boolean again) throws Exception {
        try (SqlTables tables = again ? SqlTables.in(database, SqlDatabase::reset) : SqlTables.create()) {
            tables.load(files(), tables.parse(sql));
            List<String> found = new ArrayList<>();
            try (Statement statement = tables.connection().createStatement(); ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            return found;
        }
    }

    /** An archive of one file for each table. */
    private RowSource files() {
        return RowSource.ofFiles(Stream.of("trade", "tick", "book_snapshot", "book_delta").map(table -> new DataFile(table, table, "1970-01-01",
                table + ".parquet", 1, 1, 1, 0, 1_000_000_000_000L, "epoch", 1, "A", "B", 0, 1, null, null)).toList(),
                file -> ColdFile.at(new org.apache.flink.core.fs.Path(folder.resolve(file.path()).toUri())), Set.of(folder.toString()));
    }
}
