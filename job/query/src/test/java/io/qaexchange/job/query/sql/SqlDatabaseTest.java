package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database that serves one query after the other: nothing of a query is left, whichever way it ended, and no file is within reach of SQL. */
class SqlDatabaseTest {

    /** A name that is a pattern, too. */
    private static final String ARCHIVE = "an [old] archive? 100%20";
    private static final long TIME_NS = 1_767_575_000_000_000_000L;

    @TempDir
    private Path folder;
    private SqlDatabase database;
    private MemoryRows rows;

    @BeforeEach
    void open() throws Exception {
        database = SqlDatabase.open(new SqlDatabase.Settings("512MB", 2, "1GB"), Files.createDirectory(folder.resolve("answers")));
        rows = new MemoryRows(Files.createDirectory(folder.resolve(ARCHIVE)), Instruments.defaults());
        rows.addHot(tick(1));
        rows.addHot(tick(2));
        rows.addFile(EventSchema.get().table("tick"), 20260105, List.of(tick(3)));
    }

    @AfterEach
    void close() throws Exception {
        database.close();
    }

    private static byte[] tick(int sequence) {
        return StoredEvent.encode(new EventBuilder().start("tick").instrument("A").eventTime(TIME_NS + sequence).identity("x", sequence).tradingDay(20260105)
                .set("last_price", 1.0 * sequence).build(), new Arrival(TIME_NS, "events", 0, sequence));
    }

    private SqlTables load(String sql) throws Exception {
        SqlTables tables = SqlTables.in(database, SqlDatabase::reset);
        tables.load(rows, database.parse(sql));
        return tables;
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    @Test
    void nothingIsLeftForTheNextQuery() throws Exception {
        for (int i = 0; i < 3; i++) {
            try (SqlTables tables = load("SELECT count(*) FROM tick"); Statement statement = tables.connection().createStatement()) {
                assertThat(one(tables.connection(), "SELECT count(*) FROM tick")).isEqualTo("3");
                // As the doors and the bars do it.
                statement.execute("CREATE TEMP VIEW qaexchange_rows AS SELECT * FROM tick; CREATE SCHEMA public; CREATE VIEW public.tick AS SELECT * FROM main.tick; "
                        + "CREATE SCHEMA pgc; CREATE MACRO pgc.f(x) AS x; CREATE TABLE hot.bars_1_raw(i INT); SET search_path = 'public,main'");
            }
            try (SqlTables tables = load("SELECT 1")) {
                Connection next = tables.connection();
                assertThat(one(next, "SELECT count(*) FROM tick")).isEqualTo("0");
                assertThat(one(next, "SELECT count(*) FROM duckdb_tables()")).isEqualTo("0");
                assertThat(one(next, "SELECT string_agg(schema_name, ',') FROM duckdb_schemas() WHERE NOT internal")).isEqualTo("hot");
                assertThat(one(next, "SELECT current_setting('search_path')")).doesNotContain("public");
                assertThatThrownBy(() -> one(next, "SELECT * FROM qaexchange_rows")).hasMessageContaining("does not exist");
            }
        }
    }

    @Test
    void aQueryThatFailsLeavesNothingEither() throws Exception {
        try (SqlTables tables = load("SELECT CAST(instrument AS INT) FROM tick")) {
            assertThatThrownBy(() -> one(tables.connection(), "SELECT CAST(instrument AS INT) FROM tick")).isInstanceOf(SQLException.class);
        }
        try (SqlTables tables = load("SELECT count(*) FROM tick")) {
            assertThat(one(tables.connection(), "SELECT count(*) FROM tick")).isEqualTo("3");
        }
    }

    @Test
    void memoryIsGivenBack() throws Exception {
        for (int i = 0; i < 1_000; i++) {
            rows.addHot(tick(10 + i));
        }
        long first = 0;
        for (int i = 0; i < 60; i++) {
            try (SqlTables tables = load("SELECT * FROM tick")) {
                assertThat(one(tables.connection(), "SELECT count(*) FROM tick")).isEqualTo("1003");
            }
            if (i == 19) {
                first = Long.parseLong(one(database.connection(), "SELECT sum(memory_usage_bytes) FROM duckdb_memory()"));
            }
        }
        assertThat(Long.parseLong(one(database.connection(), "SELECT sum(memory_usage_bytes) FROM duckdb_memory()"))).isLessThanOrEqualTo(first + (1 << 20));
    }

    @Test
    void aLockedDatabaseReadsNoOtherFolder() throws Exception {
        Path other = Files.writeString(folder.resolve("secret.csv"), "a\n1\n");
        try (SqlTables tables = load("SELECT 1")) {
            Connection connection = tables.connection();
            assertThatThrownBy(() -> one(connection, "SELECT * FROM read_csv('" + other + "')")).hasMessageContaining("Permission Error");
            assertThatThrownBy(() -> one(connection, "SELECT * FROM read_csv('" + folder + "/" + ARCHIVE + "/../secret.csv')")).hasMessageContaining("Permission Error");
            assertThatThrownBy(() -> one(connection, "SET threads = 1")).hasMessageContaining("locked");
            assertThatThrownBy(() -> one(connection, "ATTACH '" + folder.resolve("x.duckdb") + "'")).hasMessageContaining("Permission Error");
        }
        assertThat(database.allows(Set.of(folder.resolve(ARCHIVE).toString()))).isTrue();
        assertThat(database.allows(Set.of(folder.toString()))).isFalse();
        assertThatThrownBy(() -> database.allow(Set.of(folder.toString()))).isInstanceOf(IllegalStateException.class);
    }

    /** Files of the archive have rows that a query may not see: DuckDB would open them, so the parser lets no query name one. */
    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM read_parquet('ARCHIVE/tick-0.parquet')", "SELECT * FROM 'ARCHIVE/tick-0.parquet'", "SELECT * FROM \"ARCHIVE/tick-0.parquet\"",
        "FROM parquet_scan('ARCHIVE/*.parquet')", "SELECT * FROM parquet_metadata('ARCHIVE/tick-0.parquet')", "SELECT * FROM glob('ARCHIVE/*')",
        "SELECT * FROM query('SELECT * FROM read_parquet(''ARCHIVE/tick-0.parquet'')')", "SELECT * FROM query('FROM ' || 'x')",
        "SELECT * FROM query_table('ARCHIVE/tick-0.parquet')", "SELECT * FROM query_table(['ARCHIVE/tick-0.parquet'])", "SELECT (SELECT count(*) FROM read_text('ARCHIVE/x'))",
        "WITH a AS (SELECT * FROM read_blob('ARCHIVE/tick-0.parquet')) SELECT * FROM a", "SELECT * FROM tick WHERE EXISTS (FROM read_parquet('ARCHIVE/tick-0.parquet'))",
        "SELECT * FROM latest('ARCHIVE/tick-0.parquet')", "DESCRIBE SELECT * FROM read_parquet('ARCHIVE/tick-0.parquet')", "SUMMARIZE 'ARCHIVE/tick-0.parquet'",
        "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "SELECT * FROM tick JOIN sniff_csv('ARCHIVE/x') s ON true",
        "EXPLAIN ANALYZE SELECT * FROM read_parquet('ARCHIVE/tick-0.parquet')", "PIVOT read_parquet('ARCHIVE/tick-0.parquet') ON instrument IN ('A') USING count(*)",
        "SELECT * FROM 'tick-0.parquet'", "FROM a.parquet", "DESCRIBE 'ARCHIVE/tick-0.parquet'", "SHOW 'ARCHIVE/tick-0.parquet'", "DESCRIBE TABLE 'ARCHIVE/tick-0.parquet'"})
    void noQueryNamesAFile(String sql) {
        String text = sql.replace("ARCHIVE", folder.resolve(ARCHIVE).toString());
        assertThatThrownBy(() -> database.parse(text)).as(text).isInstanceOf(WrongSqlException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT count(*) FROM query_table('tick')", "SELECT * FROM query('SELECT count(*) FROM tick')", "SELECT count(*) FROM latest('tick')",
        "WITH \"a.b\" AS (SELECT 1 AS x) SELECT * FROM \"a.b\"", "SELECT * FROM range(3)", "SELECT unnest([1, 2])", "FROM tick LIMIT 1", "SHOW TABLES", "DESCRIBE tick",
        "SUMMARIZE SELECT instrument FROM tick", "SELECT * FROM duckdb_columns() LIMIT 1", "SELECT * FROM json_each('[1]')", "VALUES (1)"})
    void whatReadsTablesIsRun(String sql) throws Exception {
        try (SqlTables tables = load(sql)) {
            assertThat(one(tables.connection(), sql)).isNotNull();
        }
    }
}
