package io.qaexchange.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.job.bench.QueryLines.Target;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Requests to the query server of a running market, and DuckDB for the same over plain tables of the same rows. One thread, but for its clients. */
final class MarketQueries {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TOPIC = "events";
    private static final String VISIBLE_INSTRUMENT = "BENCH.visible";
    private static final int SENT = 300;
    private static final int MOST_WAITS = 10;
    private static final double STEADY = 0.02;
    private static final int SENT_UNCOUNTED = 100;
    private static final long VISIBLE_WITHIN_S = 10;

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final QueryLines lines;
    private final URI root;
    private final ServerHttp requests;
    private final long warmUpS;
    private final long seconds;

    /**
     * @param root address of the server
     * @param warmUpS seconds in which each request is made before it is timed
     * @param seconds for so long each request is timed
     */
    MarketQueries(QueryLines lines, URI root, long warmUpS, long seconds) {
        this.lines = lines;
        this.root = root;
        this.requests = new ServerHttp(http, root);
        this.warmUpS = warmUpS;
        this.seconds = seconds;
    }

    /** One request after the other. */
    void oneByOne() throws Exception {
        String instrument = JSON.readTree(sql("SELECT instrument FROM trade GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")).get(0).get("instrument").asText();
        lines.fact("busiest instrument %s, rows of trade %s, archived %s", instrument, count("trade", "live"), count("trade", "archive"));
        String of = "instrument = '" + instrument + "'";
        String bars = "SELECT time_bucket(INTERVAL 1 minute, event_time_us) AS bar, arg_min(price, (event_time, source, sequence)) AS open, max(price) AS high, "
                + "min(price) AS low, arg_max(price, (event_time, source, sequence)) AS close, sum(volume) AS volume FROM trade WHERE " + of + " GROUP BY 1 ORDER BY 1";
        Path plain = download();
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            statement.execute("CREATE TABLE trade AS SELECT * FROM '" + plain.resolve("trade.parquet") + "'");
            statement.execute("CREATE TABLE tick AS SELECT * FROM '" + plain.resolve("tick.parquet") + "'");
            lines.heading("one client");
            JsonNode newest = one("/v1/rows/trade?limit=1&instrument=" + ServerHttp.encode(instrument));
            line("point, newest row (hot)", point(instrument, newest), new Target(1, 5), statement, "SELECT * FROM trade WHERE " + at(instrument, newest));
            JsonNode oldest = one("/v1/rows/trade?limit=1&order=asc&instrument=" + ServerHttp.encode(instrument));
            line("point, oldest row (cold)", point(instrument, oldest), new Target(3, 15), statement, "SELECT * FROM trade WHERE " + at(instrument, oldest));
            line("range, newest 100 rows", "/v1/rows/tick?limit=100&instrument=" + ServerHttp.encode(instrument), Target.p99(5), statement,
                    "SELECT * FROM tick WHERE " + of + " ORDER BY event_time DESC, source DESC, sequence DESC LIMIT 100");
            line("latest of one instrument", "/v1/latest/tick?instrument=" + ServerHttp.encode(instrument), Target.p99(5), statement,
                    "SELECT * FROM tick WHERE " + of + " ORDER BY event_time DESC, source DESC, sequence DESC LIMIT 1");
            line("latest of every instrument", "/v1/latest/tick", Target.p99(15), statement,
                    "SELECT instrument, arg_max(last_price, (event_time, source, sequence)) FROM tick GROUP BY 1");
            long hotFrom = nanos(one("/v1/rows/trade?limit=1&instrument=" + ServerHttp.encode(instrument))) - TimeUnit.SECONDS.toNanos(30);
            line("bars 1m of one instrument, the last 30 s (hot)", bars(instrument) + "&from=" + hotFrom, Target.p99(20), null, null);
            line("bars 1m of one instrument and day, hot and cold", bars(instrument), Target.p99(50), statement, bars);
            line("SQL: SELECT 1", "/v1/query?sql=" + ServerHttp.encode("SELECT 1 AS one"), QueryLines.NO_TARGET, statement, "SELECT 1");
            line("SQL: bars 1m of one instrument", "/v1/query?sql=" + ServerHttp.encode(bars), QueryLines.NO_TARGET, statement, bars);
            line("SQL: count of every trade", "/v1/query?sql=" + ServerHttp.encode("SELECT count(*) AS n FROM trade"), QueryLines.NO_TARGET, statement,
                    "SELECT count(*) FROM trade");
            lines.line("SQL: first bytes of a full scan, Arrow", Timings.of(this::firstBytes, warmUpS, seconds), Target.p99(30), null);
        } finally {
            FileUtils.deleteDirectoryQuietly(plain.toFile());
        }
    }

    /** Rows that Kafka has acknowledged, until a client sees them. */
    void visible(String brokers) throws Exception {
        lines.heading("a tick, from its acknowledgement until it is seen");
        Map<String, Object> settings = Map.of("bootstrap.servers", brokers, "acks", "all", "linger.ms", "0");
        long[] acknowledged = new long[SENT];
        long[] stored = new long[SENT];
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
            EventBuilder builder = new EventBuilder();
            String newest = "/v1/rows/tick?limit=1&instrument=" + ServerHttp.encode(VISIBLE_INSTRUMENT);
            for (int i = -SENT_UNCOUNTED; i < SENT; i++) {
                long sequence = System.currentTimeMillis();
                byte[] event = builder.start(EventSchema.get().findTable("tick")).eventTime(System.currentTimeMillis() * 1_000_000L).identity("bench", sequence)
                        .instrument(VISIBLE_INSTRUMENT).set("last_price", 1.0).build();
                producer.send(new ProducerRecord<>(TOPIC, event)).get();
                long ackNs = System.nanoTime();
                JsonNode seen = awaitRow(newest, sequence);
                long seenNs = System.nanoTime();
                if (i >= 0) {
                    acknowledged[i] = seenNs - ackNs;
                    stored[i] = Math.max(0, System.currentTimeMillis() * 1_000_000L - nanosOf(seen.get("ingest_time")));
                }
                TimeUnit.MILLISECONDS.sleep(20 + i % 17);
            }
        }
        lines.line("acknowledged by Kafka, seen by a client", Timings.ofNanos(acknowledged), Target.p99(150), null);
        lines.line("read by the job, seen by a client", Timings.ofNanos(stored), QueryLines.NO_TARGET, null);
    }

    private JsonNode awaitRow(String path, long sequence) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(VISIBLE_WITHIN_S);
        while (System.nanoTime() < deadline) {
            JsonNode rows = JSON.readTree(requests.get(path));
            if (rows.size() > 0 && rows.get(0).get("sequence").asLong() == sequence) {
                return rows.get(0);
            }
        }
        throw new IOException("a tick was acknowledged and not seen within " + VISIBLE_WITHIN_S + " s");
    }

    /**
     * Many clients at once, points and bars in turn; and what the job takes in meanwhile, beside what it takes in without them.
     *
     * @param clients how many
     */
    void manyClients(int clients) throws Exception {
        List<String> instruments = new ArrayList<>();
        JSON.readTree(sql("SELECT instrument FROM trade GROUP BY 1 ORDER BY count(*) DESC LIMIT 32")).forEach(row -> instruments.add(row.get("instrument").asText()));
        double alone = storedAlone();
        double[] beside = new double[1];
        List<Timings> all = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try {
            beside[0] = storedPerSecond(() -> {
                List<Future<Timings>> running = new ArrayList<>();
                for (int i = 0; i < clients; i++) {
                    String instrument = instruments.get(i % instruments.size());
                    JsonNode row = one("/v1/rows/trade?limit=1&instrument=" + ServerHttp.encode(instrument));
                    String path = i % 2 == 0 ? point(instrument, row) : bars(instrument) + "&from=" + (nanos(row) - TimeUnit.SECONDS.toNanos(30));
                    running.add(threads.submit(() -> Timings.of(() -> requests.get(path), warmUpS, seconds)));
                }
                for (Future<Timings> one : running) {
                    all.add(one.get());
                }
                return null;
            });
        } finally {
            threads.shutdownNow();
        }
        Timings together = Timings.ofNanos(all.stream().flatMapToLong(one -> Arrays.stream(one.sortedNs())).toArray());
        lines.heading(clients + " clients, points and bars of 30 s");
        lines.line("each request", together, Target.p99(100), null);
        double perSecond = together.count() / (double) seconds;
        lines.fact("%-50s %,.0f/s, target >= 1,500: %s", "all together", perSecond, perSecond >= 1_500 ? "yes" : "NO");
        lines.fact("%-50s %,.0f/s beside %,.0f/s without: %.2f, target >= 0.95: %s", "rows stored meanwhile", beside[0], alone, beside[0] / alone,
                beside[0] >= 0.95 * alone ? "yes" : "NO");
        double scanned = storedPerSecond(() -> {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < end) {
                try (InputStream rows = arrow("SELECT * FROM tick")) {
                    rows.transferTo(java.io.OutputStream.nullOutputStream());
                }
            }
            return null;
        });
        lines.fact("%-50s %,.0f/s beside %,.0f/s without: %.2f, target >= 0.85: %s", "rows stored while a client scans all ticks", scanned, alone, scanned / alone,
                scanned >= 0.85 * alone ? "yes" : "NO");
    }

    /** Rows that the job stores when nobody asks, once it has stored what had to wait while others were asking: it takes in no more then than comes. */
    private double storedAlone() throws Exception {
        double before = 0;
        for (int i = 0;; i++) {
            double now = storedPerSecond(() -> {
                TimeUnit.SECONDS.sleep(seconds);
                return null;
            });
            if (i == MOST_WAITS || i > 0 && Math.abs(now - before) < STEADY * before) {
                return Math.min(now, before);
            }
            before = now;
        }
    }

    private double storedPerSecond(Callable<?> meanwhile) throws Exception {
        long before = stored();
        long began = System.nanoTime();
        meanwhile.call();
        long after = stored();
        return (after - before) * 1e9 / (System.nanoTime() - began);
    }

    /** Rows of all instruments that were stored so far, as of the last checkpoint's barrier. */
    private long stored() throws Exception {
        long rows = 0;
        for (JsonNode instrument : JSON.readTree(requests.get("/v1/instruments")).get("instruments")) {
            rows += instrument.get("storedRows").asLong();
        }
        return rows;
    }

    private InputStream arrow(String statement) throws Exception {
        HttpResponse<InputStream> answer = http.send(HttpRequest.newBuilder(root.resolve("/v1/query?format=arrow")).POST(HttpRequest.BodyPublishers.ofString(statement)).build(),
                HttpResponse.BodyHandlers.ofInputStream());
        if (answer.statusCode() != 200) {
            throw new IOException("HTTP " + answer.statusCode() + ": " + new String(answer.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        return answer.body();
    }

    /** More than the schema and the head of the first batch: rows. */
    private Object firstBytes() throws Exception {
        byte[] batch = new byte[1 << 16];
        try (InputStream rows = arrow("SELECT * FROM tick")) {
            return rows.readNBytes(batch, 0, batch.length);
        }
    }

    private static String bars(String instrument) {
        return "/v1/bars/trade?interval=1m&instrument=" + ServerHttp.encode(instrument);
    }

    private static String point(String instrument, JsonNode row) {
        long ns = nanos(row);
        return "/v1/rows/trade?limit=1&from=" + ns + "&to=" + (ns + 1) + "&instrument=" + ServerHttp.encode(instrument);
    }

    private static String at(String instrument, JsonNode row) {
        return "instrument = '" + instrument + "' AND event_time = make_timestamp_ns(" + nanos(row) + ")::TIMESTAMPTZ_NS";
    }

    private static long nanos(JsonNode row) {
        return nanosOf(row.get("event_time"));
    }

    private static long nanosOf(JsonNode time) {
        java.time.Instant instant = OffsetDateTime.parse(time.asText().replace(' ', 'T').replaceFirst("\\+00$", "Z")).toInstant();
        return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
    }

    private JsonNode one(String path) throws Exception {
        return JSON.readTree(requests.get(path)).get(0);
    }

    private String count(String table, String level) throws Exception {
        return JSON.readTree(requests.get("/v1/query?level=" + level + "&sql=" + ServerHttp.encode("SELECT count(*) AS n FROM " + table))).get(0).get("n").asText();
    }

    /** All rows of the two tables, as files. */
    private Path download() throws Exception {
        Path folder = Files.createTempDirectory("query-bench-rows");
        for (String table : new String[] {"trade", "tick"}) {
            URI uri = root.resolve("/v1/query?format=parquet&sql=" + ServerHttp.encode("SELECT * FROM " + table));
            HttpResponse<Path> answer = http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofFile(folder.resolve(table + ".parquet")));
            if (answer.statusCode() != 200) {
                throw new IOException("the rows of " + table + " could not be taken: " + Files.readString(answer.body()));
            }
        }
        return folder;
    }

    private void line(String name, String path, Target target, @Nullable Statement duckDb, @Nullable String sql) throws Exception {
        Timings server = Timings.of(() -> requests.get(path), warmUpS, seconds);
        lines.line(name, server, target, duckDb == null ? null : Timings.of(() -> taken(duckDb, sql), 1, seconds));
    }

    /** @return how many rows */
    static long taken(Statement duckDb, String sql) throws SQLException {
        long count = 0;
        try (ResultSet rows = duckDb.executeQuery(sql)) {
            int columns = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                for (int c = 1; c <= columns; c++) {
                    rows.getString(c);
                }
                count++;
            }
        }
        return count;
    }

    private String sql(String text) throws Exception {
        return requests.get("/v1/query?sql=" + ServerHttp.encode(text));
    }
}
