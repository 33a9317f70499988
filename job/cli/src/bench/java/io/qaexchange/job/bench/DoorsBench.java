package io.qaexchange.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import io.qaexchange.job.cli.demo.LiveDemo;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
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
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.flink.util.FileUtils;

/**
 * The doors of a query server beside a running job, side by side: rows out of one table with five columns, and a point query. Server and clients are one process.
 *
 * <p>{@code DoorsBench [--rows N] [--rounds N] [--rate PER_SECOND] [--warm-up SECONDS] [--seconds PER_POINT_QUERY]}. Rows of ticks are repeated until there are N, since a
 * bench does not wait for as many; so they cost the engine little, and what is measured is the door. Each round asks each door once. Figures are medians of the rounds:
 * rows per second by the clock, and rows per second of processor time, which other work on the machine does not change. Exit code 0 if it ran.
 */
public final class DoorsBench {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int UNCOUNTED = 50;

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI root;
    private final ServerHttp requests;
    private final int pgPort;
    private final FlightSqlClient flight;

    private DoorsBench(int httpPort, int pgPort, FlightSqlClient flight) {
        this.root = URI.create("http://127.0.0.1:" + httpPort);
        this.requests = new ServerHttp(http, root);
        this.pgPort = pgPort;
        this.flight = flight;
    }

    private record Sizes(long rows, int rounds, long seconds) {
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new LinkedHashMap<>(Map.of("--rows", "2000000", "--rounds", "3", "--rate", "2000", "--warm-up", "60", "--seconds", "5"));
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length || options.put(args[i], args[i + 1]) == null) {
                throw new IllegalArgumentException("unknown option, or one without a value: " + args[i]);
            }
        }
        Sizes sizes = new Sizes(Long.parseLong(options.get("--rows")), Integer.parseInt(options.get("--rounds")), Long.parseLong(options.get("--seconds")));
        double rate = Double.parseDouble(options.get("--rate"));
        Path folder = Files.createTempDirectory("doors-bench");
        int pgPort = freePort();
        int flightPort = freePort();
        BlockingQueue<Integer> port = new ArrayBlockingQueue<>(1);
        Thread demo = new Thread(() -> {
            try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
                new LiveDemo(new LiveDemo.Settings(folder, 1, rate, 0, pgPort, flightPort), nowhere).run(port::add);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                throw new IllegalStateException("the live demo failed", e);
            }
        }, "live demo");
        demo.start();
        try (BufferAllocator allocator = new RootAllocator();
                FlightSqlClient flight = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", flightPort)).build())) {
            Integer listening = port.poll(300, TimeUnit.SECONDS);
            if (listening == null) {
                throw new IOException("the live demo did not start within 300 s");
            }
            TimeUnit.SECONDS.sleep(Long.parseLong(options.get("--warm-up")));
            DoorsBench bench = new DoorsBench(listening, pgPort, flight);
            bench.rowsOut(sizes);
            bench.points(sizes);
        } finally {
            demo.interrupt();
            demo.join(TimeUnit.SECONDS.toMillis(60));
            FileUtils.deleteDirectoryQuietly(folder.toFile());
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** Takes all rows of a statement. @return how many there were */
    @FunctionalInterface
    private interface Door {
        long rows(String sql) throws Exception;
    }

    private void rowsOut(Sizes sizes) throws Exception {
        long ticks = JSON.readTree(requests.get("/v1/query?sql=" + ServerHttp.encode("SELECT count(*) AS n FROM tick"))).get(0).get("n").asLong();
        long times = Math.max(1, sizes.rows() / ticks + 1);
        String sql = "SELECT t.event_time, t.instrument, t.last_price, t.volume, t.sequence FROM (SELECT * FROM tick LIMIT " + sizes.rows() / times + ") t, range(" + times + ")";
        System.out.printf(Locale.ROOT, "%,d ticks, each %d times; load %.1f%n", ticks, times, ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        Map<String, Door> doors = new LinkedHashMap<>();
        doors.put("Flight SQL, Java client", this::flightRows);
        doors.put("PostgreSQL wire, binary", query -> pgRows(query, true));
        doors.put("PostgreSQL wire, text", query -> pgRows(query, false));
        doors.put("pgjdbc, binary, fetch size 10,000", query -> jdbcRows(query, "&prepareThreshold=-1"));
        doors.put("pgjdbc, text, fetch size 10,000", query -> jdbcRows(query, "&binaryTransfer=false"));
        doors.put("HTTP, arrow", query -> httpBytes(query, "arrow", false));
        doors.put("HTTP, csv", query -> httpBytes(query, "csv", true));
        doors.put("HTTP, ndjson", query -> httpBytes(query, "ndjson", true));
        Map<String, double[]> wall = new LinkedHashMap<>();
        Map<String, double[]> processor = new LinkedHashMap<>();
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        for (int round = -1; round < sizes.rounds(); round++) {
            for (Map.Entry<String, Door> door : doors.entrySet()) {
                long beganCpu = system.getProcessCpuTime();
                long began = System.nanoTime();
                long rows = door.getValue().rows(sql);
                double seconds = (System.nanoTime() - began) / 1e9;
                double cpu = (system.getProcessCpuTime() - beganCpu) / 1e9;
                if (rows != 0 && Math.abs(rows - sizes.rows()) > times) {
                    throw new IOException(door.getKey() + " gave " + rows + " rows");
                }
                if (round >= 0) {
                    wall.computeIfAbsent(door.getKey(), name -> new double[sizes.rounds()])[round] = sizes.rows() / seconds;
                    processor.computeIfAbsent(door.getKey(), name -> new double[sizes.rounds()])[round] = sizes.rows() / cpu;
                }
            }
        }
        System.out.printf("%-36s %14s %24s%n", "rows out, five columns", "rows/s", "rows/s of processor");
        wall.forEach((name, values) -> System.out.printf(Locale.ROOT, "%-36s %,14.0f %,24.0f%n", name, median(values), median(processor.get(name))));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private long flightRows(String sql) throws Exception {
        long rows = 0;
        try (FlightStream stream = flight.getStream(flight.execute(sql).getEndpoints().get(0).getTicket())) {
            while (stream.next()) {
                rows += stream.getRoot().getRowCount();
            }
        }
        return rows;
    }

    private long pgRows(String sql, boolean binary) throws IOException {
        try (PgRawClient client = new PgRawClient(pgPort)) {
            return client.rows(sql, binary);
        }
    }

    private Connection jdbc(String more) throws Exception {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + pgPort + "/qaexchange?user=bench&options=-c%20client_min_messages=warning" + more);
    }

    private long jdbcRows(String sql, String more) throws Exception {
        try (Connection connection = jdbc(more)) {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setFetchSize(10_000);
                long rows = 0;
                double sum = 0;
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) {
                        sum += result.getDouble(3) + result.getDouble(4) + result.getLong(5) + result.getString(2).length();
                        rows++;
                    }
                }
                return Double.isNaN(sum) ? -1 : rows;
            }
        }
    }

    /** @return lines, which are about the rows; 0 for a format without lines */
    private long httpBytes(String sql, String format, boolean lines) throws Exception {
        URI uri = root.resolve("/v1/query?format=" + format);
        HttpResponse<InputStream> answer = http.send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(sql)).build(), HttpResponse.BodyHandlers.ofInputStream());
        if (answer.statusCode() != 200) {
            throw new IOException("HTTP " + answer.statusCode() + ": " + new String(answer.body().readAllBytes(), StandardCharsets.UTF_8));
        }
        byte[] buffer = new byte[1 << 16];
        long count = 0;
        try (InputStream in = answer.body()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                for (int i = 0; lines && i < read; i++) {
                    count += buffer[i] == '\n' ? 1 : 0;
                }
            }
        }
        return count;
    }

    private void points(Sizes sizes) throws Exception {
        JsonNode tick = JSON.readTree(requests.get("/v1/rows/tick?limit=1&order=asc")).get(0);
        String instrument = tick.get("instrument").asText();
        java.time.Instant time = java.time.OffsetDateTime.parse(tick.get("event_time").asText().replace(' ', 'T').replaceFirst("\\+00$", "Z")).toInstant();
        long ns = time.getEpochSecond() * 1_000_000_000L + time.getNano();
        String micros = java.time.LocalDateTime.ofInstant(time.truncatedTo(java.time.temporal.ChronoUnit.MICROS), java.time.ZoneOffset.UTC) + "+00";
        String columns = "SELECT event_time, instrument, last_price, volume, sequence FROM tick WHERE instrument = '" + instrument + "' AND event_time = TIMESTAMPTZ";
        String exact = columns + "_NS '" + java.time.LocalDateTime.ofInstant(time, java.time.ZoneOffset.UTC) + "+00'";
        System.out.printf(Locale.ROOT, "%-36s %9s %9s %9s   load %.1f%n", "point query", "p50 ms", "p99 ms", "count", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        point("HTTP, typed, /v1/rows", sizes, () -> requests.get("/v1/rows/tick?limit=1&from=" + ns + "&to=" + (ns + 1) + "&instrument=" + ServerHttp.encode(instrument)));
        point("HTTP, SQL", sizes, () -> requests.get("/v1/query?sql=" + ServerHttp.encode(exact)));
        try (Connection connection = jdbc("&prepareThreshold=1"); PreparedStatement prepared = connection.prepareStatement(columns + " '" + micros + "'");
                Connection simple = jdbc("&preferQueryMode=simple"); Statement statement = simple.createStatement()) {
            point("PostgreSQL wire, prepared", sizes, () -> one(prepared.executeQuery()));
            point("PostgreSQL wire, simple query", sizes, () -> one(statement.executeQuery(columns + " '" + micros + "'")));
        }
        try (FlightSqlClient.PreparedStatement prepared = flight.prepare(exact)) {
            point("Flight SQL, prepared", sizes, () -> read(prepared.execute()));
        }
        point("Flight SQL, statement", sizes, () -> read(flight.execute(exact)));
        point("Flight SQL, SELECT 1", sizes, () -> read(flight.execute("SELECT 1")));
        try (Connection connection = jdbc("&prepareThreshold=1"); PreparedStatement prepared = connection.prepareStatement("SELECT 1")) {
            point("PostgreSQL wire, SELECT 1", sizes, () -> one(prepared.executeQuery()));
        }
    }

    private static Object one(ResultSet rows) throws Exception {
        try (rows) {
            return rows.next() ? rows.getString(1) : null;
        }
    }

    private Object read(org.apache.arrow.flight.FlightInfo info) throws Exception {
        try (FlightStream stream = flight.getStream(info.getEndpoints().get(0).getTicket())) {
            long rows = 0;
            while (stream.next()) {
                rows += stream.getRoot().getRowCount();
            }
            return rows;
        }
    }

    private static void point(String name, Sizes sizes, Callable<?> request) throws Exception {
        for (int i = 0; i < UNCOUNTED; i++) {
            request.call();
        }
        long[] times = new long[1 << 20];
        int count = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(sizes.seconds());
        while (count < times.length && System.nanoTime() < end) {
            long began = System.nanoTime();
            request.call();
            times[count++] = System.nanoTime() - began;
        }
        long[] sorted = Arrays.copyOf(times, count);
        Arrays.sort(sorted);
        System.out.printf(Locale.ROOT, "%-36s %9.2f %9.2f %9d%n", name, sorted[count / 2] / 1e6, sorted[Math.min(count - 1, (int) (count * 0.99))] / 1e6, count);
    }
}
