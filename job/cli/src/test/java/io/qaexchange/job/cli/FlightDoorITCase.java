package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rows of a running job over Arrow Flight SQL, asked by the clients that docs/connect.md shows. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightDoorITCase {

    private static final int MESSAGES = 6_000;

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private QueryServer server;
    private BufferAllocator allocator;
    private FlightSqlClient client;

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        job = rig.submitWithArchivedRows(21, MESSAGES);
        URI rest = rig.cluster().getRestAddress().get();
        server = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 2, 16,
                new QueryEngine.Limits("512MB", 2, 30, "1GB", 0), new QueryServer.Doors(QueryServer.Doors.NONE, 0, 0, null, Duration.ofMinutes(1))));
        allocator = new RootAllocator();
        client = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort())).build());
    }

    @AfterAll
    void stop() throws Exception {
        client.close();
        allocator.close();
        server.close();
        rig.stop(job);
        rig.close();
    }

    private static CallOption level(String level) {
        CallHeaders headers = new FlightCallHeaders();
        headers.insert("qaexchange-level", level);
        return new HeaderCallOption(headers);
    }

    private record Rows(List<List<String>> values, Map<String, String> moment) {
        String one() {
            return values.get(0).get(0);
        }
    }

    private Rows rows(FlightInfo info) throws Exception {
        return rows(client, info);
    }

    private static Rows rows(FlightSqlClient client, FlightInfo info) throws Exception {
        List<List<String>> values = new ArrayList<>();
        try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
            Map<String, String> moment = stream.getSchema().getCustomMetadata();
            while (stream.next()) {
                for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                    List<String> of = new ArrayList<>();
                    for (FieldVector vector : stream.getRoot().getFieldVectors()) {
                        of.add(String.valueOf(vector.getObject(row)));
                    }
                    values.add(of);
                }
            }
            return new Rows(values, moment);
        }
    }

    private Rows query(String sql, CallOption... options) throws Exception {
        return rows(client.execute(sql, options));
    }

    @Test
    void anAnswerOfTooManyRowsIsRefused() throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        try (QueryServer limited = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 2, 16,
                new QueryEngine.Limits("512MB", 2, 30, "1GB", 200), new QueryServer.Doors(QueryServer.Doors.NONE, 0, 0, null, Duration.ofMinutes(1))));
                FlightSqlClient reader = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", limited.flightPort())).build())) {
            for (String sql : List.of("SELECT * FROM tick", "SELECT t.volume FROM tick t, range(2)", "SELECT * FROM range(201)")) {
                FlightRuntimeException refused = catchThrowableOfType(FlightRuntimeException.class, () -> rows(reader, reader.execute(sql)));
                assertThat(refused).as(sql).hasMessageContaining("and this server gives at most 200");
                assertThat(refused.status().code()).isEqualTo(FlightStatusCode.RESOURCE_EXHAUSTED);
                assertThat(refused.status().metadata().get("sqlstate")).isEqualTo("54000");
            }
            assertThat(rows(reader, reader.execute("SELECT volume FROM tick LIMIT 200")).values()).hasSize(200);
        }
    }

    private static String counts() {
        List<String> parts = new ArrayList<>();
        io.qaexchange.events.EventSchema.get().recordTypes().forEach(type -> parts.add("(SELECT count(*) FROM public." + type.table() + ")"));
        return "SELECT " + String.join(" + ", parts);
    }

    @Test
    void countsEveryRowOnceAtEveryLevelAndNamesTheCut() throws Exception {
        String stored = Long.toString((long) LiveMetrics.sum("stored"));
        Rows live = query(counts());
        assertThat(live.one()).isEqualTo(stored);
        assertThat(live.moment()).containsEntry("qaexchange.level", "live").containsKeys("qaexchange.pinned-from", "qaexchange.pinned-to", "qaexchange.manifest-version");
        Rows checkpoint = query(counts(), level("checkpoint"));
        assertThat(checkpoint.one()).isEqualTo(stored);
        assertThat(checkpoint.moment().get("qaexchange.level")).startsWith("checkpoint:");
        assertThat(checkpoint.moment().get("qaexchange.offsets")).contains("events-0@");
        assertThat(Long.parseLong(query(counts(), level("archive")).one())).isPositive().isLessThanOrEqualTo(Long.parseLong(stored));
        FlightRuntimeException gone = catchThrowableOfType(FlightRuntimeException.class, () -> query(counts(), level("checkpoint:999999")));
        assertThat(gone.status().code()).isEqualTo(FlightStatusCode.NOT_FOUND);
        assertThat(gone.status().metadata().get("sqlstate")).isEqualTo("72000");
    }

    @Test
    void parametersArePushedDownAsConstantsAre() throws Exception {
        String instrument = query("SELECT min(instrument) FROM trade").one();
        String all = query("SELECT count(*) FROM trade WHERE instrument = '" + instrument + "'").one();
        try (FlightSqlClient.PreparedStatement statement = client.prepare("SELECT count(*) FROM qaexchange.public.trade t WHERE t.instrument = ?")) {
            VarCharVector value = new VarCharVector("v", allocator);
            value.setSafe(0, instrument.getBytes(StandardCharsets.UTF_8));
            VectorSchemaRoot values = VectorSchemaRoot.of(value);
            values.setRowCount(1);
            statement.setParameters(values);
            assertThat(rows(statement.execute()).one()).isEqualTo(all);
        }
    }

    /** A statement on one instrument runs without a database; in parentheses it runs in one. */
    @Test
    void bothWaysToRowsOfAnInstrumentGiveTheSame() throws Exception {
        for (String table : List.of("tick", "trade")) {
            Rows some = query("SELECT instrument, CAST(event_time AS VARCHAR) FROM " + table + " USING SAMPLE 8 ROWS (reservoir, 3)");
            for (List<String> row : some.values()) {
                String point = "SELECT * FROM " + table + " WHERE instrument = '" + row.get(0) + "' AND event_time = TIMESTAMPTZ_NS '" + row.get(1) + "'";
                Rows rows = query(point);
                assertThat(rows.values()).as(point).isNotEmpty().containsExactlyInAnyOrderElementsOf(query("SELECT * FROM (" + point + ")").values());
                assertThat(rows.moment()).containsEntry("qaexchange.level", "live");
                assertThat(client.getExecuteSchema(point).getSchema()).isEqualTo(client.getExecuteSchema("SELECT * FROM (" + point + ")").getSchema());
            }
        }
    }

    @Test
    void rowsStreamWithTheirTypes() throws Exception {
        FlightInfo info = client.execute("SELECT * FROM trade");
        assertThat(info.getSchema().findField("event_time").getType()).hasToString("Timestamp(NANOSECOND, UTC)");
        assertThat(Integer.toString(rows(info).values().size())).isEqualTo(query("SELECT count(*) FROM trade").one());
        assertThat(query("SELECT bids FROM book_snapshot WHERE len(bids) > 0 LIMIT 1").one()).startsWith("[{\"price\":").contains("\"volume\":");
    }

    @Test
    void aSlowClientGivesItsPlaceBack() throws Exception {
        List<FlightStream> open = new ArrayList<>();
        // More than may run at once, each with a result that its client does not read on.
        for (int i = 0; i < 4; i++) {
            FlightInfo info = client.execute("SELECT t.*, repeat('x', 10000) AS x FROM trade t, range(100)");
            FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket());
            assertThat(stream.next()).isTrue();
            open.add(stream);
        }
        assertThat(Long.parseLong(query("SELECT count(*) FROM trade").one())).isPositive();
        for (FlightStream stream : open) {
            stream.cancel("no longer wanted", null);
            stream.close();
        }
    }

    @Test
    void theClientsOfThePageWork() throws Exception {
        String port = Integer.toString(server.flightPort());
        Path examples = Path.of("../../docs/examples").toAbsolutePath().normalize();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        for (String example : List.of("ConnectFlight", "ConnectAdbc", "ConnectFlightJdbc")) {
            run(example, List.of(java, "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), examples.resolve(example + ".java").toString(), port));
        }
        for (String python : List.of("python3", System.getProperty("pyarrow.python", "python3"))) {
            run("pyarrow", List.of(python, examples.resolve("connect_pyarrow.py").toString(), port));
        }
    }

    /** Runs a client; one that is not on this machine is named in the output. */
    private static void run(String name, List<String> command) throws Exception {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            System.out.println("flight clients: " + name + " is not on this machine and was not tried: " + e.getMessage());
            return;
        }
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        if (exit == 77) {
            System.out.println("flight clients: " + name + " is not on this machine and was not tried: " + output.strip());
            return;
        }
        assertThat(output).as(name).contains("newest trade");
        assertThat(exit).as(name + ": " + output).isZero();
        System.out.println("flight clients: " + name + " tried: " + output.strip().lines().reduce((a, b) -> b).orElse(""));
    }
}
