package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a running job over the PostgreSQL wire, asked by the clients that docs/connect.md shows. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PgDoorITCase {

    private static final int MESSAGES = 6_000;

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private QueryServer server;

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        job = rig.submitWithArchivedRows(21, MESSAGES);
        URI rest = rig.cluster().getRestAddress().get();
        server = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 4, 16,
                new QueryEngine.Limits("512MB", 2, 30, "1GB", 0), new QueryServer.Doors(0, 20, QueryServer.Doors.NONE, null, Duration.ofMinutes(1))));
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        rig.stop(job);
        rig.close();
    }

    /** Where the rows can be counted before, none of them is read; elsewhere the answer ends with an error, and never looks whole. */
    @Test
    void anAnswerOfTooManyRowsIsRefused() throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        try (QueryServer limited = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 4, 16,
                new QueryEngine.Limits("512MB", 2, 30, "1GB", 200), new QueryServer.Doors(0, 20, QueryServer.Doors.NONE, null, Duration.ofMinutes(1))))) {
            long ticks = Long.parseLong(ask(limited, "csv", "SELECT count(*) AS n FROM tick").body().replaceAll("\\D", ""));
            assertThat(ticks).isGreaterThan(200);
            String known = String.format("the answer has %,d rows, and this server gives at most 200", ticks);
            for (String sql : List.of("SELECT * FROM tick", "SELECT instrument, volume, 1 FROM tick t ORDER BY event_time")) {
                HttpResponse<String> refused = ask(limited, "json", sql);
                assertThat(refused.statusCode()).as(refused.body()).isEqualTo(422);
                assertThat(refused.body()).contains("too-many-rows", known);
            }
            String doubled = "SELECT t.volume FROM tick t, range(2)";
            for (String format : List.of("json", "csv", "ndjson", "arrow", "parquet")) {
                try {
                    assertThat(ask(limited, format, doubled).body()).as(format).contains("too-many-rows", "more than 200 rows");
                } catch (IOException e) {
                    // The answer had begun, so the connection breaks: no client takes the part for the whole.
                    assertThat(format).as("a file that is made before it is sent").isNotEqualTo("parquet");
                }
            }
            assertThat(ask(limited, "ndjson", "SELECT volume FROM tick LIMIT 200").body().lines()).hasSize(200);
            String url = "jdbc:postgresql://127.0.0.1:" + limited.pgPort() + "/qaexchange?user=alice";
            try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement()) {
                for (String sql : List.of("SELECT * FROM tick", doubled, "SELECT * FROM range(201)")) {
                    assertThatThrownBy(() -> statement.executeQuery(sql)).isInstanceOfSatisfying(SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("54000"))
                            .hasMessageContaining("and this server gives at most 200");
                }
                try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM tick")) {
                    assertThat(rows.next()).isTrue();
                    assertThat(rows.getLong(1)).isEqualTo(ticks);
                }
            }
        }
    }

    private static HttpResponse<String> ask(QueryServer server, String format, String sql) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.port() + "/v1/query?format=" + format);
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(sql)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private Connection connect(String more) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.pgPort() + "/qaexchange?user=alice" + more);
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

    private static String counts() {
        List<String> parts = new ArrayList<>();
        io.qaexchange.events.EventSchema.get().recordTypes().forEach(type -> parts.add("(SELECT count(*) FROM " + type.table() + ")"));
        return "SELECT " + String.join(" + ", parts);
    }

    @Test
    void countsEveryRowOnceAtEveryLevel() throws Exception {
        String stored = Long.toString((long) LiveMetrics.sum("stored"));
        try (Connection connection = connect(""); Statement statement = connection.createStatement()) {
            assertThat(one(connection, counts())).isEqualTo(stored);
            statement.execute("SET qaexchange.level = 'checkpoint'");
            assertThat(one(connection, counts())).isEqualTo(stored);
            statement.execute("SET qaexchange.level = 'archive'");
            assertThat(Long.parseLong(one(connection, counts()))).isPositive().isLessThanOrEqualTo(Long.parseLong(stored));
            statement.execute("SET qaexchange.level = 'checkpoint:999999'");
            assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(SQLException.class, () -> one(connection, counts())).getSQLState()).isEqualTo("72000");
        }
    }

    /** Statements on one instrument run without a database; in parentheses they run in one. */
    @Test
    void bothWaysToRowsOfAnInstrumentGiveTheSame() throws Exception {
        Random random = new Random(5);
        int rowsSeen = 0;
        try (Connection connection = connect("&options=-c%20client_min_messages=warning")) {
            for (String table : List.of("tick", "trade", "order_insert")) {
                List<String> some = all(connection, "SELECT instrument || '|' || event_time FROM " + table + " USING SAMPLE 12 ROWS (reservoir, 7)");
                for (String row : some) {
                    String instrument = row.substring(0, row.indexOf('|'));
                    String time = row.substring(row.indexOf('|') + 1);
                    String comparison = List.of("=", ">=", ">", "<=", "<").get(random.nextInt(5));
                    String condition = " FROM " + table + " WHERE instrument = '" + instrument + "' AND event_time " + comparison + " TIMESTAMPTZ '" + time + "'";
                    List<String> rows = all(connection, "SELECT *" + condition);
                    assertThat(rows).as(condition).containsExactlyInAnyOrderElementsOf(all(connection, "SELECT * FROM (SELECT *" + condition + ")"));
                    // Each way may take another row of equal microseconds.
                    String newest = "SELECT event_time, instrument" + condition + " ORDER BY event_time DESC LIMIT 3";
                    assertThat(all(connection, newest)).as(newest).containsExactlyElementsOf(all(connection, "SELECT * FROM (" + newest + ")"));
                    rowsSeen += rows.size();
                }
            }
        }
        assertThat(rowsSeen).isGreaterThan(100);
    }

    private static List<String> all(Connection connection, String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                StringBuilder row = new StringBuilder(rows.getString(1));
                for (int c = 2; c <= columns; c++) {
                    row.append('|').append(rows.getString(c));
                }
                found.add(row.toString());
            }
        }
        return found;
    }

    @Test
    void aNoticeNamesLevelMomentsAndOffsets() throws Exception {
        try (Connection connection = connect(""); Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT count(*) FROM trade").close();
            SQLWarning notice = statement.getWarnings();
            assertThat(notice.getMessage()).contains("level live").contains("manifest version").contains("pinned from");
            assertThat(((org.postgresql.util.PSQLWarning) notice).getServerErrorMessage().getDetail()).contains("events-0@");
            statement.clearWarnings();
            statement.execute("SET client_min_messages = warning");
            statement.executeQuery("SELECT count(*) FROM trade").close();
            assertThat((Throwable) statement.getWarnings()).isNull();
        }
    }

    @Test
    void aRowIsTheSameInTextAndBinaryAndOverHttp() throws Exception {
        String sql = "SELECT instrument, event_time, event_time_ns, ingest_time, ingest_time_ns, price, volume, sequence, trading_day, date, kafka_offset FROM trade "
                + "ORDER BY event_time_ns, source, sequence, account LIMIT 50";
        List<List<String>> text = new ArrayList<>();
        List<List<String>> binary = new ArrayList<>();
        for (String mode : List.of("&binaryTransfer=false", "&prepareThreshold=-1")) {
            try (Connection connection = connect(mode); PreparedStatement statement = connection.prepareStatement(sql); ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    List<String> row = new ArrayList<>();
                    Instant time = rows.getObject(2, OffsetDateTime.class).toInstant();
                    assertThat(rows.getLong(3) / 1_000).isEqualTo(time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000);
                    Instant ingest = rows.getObject(4, OffsetDateTime.class).toInstant();
                    assertThat(rows.getLong(5) / 1_000).isEqualTo(ingest.getEpochSecond() * 1_000_000 + ingest.getNano() / 1_000);
                    row.add(rows.getString(1));
                    row.add(time.toString());
                    for (int c = 3; c <= 11; c++) {
                        row.add(c == 6 || c == 7 ? Double.toString(rows.getDouble(c)) : c == 4 ? ingest.toString() : rows.getString(c));
                    }
                    (mode.contains("false") ? text : binary).add(row);
                }
            }
        }
        assertThat(text).hasSize(50).isEqualTo(binary);
    }

    @Test
    void parametersArePushedDownAsConstantsAre() throws Exception {
        try (Connection connection = connect("")) {
            String instrument = one(connection, "SELECT min(instrument) FROM trade");
            String all = one(connection, "SELECT count(*) FROM trade WHERE instrument = '" + instrument + "'");
            assertThat(one(connection, "SELECT count(*) FROM trade WHERE instrument = ?", instrument)).isEqualTo(all);
            assertThat(one(connection, "SELECT count(*) FROM trade WHERE instrument = ? AND event_time >= ? AND price > ?", instrument, Timestamp.from(Instant.EPOCH), 0.0))
                    .isEqualTo(all);
            assertThat(one(connection, "SELECT count(*) FROM public.trade t WHERE t.instrument = ANY(?)", connection.createArrayOf("text", new String[] {instrument})))
                    .isEqualTo(all);
            assertThat(one(connection, "SELECT count(*) FROM \"qaexchange\".\"public\".\"trade\"")).isEqualTo(one(connection, "SELECT count(*) FROM trade"));
            assertThat(one(connection, "SELECT count(*) FROM trade WHERE event_time_ns > ?", 0L)).isEqualTo(one(connection, "SELECT count(*) FROM trade"));
            assertThat(one(connection, "SELECT count(event_time) FROM trade WHERE ingest_time_ns > ?", 0L)).isEqualTo(one(connection, "SELECT count(*) FROM trade"));
        }
    }

    @Test
    void booksAreJson() throws Exception {
        try (Connection connection = connect("")) {
            assertThat(one(connection, "SELECT bids FROM book_snapshot WHERE len(bids) > 0 LIMIT 1")).startsWith("[{\"price\":").contains("\"volume\":");
            assertThat(one(connection, "SELECT bids[1].price > 0 FROM book_snapshot WHERE len(bids) > 0 LIMIT 1")).isEqualTo("t");
        }
    }

    @Test
    void grafanasTimeMacrosWork() throws Exception {
        try (Connection connection = connect("&preferQueryMode=simple")) {
            String from = one(connection, "SELECT min(event_time) FROM tick").replace(' ', 'T').replaceFirst("\\+00$", "Z");
            String day = from.substring(0, 10);
            // $__timeFilter of a panel, in milliseconds, and of an alert rule, in nanoseconds; $__timeGroupAlias; $__unixEpochNanoFilter.
            for (String range : List.of("'" + day + "T00:00:00.123Z' AND '2100-01-01T00:00:00.456Z'", "'" + day + "T00:00:00.410235195Z' AND '2100-01-01T00:00:00.410235195Z'")) {
                assertThat(Long.parseLong(one(connection, "SELECT count(*) FROM tick WHERE event_time BETWEEN " + range))).isPositive();
                assertThat(one(connection, "SELECT floor(extract(epoch from event_time)/60)*60 AS \"time\", instrument AS metric, avg(last_price) AS value FROM tick "
                        + "WHERE event_time BETWEEN " + range + " GROUP BY 1, 2 ORDER BY 1, 2")).isNotEmpty();
            }
            assertThat(one(connection, "SELECT event_time AS \"time\", last_price FROM tick ORDER BY 1 LIMIT 1")).endsWith("+00");
            assertThat(one(connection, "SELECT count(*) FROM tick WHERE event_time_ns >= 1000000000000000000 AND event_time_ns <= 4102444800000000000"))
                    .isEqualTo(one(connection, "SELECT count(*) FROM tick"));
            assertThat(one(connection, "SELECT date_bin(INTERVAL '5 minutes', event_time, TIMESTAMPTZ '2000-01-01 00:00:00Z') FROM tick LIMIT 1")).endsWith(":00+00");
        }
    }

    @Test
    void otherClientsOfThePageWork() throws Exception {
        String port = Integer.toString(server.pgPort());
        run("psql", List.of("psql", "-h", "127.0.0.1", "-p", port, "-U", "alice", "-At", "-c", "SELECT 'trades=' || count(*) FROM trade", "qaexchange"), "trades=");
        run("psql", List.of("psql", "-h", "127.0.0.1", "-p", port, "-U", "alice", "-c", "\\d trade", "qaexchange"), "event_time_ns");
        Path examples = Path.of("../../docs/examples").toAbsolutePath().normalize();
        run("psycopg2", List.of("/usr/bin/python3", examples.resolve("connect_psycopg2.py").toString(), port), "newest trade");
        run("node pg", List.of("node", examples.resolve("connect_pg.mjs").toString(), port), "newest trade");
        run("odbc", List.of("sh", examples.resolve("connect_odbc.sh").toString(), port), "trades");
    }

    /** Runs a client; one that is not on this machine is named in the output. */
    private static void run(String name, List<String> command, String expected) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            System.out.println("pg clients: " + name + " is not on this machine and was not tried: " + e.getMessage());
            return;
        }
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        if (exit == 77) {
            System.out.println("pg clients: " + name + " is not on this machine and was not tried: " + output.strip());
            return;
        }
        assertThat(output).as(name).contains(expected);
        assertThat(exit).as(name + ": " + output).isZero();
        System.out.println("pg clients: " + name + " tried: " + output.strip().lines().reduce((a, b) -> b).orElse(""));
    }

    @Test
    void aFetchSizeStreamsRowsOfTheJob() throws Exception {
        try (Connection connection = connect("")) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(100);
                long rows = 0;
                try (ResultSet all = statement.executeQuery("SELECT * FROM trade")) {
                    while (all.next()) {
                        rows++;
                    }
                }
                assertThat(Long.toString(rows)).isEqualTo(one(connection, "SELECT count(*) FROM trade"));
            }
        }
    }

    @Test
    void aSlowClientGivesItsPlaceBack() throws Exception {
        List<Connection> open = new ArrayList<>();
        List<ResultSet> results = new ArrayList<>();
        try {
            // More than may run at once, each with a result that its client does not read on.
            for (int i = 0; i < 6; i++) {
                Connection connection = connect("");
                open.add(connection);
                connection.setAutoCommit(false);
                Statement statement = connection.createStatement();
                statement.setFetchSize(10);
                ResultSet rows = statement.executeQuery("SELECT * FROM trade");
                assertThat(rows.next()).isTrue();
                results.add(rows);
            }
            try (Connection other = connect("")) {
                assertThat(Long.parseLong(one(other, "SELECT count(*) FROM trade"))).isPositive();
            }
        } finally {
            for (Connection connection : open) {
                connection.close();
            }
        }
    }
}
