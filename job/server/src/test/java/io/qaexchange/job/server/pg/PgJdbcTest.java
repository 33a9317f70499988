package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.server.PgRig;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Properties;
import java.util.TimeZone;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** pgjdbc asks what programs and tools (DBeaver, Excel's bridge) ask with it. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PgJdbcTest {

    private PgRig rig;

    @BeforeAll
    void start() throws Exception {
        rig = PgRig.start();
    }

    @AfterAll
    void stop() {
        rig.close();
    }

    private Connection connect(String more) throws SQLException {
        return DriverManager.getConnection(rig.url(more));
    }

    private static String state(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        SQLException thrown = org.assertj.core.api.Assertions.catchThrowableOfType(SQLException.class, call);
        assertThat((Throwable) thrown).isNotNull();
        return thrown.getSQLState();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&prepareThreshold=-1", "&preferQueryMode=simple", "&binaryTransfer=false", "&prepareThreshold=1"})
    void everyTypeComesBackAsItWent(String mode) throws Exception {
        try (Connection connection = connect(mode); PreparedStatement statement = connection.prepareStatement("SELECT ?::BOOLEAN, ?::SMALLINT, ?::INTEGER, "
                + "?::BIGINT, ?::FLOAT, ?::DOUBLE, ?::DECIMAL(20, 6), ?::VARCHAR, ?::DATE, ?::TIMESTAMPTZ, ?::UUID, ?::BLOB, ?::TIME")) {
            for (int round = 0; round < 3; round++) {
                statement.setBoolean(1, true);
                statement.setShort(2, (short) -7);
                statement.setInt(3, Integer.MIN_VALUE);
                statement.setLong(4, Long.MIN_VALUE);
                statement.setFloat(5, 1.5f);
                statement.setDouble(6, -1.0e-7);
                statement.setBigDecimal(7, new BigDecimal("-12345.678901"));
                statement.setString(8, "O'Neil \\ \u4e2d\u6587 \ud83d\ude00");
                statement.setObject(9, LocalDate.of(2026, 1, 5));
                statement.setObject(10, OffsetDateTime.of(2026, 1, 5, 9, 30, 0, 123_456_000, ZoneOffset.ofHours(8)));
                statement.setObject(11, UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
                statement.setBytes(12, new byte[] {0, 1, -1, '\\', '\''});
                statement.setObject(13, LocalTime.of(9, 30, 0, 500_000));
                try (ResultSet rows = statement.executeQuery()) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getBoolean(1)).isTrue();
                    assertThat(rows.getShort(2)).isEqualTo((short) -7);
                    assertThat(rows.getInt(3)).isEqualTo(Integer.MIN_VALUE);
                    assertThat(rows.getLong(4)).isEqualTo(Long.MIN_VALUE);
                    assertThat(rows.getFloat(5)).isEqualTo(1.5f);
                    assertThat(rows.getDouble(6)).isEqualTo(-1.0e-7);
                    assertThat(rows.getBigDecimal(7)).isEqualTo(new BigDecimal("-12345.678901"));
                    assertThat(rows.getString(8)).isEqualTo("O'Neil \\ \u4e2d\u6587 \ud83d\ude00");
                    assertThat(rows.getObject(9, LocalDate.class)).isEqualTo(LocalDate.of(2026, 1, 5));
                    assertThat(rows.getObject(10, OffsetDateTime.class).toInstant())
                            .isEqualTo(OffsetDateTime.of(2026, 1, 5, 1, 30, 0, 123_456_000, ZoneOffset.UTC).toInstant());
                    assertThat(rows.getObject(11)).isEqualTo(UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
                    assertThat(rows.getBytes(12)).isEqualTo(new byte[] {0, 1, -1, '\\', '\''});
                    assertThat(rows.getObject(13, LocalTime.class)).isEqualTo(LocalTime.of(9, 30, 0, 500_000));
                    assertThat(rows.next()).isFalse();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&prepareThreshold=-1"})
    void everyTypeOfDuckDbIsSent(String mode) throws Exception {
        String sql = "SELECT 1::TINYINT, 255::UTINYINT, 65535::USMALLINT, 4294967295::UINTEGER, 18446744073709551615::UBIGINT, 170141183460469231::HUGEINT, "
                + "'a'::ENUM('a', 'b'), TIMESTAMP '2026-01-05 09:30:00.123456', TIMESTAMP_NS '2026-01-05 09:30:00.123456789', "
                + "TIMESTAMPTZ_NS '2026-01-05 09:30:00.123456789Z', INTERVAL '1 year 2 days 3 seconds', [1, 2, NULL], ['a', 'b\"c'], [{'price': 1.5::DOUBLE}], "
                + "{'a': 1}, MAP([1], ['x']), '{\"k\": 1}'::JSON, NULL, 0::DECIMAL(10, 2), 1e300::DOUBLE, 'NaN'::DOUBLE, '-Infinity'::FLOAT, '101'::BIT, [[1], [2]]";
        try (Connection connection = connect(mode); PreparedStatement statement = connection.prepareStatement(sql); ResultSet rows = statement.executeQuery()) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getInt(1)).isEqualTo(1);
            assertThat(rows.getInt(2)).isEqualTo(255);
            assertThat(rows.getInt(3)).isEqualTo(65_535);
            assertThat(rows.getLong(4)).isEqualTo(4_294_967_295L);
            assertThat(rows.getBigDecimal(5)).isEqualTo(new BigDecimal("18446744073709551615"));
            assertThat(rows.getBigDecimal(6)).isEqualTo(new BigDecimal("170141183460469231"));
            assertThat(rows.getString(7)).isEqualTo("a");
            assertThat(rows.getString(8)).isEqualTo("2026-01-05 09:30:00.123456");
            assertThat(rows.getString(9)).isEqualTo("2026-01-05 09:30:00.123456");
            assertThat(rows.getObject(10, OffsetDateTime.class)).isEqualTo(OffsetDateTime.of(2026, 1, 5, 9, 30, 0, 123_456_000, ZoneOffset.UTC));
            assertThat(rows.getObject(11).toString()).contains("1 years").contains("2 days").contains("3");
            assertThat((Object[]) rows.getArray(12).getArray()).containsExactly(1, 2, null);
            assertThat((Object[]) rows.getArray(13).getArray()).containsExactly("a", "b\"c");
            assertThat(rows.getString(14)).isEqualTo("[{\"price\":1.5}]");
            assertThat(rows.getString(15)).isEqualTo("{\"a\":1}");
            assertThat(rows.getString(16)).isEqualTo("{\"1\":\"x\"}");
            assertThat(rows.getString(17)).isEqualTo("{\"k\": 1}");
            assertThat(rows.getString(18)).isNull();
            assertThat(rows.getBigDecimal(19)).isEqualTo(new BigDecimal("0.00"));
            assertThat(rows.getDouble(20)).isEqualTo(1e300);
            assertThat(rows.getDouble(21)).isNaN();
            assertThat(rows.getFloat(22)).isEqualTo(Float.NEGATIVE_INFINITY);
            assertThat(rows.getString(23)).isEqualTo("101");
            assertThat(rows.getString(24)).isEqualTo("[[1],[2]]");
            ResultSetMetaData types = rows.getMetaData();
            assertThat(types.getColumnTypeName(10)).isEqualTo("timestamptz");
            assertThat(types.getColumnTypeName(14)).isEqualTo("json");
            assertThat(types.getPrecision(19)).isEqualTo(10);
            assertThat(types.getScale(19)).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Asia/Shanghai", "America/New_York", "UTC"})
    void aTimeIsTheSameInstantInEveryZone(String zone) throws Exception {
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try {
            // Around both changes of summer time in New York, and the hour that is there twice.
            for (String text : List.of("2026-03-08T06:59:59.999999Z", "2026-03-08T07:00:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00.000001Z", "1969-12-31T23:59:59.5Z")) {
                java.time.Instant instant = java.time.Instant.parse(text);
                for (String mode : List.of("", "&prepareThreshold=-1")) {
                    try (Connection connection = connect(mode); PreparedStatement statement = connection.prepareStatement(
                            "SELECT ?::TIMESTAMPTZ, epoch_us(?::TIMESTAMPTZ), ?::TIMESTAMPTZ::VARCHAR, count(*) FROM range(1) WHERE ?::TIMESTAMPTZ = " + literal(instant))) {
                        statement.setTimestamp(1, Timestamp.from(instant));
                        statement.setTimestamp(2, Timestamp.from(instant));
                        statement.setObject(3, instant.atZone(TimeZone.getDefault().toZoneId()).toOffsetDateTime());
                        statement.setTimestamp(4, Timestamp.from(instant), Calendar.getInstance(TimeZone.getTimeZone("Australia/Lord_Howe")));
                        try (ResultSet rows = statement.executeQuery()) {
                            rows.next();
                            assertThat(rows.getTimestamp(1).toInstant()).isEqualTo(instant);
                            assertThat(rows.getObject(1, OffsetDateTime.class).toInstant()).isEqualTo(instant);
                            assertThat(rows.getLong(2)).isEqualTo(java.time.temporal.ChronoUnit.MICROS.between(java.time.Instant.EPOCH, instant));
                            assertThat(rows.getString(3)).endsWith("+00");
                            assertThat(rows.getLong(4)).isEqualTo(1);
                        }
                    }
                }
            }
        } finally {
            TimeZone.setDefault(before);
        }
    }

    private static String literal(java.time.Instant instant) {
        return "TIMESTAMPTZ '" + instant + "'";
    }

    @Test
    void metadataIsWhatToolsLookFor() throws Exception {
        try (Connection connection = connect("")) {
            DatabaseMetaData data = connection.getMetaData();
            assertThat(names(data.getTables(null, null, "%", new String[] {"TABLE", "VIEW", "FOREIGN TABLE", "MATERIALIZED VIEW", "PARTITIONED TABLE"}), "TABLE_NAME"))
                    .contains("trade", "tick", "book_snapshot", "account_daily").doesNotContain("pg_class");
            assertThat(names(data.getTables("qaexchange", "public", "tr%", null), "TABLE_NAME")).contains("trade", "trading_status");
            assertThat(names(data.getSchemas(), "TABLE_SCHEM")).contains("public", "pg_catalog", "information_schema");
            assertThat(names(data.getCatalogs(), "TABLE_CAT")).containsExactly("qaexchange");
            assertThat(names(data.getColumns(null, "public", "trade", null), "COLUMN_NAME")).contains("event_time", "instrument", "event_time_ns", "date");
            try (ResultSet columns = data.getColumns(null, null, "trade", "event_time")) {
                assertThat(columns.next()).isTrue();
                assertThat(columns.getInt("DATA_TYPE")).isEqualTo(Types.TIMESTAMP);
                assertThat(columns.getString("TYPE_NAME")).isEqualTo("timestamptz");
            }
            assertThat(names(data.getPrimaryKeys(null, "public", "trade"), "COLUMN_NAME")).isEmpty();
            assertThat(names(data.getIndexInfo(null, "public", "trade", false, true), "COLUMN_NAME")).isEmpty();
            assertThat(names(data.getImportedKeys(null, "public", "trade"), "PKCOLUMN_NAME")).isEmpty();
            assertThat(names(data.getExportedKeys(null, "public", "trade"), "PKCOLUMN_NAME")).isEmpty();
            assertThat(names(data.getCrossReference(null, "public", "trade", null, "public", "tick"), "PKCOLUMN_NAME")).isEmpty();
            assertThat(names(data.getBestRowIdentifier(null, "public", "trade", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME")).isEmpty();
            assertThat(names(data.getVersionColumns(null, "public", "trade"), "COLUMN_NAME")).hasSize(1);
            assertThat(names(data.getProcedures(null, null, "%"), "PROCEDURE_NAME")).isEmpty();
            assertThat(names(data.getFunctions(null, null, "%"), "FUNCTION_NAME")).isEmpty();
            assertThat(names(data.getProcedureColumns(null, null, "%", null), "COLUMN_NAME")).isEmpty();
            assertThat(names(data.getUDTs(null, null, "%", null), "TYPE_NAME")).isEmpty();
            assertThat(names(data.getTableTypes(), "TABLE_TYPE")).contains("TABLE");
            assertThat(names(data.getTypeInfo(), "TYPE_NAME")).contains("int8", "float8", "timestamptz", "text", "numeric");
            assertThat(names(data.getTablePrivileges(null, "public", "trade"), "PRIVILEGE")).isNotNull();
            assertThat(names(data.getColumnPrivileges(null, "public", "trade", "price"), "PRIVILEGE")).isNotNull();
            assertThat(names(data.getClientInfoProperties(), "NAME")).isNotEmpty();
            assertThat(data.getSQLKeywords()).isNotEmpty();
            assertThat(data.getMaxColumnNameLength()).isEqualTo(63);
            assertThat(data.getDatabaseProductName()).isEqualTo("PostgreSQL");
            assertThat(data.getDatabaseMajorVersion()).isEqualTo(15);
            assertThat(connection.getCatalog()).isEqualTo("qaexchange");
            assertThat(connection.getSchema()).isEqualTo("public");
            assertThat(connection.isValid(2)).isTrue();
        }
    }

    private static List<String> names(ResultSet rows, String column) throws SQLException {
        List<String> names = new ArrayList<>();
        try (rows) {
            while (rows.next()) {
                names.add(rows.getString(column));
            }
        }
        return names;
    }

    @Test
    void whatDBeaverAndGrafanaSendIsAnswered() throws Exception {
        try (Connection connection = connect("&ApplicationName=DBeaver"); Statement statement = connection.createStatement()) {
            for (String sql : (PgSchema.resource("dbeaver.sql") + PgSchema.resource("grafana.sql")).split(";\\s*\\n")) {
                if (!sql.isBlank()) {
                    org.assertj.core.api.Assertions.assertThatCode(() -> statement.execute(sql)).as(sql).doesNotThrowAnyException();
                }
            }
        }
    }

    @Test
    void aFetchSizeGivesRowsInParts() throws Exception {
        try (Connection connection = connect("")) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement(); Statement other = connection.createStatement()) {
                statement.setFetchSize(1_000);
                other.setFetchSize(7);
                try (ResultSet rows = statement.executeQuery("SELECT i FROM range(100000) t(i)"); ResultSet more = other.executeQuery("SELECT i FROM range(1000) t(i)")) {
                    long i = 0;
                    while (rows.next()) {
                        assertThat(rows.getLong(1)).isEqualTo(i);
                        if (i < 1_000) {
                            assertThat(more.next()).isTrue();
                            assertThat(more.getLong(1)).isEqualTo(i);
                        }
                        i++;
                    }
                    assertThat(i).isEqualTo(100_000);
                }
            }
            connection.commit();
        }
    }

    @Test
    void transactionsAreThereInNameOnly() throws Exception {
        try (Connection connection = connect("")) {
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            try (Statement statement = connection.createStatement()) {
                statement.executeQuery("SELECT 1").close();
                java.sql.Savepoint point = connection.setSavepoint();
                assertThat(state(() -> statement.executeQuery("SELECT * FROM nosuch"))).isEqualTo("42P01");
                assertThat(state(() -> statement.executeQuery("SELECT 1"))).isEqualTo("25P02");
                connection.rollback(point);
                statement.executeQuery("SELECT 1").close();
                connection.commit();
                statement.executeQuery("SELECT 1").close();
                connection.rollback();
            }
        }
    }

    @Test
    void errorsHaveTheStatesThatProgramsLookFor() throws Exception {
        try (Connection connection = connect(""); Statement statement = connection.createStatement()) {
            assertThat(state(() -> statement.executeQuery("SELECT * FROM nosuch"))).isEqualTo("42P01");
            assertThat(state(() -> statement.executeQuery("SELECT nosuch FROM trade"))).isEqualTo("42703");
            assertThat(state(() -> statement.executeQuery("SELECT t.nosuch FROM trade t"))).isEqualTo("42703");
            assertThat(state(() -> statement.executeQuery("SELEC 1"))).isEqualTo("42601");
            assertThat(state(() -> statement.executeQuery("SELECT nosuch(1)"))).isEqualTo("42883");
            assertThat(state(() -> statement.executeQuery("SELECT 1::nosuch"))).isEqualTo("42704");
            assertThat(state(() -> statement.executeQuery("SELECT 'a'::INTEGER"))).isEqualTo("22P02");
            assertThat(state(() -> statement.executeQuery("SELECT (i || 'x')::INTEGER FROM range(3) t(i)"))).isEqualTo("22P02");
            assertThat(state(() -> statement.executeQuery("SELECT * FROM read_csv('/etc/passwd')"))).isEqualTo("42501");
            assertThat(state(() -> statement.executeQuery("SELECT instrument FROM trade t, trade u"))).isEqualTo("42702");
            assertThat(state(() -> statement.executeQuery("SELECT account, count(*) FROM trade"))).isEqualTo("42803");
            assertThat(state(() -> statement.execute("SET nosuch = 1"))).isEqualTo("42704");
            assertThat(state(() -> statement.execute("SET qaexchange.level = 'nosuch'"))).isEqualTo("22023");
            assertThat(state(() -> statement.execute("SHOW nosuch"))).isEqualTo("42704");
            assertThat(state(() -> statement.execute("FETCH 1 FROM nosuch"))).isEqualTo("34000");
            assertThat(state(() -> statement.execute("DEALLOCATE nosuch"))).isEqualTo("26000");
            for (String write : List.of("INSERT INTO trade(price) VALUES (1)", "UPDATE trade SET price = 1", "DELETE FROM trade", "CREATE TABLE t(a INTEGER)", "DROP TABLE trade",
                    "ALTER TABLE trade ADD COLUMN x INTEGER", "TRUNCATE trade", "COPY trade TO '/tmp/x'", "ATTACH '/tmp/x'", "INSTALL httpfs", "CALL pragma_version()",
                    "PRAGMA database_list", "EXPLAIN DELETE FROM trade", "WITH a AS (SELECT 1) INSERT INTO trade(price) SELECT 1", "SELECT 1 INTO x")) {
                SQLException refused = org.assertj.core.api.Assertions.catchThrowableOfType(SQLException.class, () -> statement.execute(write));
                assertThat((Throwable) refused).as(write).isNotNull();
                assertThat(refused.getSQLState()).as(write + ": " + refused.getMessage()).isIn("25006", "42601");
                assertThat(refused.getMessage()).as(write).containsPattern("read-only view|only|syntax");
            }
            assertThat(state(() -> DriverManager.getConnection(rig.url("").replace("/qaexchange", "/nosuch")))).isEqualTo("3D000");
            try (PreparedStatement two = connection.prepareStatement("SELECT 1; SELECT ?")) {
                two.setInt(1, 1);
                assertThat(two.execute()).isTrue();
            }
        }
    }

    @Test
    void parametersAreWhatTheyWereMeantToBe() throws Exception {
        try (Connection connection = connect("")) {
            assertThat(one(connection, "SELECT ?", "text")).isEqualTo("text");
            assertThat(one(connection, "SELECT ? + 1", 41)).isEqualTo("42");
            assertThat(one(connection, "SELECT count(*) FROM range(10) t(i) WHERE i < ?", 5)).isEqualTo("5");
            assertThat(one(connection, "SELECT i FROM range(10) t(i) ORDER BY 1 DESC LIMIT ?", 1)).isEqualTo("9");
            assertThat(one(connection, "SELECT ?::text || '?'", "a")).isEqualTo("a?");
            assertThat(one(connection, "SELECT coalesce(?, 'none')", new Object[] {null})).isEqualTo("none");
            assertThat(one(connection, "SELECT ? || ? || ? || ? || ? || ? || ? || ? || ? || ? || ?::TEXT", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", 11)).isEqualTo("abcdefghij11");
            Array array = connection.createArrayOf("int8", new Long[] {1L, 3L});
            assertThat(one(connection, "SELECT count(*) FROM range(10) t(i) WHERE i = ANY(?)", array)).isEqualTo("2");
            Array texts = connection.createArrayOf("text", new String[] {"a", "it's", "NULL", null});
            assertThat(one(connection, "SELECT len(?::text[])", texts)).isEqualTo("4");
            assertThat(state(() -> one(connection, "SELECT ?::INTEGER", "x"))).isEqualTo("22P02");
        }
    }

    private static String one(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }

    @Test
    void aStatementIsDescribedBeforeItRuns() throws Exception {
        try (Connection connection = connect(""); PreparedStatement statement = connection.prepareStatement("SELECT instrument, price, event_time FROM trade WHERE volume > ?")) {
            assertThat(statement.getParameterMetaData().getParameterTypeName(1)).isEqualTo("float8");
            assertThat(statement.getMetaData().getColumnTypeName(3)).isEqualTo("timestamptz");
            assertThat(statement.getMetaData().getColumnCount()).isEqualTo(3);
        }
    }

    @Test
    void aQueryCanBeCancelled() throws Exception {
        try (Connection connection = connect(""); Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            assertThat(state(() -> statement.executeQuery("SELECT count(*) FROM range(10000000000) a, range(1000) b"))).isEqualTo("57014");
            statement.setQueryTimeout(0);
            statement.execute("SET statement_timeout = 300");
            assertThat(state(() -> statement.executeQuery("SELECT count(*) FROM range(10000000000) a, range(1000) b"))).isEqualTo("57014");
            statement.execute("SET statement_timeout = 0");
            CompletableFuture<String> cancelled = CompletableFuture.supplyAsync(() -> state(() -> statement.executeQuery("SELECT count(*) FROM range(10000000000) a, range(1000) b")));
            while (!cancelled.isDone()) {
                // Until the query has begun, there is nothing to cancel.
                connection.unwrap(org.postgresql.PGConnection.class).cancelQuery();
            }
            assertThat(cancelled.get()).isEqualTo("57014");
            statement.executeQuery("SELECT 1").close();
        }
    }

    @Test
    void aClientThatGoesAwayEndsItsQuery() throws Exception {
        Connection connection = connect("");
        CompletableFuture<Void> asking = CompletableFuture.runAsync(() -> {
            try (Statement statement = connection.createStatement()) {
                statement.executeQuery("SELECT count(*) FROM range(10000000000) a, range(1000) b");
            } catch (SQLException e) {
                // The connection was closed.
            }
        });
        while (rig.server().answers() == 0) {
            Thread.onSpinWait();
        }
        int before = rig.server().connections();
        connection.abort(Runnable::run);
        while (rig.server().connections() >= before) {
            Thread.onSpinWait();
        }
        assertThat(rig.server().answers()).isZero();
        asking.get(10, TimeUnit.SECONDS);
    }

    @Test
    void settingsAreKeptAndTold() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("user", "alice");
        properties.setProperty("options", "-c qaexchange.level=archive -c statement_timeout=5min");
        try (Connection connection = DriverManager.getConnection(rig.url(""), properties); Statement statement = connection.createStatement()) {
            assertThat(one(connection, "SHOW qaexchange.level")).isEqualTo("archive");
            statement.execute("SET qaexchange.level TO checkpoint");
            assertThat(one(connection, "SHOW qaexchange.level")).isEqualTo("checkpoint");
            assertThat(one(connection, "SELECT current_setting('qaexchange.level')")).isEqualTo("checkpoint");
            statement.execute("RESET ALL");
            assertThat(one(connection, "SHOW qaexchange.level")).isEqualTo("archive");
            statement.execute("SET TIME ZONE 'Asia/Shanghai'");
            assertThat(statement.getWarnings().getMessage()).contains("UTC");
            assertThat(one(connection, "SHOW TIME ZONE")).isEqualTo("UTC");
            assertThat(one(connection, "SHOW TRANSACTION ISOLATION LEVEL")).isEqualTo("repeatable read");
            assertThat(one(connection, "SELECT current_user")).isEqualTo("alice");
            statement.execute("DISCARD ALL");
            assertThatThrownBy(() -> statement.execute("SET client_encoding = 'LATIN1'")).isInstanceOf(SQLException.class);
        }
    }
}
