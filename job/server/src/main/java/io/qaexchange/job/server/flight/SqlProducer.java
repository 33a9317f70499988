package io.qaexchange.job.server.flight;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.qaexchange.job.server.session.SessionName;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlSessions;
import io.qaexchange.job.server.session.SqlTokens;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import javax.annotation.Nullable;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.CancelFlightInfoRequest;
import org.apache.arrow.flight.CancelStatus;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightServerMiddleware;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.SchemaResult;
import org.apache.arrow.flight.ServerHeaderMiddleware;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.BasicFlightSqlProducer;
import org.apache.arrow.flight.sql.CancelResult;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The calls of Flight SQL, carried out over sessions. A statement is looked at by GetFlightInfo, which gives a {@link QueryTicket}, and runs by DoGet.
 *
 * <p>Thread-safe. Streams of rows run on threads of their own, since gRPC tells of room and of cancelling on the thread of the call.
 */
final class SqlProducer extends BasicFlightSqlProducer {

    static final FlightServerMiddleware.Key<ServerHeaderMiddleware> HEADERS = FlightServerMiddleware.Key.of("headers");
    /** Header of a call that names the level. */
    static final String LEVEL_HEADER = "qaexchange-level";

    private static final String LIVE = "live";
    private static final int MAX_STREAMS = 256;

    private final SqlSessions sessions;
    private final BufferAllocator allocator;
    private final Executor threads;
    private final long slowestMs;
    private final ClientSql sql;
    private final Catalogue catalogue;
    private final ServerFacts facts;
    private final PreparedStatements statements;
    private final Set<AnswerStream> streams = ConcurrentHashMap.newKeySet();

    SqlProducer(SqlSessions sessions, BufferAllocator allocator, Executor threads, long slowestMs, Clock clock) throws Exception {
        this.sessions = sessions;
        this.allocator = allocator;
        this.threads = threads;
        this.slowestMs = slowestMs;
        this.sql = new ClientSql(sessions.tables());
        this.catalogue = Catalogue.of(sessions, allocator);
        this.facts = new ServerFacts(allocator);
        this.statements = new PreparedStatements(clock);
    }

    int streams() {
        return streams.size();
    }

    int preparedStatements() {
        return statements.size();
    }

    // Statements.

    @Override
    public FlightInfo getFlightInfoStatement(FlightSql.CommandStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        return with(context, session -> {
            Prepared prepared = Prepared.of(sql.read(command.getQuery()), session);
            return info(prepared, List.of(), level(context, session), descriptor);
        });
    }

    @Override
    public SchemaResult getSchemaStatement(FlightSql.CommandStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        return with(context, session -> new SchemaResult(Prepared.of(sql.read(command.getQuery()), session).rows()));
    }

    private static FlightInfo info(Prepared prepared, List<String> constants, String level, FlightDescriptor descriptor) {
        if (constants.size() < prepared.count()) {
            throw FlightErrors.with(CallStatus.INVALID_ARGUMENT, "42P02", "the statement has " + prepared.count() + " parameter(s), and values for " + constants.size()
                    + ": prepare it and send values").toRuntimeException();
        }
        ByteString handle = QueryTicket.of(level, prepared.with(constants)).encode();
        Ticket ticket = new Ticket(Any.pack(FlightSql.TicketStatementQuery.newBuilder().setStatementHandle(handle).build()).toByteArray());
        return new FlightInfo(prepared.rows(), descriptor, List.of(new FlightEndpoint(ticket)), -1, -1);
    }

    private static String level(CallContext context, SqlSession session) {
        CallHeaders headers = context.getMiddleware(HEADERS).headers();
        String level = headers.get(LEVEL_HEADER);
        if (level != null) {
            session.checkLevel(level);
        }
        return level == null ? LIVE : level;
    }

    @Nullable
    private static String session(CallContext context) {
        try {
            return SessionName.check(context.getMiddleware(HEADERS).headers().get(SessionName.HEADER.toLowerCase(Locale.ROOT)));
        } catch (IllegalArgumentException e) {
            throw FlightErrors.with(CallStatus.INVALID_ARGUMENT, "22023", e.getMessage()).toRuntimeException();
        }
    }

    @Override
    public void getStreamStatement(FlightSql.TicketStatementQuery ticket, CallContext context, ServerStreamListener listener) {
        if (streams.size() >= MAX_STREAMS) {
            throw FlightErrors.with(CallStatus.RESOURCE_EXHAUSTED, "53300", MAX_STREAMS + " results are being read. Try again in a moment").toRuntimeException();
        }
        AnswerStream stream = new AnswerStream(sessions, context.peerIdentity(), session(context), QueryTicket.decode(ticket.getStatementHandle()), allocator, listener, slowestMs);
        streams.add(stream);
        stream.register();
        threads.execute(() -> {
            try {
                stream.run();
            } finally {
                streams.remove(stream);
            }
        });
    }

    @Override
    public void cancelFlightInfo(CancelFlightInfoRequest request, CallContext context, StreamListener<CancelStatus> listener) {
        listener.onNext(cancel(request.getInfo(), context) ? CancelStatus.CANCELLED : CancelStatus.NOT_CANCELLABLE);
        listener.onCompleted();
    }

    /** As clients before CancelFlightInfo ask for it. */
    @Override
    @SuppressWarnings("deprecation")
    public void cancelQuery(FlightInfo info, CallContext context, StreamListener<CancelResult> listener) {
        listener.onNext(cancel(info, context) ? CancelResult.CANCELLED : CancelResult.NOT_CANCELLABLE);
        listener.onCompleted();
    }

    /** @return whether something was running */
    private boolean cancel(FlightInfo info, CallContext context) {
        boolean found = false;
        for (FlightEndpoint endpoint : info.getEndpoints()) {
            QueryTicket ticket = ticket(endpoint.getTicket());
            for (AnswerStream stream : streams) {
                if (stream.id().equals(ticket.id()) && stream.user().equals(context.peerIdentity())) {
                    stream.cancel("the query was cancelled by " + context.peerIdentity());
                    found = true;
                }
            }
        }
        return found;
    }

    private static QueryTicket ticket(Ticket ticket) {
        try {
            return QueryTicket.decode(Any.parseFrom(ticket.getBytes()).unpack(FlightSql.TicketStatementQuery.class).getStatementHandle());
        } catch (InvalidProtocolBufferException e) {
            throw CallStatus.INVALID_ARGUMENT.withDescription("an endpoint's ticket is no statement's").withCause(e).toRuntimeException();
        }
    }

    /** Ends all streams. */
    void cancelAll(String reason) {
        streams.forEach(stream -> stream.cancel(reason));
    }

    // Prepared statements.

    @Override
    public void createPreparedStatement(FlightSql.ActionCreatePreparedStatementRequest request, CallContext context, StreamListener<Result> listener) {
        Result result = with(context, session -> {
            Prepared prepared = Prepared.of(sql.read(request.getQuery()), session);
            ByteString handle = statements.add(prepared);
            return new Result(Any.pack(FlightSql.ActionCreatePreparedStatementResult.newBuilder().setPreparedStatementHandle(handle)
                    .setDatasetSchema(ByteString.copyFrom(Catalogue.bytes(prepared.rows()))).setParameterSchema(ByteString.copyFrom(Catalogue.bytes(prepared.parameters())))
                    .build()).toByteArray());
        });
        listener.onNext(result);
        listener.onCompleted();
    }

    @Override
    public void closePreparedStatement(FlightSql.ActionClosePreparedStatementRequest request, CallContext context, StreamListener<Result> listener) {
        statements.remove(request.getPreparedStatementHandle());
        listener.onCompleted();
    }

    @Override
    public Runnable acceptPutPreparedStatementQuery(FlightSql.CommandPreparedStatementQuery command, CallContext context, FlightStream values,
            StreamListener<PutResult> listener) {
        return () -> {
            ByteString handle = command.getPreparedStatementHandle();
            Prepared prepared = statements.get(handle).prepared();
            statements.bind(handle, constants(prepared, values));
            byte[] result = FlightSql.DoPutPreparedStatementResult.newBuilder().setPreparedStatementHandle(handle).build().toByteArray();
            try (ArrowBuf metadata = allocator.buffer(result.length)) {
                metadata.writeBytes(result);
                listener.onNext(PutResult.metadata(metadata));
            }
            listener.onCompleted();
        };
    }

    /** Values of parameters are one row. */
    private static List<String> constants(Prepared prepared, FlightStream values) {
        List<String> constants = null;
        while (values.next()) {
            VectorSchemaRoot root = values.getRoot();
            if (root.getRowCount() == 0) {
                continue;
            }
            if (constants != null || root.getRowCount() > 1) {
                throw CallStatus.INVALID_ARGUMENT.withDescription("more than one row of values came; a statement runs with one at a time").toRuntimeException();
            }
            List<FieldVector> vectors = root.getFieldVectors();
            if (vectors.size() != prepared.count()) {
                throw CallStatus.INVALID_ARGUMENT.withDescription("the statement has " + prepared.count() + " parameters, and " + vectors.size() + " values came")
                        .toRuntimeException();
            }
            constants = new ArrayList<>();
            for (int i = 0; i < vectors.size(); i++) {
                constants.add(ArrowConstants.of(vectors.get(i), 0, i + 1));
            }
        }
        return constants == null ? List.of() : constants;
    }

    @Override
    public FlightInfo getFlightInfoPreparedStatement(FlightSql.CommandPreparedStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        return with(context, session -> {
            PreparedStatements.Bound bound = statements.get(command.getPreparedStatementHandle());
            List<String> constants = bound.constants() == null ? List.of() : bound.constants();
            if (constants.isEmpty()) {
                return info(bound.prepared(), constants, level(context, session), descriptor);
            }
            // With its values a statement may have rows of other types than those that were guessed.
            Prepared now = Prepared.of(sql.read(bound.prepared().with(constants)), session);
            return info(now, List.of(), level(context, session), descriptor);
        });
    }

    @Override
    public SchemaResult getSchemaPreparedStatement(FlightSql.CommandPreparedStatementQuery command, CallContext context, FlightDescriptor descriptor) {
        return new SchemaResult(statements.get(command.getPreparedStatementHandle()).prepared().rows());
    }

    // Writes: none.

    @Override
    public Runnable acceptPutStatement(FlightSql.CommandStatementUpdate command, CallContext context, FlightStream values, StreamListener<PutResult> listener) {
        return () -> refuse(command.getQuery(), context);
    }

    @Override
    public Runnable acceptPutPreparedStatementUpdate(FlightSql.CommandPreparedStatementUpdate command, CallContext context, FlightStream values,
            StreamListener<PutResult> listener) {
        return () -> refuse(statements.get(command.getPreparedStatementHandle()).prepared().toString(), context);
    }

    @Override
    public Runnable acceptPutStatementBulkIngest(FlightSql.CommandStatementIngest command, CallContext context, FlightStream values, StreamListener<PutResult> listener) {
        return () -> refuse("INSERT INTO \"" + command.getTable().replace("\"", "\"\"") + "\" VALUES (1)", context);
    }

    /** Says why a statement that changes something is not run, in the words of the parser. */
    private void refuse(String statement, CallContext context) {
        with(context, session -> session.describe(SqlTokens.join(sql.read(statement))));
        throw FlightErrors.with(CallStatus.INVALID_ARGUMENT, "25006", "the statement reads, so it changes no rows to count; ask for its rows").toRuntimeException();
    }

    // Metadata.

    @Override
    public void getStreamCatalogs(CallContext context, ServerStreamListener listener) {
        catalogue.sendCatalogues(listener);
    }

    @Override
    public void getStreamSchemas(FlightSql.CommandGetDbSchemas command, CallContext context, ServerStreamListener listener) {
        catalogue.sendSchemas(command, listener);
    }

    @Override
    public void getStreamTables(FlightSql.CommandGetTables command, CallContext context, ServerStreamListener listener) {
        with(context, session -> {
            catalogue.sendTables(command, listener);
            return null;
        });
    }

    @Override
    public void getStreamTableTypes(CallContext context, ServerStreamListener listener) {
        catalogue.sendTableTypes(listener);
    }

    @Override
    public void getStreamPrimaryKeys(FlightSql.CommandGetPrimaryKeys command, CallContext context, ServerStreamListener listener) {
        catalogue.sendNone(Schemas.GET_PRIMARY_KEYS_SCHEMA, listener);
    }

    @Override
    public void getStreamExportedKeys(FlightSql.CommandGetExportedKeys command, CallContext context, ServerStreamListener listener) {
        catalogue.sendNone(Schemas.GET_EXPORTED_KEYS_SCHEMA, listener);
    }

    @Override
    public void getStreamImportedKeys(FlightSql.CommandGetImportedKeys command, CallContext context, ServerStreamListener listener) {
        catalogue.sendNone(Schemas.GET_IMPORTED_KEYS_SCHEMA, listener);
    }

    @Override
    public void getStreamCrossReference(FlightSql.CommandGetCrossReference command, CallContext context, ServerStreamListener listener) {
        catalogue.sendNone(Schemas.GET_CROSS_REFERENCE_SCHEMA, listener);
    }

    @Override
    public void getStreamSqlInfo(FlightSql.CommandGetSqlInfo command, CallContext context, ServerStreamListener listener) {
        facts.sendInfo(command, listener);
    }

    @Override
    public void getStreamTypeInfo(FlightSql.CommandGetXdbcTypeInfo command, CallContext context, ServerStreamListener listener) {
        facts.sendTypes(command, listener);
    }

    @Override
    protected <T extends Message> List<FlightEndpoint> determineEndpoints(T request, FlightDescriptor descriptor, Schema schema) {
        return List.of(new FlightEndpoint(new Ticket(Any.pack(request).toByteArray())));
    }

    /** Work in a session of the caller. */
    @FunctionalInterface
    private interface Work<R> {
        R in(SqlSession session) throws Exception;
    }

    private <R> R with(CallContext context, Work<R> work) {
        try (SqlSession session = sessions.open(context.peerIdentity())) {
            return work.in(session);
        } catch (Exception e) {
            throw FlightErrors.of(e, sessions.kindOf(e));
        }
    }
}
