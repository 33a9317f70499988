package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.ScramVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.flink.api.common.JobID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which rows are served to whom, over every door: users of some instruments and accounts, system tables, points by id. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ServedRowsITCase {

    private static final int MESSAGES = 6_000;
    private static final String ALL = "anna-token";
    private static final String SOME = "sam-token";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private QueryServer server;
    private Path tokens;
    /** The instrument and the account that Sam may see. */
    private String instrument;
    private String account;
    private String otherInstrument;
    private String otherAccount;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        job = rig.submitWithArchivedRows(21, MESSAGES);
        URI rest = rig.cluster().getRestAddress().get();
        tokens = Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n" + entry("anna", ALL) + "    scram: " + ScramVerifier.ofPassword("anna") + "\n");
        server = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, tokens, 4, 16,
                new QueryEngine.Limits("512MB", 2, 30, "1GB", 0), new QueryServer.Doors(0, 20, 0, null, Duration.ofMinutes(1))));
        List<String> accounts = column(ALL, "SELECT account FROM trade GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 2");
        account = accounts.get(0);
        otherAccount = accounts.get(1);
        List<String> instruments = column(ALL, "SELECT instrument FROM trade WHERE account = '" + account + "' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 2");
        instrument = instruments.get(0);
        otherInstrument = instruments.get(1);
        Files.writeString(tokens, Files.readString(tokens) + entry("sam", SOME) + "    scram: " + ScramVerifier.ofPassword("sam") + "\n    instruments: [\""
                + instrument + "\"]\n    accounts: [\"" + account + "\"]\n");
        JobRig.await(() -> get(SOME, "/v1/user").statusCode() == 200);
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        rig.stop(job);
        rig.close();
    }

    private static String entry(String user, String token) throws Exception {
        return "  - user: " + user + "\n    role: reader\n    sha256: "
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8))) + "\n";
    }

    @Test
    void sqlShowsTheRowsOfTheUserOverEveryDoor() throws Exception {
        for (String table : List.of("trade", "order_insert", "order_update", "tick", "position_daily", "account_daily", "cash_movement")) {
            String where = " WHERE true" + (hasColumn(table, "instrument") && !table.equals("cash_movement") ? " AND instrument = '" + instrument + "'" : "")
                    + (hasColumn(table, "account") ? " AND account = '" + account + "'" : "");
            for (String level : table.equals("trade") ? List.of("live", "checkpoint", "archive", "files") : List.of("live")) {
                String all = column(ALL, "SELECT count(*) FROM " + table + where, level).get(0);
                assertThat(column(SOME, "SELECT count(*) FROM " + table, level)).as("%s at %s", table, level).containsExactly(all);
            }
        }
        String trades = column(ALL, "SELECT count(*) FROM trade WHERE instrument = '" + instrument + "' AND account = '" + account + "'").get(0);
        assertThat(Long.parseLong(trades)).isPositive();
        try (Connection connection = pg("sam")) {
            assertThat(one(connection, "SELECT count(*) FROM trade")).isEqualTo(trades);
            assertThat(one(connection, "SELECT count(*) FROM trade WHERE account = '" + otherAccount + "'")).isEqualTo("0");
            assertThat(one(connection, "SELECT string_agg(DISTINCT instrument, ',') FROM trade")).isEqualTo(instrument);
            // Statements that run without a database.
            for (String of : List.of(instrument, otherInstrument)) {
                try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(
                        "SELECT instrument, account FROM trade WHERE instrument = '" + of + "' ORDER BY event_time DESC LIMIT 100")) {
                    while (rows.next()) {
                        assertThat(rows.getString(1) + " " + rows.getString(2)).isEqualTo(instrument + " " + account);
                    }
                }
            }
        }
        assertThat(flight(SOME, "SELECT count(*) FROM trade")).containsExactly(trades);
        assertThat(flight(SOME, "SELECT DISTINCT account FROM order_insert")).containsExactly(account);
        // The answer of one user is not another's.
        assertThat(flight(ALL, "SELECT count(*) FROM trade").get(0)).isNotEqualTo(trades);
        assertThat(flight(SOME, "SELECT count(*) FROM trade")).containsExactly(trades);
    }

    @Test
    void typedRequestsShowTheSameRows() throws Exception {
        List<String> expected = column(ALL, "SELECT trade_id FROM trade WHERE instrument = '" + instrument + "' AND account = '" + account
                + "' ORDER BY event_time DESC, source DESC, sequence DESC");
        List<String> shown = new ArrayList<>();
        JSON.readTree(get(SOME, "/v1/rows/trade?limit=100000").body()).forEach(row -> shown.add(row.get("trade_id").asText()));
        assertThat(shown).isEqualTo(expected);
        assertThat(JSON.readTree(get(SOME, "/v1/rows/trade?limit=3").body())).hasSize(Math.min(3, expected.size()));
        assertThat(JSON.readTree(get(SOME, "/v1/rows/trade?limit=3&order=asc&instrument=" + encode(instrument)).body()))
                .hasSize(Math.min(3, expected.size()));
        assertThat(JSON.readTree(get(SOME, "/v1/latest/tick").body())).hasSizeLessThanOrEqualTo(1)
                .allSatisfy(row -> assertThat(row.get("instrument").asText()).isEqualTo(instrument));
        assertThat(JSON.readTree(get(SOME, "/v1/latest/trade").body())).allSatisfy(row -> assertThat(row.get("account").asText()).isEqualTo(account));
        long rows = 0;
        for (JsonNode bar : JSON.readTree(get(SOME, "/v1/bars/trade?interval=1m").body())) {
            assertThat(bar.get("instrument").asText()).isEqualTo(instrument);
            rows += bar.get("rows").asLong();
        }
        assertThat(rows).as("bars are made of his rows").isEqualTo(expected.size());
    }

    @Test
    void whatHeMayNotSeeIsAsIfItWereNotThere() throws Exception {
        String unknown = "SHFE.zz9999";
        for (String path : List.of("/v1/rows/tick?instrument=", "/v1/bars/trade?instrument=", "/v1/latest/tick?instrument=", "/v1/instruments/",
                "/v1/accounts/", "/v1/plan?sql=" + encode("SELECT * FROM trade WHERE instrument = ") + "%27", "/v1/query?sql=" + encode("SELECT * FROM tick WHERE instrument = ") + "%27")) {
            boolean ofAccounts = path.contains("accounts");
            String name = ofAccounts ? otherAccount : otherInstrument;
            String end = path.endsWith("%27") ? "%27" : "";
            HttpResponse<String> other = get(SOME, path + encode(name) + end);
            HttpResponse<String> nobody = get(SOME, path + encode(unknown) + end);
            assertThat(other.statusCode()).as(path).isEqualTo(nobody.statusCode());
            // A name that he may see himself can be near to either.
            assertThat(withoutNear(told(other).replace(name, "X"))).as(path).isEqualTo(withoutNear(told(nobody).replace(unknown, "X")));
        }
        // Near names: those of others are none.
        String near = otherInstrument.substring(0, otherInstrument.length() - 1);
        assertThat(told(get(SOME, "/v1/rows/tick?instrument=" + encode(near)))).doesNotContain(otherInstrument);
        assertThat(told(get(SOME, "/v1/query?sql=" + encode("SELECT * FROM tick WHERE instrument = '" + near + "'")))).doesNotContain(otherInstrument);
        assertThat(told(get(SOME, "/v1/instruments/" + encode(near)))).doesNotContain(otherInstrument);
        assertThat(told(get(SOME, "/v1/accounts/" + encode(otherAccount + "x")))).doesNotContain(otherAccount + " ").doesNotContain("mean " + otherAccount);
        try (Connection connection = pg("sam"); Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT * FROM tick WHERE instrument = '" + near + "'").close();
            assertThat(String.valueOf(statement.getWarnings())).doesNotContain(otherInstrument);
            for (String sql : List.of("SELECT CAST(account AS INTEGER) FROM trade", "SELECT error(account) FROM trade WHERE account <> '" + account + "'")) {
                SQLException failed = catchThrowableOfType(SQLException.class, () -> statement.executeQuery(sql).close());
                assertThat(String.valueOf(failed)).as(sql).doesNotContain("'" + otherAccount + "'").doesNotContain("Error: " + otherAccount);
            }
        }
        assertThat(told(get(SOME, "/v1/trades/" + encode(column(ALL, "SELECT trade_id FROM trade WHERE account = '" + otherAccount + "' AND trade_id NOT IN "
                + "(SELECT trade_id FROM trade WHERE account = '" + account + "') LIMIT 1").get(0))))).contains("unknown-trade").doesNotContain("files of manifest");
    }

    private static String withoutNear(String told) {
        return told.replaceAll("; did you mean [^?]*\\?|\\. Near names: [^\"]*|\"near\" : \\[[^\\]]*\\]", "");
    }

    private static String told(HttpResponse<String> answer) {
        return answer.body().replaceAll("\"(pinnedTo|instance|request)\" ?: ?\"[^\"]*\"", "") .replaceAll("\"manifestVersion\":\\d+", "").replaceAll("checkpoint \\d+ has", "checkpoint N has")
                + String.join("\n", answer.headers().allValues("Qaexchange-Notice"));
    }

    @Test
    void accountsAndInstrumentsAreHis() throws Exception {
        assertThat(names(get(SOME, "/v1/accounts"), "accounts", "account")).containsExactly(account);
        assertThat(names(get(SOME, "/v1/instruments"), "instruments", "instrument")).containsExactly(instrument);
        assertThat(get(SOME, "/v1/instruments/" + encode(instrument)).body()).doesNotContain("storedRows");
        for (String list : List.of("positions", "orders")) {
            JsonNode rows = JSON.readTree(get(SOME, "/v1/ledger/" + list).body()).get(list);
            assertThat(rows).allSatisfy(row -> assertThat(row.get("account").asText()).isEqualTo(account))
                    .allSatisfy(row -> assertThat(row.get("instrument").asText()).isEqualTo(instrument));
        }
        assertThat(get(SOME, "/v1/accounts/" + encode(account)).body()).doesNotContain(otherInstrument);
        for (String path : List.of("/v1/ledger", "/v1/storage", "/v1/storage/history", "/v1/storage/retention?delete-after=1", "/v1/dead-letters", "/v1/status", "/v1/job",
                "/v1/iceberg", "/iceberg/v1/config", "/iceberg/v1/namespaces/archive/tables/trade")) {
            HttpResponse<String> refused = get(SOME, path);
            assertThat(refused.statusCode()).as(path).isEqualTo(403);
            assertThat(refused.body()).as(path).contains("may see some instruments or accounts only");
        }
        JsonNode plan = JSON.readTree(get(SOME, "/v1/plan?sql=" + encode("SELECT * FROM trade")).body()).get("tables").get(0);
        assertThat(plan.get("files")).isEmpty();
        assertThat(plan.get("filesPruned").asInt() + plan.get("filesRead").asInt()).isZero();
    }

    @Test
    void followsHisRowsOnly() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/v1/stream/trade?instrument=" + encode(otherInstrument))).header("Authorization", "Bearer " + SOME).build();
        try (InputStream stream = http.send(request, HttpResponse.BodyHandlers.ofInputStream()).body()) {
            assertThat(new String(stream.readNBytes(12), StandardCharsets.UTF_8)).isEqualTo("event: begin");
        }
    }

    @Test
    void limitsOfAUserHoldFromTheNextQueryOn() throws Exception {
        Files.writeString(tokens, Files.readString(tokens) + entry("gone", "gone-token") + "    scram: " + ScramVerifier.ofPassword("gone") + "\n");
        JobRig.await(() -> get("gone-token", "/v1/user").statusCode() == 200);
        String with = Files.readString(tokens);
        try (Connection connection = pg("gone")) {
            assertThat(one(connection, "SELECT count(DISTINCT account) > 1 FROM trade")).isEqualTo("t");
            String limited = with.replaceAll("(?s)(user: gone\n.*)$", "$1    accounts: []\n");
            Files.writeString(tokens, limited);
            JobRig.await(() -> one(connection, "SELECT count(*) FROM trade").equals("0"));
            Files.writeString(tokens, with.substring(0, with.indexOf("  - user: gone")));
            JobRig.await(() -> get("gone-token", "/v1/user").statusCode() == 401);
            SQLException refused = catchThrowableOfType(SQLException.class, () -> one(connection, "SELECT count(*) FROM trade"));
            assertThat(refused.getSQLState()).isEqualTo("28000");
        }
    }

    @Test
    void systemTablesTellAboutTheServerOverEveryDoor() throws Exception {
        assertThat(column(ALL, "SELECT count(*) FROM qa_subtasks WHERE store_bytes >= 0 AND last_key_group >= first_key_group")).containsExactly("2");
        assertThat(column(ALL, "SELECT sum(rows) = (SELECT sum(cold_rows) FROM qa_instruments) OR sum(rows) > 0 FROM qa_files WHERE tier = 'local'")).containsExactly("true");
        assertThat(column(ALL, "SELECT count(*) FROM qa_files")).containsExactly(Integer.toString(rig.manifest().files().size()));
        assertThat(Long.parseLong(column(ALL, "SELECT sum(stored_rows) FROM qa_instruments").get(0))).isPositive();
        assertThat(column(ALL, "SELECT bool_or(held) AND bool_and(triggered_at < now()) FROM qa_checkpoints WHERE state = 'COMPLETED'")).containsExactly("true");
        assertThat(column(ALL, "SELECT sql FROM qa_queries WHERE state = 'RUNNING' AND user_name = 'anna'")).anyMatch(sql -> sql.contains("RUNNING"));
        HttpResponse<String> answer = get(ALL, "/v1/query?sql=" + encode("SELECT * FROM qa_subtasks"));
        assertThat(answer.headers().firstValue("Qaexchange-Level")).hasValue("system");
        try (Connection connection = pg("anna")) {
            assertThat(one(connection, "SELECT count(*) FROM qa_subtasks")).isEqualTo("2");
            assertThat(one(connection, "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'qa%'")).isEqualTo("5");
            assertThat(one(connection, "SELECT count(*) FROM trade t JOIN qa_instruments i USING (instrument) WHERE i.exchange IS NOT NULL"))
                    .isEqualTo(one(connection, "SELECT count(*) FROM trade"));
            try (ResultSet columns = connection.getMetaData().getColumns(null, "public", "qa_files", "bytes")) {
                assertThat(columns.next()).isTrue();
            }
        }
        assertThat(flight(ALL, "SELECT count(*) FROM qa_subtasks")).containsExactly("2");
        assertThat(get(ALL, "/v1/tables").body()).contains("qa_checkpoints").contains("triggered_at");
        assertThat(get(ALL, "/v1/rows/qa_files").body()).contains("ask for it by SQL");

        assertThat(column(SOME, "SELECT instrument FROM qa_instruments")).containsExactly(instrument);
        assertThat(column(SOME, "SELECT count(stored_rows) FROM qa_instruments")).containsExactly("0");
        assertThat(column(SOME, "SELECT count(*) FROM qa_files")).containsExactly("0");
        assertThat(new TreeSet<>(column(SOME, "SELECT user_name FROM qa_queries"))).containsExactly("sam");
        assertThat(column(SOME, "SELECT count(path) + count(failure) FROM qa_checkpoints")).containsExactly("0");
    }

    @Test
    void findsAnOrderAndATradeHotAndCold() throws Exception {
        for (String order : List.of("ASC", "DESC")) {
            List<String> ids = column(ALL, "SELECT order_id || ' ' || trade_id FROM trade WHERE order_id IS NOT NULL ORDER BY event_time " + order + ", sequence LIMIT 1");
            String orderId = ids.get(0).split(" ")[0];
            String tradeId = ids.get(0).split(" ")[1];
            JsonNode found = JSON.readTree(get(ALL, "/v1/orders/" + encode(orderId)).body());
            assertThat(found.get("order_id").asText()).isEqualTo(orderId);
            for (String table : List.of("order_insert", "order_update", "trade")) {
                List<String> expected = column(ALL, "SELECT sequence FROM " + table + " WHERE order_id = '" + orderId + "' ORDER BY event_time, source, sequence");
                List<String> got = new ArrayList<>();
                found.path(table).forEach(row -> got.add(row.get("sequence").asText()));
                assertThat(got).as("%s of %s", table, orderId).isEqualTo(expected);
            }
            JsonNode trade = JSON.readTree(get(ALL, "/v1/trades/" + encode(tradeId) + "?level=checkpoint").body());
            assertThat(trade.get("trade")).hasSize(Integer.parseInt(column(ALL, "SELECT count(*) FROM trade WHERE trade_id = '" + tradeId + "'").get(0)));
            String at = trade.get("trade").get(0).get("instrument").asText();
            assertThat(get(ALL, "/v1/trades/" + encode(tradeId) + "?instrument=" + encode(at)).statusCode()).isEqualTo(200);
            assertThat(get(ALL, "/v1/trades/" + encode(tradeId) + "?instrument=" + encode(at) + "&to=0").statusCode()).isEqualTo(404);
        }
        HttpResponse<String> nobody = get(ALL, "/v1/orders/nobody-has-it");
        assertThat(nobody.statusCode()).isEqualTo(404);
        assertThat(nobody.body()).contains("unknown-order").contains("nobody has order nobody-has-it").contains("manifest version");
        assertThat(get(ALL, "/v1/orders/" + "x".repeat(1_001)).body()).contains("1 to 1000 characters");
        assertThat(get(ALL, "/v1/orders/x?from=yesterday").body()).contains("bad-time");
        assertThat(get(ALL, "/v1/orders/x?level=files").statusCode()).isEqualTo(400);
        assertThat(get(ALL, "/v1/orders/x?acount=1").body()).contains("unknown-parameter");
    }

    /** Each line of what can be asked wrongly: a status, a code, a sentence. */
    @Test
    void badInputGetsAStatusACodeAndASentence() throws Exception {
        wrong("/v1/query?sql=" + encode("SELECT * FROM trads"), 400, "wrong-sql", "Did you mean \"trade\"");
        wrong("/v1/query?sql=" + encode("SELECT pricee FROM trade"), 400, "wrong-sql", "price");
        wrong("/v1/rows/trads", 404, "unknown-table", "trade");
        wrong("/v1/instruments/" + encode(instrument + "x"), 404, "unknown-instrument", instrument);
        wrong("/v1/rows/trade?from=2026-01-05T09:30:00", 400, "bad-time", "2026-01-05T17:30:00+08:00");
        wrong("/v1/rows/trade?from=2026-02-30T09:30:00Z", 400, "bad-time", "2026-02-30");
        wrong("/v1/bars/trade?to=99999999999999999999", 400, "bad-time", "to");
        wrong("/v1/rows/trade?from=2026-01-06T00:00:00Z&to=2026-01-05T00:00:00Z", 400, "bad-range", "ends before it begins");
        wrong("/v1/bars/trade?from=2&to=1", 400, "bad-range", "ends before it begins");
        wrong("/v1/orders/x?from=2&to=1", 400, "bad-range", "ends before it begins");
        wrong("/v1/query?sql=" + encode("SELECT * FROM trade WHERE event_time > TIMESTAMPTZ 'yesterday'"), 400, "wrong-sql", "yesterday");
        wrong("/v1/query?sql=" + encode("SELECT event_time_us AT TIME ZONE 'Mars/Base' FROM trade"), 400, "wrong-sql", "Mars/Base");
        wrong("/v1/query?sql=" + encode("SELECT * FROM bars('trade', INTERVAL 1 minute, since := 'now')"), 400, "query-refused", "since");
        wrong("/v1/rows/trade?limit=1000001", 400, "bad-parameter", "between 1 and 1000000");
        wrong("/v1/query?level=checkpoint:424242&sql=" + encode("SELECT * FROM trade"), 410, "checkpoint-not-held", "424242");
        wrong("/v1/query?level=yesterday&sql=" + encode("SELECT * FROM trade"), 400, "bad-request", "stale:<time>");
        HttpResponse<String> nobody = get(ALL, "/v1/rows/trade?instrument=" + encode(instrument + "x"));
        assertThat(nobody.statusCode()).isEqualTo(200);
        assertThat(nobody.headers().firstValue("Qaexchange-Notice").orElse("")).contains("no row of instrument " + instrument + "x").contains("did you mean");
    }

    private void wrong(String path, int status, String code, String part) throws Exception {
        HttpResponse<String> answer = get(ALL, path);
        assertThat(answer.statusCode()).as("%s: %s", path, answer.body()).isEqualTo(status);
        JsonNode problem = JSON.readTree(answer.body());
        assertThat(problem.get("type").asText()).as(path).endsWith(":" + code);
        assertThat(problem.get("detail").asText()).as(path).contains(part);
    }

    @Test
    void aMissingOrDamagedFileIsNamedAndNoPartIsAnswered() throws Exception {
        DataFile file = rig.manifest().files().stream().filter(of -> of.table().equals("order_update")).findFirst().orElseThrow();
        Path path = folder.resolve("archive").resolve(file.path());
        byte[] bytes = Files.readAllBytes(path);
        String sql = "/v1/query?sql=" + encode("SELECT * FROM order_update");
        try {
            Files.delete(path);
            for (String request : List.of(sql, "/v1/rows/order_update?limit=1000000")) {
                wrong(request, 502, "cannot-read", file.path());
            }
            // The file is looked for when hot rows are there already.
            wrong("/v1/query?format=parquet&sql=" + encode("SELECT * FROM order_update LIMIT 1000000"), 502, "cannot-read", file.path());
            try (Connection connection = pg("anna")) {
                SQLException failed = catchThrowableOfType(SQLException.class, () -> one(connection, "SELECT max(order_id) FROM order_update"));
                assertThat(failed.getSQLState()).isEqualTo("58030");
                assertThat(failed.getMessage()).contains(file.path());
            }
            byte[] damaged = bytes.clone();
            Arrays.fill(damaged, 4, damaged.length / 2, (byte) 0x5A);
            Files.write(path, damaged);
            wrong(sql, 502, "cannot-read", file.path());
            wrong("/v1/rows/order_update?limit=1000000", 502, "cannot-read", file.path());
            Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
            wrong(sql, 502, "cannot-read", "the archive manifest says " + file.lengthBytes());
        } finally {
            Files.write(path, bytes);
        }
        assertThat(get(ALL, sql).statusCode()).isEqualTo(200);
    }

    @Test
    void readsOfASessionDoNotGoBackWhenATaskManagerIsKilled() throws Exception {
        long seen = count("session-of-anna");
        try (BufferAllocator allocator = new RootAllocator();
                FlightSqlClient flight = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort())).build())) {
            assertThat(count(flight, "flight-of-anna")).isEqualTo(seen);
            FlightRuntimeException wrong = catchThrowableOfType(FlightRuntimeException.class, () -> count(flight, "?"));
            assertThat(wrong).hasMessageContaining("Qaexchange-Session is a name of");
            doNotGoBack(seen, flight);
        }
        assertThat(count("session-of-anna")).isEqualTo(seen);
        assertThat(inSession("?", "/v1/query?sql=" + encode("SELECT count(*) FROM trade")).body()).contains("bad-header");
    }

    private void doNotGoBack(long seen, FlightSqlClient flight) throws Exception {
        rig.cluster().terminateTaskManager(0).get();
        rig.cluster().startTaskManager();
        JobRig.await(() -> {
            HttpResponse<String> answer = inSession("session-of-anna", "/v1/query?sql=" + encode("SELECT count(*) FROM trade"));
            assertThat(answer.statusCode()).as(answer.body()).isIn(200, 502, 503);
            try {
                assertThat(count(flight, "flight-of-anna")).isEqualTo(seen);
            } catch (FlightRuntimeException e) {
                assertThat(e.status().code()).as(e.getMessage()).isEqualTo(FlightStatusCode.UNAVAILABLE);
                return false;
            }
            return answer.statusCode() == 200;
        });
    }

    /** Counts over Flight SQL, in a session. */
    private static long count(FlightSqlClient flight, String session) throws Exception {
        FlightCallHeaders headers = new FlightCallHeaders();
        headers.insert("qaexchange-session", session);
        headers.insert("authorization", "Bearer " + ALL);
        HeaderCallOption option = new HeaderCallOption(headers);
        try (FlightStream stream = flight.getStream(flight.execute("SELECT count(*) FROM trade", option).getEndpoints().get(0).getTicket(), option)) {
            assertThat(stream.next()).isTrue();
            return ((BigIntVector) stream.getRoot().getVector(0)).get(0);
        }
    }

    private long count(String session) throws Exception {
        HttpResponse<String> answer = inSession(session, "/v1/query?sql=" + encode("SELECT count(*) FROM trade"));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body()).get(0).elements().next().asLong();
    }

    private HttpResponse<String> inSession(String session, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + ALL).header("Qaexchange-Session", session).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private boolean hasColumn(String table, String column) {
        return io.qaexchange.job.query.sql.SqlTables.columns(table).containsKey(column);
    }

    private static TreeSet<String> names(HttpResponse<String> answer, String list, String name) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        JSON.readTree(answer.body()).get(list).forEach(one -> names.add(one.get(name).asText()));
        return names;
    }

    private Connection pg(String user) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + server.pgPort() + "/qaexchange?user=" + user + "&password=" + user);
    }

    private static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private List<String> flight(String token, String sql) throws Exception {
        CallHeaders headers = new FlightCallHeaders();
        headers.insert("authorization", "Bearer " + token);
        HeaderCallOption option = new HeaderCallOption(headers);
        List<String> values = new ArrayList<>();
        try (BufferAllocator allocator = new RootAllocator();
                FlightSqlClient client = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort())).build());
                FlightStream stream = client.getStream(client.execute(sql, option).getEndpoints().get(0).getTicket(), option)) {
            while (stream.next()) {
                for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                    values.add(String.valueOf(stream.getRoot().getVector(0).getObject(row)));
                }
            }
        } catch (FlightRuntimeException e) {
            throw new AssertionError(sql + ": " + e.getMessage(), e);
        }
        return values;
    }

    private List<String> column(String token, String sql) throws Exception {
        return column(token, sql, "live");
    }

    private List<String> column(String token, String sql, String level) throws Exception {
        HttpResponse<String> answer = get(token, "/v1/query?level=" + level + "&sql=" + encode(sql));
        assertThat(answer.statusCode()).as("%s: %s", sql, answer.body()).isEqualTo(200);
        List<String> values = new ArrayList<>();
        JSON.readTree(answer.body()).forEach(row -> values.add(row.elements().next().asText()));
        return values;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private HttpResponse<String> get(String token, String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).header("Authorization", "Bearer " + token).build(), HttpResponse.BodyHandlers.ofString());
    }
}
