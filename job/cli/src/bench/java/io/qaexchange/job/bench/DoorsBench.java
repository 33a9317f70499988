package io.qaexchange.job.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * The doors of a query server beside a running job, side by side: rows out of one table with five columns, and a point query. Broker, job, market and server are one process, the clients another.
 *
 * <p>{@code DoorsBench [--rows N] [--rounds N] [--rate PER_SECOND] [--warm-up SECONDS] [--seconds PER_POINT_QUERY]
 * [--only rows|points|all]}. Rows of ticks are repeated until there are N, since a
 * bench does not wait for as many; so they cost the engine little, and what is measured is the door. Each round asks each door once. Figures are medians of the rounds:
 * rows per second by the clock, and rows per second of the server's processor time: that of its process without what it takes when nobody asks. Point queries are asked in turn before the first
 * one is timed: a server's code is compiled while it serves. Exit code 0 if it ran.
 */
public final class DoorsBench {

    /** How often each door is asked for a second before the first one is timed. */
    private static final int TURNS = 8;
    private static final long UNCOUNTED_S = 2;
    private static final List<String> NAMES = List.of("HTTP, typed, /v1/rows", "HTTP, SQL", "PostgreSQL wire, prepared", "PostgreSQL wire, simple query", "Flight SQL, prepared",
            "Flight SQL, statement");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI root;
    private final ServerHttp requests;
    private final ServerProcess server;
    private final int pgPort;
    private final FlightSqlClient flight;

    private DoorsBench(ServerProcess server, FlightSqlClient flight) {
        this.server = server;
        this.root = URI.create("http://127.0.0.1:" + server.httpPort());
        this.requests = new ServerHttp(http, root);
        this.pgPort = server.pgPort();
        this.flight = flight;
    }

    private record Sizes(long rows, int rounds, long seconds) {
    }

    /** Runs the benchmark. */
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new LinkedHashMap<>(Map.of("--rows", "2000000", "--rounds", "3", "--rate", "2000", "--warm-up", "60", "--seconds", "5", "--only", "all"));
        for (int i = 0; i < args.length; i += 2) {
            if (i + 1 == args.length || options.put(args[i], args[i + 1]) == null) {
                throw new IllegalArgumentException("unknown option, or one without a value: " + args[i]);
            }
        }
        Sizes sizes = new Sizes(Long.parseLong(options.get("--rows")), Integer.parseInt(options.get("--rounds")), Long.parseLong(options.get("--seconds")));
        double rate = Double.parseDouble(options.get("--rate"));
        if (!Set.of("rows", "points", "all").contains(options.get("--only"))) {
            throw new IllegalArgumentException("--only is rows, points or all");
        }
        try (ServerProcess server = ServerProcess.start(rate); BufferAllocator allocator = new RootAllocator();
                FlightSqlClient flight = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort())).build())) {
            TimeUnit.SECONDS.sleep(Long.parseLong(options.get("--warm-up")));
            DoorsBench bench = new DoorsBench(server, flight);
            if (!options.get("--only").equals("points")) {
                bench.rowsOut(sizes);
            }
            if (!options.get("--only").equals("rows")) {
                bench.points(sizes, true);
                bench.points(sizes, false);
                bench.constants(sizes);
            }
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
        double idle = server.processorOfIdle();
        for (int round = -1; round < sizes.rounds(); round++) {
            for (Map.Entry<String, Door> door : doors.entrySet()) {
                double beganCpu = server.processorSeconds();
                long began = System.nanoTime();
                long rows = door.getValue().rows(sql);
                double seconds = (System.nanoTime() - began) / 1e9;
                double cpu = Math.max(0.01, server.processorSeconds() - beganCpu - idle * seconds);
                if (rows != 0 && Math.abs(rows - sizes.rows()) > times) {
                    throw new IOException(door.getKey() + " gave " + rows + " rows");
                }
                if (round >= 0) {
                    wall.computeIfAbsent(door.getKey(), name -> new double[sizes.rounds()])[round] = sizes.rows() / seconds;
                    processor.computeIfAbsent(door.getKey(), name -> new double[sizes.rounds()])[round] = sizes.rows() / cpu;
                }
            }
        }
        System.out.printf("%-36s %14s %24s%n", "rows out, five columns", "rows/s", "rows/s of server core");
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

    /** A row of ticks, and the statements that find it. */
    private record Sought(String instrument, long ns, String exact, String micros) {

        static Sought of(JsonNode tick) {
            String instrument = tick.get("instrument").asText();
            Instant time = OffsetDateTime.parse(tick.get("event_time").asText().replace(' ', 'T').replaceFirst("\\+00$", "Z")).toInstant();
            String columns = "SELECT event_time, instrument, last_price, volume, sequence FROM tick WHERE instrument = '" + instrument + "' AND event_time = TIMESTAMPTZ";
            return new Sought(instrument, time.getEpochSecond() * 1_000_000_000L + time.getNano(), columns + "_NS '" + utc(time) + "'",
                    columns + " '" + utc(time.truncatedTo(ChronoUnit.MICROS)) + "'");
        }

        private static String utc(Instant time) {
            return LocalDateTime.ofInstant(time, ZoneOffset.UTC) + "+00";
        }
    }

    /** The oldest tick, which is archived, or the newest one, which is not. It is looked for before each door is measured. */
    private Sought sought(boolean hot) throws Exception {
        return Sought.of(JSON.readTree(requests.get("/v1/rows/tick?limit=1&order=" + (hot ? "desc" : "asc"))).get(0));
    }

    private void points(Sizes sizes, boolean hot) throws Exception {
        System.out.printf(Locale.ROOT, "%-36s %9s %9s %9s   load %.1f%n", "point query, " + (hot ? "hot" : "cold"), "p50 ms", "p99 ms", "count",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        try (Connection binary = jdbc("&prepareThreshold=1"); Connection simple = jdbc("&preferQueryMode=simple"); Statement statement = simple.createStatement()) {
            // Each door in turn, so that what they share is compiled before the first one is timed.
            for (int turn = 0; turn < TURNS; turn++) {
                try (Doors doors = new Doors(sought(hot), binary, statement)) {
                    for (Callable<?> door : doors.byName.values()) {
                        Timings.of(door, 1, 0);
                    }
                }
            }
            for (String name : NAMES) {
                // A hot row is archived after a minute.
                try (Doors doors = new Doors(sought(hot), binary, statement)) {
                    point(name, sizes, doors.byName.get(name));
                }
            }
        }
    }

    /** Requests for one row. */
    private final class Doors implements AutoCloseable {
        private final Map<String, Callable<?>> byName = new LinkedHashMap<>();
        private final PreparedStatement binary;
        private final FlightSqlClient.PreparedStatement arrow;

        Doors(Sought sought, Connection connection, Statement simple) throws Exception {
            String typed = "/v1/rows/tick?limit=1&from=" + sought.ns() + "&to=" + (sought.ns() + 1) + "&instrument=" + ServerHttp.encode(sought.instrument());
            binary = connection.prepareStatement(sought.micros());
            arrow = flight.prepare(sought.exact());
            List<Callable<?>> requestsOf = List.of(() -> requests.get(typed), () -> requests.get("/v1/query?sql=" + ServerHttp.encode(sought.exact())),
                    () -> one(binary.executeQuery()), () -> one(simple.executeQuery(sought.micros())), () -> read(arrow.execute()),
                    () -> read(flight.execute(sought.exact())));
            for (int i = 0; i < NAMES.size(); i++) {
                byName.put(NAMES.get(i), requestsOf.get(i));
            }
        }

        @Override
        public void close() throws Exception {
            binary.close();
            arrow.close();
        }
    }

    private void constants(Sizes sizes) throws Exception {
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
        Timings timings = Timings.of(request, UNCOUNTED_S, sizes.seconds());
        System.out.printf(Locale.ROOT, "%-36s %9.2f %9.2f %9d%n", name, timings.p50(), timings.p99(), timings.count());
    }
}
