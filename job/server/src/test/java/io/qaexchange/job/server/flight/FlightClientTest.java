package io.qaexchange.job.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.qaexchange.job.server.FlightRig;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.CancelFlightInfoRequest;
import org.apache.arrow.flight.CancelStatus;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.flight.sql.FlightSqlColumnMetadata;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeStampNanoTZVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Calls of the Java client of Flight SQL. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightClientTest {

    private static final String ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000) b";

    /** How long a client takes nothing before its call ends. */
    private static final Duration STALLED = Duration.ofSeconds(Long.getLong("doors.stalled.seconds", 3));

    private FlightRig rig;
    private FlightSqlClient client;

    @BeforeAll
    void start() throws Exception {
        rig = FlightRig.start();
        client = rig.client();
    }

    @AfterAll
    void stop() throws Exception {
        client.close();
        rig.close();
    }

    /** All rows as texts. */
    static List<List<String>> rows(FlightSqlClient client, FlightInfo info, CallOption... options) throws Exception {
        List<List<String>> rows = new ArrayList<>();
        for (FlightEndpoint endpoint : info.getEndpoints()) {
            try (FlightStream stream = client.getStream(endpoint.getTicket(), options)) {
                while (stream.next()) {
                    for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                        List<String> values = new ArrayList<>();
                        for (FieldVector vector : stream.getRoot().getFieldVectors()) {
                            values.add(String.valueOf(vector.getObject(row)));
                        }
                        rows.add(values);
                    }
                }
            }
        }
        return rows;
    }

    private List<List<String>> query(String sql) throws Exception {
        return rows(client, client.execute(sql));
    }

    private static FlightRuntimeException failure(Callable<?> call) {
        return catchThrowableOfType(FlightRuntimeException.class, call::call);
    }

    private static String state(FlightRuntimeException e) {
        return e.status().metadata().get(FlightErrors.SQLSTATE);
    }

    @Test
    void aStatementsRowsComeWithTheSchemaThatWasTold() throws Exception {
        FlightInfo info = client.execute("SELECT 1::BIGINT AS a, 'x' AS a, TIMESTAMPTZ_NS '2026-01-05 01:30:00.123456789Z' AS t, sum(i) AS s, [1.5, NULL] AS l FROM range(3) r(i)");
        assertThat(info.getSchema().getFields()).extracting(Field::toString).containsExactly("a: Int(64, true)", "a: Utf8", "t: Timestamp(NANOSECOND, UTC)", "s: Decimal(38, 0, 128)",
                "l: List<l: Decimal(2, 1, 128)>");
        try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
            assertThat(stream.getSchema()).isEqualTo(info.getSchema());
            assertThat(stream.next()).isTrue();
            assertThat(((TimeStampNanoTZVector) stream.getRoot().getVector(2)).get(0)).isEqualTo(Instant.parse("2026-01-05T01:30:00Z").getEpochSecond() * 1_000_000_000L + 123_456_789L);
            assertThat(stream.getRoot().getVector(3).getObject(0)).isEqualTo(new BigDecimal(3));
            assertThat(stream.next()).isFalse();
        }
    }

    @Test
    void aLargeResultComesInOrder() throws Exception {
        FlightInfo info = client.execute("SELECT i, 'text ' || i AS t FROM range(1000000) r(i)");
        long at = 0;
        try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
            while (stream.next()) {
                BigIntVector numbers = (BigIntVector) stream.getRoot().getVector(0);
                VarCharVector texts = (VarCharVector) stream.getRoot().getVector(1);
                for (int row = 0; row < numbers.getValueCount(); row++) {
                    assertThat(numbers.get(row)).isEqualTo(at);
                    if (at % 1_000 == 0) {
                        assertThat(new String(texts.get(row), StandardCharsets.UTF_8)).isEqualTo("text " + at);
                    }
                    at++;
                }
            }
        }
        assertThat(at).isEqualTo(1_000_000);
    }

    @Test
    void noRowsAreARightAnswer() throws Exception {
        assertThat(query("SELECT instrument, price FROM trade WHERE false AND 1 = (SELECT 2)".replace("FROM trade", "FROM (SELECT 'a' AS instrument, 1.5 AS price)"))).isEmpty();
        assertThat(query("EXPLAIN SELECT 1")).isNotEmpty();
        assertThat(query("SELECT NULL")).containsExactly(List.of("null"));
        assertThat(query("DESCRIBE SELECT 1 AS one").get(0)).contains("one");
    }

    @Test
    void errorsNameWhatAndWhere() {
        assertThat(state(failure(() -> query("SELECT * FROM nosuch")))).isEqualTo("42P01");
        assertThat(failure(() -> query("SELECT * FROM nosuch")).status().code()).isEqualTo(FlightStatusCode.NOT_FOUND);
        assertThat(state(failure(() -> query("SELECT nosuch FROM trade")))).isEqualTo("42703");
        assertThat(state(failure(() -> query("SELEC 1")))).isEqualTo("42601");
        assertThat(state(failure(() -> query("SELECT nosuch(1)")))).isEqualTo("42883");
        assertThat(state(failure(() -> query("SELECT 'a'::INTEGER")))).isEqualTo("22P02");
        assertThat(state(failure(() -> query("SELECT 1; SELECT 2")))).isEqualTo("42601");
        assertThat(state(failure(() -> query("SELECT * FROM read_csv('/etc/passwd')")))).isEqualTo("42501");
        assertThat(state(failure(() -> query("SELECT $1")))).isEqualTo("42P02");
        for (String sql : List.of("SELECT (i || 'x')::INTEGER FROM range(3) t(i)", "SELECT CASE WHEN i < 3000000 THEN i ELSE (i || 'x')::INTEGER END FROM range(4000000) t(i)")) {
            FlightRuntimeException failure = failure(() -> query(sql));
            assertThat(state(failure)).as(sql).isEqualTo("22P02");
            assertThat(failure).hasMessageContaining("Could not convert string");
        }
        FlightRuntimeException level = failure(() -> rows(client, client.execute("SELECT 1", header("qaexchange-level", "nosuch"))));
        assertThat(state(level)).isEqualTo("22023");
        assertThat(level).hasMessageContaining("checkpoint");
    }

    static HeaderCallOption header(String name, String value) {
        CallHeaders headers = new FlightCallHeaders();
        headers.insert(name, value);
        return new HeaderCallOption(headers);
    }

    @Test
    void whatWritesIsRefusedInTheWordsOfEveryDoor() throws Exception {
        for (String write : List.of("INSERT INTO trade(price) VALUES (1)", "DELETE FROM trade", "CREATE TABLE t(a INTEGER)", "DROP TABLE trade", "COPY trade TO '/tmp/x'", "ATTACH '/tmp/x'",
                "SET threads = 1", "PRAGMA database_list", "EXPLAIN DELETE FROM trade")) {
            for (Callable<?> call : List.<Callable<?>>of(() -> client.execute(write), () -> client.executeUpdate(write), () -> client.prepare(write))) {
                FlightRuntimeException refused = failure(call);
                assertThat(refused).as(write).isNotNull();
                assertThat(refused.status().code()).as(write).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
                assertThat(state(refused)).as(write + ": " + refused.getMessage()).isIn("25006", "42601");
                assertThat(refused.getMessage()).as(write).containsPattern("does more than read|Parser Error");
            }
        }
        assertThat(failure(() -> client.executeUpdate("SELECT 1"))).hasMessageContaining("the statement reads");
        assertThat(failure(() -> client.beginTransaction()).status().code()).isEqualTo(FlightStatusCode.UNIMPLEMENTED);
    }

    /** Runs a prepared statement. @param values make a row of vectors, which the client closes */
    private List<List<String>> prepared(String sql, Function<BufferAllocator, List<FieldVector>> values) throws Exception {
        try (BufferAllocator allocator = new RootAllocator(); FlightSqlClient.PreparedStatement statement = client.prepare(sql)) {
            VectorSchemaRoot root = new VectorSchemaRoot(values.apply(allocator));
            root.setRowCount(root.getVector(0).getValueCount() == 0 ? 1 : root.getVector(0).getValueCount());
            statement.setParameters(root);
            return rows(client, statement.execute());
        }
    }

    private static FieldVector number(BufferAllocator allocator, Long value) {
        BigIntVector vector = new BigIntVector("n", allocator);
        vector.allocateNew(1);
        if (value == null) {
            vector.setNull(0);
        } else {
            vector.set(0, value);
        }
        return vector;
    }

    private static FieldVector text(BufferAllocator allocator, String value) {
        VarCharVector vector = new VarCharVector("t", allocator);
        vector.setSafe(0, value.getBytes(StandardCharsets.UTF_8));
        return vector;
    }

    private static FieldVector real(BufferAllocator allocator, double value) {
        Float8Vector vector = new Float8Vector("f", allocator);
        vector.setSafe(0, value);
        return vector;
    }

    private static FieldVector bytes(BufferAllocator allocator, int... values) {
        VarBinaryVector vector = new VarBinaryVector("b", allocator);
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        vector.setSafe(0, bytes);
        return vector;
    }

    private static FieldVector time(BufferAllocator allocator, long nanos) {
        TimeStampNanoTZVector vector = new TimeStampNanoTZVector("ts", allocator, "UTC");
        vector.setSafe(0, nanos);
        return vector;
    }

    @Test
    void parametersOfAPreparedStatementAreTyped() throws Exception {
        assertThat(prepared("SELECT count(*) FROM range(10) t(i) WHERE i < ?", a -> List.of(number(a, 5L)))).containsExactly(List.of("5"));
        assertThat(prepared("SELECT $2 || $1", a -> List.of(number(a, -5L), text(a, "it's ")))).containsExactly(List.of("it's -5"));
        assertThat(prepared("SELECT ?, ?, hex(?)", a -> List.of(number(a, 5L), real(a, -1.5), bytes(a, 0, 255)))).containsExactly(List.of("5", "-1.5", "00FF"));
        assertThat(prepared("SELECT epoch_ns(?)", a -> List.of(time(a, 1_767_576_600_123_456_789L)))).containsExactly(List.of("1767576600123456789"));
        assertThat(prepared("SELECT epoch_ms(?)", a -> List.of(time(a, -1_000_000L)))).containsExactly(List.of("-1"));
        assertThat(prepared("SELECT coalesce(?, 7)", a -> List.of(number(a, null)))).containsExactly(List.of("7"));
        assertThat(failure(() -> prepared("SELECT ?", a -> {
            BigIntVector two = (BigIntVector) number(a, 1L);
            two.setSafe(1, 2);
            two.setValueCount(2);
            return List.of(two);
        }))).hasMessageContaining("one at a time");
        assertThat(failure(() -> prepared("SELECT ?, ?", a -> List.of(number(a, 5L))))).hasMessageContaining("2 parameters");
    }

    @Test
    void aPreparedStatementTellsItsParametersAndColumns() throws Exception {
        try (FlightSqlClient.PreparedStatement statement = client.prepare("SELECT instrument, price FROM qaexchange.public.trade WHERE volume > ? AND event_time >= $2 AND instrument = ?")) {
            assertThat(statement.getResultSetSchema().getFields()).extracting(Field::toString).containsExactly("instrument: Utf8", "price: FloatingPoint(DOUBLE)");
            assertThat(statement.getParameterSchema().getFields()).extracting(field -> field.getType().toString()).containsExactly("FloatingPoint(DOUBLE)", "Utf8");
        }
        try (FlightSqlClient.PreparedStatement statement = client.prepare("SELECT count(*) FROM trade WHERE event_time >= ?")) {
            // The JDBC driver puts milliseconds into a field of any unit.
            assertThat(statement.getParameterSchema().getFields().get(0).getType()).hasToString("Timestamp(MILLISECOND, UTC)");
            assertThat(state(failure(statement::execute))).isEqualTo("42P02");
        }
        FlightSqlClient.PreparedStatement closed = client.prepare("SELECT ?");
        closed.close();
        assertThat(rig.server().preparedStatements()).isZero();
    }

    @Test
    void metadataShowsWhatThereIs() throws Exception {
        assertThat(rows(client, client.getCatalogs())).containsExactly(List.of("qaexchange"));
        assertThat(rows(client, client.getSchemas(null, null))).containsExactly(List.of("qaexchange", "public"));
        assertThat(rows(client, client.getSchemas("other", null))).isEmpty();
        assertThat(rows(client, client.getSchemas(null, "pub%"))).hasSize(1);
        assertThat(rows(client, client.getTableTypes())).containsExactly(List.of("TABLE"));
        assertThat(rows(client, client.getTables(null, null, null, null, false))).extracting(row -> row.get(2)).contains("trade", "tick", "book_snapshot", "account_daily").isSorted();
        assertThat(rows(client, client.getTables("qaexchange", "public", "t_ade", List.of("TABLE"), false))).containsExactly(List.of("qaexchange", "public", "trade", "TABLE"));
        assertThat(rows(client, client.getTables(null, null, "t\\_ade", null, false))).isEmpty();
        assertThat(rows(client, client.getTables(null, null, null, List.of("VIEW"), false))).isEmpty();
        FlightInfo tables = client.getTables(null, null, "trade", null, true);
        try (FlightStream stream = client.getStream(tables.getEndpoints().get(0).getTicket())) {
            stream.next();
            byte[] bytes = ((VarBinaryVector) stream.getRoot().getVector("table_schema")).get(0);
            Schema schema = MessageSerializer.deserializeSchema(new ReadChannel(java.nio.channels.Channels.newChannel(new java.io.ByteArrayInputStream(bytes))));
            assertThat(schema.findField("event_time").getType()).hasToString("Timestamp(NANOSECOND, UTC)");
            FlightSqlColumnMetadata price = new FlightSqlColumnMetadata(schema.findField("price").getMetadata());
            assertThat(price.getTypeName()).isEqualTo("DOUBLE");
            assertThat(price.getTableName()).isEqualTo("trade");
            // The told schema is the one that rows have.
            assertThat(client.execute("SELECT * FROM trade").getSchema().getFields()).extracting(Field::toString).isEqualTo(schema.getFields().stream().map(field ->
                    new Field(field.getName(), org.apache.arrow.vector.types.pojo.FieldType.nullable(field.getType()), field.getChildren()).toString()).toList());
        }
        assertThat(rows(client, client.getPrimaryKeys(org.apache.arrow.flight.sql.util.TableRef.of(null, null, "trade")))).isEmpty();
        assertThat(rows(client, client.getExportedKeys(org.apache.arrow.flight.sql.util.TableRef.of(null, null, "trade")))).isEmpty();
        assertThat(rows(client, client.getImportedKeys(org.apache.arrow.flight.sql.util.TableRef.of(null, null, "trade")))).isEmpty();
        assertThat(rows(client, client.getSqlInfo(FlightSql.SqlInfo.FLIGHT_SQL_SERVER_NAME, FlightSql.SqlInfo.FLIGHT_SQL_SERVER_READ_ONLY))).extracting(row -> row.get(1))
                .containsExactly("qaexchange", "true");
        assertThat(rows(client, client.getSqlInfo(new int[] {}))).hasSizeGreaterThan(30);
        assertThat(rows(client, client.getSqlInfo(new int[] {999_999}))).isEmpty();
        assertThat(rows(client, client.getXdbcTypeInfo())).extracting(row -> row.get(0)).contains("VARCHAR", "TIMESTAMPTZ");
        assertThat(rows(client, client.getXdbcTypeInfo(java.sql.Types.BIGINT))).extracting(row -> row.get(0)).containsExactly("BIGINT");
        assertThat(client.getExecuteSchema("SELECT 1 AS one").getSchema().getFields()).extracting(Field::getName).containsExactly("one");
    }

    /** Found by FlightFuzzTest: what the server has no answer to was an internal error. */
    @Test
    void whatNobodyHasAnAnswerToIsLeftOut() throws Exception {
        int all = rows(client, client.getSqlInfo(new int[] {})).size();
        int answered = 0;
        for (FlightSql.SqlInfo info : FlightSql.SqlInfo.values()) {
            if (info != FlightSql.SqlInfo.UNRECOGNIZED) {
                answered += rows(client, client.getSqlInfo(new int[] {info.getNumber()})).size();
            }
        }
        assertThat(answered).isEqualTo(all);
    }

    @Test
    void tablesMayBeNamedInFull() throws Exception {
        for (String name : List.of("trade", "public.trade", "qaexchange.public.trade", "\"qaexchange\".\"public\".\"trade\"", "main.trade")) {
            assertThat(client.execute("SELECT t.price FROM " + name + " t").getSchema().getFields()).hasSize(1);
        }
        assertThat(query("SELECT public.price FROM (SELECT 1 AS price) public")).containsExactly(List.of("1"));
    }

    @Test
    void aRunningQueryIsCancelledByItsInfo() throws Exception {
        FlightInfo info = client.execute(ENDLESS);
        CompletableFuture<FlightRuntimeException> ended = CompletableFuture.supplyAsync(() -> failure(() -> rows(client, info)));
        CancelStatus status = CancelStatus.NOT_CANCELLABLE;
        while (status != CancelStatus.CANCELLED) {
            // Until the query has begun, there is nothing to cancel.
            Thread.onSpinWait();
            status = client.cancelFlightInfo(new CancelFlightInfoRequest(info)).getStatus();
        }
        assertThat(ended.get()).hasMessageContaining("cancelled by local");
        assertThat(state(ended.get())).isEqualTo("57014");
        assertThat(query("SELECT 1")).containsExactly(List.of("1"));
    }

    @Test
    void aClientThatEndsItsCallEndsItsQuery() throws Exception {
        FlightInfo info = client.execute(ENDLESS);
        try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
            while (rig.server().streams() == 0) {
                Thread.onSpinWait();
            }
            stream.cancel("no longer wanted", null);
        }
        while (rig.server().streams() > 0) {
            Thread.onSpinWait();
        }
        // Also in the midst of its rows.
        FlightInfo many = client.execute("SELECT i FROM range(10000000000) t(i)");
        try (FlightStream stream = client.getStream(many.getEndpoints().get(0).getTicket())) {
            assertThat(stream.next()).isTrue();
        }
        while (rig.server().streams() > 0) {
            Thread.onSpinWait();
        }
        assertThat(query("SELECT 1")).containsExactly(List.of("1"));
    }

    @Test
    void aClientThatStopsReadingHoldsUpNobodyAndEnds() throws Exception {
        try (FlightRig slow = FlightRig.start(io.qaexchange.job.server.security.Tokens.none(), null, STALLED); FlightSqlClient reader = slow.client();
                FlightSqlClient other = slow.client()) {
            FlightInfo info = reader.execute("SELECT i, repeat('x', 1000) AS t FROM range(100000000) t(i)");
            try (FlightStream stream = reader.getStream(info.getEndpoints().get(0).getTicket())) {
                assertThat(stream.next()).isTrue();
                while (slow.server().streams() > 0) {
                    // Others are answered all the while.
                    assertThat(rows(other, other.execute("SELECT 1"))).hasSize(1);
                }
                FlightRuntimeException ended = failure(() -> {
                    while (stream.next()) {
                        assertThat(stream.getRoot().getRowCount()).isPositive();
                    }
                    return null;
                });
                assertThat(ended.status().code()).isEqualTo(FlightStatusCode.TIMED_OUT);
                assertThat(ended).hasMessageContaining("taken nothing");
            }
        }
    }

    @Test
    void aForeignTicketIsRefused() {
        assertThat(failure(() -> {
            try (FlightStream stream = client.getStream(new Ticket("nonsense".getBytes(StandardCharsets.US_ASCII)))) {
                return stream.next();
            }
        }).status().code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT);
    }
}
