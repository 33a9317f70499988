package io.qaexchange.job.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.server.FlightRig;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Arrow's JDBC driver, with its faults that docs/connect.md tells and the ways round them. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightJdbcDriverTest {

    private static final String TIME = "TIMESTAMPTZ_NS '2026-01-05 01:30:00.123456789Z'";

    private FlightRig rig;

    @BeforeAll
    void start() throws Exception {
        rig = FlightRig.start();
    }

    @AfterAll
    void stop() {
        rig.close();
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:arrow-flight-sql://127.0.0.1:" + rig.port() + "/?useEncryption=false&user=alice&password=none");
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
    void statementsAndParametersWork() throws Exception {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            try (ResultSet rows = statement.executeQuery("SELECT i, 'text ' || i AS t, i * 0.5::DOUBLE AS d FROM range(100000) r(i)")) {
                long at = 0;
                while (rows.next()) {
                    assertThat(rows.getLong(1)).isEqualTo(at);
                    assertThat(rows.getDouble("d")).isEqualTo(at * 0.5);
                    at++;
                }
                assertThat(at).isEqualTo(100_000);
            }
            try (PreparedStatement prepared = connection.prepareStatement("SELECT count(*) FROM range(100) r(i) WHERE i < ? AND ? = 'x'")) {
                prepared.setLong(1, 42);
                prepared.setString(2, "x");
                try (ResultSet rows = prepared.executeQuery()) {
                    rows.next();
                    assertThat(rows.getLong(1)).isEqualTo(42);
                }
            }
            assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM nosuch")).isInstanceOf(SQLException.class).hasMessageContaining("nosuch");
            assertThatThrownBy(() -> statement.executeUpdate("DELETE FROM trade")).isInstanceOf(SQLException.class).hasMessageContaining("does more than read");
        }
    }

    @Test
    void metadataIsThere() throws Exception {
        try (Connection connection = connect()) {
            DatabaseMetaData data = connection.getMetaData();
            assertThat(data.getDatabaseProductName()).isEqualTo("qaexchange");
            assertThat(data.isReadOnly()).isTrue();
            assertThat(names(data.getCatalogs(), "TABLE_CAT")).containsExactly("qaexchange");
            assertThat(names(data.getSchemas(), "TABLE_SCHEM")).containsExactly("public");
            assertThat(names(data.getTableTypes(), "TABLE_TYPE")).containsExactly("TABLE");
            assertThat(names(data.getTables(null, null, "t%", new String[] {"TABLE"}), "TABLE_NAME")).contains("trade", "tick");
            assertThat(names(data.getColumns(null, "public", "trade", null), "COLUMN_NAME")).contains("event_time", "instrument", "price");
            assertThat(names(data.getPrimaryKeys(null, "public", "trade"), "COLUMN_NAME")).isEmpty();
            assertThat(data.getIdentifierQuoteString()).isEqualTo("\"");
        }
    }

    @Test
    void timesAreRightByTheWaysOfThePageAndWrongWithoutThem() throws Exception {
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone("Asia/Shanghai"));
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            Instant instant = Instant.parse("2026-01-05T01:30:00.123456789Z");
            try (ResultSet rows = statement.executeQuery("SELECT epoch_ns(" + TIME + "), CAST(" + TIME + " AS VARCHAR)")) {
                rows.next();
                assertThat(rows.getLong(1)).isEqualTo(instant.getEpochSecond() * 1_000_000_000L + instant.getNano());
                assertThat(rows.getString(2)).isEqualTo("2026-01-05 01:30:00.123456789+00");
            }
            try (ResultSet rows = statement.executeQuery("SELECT " + TIME)) {
                rows.next();
                // If one of these two fails, the driver was mended: change docs/connect.md.
                assertThatThrownBy(() -> rows.getObject(1)).isInstanceOf(RuntimeException.class);
                assertThat(rows.getTimestamp(1).toInstant()).isNotEqualTo(instant.truncatedTo(java.time.temporal.ChronoUnit.MILLIS));
            }
            // A time as parameter arrives as it was meant, to the millisecond.
            try (PreparedStatement prepared = connection.prepareStatement("SELECT epoch_ms(CAST(? AS TIMESTAMPTZ))")) {
                prepared.setTimestamp(1, Timestamp.from(Instant.parse("2026-01-05T01:30:00.123Z")));
                try (ResultSet rows = prepared.executeQuery()) {
                    rows.next();
                    System.out.println("flight jdbc: parameter in Asia/Shanghai arrives as " + Instant.ofEpochMilli(rows.getLong(1)));
                }
            }
        } finally {
            TimeZone.setDefault(before);
        }
    }

    @Test
    void theLevelIsAPropertyOfTheConnection() throws Exception {
        String url = "jdbc:arrow-flight-sql://127.0.0.1:" + rig.port() + "/?useEncryption=false&qaexchange-level=";
        try (Connection connection = DriverManager.getConnection(url + "checkpoint"); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT 1")) {
            assertThat(rows.next()).isTrue();
        }
        assertThatThrownBy(() -> {
            try (Connection connection = DriverManager.getConnection(url + "nosuch"); Statement statement = connection.createStatement()) {
                statement.executeQuery("SELECT 1").close();
            }
        }).isInstanceOf(SQLException.class).hasMessageContaining("nosuch");
    }

    @Test
    void preparedStatementsThatTheDriverLeavesOpenAreBounded() throws Exception {
        try (Connection connection = connect()) {
            for (int i = 0; i < 20; i++) {
                try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery("SELECT " + i)) {
                    assertThat(rows.next()).isTrue();
                }
            }
        }
        System.out.println("flight jdbc: prepared statements left open after 20 statements: " + rig.server().preparedStatements());
    }
}
