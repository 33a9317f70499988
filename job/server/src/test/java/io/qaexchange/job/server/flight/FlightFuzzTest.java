package io.qaexchange.job.server.flight;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.qaexchange.job.server.FlightRig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.AsyncPutListener;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Malformed calls, from a seed: each gets a clean error or an answer, and nothing stays behind. gRPC below it gets bytes that are none of its. */
@Timeout(3_600)
class FlightFuzzTest {

    private static final long CALLS = Long.getLong("flight.fuzz.calls", 500);
    private static final long SEED = Long.getLong("flight.fuzz.seed", 20_261_129);
    private static final String[] SQL = {"SELECT 1", "SELECT $1", "SELECT ? + ?", "", ";", "SELECT '", "SELECT $$", "/*", "SELECT \"", "INSERT INTO trade", "SELECT $99999999999", "SELECT $0",
            "qaexchange.public.", "SELECT * FROM information_schema.tables", "EXPLAIN SELECT 1", "SELECT E'\\", "SELECT 1; SELECT 2", "SELECT NULL", "\u0000", "SELECT [?]", "SELECT ?::trade"};
    private static final String[] ACTIONS = {"CreatePreparedStatement", "ClosePreparedStatement", "BeginTransaction", "EndTransaction", "BeginSavepoint", "EndSavepoint", "CancelQuery",
            "CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "GetSessionOptions", "CloseSession", "CreatePreparedSubstraitPlan", "nosuch", ""};
    /** Status codes of a mistake of the server, not of the client. */
    private static final List<FlightStatusCode> OURS = List.of(FlightStatusCode.INTERNAL, FlightStatusCode.UNKNOWN);

    private final Random random = new Random(SEED);
    private final Map<FlightStatusCode, Long> codes = new EnumMap<>(FlightStatusCode.class);

    @Test
    void malformedCallsGetCleanErrors() throws Exception {
        try (FlightRig rig = FlightRig.start(); FlightClient flight = rig.flight(); FlightSqlClient sql = new FlightSqlClient(flight)) {
            for (long i = 0; i < CALLS; i++) {
                if (random.nextInt(100) == 0) {
                    rawBytes(rig.port());
                } else {
                    call(flight, sql, rig);
                }
            }
            System.out.println("flight fuzz: seed " + SEED + ", " + CALLS + " calls, answers by status " + codes);
            while (rig.server().streams() > 0) {
                Thread.onSpinWait();
            }
            assertThat(FlightClientTest.rows(sql, sql.execute("SELECT 42"))).containsExactly(List.of("42"));
        }
    }

    private void call(FlightClient flight, FlightSqlClient sql, FlightRig rig) {
        String what = "";
        try {
            switch (random.nextInt(5)) {
                case 0 -> {
                    byte[] command = damaged(command());
                    what = "getInfo " + text(command);
                    flight.getInfo(random.nextInt(10) == 0 ? FlightDescriptor.path("a", "b") : FlightDescriptor.command(command));
                }
                case 1 -> {
                    byte[] command = damaged(command());
                    what = "getSchema " + text(command);
                    flight.getSchema(FlightDescriptor.command(command));
                }
                case 2 -> {
                    byte[] ticket = damaged(random.nextBoolean() ? ticket() : command());
                    what = "getStream " + text(ticket);
                    try (FlightStream stream = flight.getStream(new Ticket(ticket))) {
                        while (stream.next()) {
                            assertThat(stream.getRoot().getRowCount()).isNotNegative();
                        }
                    }
                }
                case 3 -> {
                    String action = ACTIONS[random.nextInt(ACTIONS.length)];
                    byte[] body = damaged(random.nextBoolean() ? action() : bytes(random.nextInt(40)));
                    what = "action " + action + " " + text(body);
                    Iterator<org.apache.arrow.flight.Result> results = flight.doAction(new Action(action, body));
                    while (results.hasNext()) {
                        assertThat(results.next().getBody()).isNotNull();
                    }
                }
                default -> {
                    byte[] command = damaged(command());
                    what = "put " + text(command);
                    put(flight, command, rig);
                }
            }
            codes.merge(FlightStatusCode.OK, 1L, Long::sum);
        } catch (FlightRuntimeException e) {
            codes.merge(e.status().code(), 1L, Long::sum);
            assertThat(e.status().code()).as(what + ": " + e).isNotIn(OURS);
        } catch (Exception e) {
            throw new AssertionError(what, e);
        }
    }

    private void put(FlightClient flight, byte[] command, FlightRig rig) throws Exception {
        List<FieldVector> vectors = new ArrayList<>();
        for (int c = random.nextInt(3); c >= 0; c--) {
            FieldVector vector = random.nextBoolean() ? new BigIntVector("n", rig.allocator()) : new VarCharVector("t", rig.allocator());
            vector.allocateNew();
            vector.setValueCount(random.nextInt(3));
            vectors.add(vector);
        }
        try (VectorSchemaRoot root = new VectorSchemaRoot(vectors)) {
            root.setRowCount(vectors.get(0).getValueCount());
            AsyncPutListener listener = new AsyncPutListener();
            FlightClient.ClientStreamListener stream = flight.startPut(FlightDescriptor.command(command), root, listener);
            for (int i = random.nextInt(3); i > 0; i--) {
                stream.putNext();
            }
            stream.completed();
            stream.getResult();
        }
    }

    /** Bytes that are no HTTP/2. */
    private void rawBytes(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            if (random.nextBoolean()) {
                socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            socket.getOutputStream().write(bytes(random.nextInt(200)));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).isNotNull();
        } catch (java.net.SocketException e) {
            // The server closed while we were sending.
            codes.merge(FlightStatusCode.UNAVAILABLE, 1L, Long::sum);
        }
    }

    private byte[] command() {
        ByteString handle = ByteString.copyFrom(bytes(random.nextInt(20)));
        String statement = SQL[random.nextInt(SQL.length)];
        Message message = switch (random.nextInt(13)) {
            case 0, 1 -> FlightSql.CommandStatementQuery.newBuilder().setQuery(statement).build();
            case 2 -> FlightSql.CommandStatementUpdate.newBuilder().setQuery(statement).build();
            case 3 -> FlightSql.CommandPreparedStatementQuery.newBuilder().setPreparedStatementHandle(handle).build();
            case 4 -> FlightSql.CommandPreparedStatementUpdate.newBuilder().setPreparedStatementHandle(handle).build();
            case 5 -> FlightSql.CommandGetTables.newBuilder().setIncludeSchema(random.nextBoolean()).setTableNameFilterPattern(statement).build();
            case 6 -> FlightSql.CommandGetDbSchemas.newBuilder().setDbSchemaFilterPattern("\\").build();
            case 7 -> FlightSql.CommandGetSqlInfo.newBuilder().addInfo(random.nextInt(2_000)).build();
            case 8 -> FlightSql.CommandGetXdbcTypeInfo.newBuilder().setDataType(random.nextInt(20)).build();
            case 9 -> FlightSql.CommandGetCrossReference.newBuilder().setPkTable("a").setFkTable("b").build();
            case 10 -> FlightSql.CommandStatementSubstraitPlan.newBuilder().build();
            case 11 -> FlightSql.CommandStatementIngest.newBuilder().setTable(statement).build();
            default -> FlightSql.CommandGetCatalogs.newBuilder().build();
        };
        return Any.pack(message).toByteArray();
    }

    private byte[] ticket() {
        ByteString handle = random.nextBoolean() ? ByteString.copyFrom(bytes(random.nextInt(40)))
                : QueryTicket.of(random.nextInt(4) == 0 ? "nosuch" : "live", SQL[random.nextInt(SQL.length)]).encode();
        return Any.pack(FlightSql.TicketStatementQuery.newBuilder().setStatementHandle(handle).build()).toByteArray();
    }

    private byte[] action() {
        Message message = switch (random.nextInt(4)) {
            case 0 -> FlightSql.ActionCreatePreparedStatementRequest.newBuilder().setQuery(SQL[random.nextInt(SQL.length)]).build();
            case 1 -> FlightSql.ActionClosePreparedStatementRequest.newBuilder().setPreparedStatementHandle(ByteString.copyFrom(bytes(16))).build();
            case 2 -> FlightSql.ActionBeginTransactionRequest.newBuilder().build();
            default -> FlightSql.ActionCancelQueryRequest.newBuilder().setInfo(ByteString.copyFrom(bytes(30))).build();
        };
        return Any.pack(message).toByteArray();
    }

    /** Every other message is another one: a byte is changed, or the end is missing. */
    private byte[] damaged(byte[] message) {
        if (message.length == 0 || random.nextBoolean()) {
            return message;
        }
        if (random.nextBoolean()) {
            return java.util.Arrays.copyOf(message, random.nextInt(message.length));
        }
        message[random.nextInt(message.length)] = (byte) random.nextInt();
        return message;
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]", ".");
    }
}
