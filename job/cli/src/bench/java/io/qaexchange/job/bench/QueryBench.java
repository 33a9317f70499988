package io.qaexchange.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.cli.demo.LiveDemo;
import java.io.IOException;
import java.io.OutputStream;
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
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.flink.util.FileUtils;

/**
 * How long a query server beside a running job takes for the usual requests, one after another, while messages come in; and DuckDB in this
 * process for the same over a plain table of the same rows, in memory.
 *
 * <p>{@code QueryBench [--url URL] [--rate PER_SECOND] [--warm-up SECONDS] [--seconds PER_LINE]}. Without a URL, broker, job, market and server
 * run in this process as {@code bin/demo --live} runs them. Exit code 0 if it ran, whatever the figures.
 */
public final class QueryBench {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int UNCOUNTED = 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI root;
    private final ServerHttp requests;
    private final long seconds;

    private QueryBench(URI root, long seconds) {
        this.root = root;
        this.requests = new ServerHttp(http, root);
        this.seconds = seconds;
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        String url = null;
        double rate = 5_000;
        long warmUp = 90;
        long seconds = 5;
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length) {
                throw new IllegalArgumentException("no value for " + args[i]);
            }
            switch (args[i]) {
                case "--url" -> url = args[i + 1];
                case "--rate" -> rate = Double.parseDouble(args[i + 1]);
                case "--warm-up" -> warmUp = Long.parseLong(args[i + 1]);
                case "--seconds" -> seconds = Long.parseLong(args[i + 1]);
                default -> throw new IllegalArgumentException("unknown option " + args[i]);
            }
        }
        if (url != null) {
            new QueryBench(URI.create(url), seconds).run();
            return;
        }
        Path folder = Files.createTempDirectory("query-bench");
        BlockingQueue<Integer> port = new ArrayBlockingQueue<>(1);
        double perSecond = rate;
        Thread demo = new Thread(() -> {
            try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
                new LiveDemo(new LiveDemo.Settings(folder, 1, perSecond, 0, 0, 0), nowhere).run(port::add);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new IllegalStateException("the live demo failed", e);
            }
        }, "live demo");
        demo.start();
        try {
            Integer listening = port.poll(120, TimeUnit.SECONDS);
            if (listening == null) {
                throw new IOException("the live demo did not start within 120 s");
            }
            TimeUnit.SECONDS.sleep(warmUp);
            new QueryBench(URI.create("http://127.0.0.1:" + listening), seconds).run();
        } finally {
            demo.interrupt();
            demo.join(TimeUnit.SECONDS.toMillis(60));
            FileUtils.deleteDirectoryQuietly(folder.toFile());
        }
    }

    private void run() throws Exception {
        String instrument = JSON.readTree(sql("SELECT instrument FROM trade GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")).get(0).get("instrument").asText();
        JsonNode newest = JSON.readTree(requests.get("/v1/rows/trade?limit=1&instrument=" + ServerHttp.encode(instrument))).get(0);
        JsonNode oldest = JSON.readTree(requests.get("/v1/rows/trade?limit=1&order=asc&instrument=" + ServerHttp.encode(instrument))).get(0);
        System.out.println("instrument " + instrument + ", rows of trade " + sql("SELECT count(*) AS n FROM trade").strip() + ", archived "
                + requests.get("/v1/query?level=archive&sql=" + ServerHttp.encode("SELECT count(*) AS n FROM trade")).strip());
        String of = "instrument = '" + instrument + "'";
        String bars = "SELECT time_bucket(INTERVAL 1 minute, event_time_us) AS bar, arg_min(price, (event_time, source, sequence)) AS open, max(price) AS high, "
                + "min(price) AS low, arg_max(price, (event_time, source, sequence)) AS close, sum(volume) AS volume FROM trade WHERE " + of + " GROUP BY 1 ORDER BY 1";
        Path plain = download();
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            statement.execute("CREATE TABLE trade AS SELECT * FROM '" + plain.resolve("trade.parquet") + "'");
            statement.execute("CREATE TABLE tick AS SELECT * FROM '" + plain.resolve("tick.parquet") + "'");
            System.out.printf(Locale.ROOT, "%-34s %9s %9s %9s   %s%n", "request", "p50 ms", "p99 ms", "count", "DuckDB, plain table: p50 p99 ms");
            line("point, newest row", get("/v1/rows/trade", instrument, newest, 1), statement, "SELECT * FROM trade WHERE " + at(instrument, newest));
            line("point, oldest row", get("/v1/rows/trade", instrument, oldest, 1), statement, "SELECT * FROM trade WHERE " + at(instrument, oldest));
            line("range, newest 100 rows", "/v1/rows/tick?limit=100&instrument=" + ServerHttp.encode(instrument), statement,
                    "SELECT * FROM tick WHERE " + of + " ORDER BY event_time DESC, source DESC, sequence DESC LIMIT 100");
            line("latest of one instrument", "/v1/latest/tick?instrument=" + ServerHttp.encode(instrument), statement,
                    "SELECT * FROM tick WHERE " + of + " ORDER BY event_time DESC, source DESC, sequence DESC LIMIT 1");
            line("latest of every instrument", "/v1/latest/tick", statement,
                    "SELECT instrument, arg_max(last_price, (event_time, source, sequence)) FROM tick GROUP BY 1");
            line("bars 1m of one instrument", "/v1/bars/trade?interval=1m&instrument=" + ServerHttp.encode(instrument), statement, bars);
            line("SQL: SELECT 1", "/v1/query?sql=" + ServerHttp.encode("SELECT 1 AS one"), statement, "SELECT 1");
            line("SQL: bars 1m of one instrument", "/v1/query?sql=" + ServerHttp.encode(bars), statement, bars);
            line("SQL: count of every trade", "/v1/query?sql=" + ServerHttp.encode("SELECT count(*) AS n FROM trade"), statement, "SELECT count(*) FROM trade");
        } finally {
            FileUtils.deleteDirectoryQuietly(plain.toFile());
        }
    }

    private static String get(String path, String instrument, JsonNode row, int limit) {
        long ns = nanos(row);
        return path + "?limit=" + limit + "&from=" + ns + "&to=" + (ns + 1) + "&instrument=" + ServerHttp.encode(instrument);
    }

    private static String at(String instrument, JsonNode row) {
        return "instrument = '" + instrument + "' AND event_time = make_timestamp_ns(" + nanos(row) + ")::TIMESTAMPTZ_NS";
    }

    private static long nanos(JsonNode row) {
        java.time.Instant time = java.time.OffsetDateTime.parse(row.get("event_time").asText().replace(' ', 'T').replaceFirst("\\+00$", "Z")).toInstant();
        return time.getEpochSecond() * 1_000_000_000L + time.getNano();
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

    private void line(String name, String path, Statement duckDb, String sql) throws Exception {
        long[] server = times(() -> requests.get(path));
        long[] plain = times(() -> {
            try (ResultSet rows = duckDb.executeQuery(sql)) {
                return count(rows);
            }
        });
        System.out.printf(Locale.ROOT, "%-34s %9.2f %9.2f %9d   %.2f %.2f%n", name, ms(server, 0.5), ms(server, 0.99), server.length, ms(plain, 0.5),
                ms(plain, 0.99));
    }

    private static long count(ResultSet rows) throws SQLException {
        long count = 0;
        while (rows.next()) {
            for (int c = 1; c <= rows.getMetaData().getColumnCount(); c++) {
                rows.getString(c);
            }
            count++;
        }
        return count;
    }

    private long[] times(Callable<?> request) throws Exception {
        for (int i = 0; i < UNCOUNTED; i++) {
            request.call();
        }
        long[] times = new long[1 << 20];
        int count = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (count < times.length && (count < UNCOUNTED || System.nanoTime() < end)) {
            long began = System.nanoTime();
            request.call();
            times[count++] = System.nanoTime() - began;
        }
        long[] sorted = Arrays.copyOf(times, count);
        Arrays.sort(sorted);
        return sorted;
    }

    private static double ms(long[] sorted, double quantile) {
        return sorted[Math.min(sorted.length - 1, (int) (sorted.length * quantile))] / 1e6;
    }

    private String sql(String text) throws Exception {
        return requests.get("/v1/query?sql=" + ServerHttp.encode(text));
    }
}
