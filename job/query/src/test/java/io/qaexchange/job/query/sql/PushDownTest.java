package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.export.ParquetRowWriter;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Generated queries give the same with the tables, columns and conditions that are taken out of them, with all rows loaded, and in DuckDB over plain
 * tables of the same rows; at random cuts between hot and cold rows. {@code -Dpushdown.queries} says how many, {@code -Dpushdown.seed} where to begin.
 */
class PushDownTest {

    private static final int QUERIES = Integer.getInteger("pushdown.queries", 1_000);
    private static final long SEED = Long.getLong("pushdown.seed", 16);
    private static final int QUERIES_OF_A_CUT = 100;
    private static final int ROWS = 300;
    private static final long BEGIN_NS = 1_767_575_000_000_000_000L;
    private static final long STEP_NS = 1_000_000_007L;
    private static final List<String> TABLES = List.of("trade", "tick");
    private static final List<Integer> DAYS = List.of(20260105, 20260106, 20260107);

    @TempDir
    private Path folder;

    @Test
    void generatedQueriesGiveTheSame() throws Exception {
        for (int done = 0; done < QUERIES; done += QUERIES_OF_A_CUT) {
            long seed = SEED + done;
            Random random = new Random(seed);
            Path of = Files.createDirectory(folder.resolve("cut-" + done));
            MemoryRows rows = new MemoryRows(of, Instruments.defaults());
            try (Connection plain = DriverManager.getConnection("jdbc:duckdb:"); SqlTables all = SqlTables.create();
                    SqlDatabase database = SqlDatabase.open(null, null)) {
                generate(random, rows, plain, of);
                all.load(rows, new SqlQuery("", false, TABLES.stream().collect(Collectors.toMap(table -> table, table -> TableRead.ALL)), Map.of(), List.of(), Set.of(), null, null));
                for (int i = 0; i < Math.min(QUERIES_OF_A_CUT, QUERIES - done); i++) {
                    check(new Query(random).text(), rows, database, all.connection(), plain, seed);
                }
            }
        }
    }

    /** The database is used for one query after the other, as in the server: nothing of a query may be left for the next one. */
    private static void check(String sql, MemoryRows rows, SqlDatabase database, Connection all, Connection plain, long seed) throws Exception {
        List<String> expected = run(plain, sql);
        assertThat(run(all, sql)).as("all rows, seed %s: %s", seed, sql).isEqualTo(expected);
        try (SqlTables tables = SqlTables.in(database, SqlDatabase::reset)) {
            SqlQuery query = tables.parse(sql);
            tables.showArchivedRowsBehind();
            tables.load(rows, query, RowAccess.ALL, SqlTables.Showing.PASSING);
            assertThat(shown(tables, query)).as("pushed down, seed %s: %s", seed, sql).isEqualTo(expected);
        }
    }

    /** The rows in all parts in which a door shows them. */
    private static List<String> shown(SqlTables tables, SqlQuery query) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = tables.connection().createStatement(); BufferAllocator allocator = new RootAllocator();
                ArrowRows rows = tables.rows(query, statement, "SELECT CAST(column0 AS VARCHAR) FROM (" + query.text() + ") AS shown(column0)", allocator, 100)) {
            while (rows.next()) {
                for (int row = 0; row < rows.batch().getRowCount(); row++) {
                    byte[] text = ((VarCharVector) rows.batch().getVector(0)).get(row);
                    found.add(text == null ? null : new String(text, StandardCharsets.UTF_8));
                }
            }
        }
        found.sort(null);
        return found;
    }

    private static List<String> run(Connection connection, String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        found.sort(null);
        return found;
    }

    /** Rows of which some are hot, by chance, and the others in files of their day; and all of them in plain tables. */
    private static void generate(Random random, MemoryRows rows, Connection plain, Path folder) throws Exception {
        int hotPercent = random.nextInt(101);
        try (Statement statement = plain.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            for (String table : TABLES) {
                Map<Integer, List<byte[]>> cold = new HashMap<>();
                Path file = folder.resolve("plain-" + table + ".parquet");
                try (OutputStream out = Files.newOutputStream(file); ParquetRowWriter writer = ParquetRowWriter.open(EventSchema.get().table(table), out)) {
                    for (int i = 0; i < ROWS; i++) {
                        int day = random.nextInt(DAYS.size());
                        EventBuilder event = new EventBuilder().start(table).instrument("i" + random.nextInt(4))
                                .eventTime(BEGIN_NS + day * 86_400_000_000_000L + random.nextInt(100) * STEP_NS).identity("x", i).tradingDay(DAYS.get(day));
                        if (table.equals("trade")) {
                            event.set("price", (double) random.nextInt(20)).set("volume", 1.0).set("direction", "BUY").set("offset", "OPEN").set("kind", "NORMAL")
                                    .set("trade_id", "t" + i);
                        } else {
                            event.set("last_price", (double) random.nextInt(20));
                        }
                        byte[] stored = StoredEvent.encode(event.build(), new Arrival(BEGIN_NS, "events", 0, i));
                        writer.write(new StoredEvent().wrap(stored), DAYS.get(day));
                        if (random.nextInt(100) < hotPercent) {
                            rows.addHot(stored);
                        } else {
                            cold.computeIfAbsent(day, d -> new ArrayList<>()).add(stored);
                        }
                    }
                    writer.finish();
                }
                for (Map.Entry<Integer, List<byte[]>> ofDay : cold.entrySet()) {
                    rows.addFile(EventSchema.get().table(table), DAYS.get(ofDay.getKey()), ofDay.getValue());
                }
                statement.execute("CREATE TABLE " + table + " AS SELECT *, make_date(trading_day // 10000, trading_day // 100 % 100, trading_day % 100) AS \"date\" "
                        + "FROM '" + file + "'");
            }
        }
    }

    /** A query by chance; its first column is a text that tells the row. */
    private record Query(Random random) {

        String text() {
            String first = any(TABLES);
            String second = any(TABLES);
            return switch (random.nextInt(10)) {
                case 0, 1, 2 -> "SELECT sequence || ' ' || instrument FROM " + first + where("", 3);
                case 3 -> "SELECT instrument || ' ' || count(*) || ' ' || max(event_time) FROM " + first + where("", 2) + " GROUP BY instrument";
                case 4 -> "SELECT a.sequence || ' ' || b.sequence FROM " + first + " a JOIN " + second + " b ON a.instrument = b.instrument AND "
                        + condition("b.") + where("a.", 2) + " AND " + condition("b.");
                case 5 -> "SELECT a.sequence || ' ' || coalesce(b.sequence, -1) FROM " + first + " a LEFT JOIN " + second
                        + " b ON a.instrument = b.instrument AND a.event_time = b.event_time AND " + condition("b.") + where("a.", 2);
                case 6 -> "WITH c AS (SELECT * FROM " + first + where("", 2) + ") SELECT sequence || ' ' || event_time FROM c" + where("c.", 1);
                case 7 -> "SELECT sequence || '' FROM (SELECT * FROM " + first + where("", 1) + " UNION ALL BY NAME SELECT * FROM " + second + where("", 1) + ") u"
                        + where("u.", 1);
                case 8 -> "SELECT sequence || '' FROM " + first + " t" + where("t.", 1) + " AND instrument IN (SELECT instrument FROM " + second + where("", 2) + ")";
                default -> "SELECT t.sequence || ' ' || (SELECT count(*) FROM " + second + " s WHERE s.instrument = t.instrument AND " + condition("s.") + ") FROM "
                        + first + " t" + where("t.", 2);
            };
        }

        private String any(List<String> of) {
            return of.get(random.nextInt(of.size()));
        }

        private String where(String prefix, int most) {
            return IntStream.rangeClosed(0, random.nextInt(most)).mapToObj(i -> condition(prefix)).collect(Collectors.joining(" AND ", " WHERE ", ""));
        }

        private String condition(String prefix) {
            String simple = simple(prefix);
            return switch (random.nextInt(6)) {
                case 0 -> "(" + simple + " OR " + simple(prefix) + ")";
                case 1 -> "NOT (" + simple + ")";
                default -> simple;
            };
        }

        private String simple(String prefix) {
            String compare = any(List.of("=", "<", "<=", ">", ">="));
            return switch (random.nextInt(9)) {
                case 0 -> prefix + "instrument = " + instrument();
                case 1 -> prefix + "instrument IN (" + instrument() + ", " + instrument() + ")";
                case 2 -> instrument() + " = " + prefix + "instrument";
                case 3 -> prefix + "event_time " + compare + " " + time();
                case 4 -> time() + " " + compare + " " + prefix + "event_time_us";
                case 5 -> prefix + "event_time BETWEEN " + time() + " AND " + time();
                case 6 -> prefix + "trading_day " + compare + " " + any(List.of("20260104", "20260105", "20260106", "20260107"));
                case 7 -> prefix + "\"date\" " + compare + " " + any(List.of("'2026-01-05'", "DATE '2026-01-06'", "'2026-01-07'"));
                default -> prefix + "sequence " + compare + " " + random.nextInt(ROWS);
            };
        }

        private String instrument() {
            return "'i" + random.nextInt(6) + "'";
        }

        private String time() {
            long ns = BEGIN_NS + random.nextInt(3) * 86_400_000_000_000L + random.nextInt(100) * STEP_NS + random.nextInt(3) - 1;
            java.time.Instant time = java.time.Instant.ofEpochSecond(ns / 1_000_000_000L, ns % 1_000_000_000L);
            return "'" + time.toString().replace('T', ' ').replace("Z", "+00") + "'";
        }
    }
}
