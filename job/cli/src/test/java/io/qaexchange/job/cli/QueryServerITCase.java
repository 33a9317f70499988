package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.iceberg.SnapshotRetention;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.client.SqlCommand;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.cli.read.AuditCommand;
import io.qaexchange.job.cli.read.QueryCommand;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import io.qaexchange.job.server.security.ServerCertificate;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The query server beside a running job, asked as a client does. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QueryServerITCase {

    private static final int MESSAGES = 6_000;
    private static final long FIVE_MINUTES_US = 300_000_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private QueryServer server;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        job = rig.submitWithArchivedRows(21, MESSAGES);
        server = QueryServer.start(options(null, 8));
    }

    @AfterAll
    void stop() throws Exception {
        server.close();
        rig.stop(job);
        rig.close();
    }

    private QueryServer.Options options(Path tokens, int concurrency) throws Exception {
        return options("127.0.0.1", tokens, concurrency, null);
    }

    private QueryServer.Options options(String host, Path tokens, int concurrency, SSLContext tls) throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        return new QueryServer.Options(host, 0, rest.getHost(), rest.getPort(), null, tokens, concurrency, 4,
                new QueryEngine.Limits("512MB", 2, 60, "1GB", 0), new QueryServer.Doors(QueryServer.Doors.NONE, 0, QueryServer.Doors.NONE, tls, Duration.ofMinutes(2)));
    }

    @Test
    void countsEveryRowOnceAtEveryLevel() throws Exception {
        long stored = (long) LiveMetrics.sum("stored");
        String sql = "SELECT " + counts() + " AS n";
        HttpResponse<String> live = get("/v1/query?sql=" + encode(sql));
        assertThat(live.statusCode()).as(live.body()).isEqualTo(200);
        assertThat(JSON.readTree(live.body()).get(0).get("n").asLong()).isEqualTo(stored);
        assertThat(live.headers().firstValue("Qaexchange-Level")).hasValue("live");
        assertThat(live.headers().firstValue("Qaexchange-Offsets")).isPresent();
        assertThat(Long.parseLong(live.headers().firstValue("Qaexchange-Manifest-Version").orElseThrow())).isPositive();

        HttpResponse<String> checkpoint = get("/v1/query?level=checkpoint&sql=" + encode(sql));
        assertThat(JSON.readTree(checkpoint.body()).get(0).get("n").asLong()).as(checkpoint.body()).isEqualTo(stored);
        assertThat(checkpoint.headers().firstValue("Qaexchange-Level").orElseThrow()).startsWith("checkpoint:");

        HttpResponse<String> archive = get("/v1/query?level=archive&sql=" + encode(sql));
        assertThat(JSON.readTree(archive.body()).get(0).get("n").asLong()).isPositive().isLessThanOrEqualTo(stored);
    }

    private static String counts() {
        List<String> parts = new ArrayList<>();
        io.qaexchange.events.EventSchema.get().recordTypes().forEach(type -> parts.add("(SELECT count(*) FROM " + type.table() + ")"));
        return String.join(" + ", parts);
    }

    @Test
    void givesEveryFormatThatIsAskedFor() throws Exception {
        String rows = "/v1/rows/trade?limit=3&order=asc";
        assertThat(JSON.readTree(get(rows).body())).hasSize(3);
        assertThat(accept(rows, "application/x-ndjson").body().lines()).hasSize(3);
        assertThat(accept(rows, "text/csv").body().lines()).hasSize(4);
        assertThat(accept(rows, "application/vnd.apache.parquet").body()).startsWith("PAR1");
        assertThat(accept(rows, "application/vnd.apache.arrow.file").body()).startsWith("ARROW1");
        assertThat(get(rows + "&format=table").body().lines().count()).isGreaterThanOrEqualTo(4);
        assertThat(accept(rows, "image/png").statusCode()).isEqualTo(406);
        assertThat(JSON.readTree(get("/v1/query?sql=" + encode("SELECT 1 AS a WHERE false")).body())).isEmpty();
    }

    @Test
    void rowsAreThoseOfTheSameSql() throws Exception {
        for (String table : List.of("trade", "tick", "book_snapshot", "order_update", "cash_movement")) {
            boolean ofInstruments = !table.equals("cash_movement");
            JsonNode middle = JSON.readTree(get("/v1/query?sql=" + encode("SELECT " + (ofInstruments ? "instrument" : "''") + " AS instrument, epoch_ns(event_time) AS ns FROM "
                    + table + " ORDER BY event_time LIMIT 1 OFFSET (SELECT count(*) // 2 FROM " + table + ")")).body()).get(0);
            String instrument = ofInstruments ? middle.get("instrument").asText() : null;
            long ns = middle.get("ns").asLong();
            for (String level : List.of("live", "archive")) {
                for (String order : List.of("asc", "desc")) {
                    sameAsSql(table, null, null, null, order, level, 40);
                    sameAsSql(table, instrument, null, null, order, level, 7);
                    sameAsSql(table, instrument, ns, null, order, level, 1_000_000);
                    sameAsSql(table, instrument, null, ns, order, level, 13);
                    sameAsSql(table, null, ns - 60_000_000_000L, ns + 1, order, level, 100_000);
                }
            }
        }
    }

    private void sameAsSql(String table, String instrument, Long from, Long to, String order, String level, int limit) throws Exception {
        String typed = "/v1/rows/" + table + "?level=" + level + "&order=" + order + "&limit=" + limit + (instrument == null ? "" : "&instrument=" + encode(instrument))
                + (from == null ? "" : "&from=" + from) + (to == null ? "" : "&to=" + to);
        String sql = "SELECT * FROM " + table + " WHERE true" + (instrument == null ? "" : " AND instrument = '" + instrument + "'")
                + (from == null ? "" : " AND event_time >= make_timestamp_ns(" + from + ")::TIMESTAMPTZ_NS")
                + (to == null ? "" : " AND event_time < make_timestamp_ns(" + to + ")::TIMESTAMPTZ_NS")
                + " ORDER BY event_time " + order + ", source " + order + ", sequence " + order + " LIMIT " + limit;
        String expected = get("/v1/query?level=" + level + "&sql=" + encode(sql)).body();
        HttpResponse<String> answer = get(typed);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(JSON.readTree(answer.body())).as(typed).isEqualTo(JSON.readTree(expected));
    }

    /** Its length is known before its first byte is sent, so it is sent with its headers. */
    @Test
    void aSmallAnswerHasItsLength() throws Exception {
        for (String path : List.of("/v1/query?sql=" + encode("SELECT 1"), "/v1/query?format=csv&sql=" + encode("SELECT 1"), "/v1/query?format=arrow&sql=" + encode("SELECT 1"),
                "/v1/rows/trade?limit=1", "/v1/bars/trade?interval=1h")) {
            HttpResponse<String> answer = get(path);
            assertThat(answer.headers().firstValueAsLong("Content-Length").orElse(-1)).as(path).isPositive();
            assertThat(answer.headers().firstValue("Transfer-Encoding")).as(path).isEmpty();
        }
    }

    @Test
    void barsAreWhatANaiveProgramMakes() throws Exception {
        JsonNode trades = JSON.readTree(get("/v1/query?sql=" + encode("SELECT instrument, epoch_us(event_time_us) AS us, event_time::VARCHAR AS t, source, sequence, price, volume "
                + "FROM trade ORDER BY instrument, event_time, source, sequence")).body());
        JsonNode bars = JSON.readTree(get("/v1/bars/trade?interval=5m").body());
        assertThat(bars).isNotEmpty();
        Iterator<JsonNode> next = bars.iterator();
        int i = 0;
        while (i < trades.size()) {
            String instrument = trades.get(i).get("instrument").asText();
            long slot = Math.floorDiv(trades.get(i).get("us").asLong(), FIVE_MINUTES_US);
            double high = Double.NEGATIVE_INFINITY;
            double volume = 0;
            double open = trades.get(i).get("price").asDouble();
            double close = open;
            for (; i < trades.size() && trades.get(i).get("instrument").asText().equals(instrument)
                    && Math.floorDiv(trades.get(i).get("us").asLong(), FIVE_MINUTES_US) == slot; i++) {
                close = trades.get(i).get("price").asDouble();
                high = Math.max(high, close);
                volume += trades.get(i).get("volume").asDouble();
            }
            JsonNode bar = next.next();
            assertThat(bar.get("instrument").asText()).isEqualTo(instrument);
            assertThat(bar.get("open").asDouble()).isEqualTo(open);
            assertThat(bar.get("close").asDouble()).isEqualTo(close);
            assertThat(bar.get("high").asDouble()).isEqualTo(high);
            assertThat(bar.get("volume").asDouble()).isEqualTo(volume);
        }
        assertThat(next.hasNext()).isFalse();
    }

    @Test
    void fillsBarsBetweenTheFirstAndTheLastOfATradingDay() throws Exception {
        JsonNode known = JSON.readTree(get("/v1/query?sql=" + encode("SELECT instrument, date::VARCHAR AS day, epoch_us(time_bucket(INTERVAL 5 minutes, "
                + "event_time_us)) AS us, arg_max(price, (event_time, source, sequence)) AS close FROM trade GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")).body());
        List<String> expected = new ArrayList<>();
        JsonNode before = null;
        for (JsonNode bar : known) {
            boolean sameDay = before != null && bar.get("instrument").equals(before.get("instrument")) && bar.get("day").equals(before.get("day"));
            for (long us = sameDay ? before.get("us").asLong() + FIVE_MINUTES_US : Long.MAX_VALUE; us < bar.get("us").asLong(); us += FIVE_MINUTES_US) {
                expected.add(bar.get("instrument").asText() + ' ' + Instant.EPOCH.plus(us, ChronoUnit.MICROS) + " filled " + before.get("close").asDouble());
            }
            expected.add(bar.get("instrument").asText() + ' ' + Instant.EPOCH.plus(bar.get("us").asLong(), ChronoUnit.MICROS) + " known "
                    + bar.get("close").asDouble());
            before = bar;
        }
        assertThat(expected).anyMatch(bar -> bar.contains("filled"));

        List<String> previous = new ArrayList<>();
        for (JsonNode bar : JSON.readTree(get("/v1/bars/trade?interval=5m&fill=previous").body())) {
            boolean filled = bar.get("rows").asLong() == 0;
            if (filled) {
                assertThat(List.of(bar.get("open"), bar.get("high"), bar.get("low"))).as(bar.toString()).containsOnly(bar.get("close"));
                assertThat(bar.get("volume").asDouble()).isZero();
                assertThat(bar.get("vwap").isNull()).isTrue();
            }
            previous.add(name(bar) + (filled ? " filled " : " known ") + bar.get("close").asDouble());
        }
        assertThat(previous).isEqualTo(expected);

        List<String> empty = new ArrayList<>();
        for (JsonNode bar : JSON.readTree(get("/v1/bars/trade?interval=5m&fill=null").body())) {
            boolean filled = bar.get("rows").asLong() == 0;
            assertThat(bar.get("close").isNull()).as(bar.toString()).isEqualTo(filled);
            empty.add(name(bar) + (filled ? " filled" : " known"));
        }
        assertThat(empty).isEqualTo(expected.stream().map(bar -> bar.substring(0, bar.lastIndexOf(' '))).toList());
    }

    private static String name(JsonNode bar) {
        return bar.get("instrument").asText() + ' ' + OffsetDateTime.parse(bar.get("bar").asText().replace(' ', 'T') + ":00").toInstant();
    }

    @Test
    void barsOfSqlAreThoseOfTheTypedRequest() throws Exception {
        for (String fill : List.of("none", "previous", "linear", "null")) {
            JsonNode typed = JSON.readTree(get("/v1/bars/trade?interval=10m&fill=" + fill).body());
            JsonNode sql = JSON.readTree(get("/v1/query?sql=" + encode("SELECT * FROM bars('trade', INTERVAL 10 minutes, fill := '" + fill
                    + "') ORDER BY instrument, bar")).body());
            assertThat(typed).as(fill).isNotEmpty().hasSameSizeAs(sql);
            for (int i = 0; i < typed.size(); i++) {
                for (String column : List.of("instrument", "bar", "open", "high", "low", "close", "volume", "rows")) {
                    assertThat(typed.get(i).get(column)).as("%s of bar %s, fill %s", column, i, fill).isEqualTo(sql.get(i).get(column));
                }
                assertThat(typed.get(i).get("turnover").asDouble()).isCloseTo(sql.get(i).get("turnover").asDouble(), withinPercentage(1e-9));
            }
        }
        assertThat(get("/v1/bars/trade?interval=1d&format=csv").body().lines().findFirst()).hasValue("instrument,bar,open,high,low,close,volume,turnover,vwap,rows");
    }

    /** The connection breaks, so no client takes the part for the whole; the reason is among the ended queries. */
    @Test
    void anAnswerThatFailsMidwayDoesNotLookWholeAndItsReasonIsKept() throws Exception {
        for (String format : List.of("json", "ndjson", "csv", "arrow")) {
            String sql = "SELECT CASE WHEN n = 1000000 THEN error('too late for " + format + "') ELSE n::VARCHAR END AS n FROM (SELECT unnest(range(1100000)) AS n)";
            assertThatThrownBy(() -> get("/v1/query?format=" + format + "&sql=" + encode(sql))).as(format).isInstanceOf(IOException.class);
            JsonNode ended = awaitEnded(sql);
            assertThat(ended.get("outcome").asText()).as(format).isEqualTo("FAILED");
            assertThat(ended.get("reason").asText()).contains("too late for " + format);
        }
    }

    @Test
    void anAnswerThatFailsAtItsBeginningSaysWhy() throws Exception {
        String sql = "SELECT CASE WHEN n = 100 THEN error('too early') ELSE n::VARCHAR END AS n FROM (SELECT unnest(range(300)) AS n)";
        for (String format : List.of("json", "ndjson", "csv", "arrow", "parquet")) {
            assertProblem(get("/v1/query?format=" + format + "&sql=" + encode(sql)), 400, "too early");
        }
    }

    /** Over the rows of the job, hot and cold, so that the interruption meets whatever reads them. */
    @Test
    void aQueryOfTheJobsRowsIsCancelledAtAnyMomentAndTheServerGoesOn() throws Exception {
        for (int wait : new int[] {0, 20, 150, 600}) {
            String sql = "SELECT count(*), " + wait + " AS pause FROM tick t, range(100000) b(n), range(100000) c(n) WHERE hash(t.last_price, b.n, c.n) = 7";
            CompletableFuture<HttpResponse<String>> asked = http.sendAsync(HttpRequest.newBuilder(uri("/v1/query?sql=" + encode(sql))).build(),
                    HttpResponse.BodyHandlers.ofString());
            long id = awaitRunning(sql);
            TimeUnit.MILLISECONDS.sleep(wait);
            HttpResponse<String> cancelled = http.send(HttpRequest.newBuilder(uri("/v1/queries/" + id)).DELETE().build(), HttpResponse.BodyHandlers.ofString());
            assertThat(cancelled.statusCode()).as(cancelled.body()).isBetween(200, 204);
            assertProblem(asked.get(60, TimeUnit.SECONDS), 408, "cancelled");
            assertThat(awaitEnded(sql).get("outcome").asText()).isEqualTo("CANCELLED");
            assertThat(JSON.readTree(get("/v1/query?sql=" + encode("SELECT count(*) AS n FROM tick")).body()).get(0).get("n").asLong()).isPositive();
        }
        assertThat(JSON.readTree(get("/v1/queries").body()).toString()).doesNotContain("hash(t.last_price");
    }

    private long awaitRunning(String sql) throws Exception {
        AtomicLong id = new AtomicLong();
        JobRig.await(() -> {
            for (JsonNode query : JSON.readTree(get("/v1/queries").body())) {
                if (query.get("sql").asText().equals(sql)) {
                    id.set(query.get("id").asLong());
                }
            }
            return id.get() != 0;
        });
        return id.get();
    }

    private JsonNode awaitEnded(String sql) throws Exception {
        AtomicReference<JsonNode> found = new AtomicReference<>();
        JobRig.await(() -> {
            for (JsonNode query : JSON.readTree(get("/v1/queries/ended").body()).get("queries")) {
                if (query.get("sql").asText().equals(sql)) {
                    found.set(query);
                }
            }
            return found.get() != null;
        });
        return found.get();
    }

    @Test
    void parquetQueriesThatRunAtOnceGiveTheirOwnAnswers() throws Exception {
        List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
        for (int i = 1; i <= 8; i++) {
            URI asked = uri("/v1/query?format=parquet&sql=" + encode("SELECT " + i + " AS query, n FROM range(" + i * 10_000 + ") r(n)"));
            answers.add(http.sendAsync(HttpRequest.newBuilder(asked).build(), HttpResponse.BodyHandlers.ofByteArray()));
        }
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement()) {
            for (int i = 1; i <= answers.size(); i++) {
                HttpResponse<byte[]> answer = answers.get(i - 1).get(60, TimeUnit.SECONDS);
                assertThat(answer.statusCode()).isEqualTo(200);
                Path file = Files.write(folder.resolve("answer-" + i + ".parquet"), answer.body());
                try (ResultSet rows = statement.executeQuery("SELECT count(*), min(query), max(query) FROM '" + file + "'")) {
                    assertThat(rows.next()).isTrue();
                    assertThat(List.of(rows.getInt(1), rows.getInt(2), rows.getInt(3))).isEqualTo(List.of(i * 10_000, i, i));
                }
            }
        }
    }

    @Test
    void latestIsTheNewestRowOfEachInstrument() throws Exception {
        JsonNode latest = JSON.readTree(get("/v1/latest/tick").body());
        JsonNode expected = JSON.readTree(get("/v1/query?sql=" + encode("SELECT instrument, max(epoch_ns(event_time)) AS t FROM tick GROUP BY 1")).body());
        assertThat(latest).hasSameSizeAs(expected).isNotEmpty();
        for (JsonNode row : expected) {
            assertThat(latest).anyMatch(found -> found.get("instrument").asText().equals(row.get("instrument").asText())
                    && found.get("event_time").asLong() == row.get("t").asLong());
        }
    }

    @Test
    void followsAnInstrument() throws Exception {
        String instrument = JSON.readTree(get("/v1/query?sql=" + encode("SELECT instrument FROM tick GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")).body())
                .get(0).get("instrument").asText();
        HttpResponse<InputStream> stream = http.send(HttpRequest.newBuilder(uri("/v1/stream/tick?instrument=" + encode(instrument))).build(),
                HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/event-stream");
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("event: begin");
            JsonNode last = JSON.readTree(get("/v1/latest/tick?instrument=" + encode(instrument)).body()).get(0);
            long time = last.get("event_time").asLong() + 1_000_000;
            send("{\"type\":\"tick\",\"event_time\":" + time + ",\"instrument\":\"" + instrument
                    + "\",\"source\":\"stream-test\",\"sequence\":1,\"last_price\":123.5}");
            String found = null;
            for (String line = lines.readLine(); found == null; line = lines.readLine()) {
                if (line.startsWith("data: ") && line.contains("stream-test")) {
                    found = line;
                }
            }
            assertThat(found).contains("123.5").contains(Long.toString(time));
        }
    }

    private void send(String json) throws Exception {
        try (var producer = new org.apache.kafka.clients.producer.KafkaProducer<>(java.util.Map.<String, Object>of("bootstrap.servers", rig.brokers()),
                new org.apache.kafka.common.serialization.ByteArraySerializer(), new org.apache.kafka.common.serialization.ByteArraySerializer())) {
            producer.send(new org.apache.kafka.clients.producer.ProducerRecord<>("events", json.getBytes(StandardCharsets.UTF_8))).get();
        }
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        assertProblem(get("/v1/query?sql=" + encode("SELECT * FROM trad")), 400, "trad");
        assertProblem(get("/v1/rows/tade"), 404, "trade");
        assertProblem(get("/v1/rows/trade?form=1"), 400, "form");
        assertProblem(get("/v1/rows/trade?from=yesterday"), 400, "yesterday");
        assertProblem(get("/v1/rows/trade?limit=0"), 400, "limit");
        assertProblem(get("/v1/query?level=soon&sql=SELECT%201"), 400, "soon");
        assertProblem(get("/v1/query?level=checkpoint:999999&sql=" + encode("SELECT * FROM trade")), 410, "999999");
        assertProblem(get("/v1/bars/order_insert"), 400, "order_insert");
        assertProblem(get("/v1/bars/trade?interval=7m"), 400, "");
        assertProblem(get("/v1/nothing"), 404, "openapi");
        assertProblem(get("/v1/latest/tick?instrument=NOPE"), 404, "NOPE");
        assertProblem(get("/v1/accounts/nobody"), 404, "nobody");
        assertProblem(post("/healthz", "x"), 405, "GET");
    }

    @Test
    void sqlReachesNothingButTheTables() throws Exception {
        Path secret = Files.writeString(folder.resolve("secret.csv"), "a\n1\n");
        for (String sql : List.of("SELECT * FROM read_csv('" + secret + "')", "SELECT * FROM '" + secret + "'", "SELECT content FROM read_text('/etc/passwd')",
                "COPY (SELECT 1) TO '" + folder.resolve("out.csv") + "'", "SET enable_external_access = true", "ATTACH '" + folder.resolve("x.db") + "'",
                "INSTALL httpfs", "SELECT 1; SELECT 2", "CREATE TABLE t (a INT)", "SELECT * FROM glob('/*')", "PRAGMA database_list",
                "SELECT getenv('HOME')")) {
            HttpResponse<String> answer = post("/v1/query", sql);
            assertThat(answer.statusCode()).as("%s: %s", sql, answer.body()).isEqualTo(400);
        }
        assertThat(folder.resolve("out.csv")).doesNotExist();
    }

    @Test
    void letsInWhoHasATokenAndTheRole() throws Exception {
        // sha256 of "reader-token", "operator-token" and "old-token".
        Path file = Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n" + token("rita", "reader", "reader-token", null)
                + token("otto", "operator", "operator-token", null) + token("olga", "admin", "old-token", "2020-01-01T00:00:00Z"));
        try (QueryServer guarded = QueryServer.start(options(file, 2))) {
            URI root = URI.create("http://127.0.0.1:" + guarded.port());
            assertThat(ask(root.resolve("/healthz"), null).statusCode()).isEqualTo(200);
            assertThat(ask(root.resolve("/v1/job"), null).statusCode()).isEqualTo(401);
            assertThat(ask(root.resolve("/v1/job"), "wrong").statusCode()).isEqualTo(401);
            assertThat(ask(root.resolve("/v1/job"), "old-token").statusCode()).as("expired").isEqualTo(401);
            assertThat(ask(root.resolve("/v1/job"), "reader-token").statusCode()).isEqualTo(200);
            assertThat(ask(root.resolve("/v1/job/../job"), null).statusCode()).isNotEqualTo(200);
            assertThat(delete(root.resolve("/v1/queries/1"), "reader-token").statusCode()).isEqualTo(403);
            assertThat(delete(root.resolve("/v1/queries/1"), "operator-token").statusCode()).as("no such query").isEqualTo(404);
        }
    }

    @Test
    void commandsAskTheServerOfTheFolder() throws Exception {
        long trades = JSON.readTree(get("/v1/query?sql=" + encode("SELECT count(*) AS n FROM trade")).body()).get(0).get("n").asLong();
        Path run = Files.createDirectory(folder.resolve("served [ö] #1"));
        new ServerFile(run).write(URI.create("http://127.0.0.1:" + server.port()), server.id());

        Printed counted = command(new QueryCommand(), "SELECT count(*) AS n FROM trade", "--dir", run.toString(), "--format", "csv");
        assertThat(counted).isEqualTo(new Printed(Tool.GOOD, "n\n" + trades + "\n", counted.err()));
        assertThat(counted.err()).startsWith("query: live as of ");
        Printed at = command(new QueryCommand(), "SELECT count(*) AS n FROM trade", "--dir", run.toString(), "--level", "checkpoint", "--format", "json");
        assertThat(at.out()).isEqualTo("{\"n\":" + trades + "}\n");
        assertThat(at.err()).startsWith("query: checkpoint:");
        Printed mistyped = command(new QueryCommand(), "SELECT * FROM trade WHERE instrument = 'SHFE.rb260'", "--dir", run.toString());
        assertThat(mistyped.code()).isEqualTo(Tool.GOOD);
        assertThat(mistyped.err()).contains("no row of instrument SHFE.rb260").contains("did you mean SHFE.rb26");
        Printed wrong = command(new QueryCommand(), "SELECT * FROM trades", "--dir", run.toString());
        assertThat(wrong.code()).isEqualTo(Tool.BAD);
        assertThat(wrong.err()).contains("Did you mean \"trade\"");

        Printed shell = command(new SqlCommand(), "--dir", run.toString(), "--format", "csv", "-c", "SELECT 1 AS a; SELECT count(*) AS n FROM trade;");
        assertThat(shell).isEqualTo(new Printed(Tool.GOOD, "a\n1\nn\n" + trades + "\n", ""));
        Printed refused = command(new SqlCommand(), "--dir", run.toString(), "-c", "DROP TABLE trade; SELECT 1");
        assertThat(refused.code()).isEqualTo(Tool.BAD);
        assertThat(refused.out()).isEmpty();
    }

    @Test
    void keepsIcebergTablesWhichTheAuditCompares() throws Exception {
        QueryServer.Options plain = options(null, 2);
        URI rest = rig.cluster().getRestAddress().get();
        try (QueryServer syncing = QueryServer.start(new QueryServer.Options(plain.host(), 0, plain.flinkHost(), plain.flinkPort(), null, null, 2, 4, plain.limits(),
                plain.doors(), plain.steering(), ContinuousMirror.Settings.of(SnapshotRetention.DEFAULT)))) {
            URI base = URI.create("http://127.0.0.1:" + syncing.port());
            CommonTestUtils.waitUntilCondition(() -> {
                JsonNode state = JSON.readTree(ask(base.resolve("/v1/iceberg"), null).body());
                return state.path("mirrorVersion").asLong() > 0 && state.path("lag").asLong() == 0 && state.path("failedSyncs").asLong() == 0;
            });
            assertThat(ask(base.resolve("/metrics"), null).body()).contains("qaexchange_server_iceberg_lag_versions 0", "qaexchange_server_iceberg_lag_seconds 0",
                    "qaexchange_server_iceberg_failed_syncs 0");
            JsonNode tables = JSON.readTree(ask(base.resolve("/iceberg/v1/namespaces/archive/tables"), null).body()).path("identifiers");
            assertThat(tables).isNotEmpty();
            for (JsonNode table : tables) {
                String name = table.path("name").asText();
                JsonNode metadata = JSON.readTree(ask(base.resolve("/iceberg/v1/namespaces/archive/tables/" + name), null).body()).path("metadata");
                JsonNode newest = metadata.path("snapshots").path(metadata.path("snapshots").size() - 1);
                long rows = rig.manifest().files().stream().filter(file -> file.table().equals(name)).mapToLong(file -> file.rows()).sum();
                assertThat(newest.path("summary").path("total-records").asLong()).as(name).isEqualTo(rows).isPositive();
            }
            Printed holds = command(new AuditCommand(), "--live", "--flink", rest.toString(), "--brokers", rig.brokers(), "--table", "iceberg");
            assertThat(holds.code()).as("%s", holds).isEqualTo(Tool.GOOD);
            assertThat(holds.out()).contains("tables: archive manifest version", "show the same", "AUDIT HOLDS");
        }
        assertThat(get("/v1/iceberg").body()).as("a server that only reads them").contains("\"syncs\" : false");
    }

    @Test
    void auditsTheRunningJob() throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        Printed holds = command(new AuditCommand(), "--live", "--flink", rest.toString(), "--brokers", rig.brokers());
        assertThat(holds.code()).as("%s", holds).isEqualTo(Tool.GOOD);
        assertThat(holds.out()).startsWith("as of checkpoint:").contains("Kafka up to events-0@").contains("AUDIT HOLDS");
        Printed fails = command(new AuditCommand(), "--live", "--flink", rest.toString(), "--brokers", rig.brokers(), "--topic", "dead-letters");
        assertThat(fails.code()).as("nobody sent these rows to the other topic").isEqualTo(Tool.BAD);
        assertThat(fails.out()).contains("AUDIT FAILED");
        Printed unclear = command(new AuditCommand(), "--flink", rest.toString(), "--brokers", rig.brokers());
        assertThat(unclear).isEqualTo(new Printed(Tool.COULD_NOT_RUN, "", "audit: --flink, --job and --flink-conf name a running job: say --live too\n"));
    }

    /** The output of a command and its exit code. */
    private record Printed(int code, String out, String err) {
    }

    private static Printed command(Callable<Integer> command, String... arguments) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        ByteArrayOutputStream complained = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
        try {
            int code = Tool.execute(command, arguments);
            return new Printed(code, printed.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    @Test
    void speaksTlsWithACertificateAndNeedsOneWhereOthersCanReachIt() throws Exception {
        Path tokens = Files.writeString(folder.resolve("tls-tokens.yaml"), "tokens:\n" + token("rita", "reader", "reader-token", null));
        QueryServer.Options plain = options("0.0.0.0", tokens, 2, null);
        assertThatThrownBy(() -> QueryServer.start(plain)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("--tls-keystore");
        Path keys = KeyStores.make(folder.resolve("server.p12"), "127.0.0.1");
        try (QueryServer secured = QueryServer.start(options("127.0.0.1", tokens, 2, ServerCertificate.load(keys, KeyStores.PASSWORD.toCharArray())))) {
            HttpClient client = HttpClient.newBuilder().sslContext(KeyStores.trusting(keys)).build();
            HttpRequest job = HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + secured.port() + "/v1/job"))
                    .header("Authorization", "Bearer reader-token").build();
            assertThat(client.send(job, HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(200);
            assertThatThrownBy(() -> http.send(job, HttpResponse.BodyHandlers.ofString())).as("a client that does not know the certificate")
                    .isInstanceOf(SSLException.class);
            assertThatThrownBy(() -> ask(URI.create("http://127.0.0.1:" + secured.port() + "/healthz"), null)).as("plain HTTP").isInstanceOf(IOException.class);
        }
    }

    private static String token(String user, String role, String token, String expires) throws Exception {
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        return "  - user: " + user + "\n    role: " + role + "\n    sha256: " + java.util.HexFormat.of().formatHex(digest) + "\n"
                + (expires == null ? "" : "    expires: " + expires + "\n");
    }

    @Test
    void everyRouteIsInTheOpenApiDocument() throws Exception {
        JsonNode paths = JSON.readTree(get("/openapi.json").body()).get("paths");
        assertThat(paths.has("/v1/query")).isTrue();
        for (Iterator<String> names = paths.fieldNames(); names.hasNext();) {
            String path = names.next();
            HttpResponse<String> answer = get(path.replaceAll("\\{[^}]*}", "x"));
            assertThat(answer.body()).as(path).doesNotContain("no-such-path");
        }
    }

    private void assertProblem(HttpResponse<String> answer, int status, String part) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("application/problem+json");
        JsonNode problem = JSON.readTree(answer.body());
        assertThat(problem.get("status").asInt()).isEqualTo(status);
        assertThat(problem.get("detail").asText()).contains(part);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> accept(String path, String type) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).header("Accept", type).build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> ask(URI uri, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> delete(URI uri, String token) throws Exception {
        return http.send(HttpRequest.newBuilder(uri).DELETE().header("Authorization", "Bearer " + token).build(), HttpResponse.BodyHandlers.ofString());
    }
}
