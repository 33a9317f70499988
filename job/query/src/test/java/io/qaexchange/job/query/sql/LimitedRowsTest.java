package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.access.NamePatterns;
import io.qaexchange.job.query.access.RowAccess;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user of some instruments and accounts gets no sign of other rows, hot or cold, by any query. */
class LimitedRowsTest {

    private static final long TIME_NS = 1_767_600_000_000_000_000L;
    private static final int DAY = 20260105;
    private static final RowAccess OWN = new RowAccess(NamePatterns.of(List.of("SHFE.*", "DCE.m2605")), NamePatterns.of(List.of("own", "desk-*")));
    /** Nothing that a limited user is told may have a part of these. */
    private static final List<String> SECRETS = List.of("hid3n", "CZCE.ta2605", "4711");

    @TempDir
    private Path folder;
    private MemoryRows rows;

    @BeforeEach
    void writeRows() throws Exception {
        rows = new MemoryRows(folder, Instruments.defaults());
        rows.addFile(EventSchema.get().table("trade"), DAY, List.of(trade("SHFE.rb2601", "own", 1, 10), trade("SHFE.rb2601", "hid3n", 2, 4711),
                trade("CZCE.ta2605", "own", 3, 4711), trade("DCE.m2605", "desk-1", 4, 20)));
        rows.addFile(EventSchema.get().table("trade"), DAY, List.of(trade("CZCE.ta2605", "hid3n", 5, 4711)));
        rows.addFile(EventSchema.get().table("tick"), DAY, List.of(tick("SHFE.rb2601", 1, 10), tick("CZCE.ta2605", 2, 4711)));
        rows.addHot(trade("SHFE.rb2601", "own", 6, 30));
        rows.addHot(trade("SHFE.rb2601", "hid3n", 7, 4711));
        rows.addHot(trade("CZCE.ta2605", "own", 8, 4711));
        rows.addHot(trade("SHFE.rb2601", "", 9, 4711));
        rows.addHot(tick("CZCE.ta2605", 10, 4711));
    }

    private static byte[] trade(String instrument, String account, long number, double price) {
        EventBuilder trade = new EventBuilder().start("trade").instrument(instrument).eventTime(TIME_NS + number).identity("x", number).tradingDay(DAY)
                .set("trade_id", account + number).set("price", price).set("volume", 1.0).set("direction", "BUY").set("offset", "OPEN").set("kind", "NORMAL");
        return StoredEvent.encode((account.isEmpty() ? trade : trade.set("account", account)).build(), new Arrival(TIME_NS, "events", 0, number));
    }

    private static byte[] tick(String instrument, long number, double price) {
        return StoredEvent.encode(new EventBuilder().start("tick").instrument(instrument).eventTime(TIME_NS + number).identity("x", number).tradingDay(DAY)
                .set("last_price", price).build(), new Arrival(TIME_NS, "events", 0, number));
    }

    private List<String> ask(RowAccess access, String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse(sql);
            tables.load(rows, query, access);
            List<String> all = new ArrayList<>();
            try (Statement statement = tables.connection().createStatement(); ResultSet found = statement.executeQuery(query.text())) {
                int columns = found.getMetaData().getColumnCount();
                while (found.next()) {
                    StringBuilder row = new StringBuilder();
                    for (int c = 1; c <= columns; c++) {
                        row.append(c == 1 ? "" : "|").append(found.getString(c));
                    }
                    all.add(row.toString());
                }
            }
            assertThat(tables.plan()).as("files and their rows").allSatisfy(plan -> assertThat(plan.read()).hasSize(access.isAll() ? plan.read().size() : 0));
            return all;
        }
    }

    @Test
    void showsTheRowsOfTheUserHotAndCold() throws Exception {
        assertThat(ask(OWN, "SELECT instrument, account, price FROM trade ORDER BY price")).containsExactly("SHFE.rb2601|own|10.0", "DCE.m2605|desk-1|20.0",
                "SHFE.rb2601|own|30.0");
        assertThat(ask(OWN, "SELECT count(*) FROM trade")).containsExactly("3");
        assertThat(ask(RowAccess.ALL, "SELECT count(*) FROM trade")).containsExactly("9");
        assertThat(ask(OWN, "SELECT instrument FROM tick")).as("ticks are of no account").containsExactly("SHFE.rb2601");
        assertThat(ask(new RowAccess(null, NamePatterns.of(List.of())), "SELECT count(*) FROM trade")).as("an empty list").containsExactly("0");
        assertThat(ask(new RowAccess(null, NamePatterns.of(List.of())), "SELECT count(*) FROM tick")).containsExactly("3");
        assertThat(ask(new RowAccess(NamePatterns.of(List.of("shfe.rb2601", "SHFE_rb2601", "SHFE%")), null), "SELECT count(*) FROM trade"))
                .as("signs of SQL mean themselves").containsExactly("0");
    }

    @Test
    void pushedDownConditionsChangeNothing() throws Exception {
        assertThat(ask(OWN, "SELECT price FROM trade WHERE instrument = 'SHFE.rb2601' AND event_time_us >= TIMESTAMPTZ '2026-01-05 08:00:00+00' ORDER BY 1"))
                .containsExactly("10.0", "30.0");
        assertThat(ask(OWN, "SELECT price FROM trade WHERE instrument = 'CZCE.ta2605'")).isEmpty();
        assertThat(ask(OWN, "SELECT price FROM trade WHERE event_time < make_timestamp_ns(" + (TIME_NS + 2) + ")::TIMESTAMPTZ_NS")).containsExactly("10.0");
        assertThat(ask(OWN, "SELECT price FROM trade WHERE date = DATE '2026-01-06'")).isEmpty();
    }

    @Test
    void noWayRoundIt() throws Exception {
        String file = folder.resolve(rows.files().get(0).path()).toString();
        for (String sql : List.of(
                "WITH t AS (SELECT * FROM trade) SELECT count(*) FROM t WHERE price = 4711",
                "SELECT count(*) FROM (SELECT t.* FROM trade t LEFT JOIN trade u USING (account)) WHERE price = 4711",
                "SELECT count(*) FROM main.trade WHERE price = 4711",
                "SELECT count(*) FROM query('SELECT * FROM trade WHERE price = 4711')",
                "SELECT count(*) FROM query_table('trade') WHERE price = 4711",
                "SELECT count(*) FROM hot.trade WHERE price = 4711 AND (SELECT count(*) FROM trade) >= 0",
                "SELECT count(*) FROM hot.trade_archived WHERE price = 4711 AND (SELECT count(*) FROM trade) >= 0",
                "SELECT count(*) FROM latest('trade') WHERE price = 4711",
                "SELECT count(*) FROM bars('trade', INTERVAL 1 minute) WHERE high = 4711",
                "SELECT count(*) FROM asof_join('trade', 'tick', INTERVAL 1 hour) WHERE found.last_price = 4711 OR price = 4711",
                "SELECT count(*) FROM trade AS t SEMI JOIN tick AS u ON u.last_price = 4711")) {
            assertThat(ask(OWN, sql)).as(sql).containsExactly("0");
        }
        for (String sql : List.of(
                "SELECT * FROM trade WHERE CAST(account AS INTEGER) = 1",
                "SELECT error(account) FROM trade WHERE price = 4711",
                "SELECT * FROM trade WHERE CASE WHEN price = 4711 THEN error(account || instrument) ELSE true END",
                "SELECT list(account) FROM trade", "SUMMARIZE trade", "SELECT max(price), approx_count_distinct(account) FROM trade",
                "EXPLAIN ANALYZE SELECT * FROM trade WHERE price > 0", "EXPLAIN SELECT * FROM trade",
                "SELECT * FROM duckdb_settings()", "SELECT * FROM duckdb_tables()", "SELECT * FROM duckdb_views()", "SELECT * FROM duckdb_constraints()",
                "SELECT * FROM read_parquet('" + file + "') WHERE (SELECT count(*) FROM trade) > 0",
                "SELECT * FROM parquet_metadata('" + file + "') WHERE (SELECT count(*) FROM trade) > 0",
                "SELECT * FROM '" + file + "'", "SELECT * FROM glob('" + folder + "/*')",
                "SELECT * FROM pragma_storage_info('trade')", "SELECT * FROM trade WHERE account SIMILAR TO 'own|s.*' ORDER BY ALL",
                "FROM trade SELECT COLUMNS(*)", "SELECT trade FROM trade", "SELECT stats(account) FROM trade LIMIT 1")) {
            String told;
            try {
                told = ask(OWN, sql).toString();
            } catch (SQLException e) {
                told = e.getMessage();
            }
            String shown = told;
            // The names of the attack itself come back in its error message.
            assertThat(SECRETS).as("%s: %s", sql, shown).noneMatch(secret -> shown.replace(sql, "").contains(secret) && !sql.contains(secret));
            assertThat(shown.replace(sql, "")).as(sql).doesNotContain("hid3n");
        }
        // Also if the parser let it through.
        try (SqlTables tables = SqlTables.create()) {
            tables.load(rows, tables.parse("SELECT * FROM trade"), OWN);
            try (Statement statement = tables.connection().createStatement()) {
                assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM read_parquet('" + file + "')")).isInstanceOf(SQLException.class)
                        .hasMessageContaining("Permission");
            }
        }
    }

    /** DuckDB adds its temporary folder to those that queries may read. */
    @Test
    void noQueryReadsWhatAnotherSpills() throws Exception {
        try (SqlTables one = SqlTables.create(); SqlTables other = SqlTables.create()) {
            for (SqlTables tables : List.of(one, other)) {
                tables.load(rows, tables.parse("SELECT 1"), OWN);
            }
            String folderOfOne = temporary(one);
            assertThat(folderOfOne).isNotEqualTo(temporary(other));
            try (Statement statement = other.connection().createStatement()) {
                assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM read_blob('" + folderOfOne + "/*')")).isInstanceOf(SQLException.class)
                        .hasMessageContaining("Permission");
            }
        }
    }

    private static String temporary(SqlTables tables) throws SQLException {
        try (Statement statement = tables.connection().createStatement(); ResultSet row = statement.executeQuery("SELECT current_setting('temp_directory')")) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void plansCountNoOtherRows() throws Exception {
        String plan = ask(OWN, "EXPLAIN ANALYZE SELECT * FROM trade").toString();
        assertThat(plan).doesNotContain("9 rows").doesNotContain(".parquet");
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse("SELECT * FROM trade WHERE instrument IN ('CZCE.ta2605', 'SHFE.rb2601', 'SHFE.zz')");
            tables.load(rows, query, OWN);
            assertThat(tables.plan().get(0).hotRows()).isEqualTo(2);
            assertThat(tables.unknownInstruments("trade", query.instruments().get("trade"))).as("not his is as not there")
                    .containsExactly("CZCE.ta2605", "SHFE.zz");
            assertThat(tables.instruments("trade")).doesNotContain("CZCE.ta2605");
        }
    }
}
