package io.qaexchange.job.server.engine;

import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.ArrowRows;
import io.qaexchange.job.query.sql.ParsedStatements;
import io.qaexchange.job.query.sql.PortableTypes;
import io.qaexchange.job.query.sql.RowLimit;
import io.qaexchange.job.query.sql.SqlDatabase;
import io.qaexchange.job.query.sql.SqlQuery;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.FailureKind;
import io.qaexchange.job.server.session.SessionSchema;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlSessions;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.StatementShape;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;

/**
 * Sessions over the query engine. A statement that reads no table of ours (catalogues, constants) runs in one database that all sessions
 * share, which has the tables without rows; any other is run by the engine over the rows that it asks for.
 *
 * <p>Thread-safe.
 */
public final class EngineSessions implements SqlSessions, AutoCloseable {

    /** DuckDB's names of types that it has not found out. */
    private static final List<String> NOT_KNOWN = List.of("INVALID", StatementShape.UNKNOWN);

    private static final String NULL = "NULL";
    private static final int MAX_FIELDS = 10_000;

    private final QueryEngine engine;
    private final Admission admission;
    private final Access access;
    private final SessionSchema schema;
    private final QueryEngine.Limits limits;
    /** The tables without rows. Its own connection parses, guarded by this field's monitor; whatever runs takes a duplicate. */
    private final SqlDatabase catalogue;
    private final AnswerMemory memory = new AnswerMemory();
    /** Statements that read no rows. */
    private final ParsedStatements parsed = new ParsedStatements();
    /** By type. */
    private final Map<String, Field> fields = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(1, task -> {
        Thread thread = new Thread(task, "ends late catalogue queries");
        thread.setDaemon(true);
        return thread;
    });

    private EngineSessions(QueryEngine engine, Admission admission, Access access, SessionSchema schema, QueryEngine.Limits limits, SqlDatabase catalogue) {
        this.engine = engine;
        this.admission = admission;
        this.access = access;
        this.schema = schema;
        this.limits = limits;
        this.catalogue = catalogue;
        clock.setRemoveOnCancelPolicy(true);
    }

    /** Tells which rows a user may see, at the moment of each query: a session may be open for days. */
    @FunctionalInterface
    public interface Access {
        /** @throws IOException if there is no such user any more */
        RowAccess of(String user) throws IOException;
    }

    /**
     * Opens the database that all sessions share.
     *
     * @param access rows that users may see
     * @param schema what the door adds
     * @param limits limits of a query
     */
    public static EngineSessions of(QueryEngine engine, Admission admission, Access access, SessionSchema schema, QueryEngine.Limits limits) throws Exception {
        SqlDatabase database = SqlDatabase.open(new SqlDatabase.Settings(limits.memory(), limits.threads(), "0KB"), null);
        boolean opened = false;
        try {
            database.allow(Set.of());
            schema.addCatalogue(database.connection(), SqlTables.names());
            opened = true;
            return new EngineSessions(engine, admission, access, schema, limits, database);
        } finally {
            if (!opened) {
                database.close();
            }
        }
    }

    @Override
    public SqlSession open(String user, @Nullable String name) throws SQLException {
        return new Session(user, name == null ? "connection-" + UUID.randomUUID() : name);
    }

    @Override
    public List<String> tables() {
        return SqlTables.names();
    }

    @Override
    public FailureKind kindOf(Throwable failure) {
        return Failures.kindOf(failure);
    }

    private Connection duplicate() throws SQLException {
        Connection connection = catalogue.connection().unwrap(DuckDBConnection.class).duplicate();
        boolean entered = false;
        try {
            schema.enter(connection);
            entered = true;
            return connection;
        } finally {
            if (!entered) {
                connection.close();
            }
        }
    }

    /** Parses once what clients ask again and again, if it reads no rows. */
    private SqlQuery parse(String sql) throws SQLException {
        SqlQuery known = parsed.find(sql);
        if (known != null) {
            return known;
        }
        SqlQuery query;
        synchronized (catalogue) {
            query = catalogue.parseCatalogue(sql);
        }
        if (query.reads().isEmpty()) {
            parsed.keep(sql, query);
        }
        return query;
    }

    @Override
    public void close() {
        clock.shutdownNow();
        try {
            catalogue.close();
        } catch (SQLException e) {
            throw new IllegalStateException("the catalogue could not be closed: " + e.getMessage(), e);
        } finally {
            memory.close();
        }
    }

    private final class Session implements SqlSession {
        private final String user;
        private final String name;
        /** Null until a statement needs it: some of a session's statements need none. */
        @Nullable
        private Connection connection;

        Session(String user, String name) {
            this.user = user;
            this.name = name;
        }

        private Connection connection() throws SQLException {
            if (connection == null) {
                connection = duplicate();
            }
            return connection;
        }

        @Override
        public StatementShape describe(String sql) throws SQLException {
            PointSelect point = PointSelect.of(sql, schema);
            if (point != null) {
                return new StatementShape(point.labels(), List.of());
            }
            List<SqlTokens.Token> tokens = SqlTokens.of(sql);
            parse(SqlTokens.join(tokens.stream().map(token -> token.kind() == SqlTokens.Kind.PARAMETER
                    ? new SqlTokens.Token(SqlTokens.Kind.WORD, "NULL") : token).toList()));
            try (PreparedStatement statement = connection().prepareStatement(sql)) {
                return new StatementShape(columns(statement), parameters(statement, tokens));
            }
        }

        /** Types of parameters by number. */
        private static List<String> parameters(PreparedStatement statement, List<SqlTokens.Token> tokens) throws SQLException {
            int count = SqlTokens.parameters(tokens);
            if (count > Short.MAX_VALUE) {
                throw new SQLException("Parser Error: there is no parameter $" + count);
            }
            ParameterMetaData parameters = statement.getParameterMetaData();
            List<String> types = new ArrayList<>();
            for (int number = 1; number <= count; number++) {
                String type = number <= parameters.getParameterCount() ? parameters.getParameterTypeName(number) : StatementShape.UNKNOWN;
                types.add(NOT_KNOWN.contains(type) ? StatementShape.UNKNOWN : type);
            }
            return types;
        }

        @Override
        public Answer open(String sql, String level) throws Exception {
            PointSelect point = PointSelect.of(sql, schema);
            Answer answer = point == null ? null : openPoint(point, sql, ReadLevel.parse(level));
            if (answer != null) {
                return answer;
            }
            SqlQuery query = parse(sql);
            return query.reads().isEmpty() ? openCatalogue(sql, query) : openRows(sql, ReadLevel.parse(level));
        }

        @Nullable
        private Answer openPoint(PointSelect point, String sql, ReadLevel level) throws Exception {
            try (Admission.Place place = admission.enter()) {
                return engine.point(point, level, sql, new QueryEngine.Asker(user, null, access.of(user), name));
            }
        }

        private Answer openCatalogue(String sql, SqlQuery query) throws SQLException {
            Connection mine = duplicate();
            boolean opened = false;
            try (PreparedStatement statement = mine.prepareStatement(sql)) {
                CatalogueWork work = new CatalogueWork(mine);
                ArrowAnswer answer = new ArrowAnswer(mine, sql, query.explains(), columns(statement), null, work, null, memory.allocator());
                opened = true;
                return answer;
            } finally {
                if (!opened) {
                    mine.close();
                }
            }
        }

        private Answer openRows(String sql, ReadLevel level) throws Exception {
            Admission.Place place = admission.enter();
            QueryEngine.OpenQuery open = null;
            boolean opened = false;
            try {
                open = engine.open(sql, level, new QueryEngine.Asker(user, null, access.of(user), name));
                schema.addTo(open.connection(), sql, open.query().reads().keySet());
                schema.enter(open.connection());
                // Tables stand in the place of calls whose rows were made.
                String text = open.query().text();
                try (PreparedStatement statement = open.connection().prepareStatement(text)) {
                    ArrowAnswer answer = new ArrowAnswer(open.connection(), text, open.query().explains(), columns(statement), open.moment(),
                            new EngineWork(open), place, memory.allocator());
                    opened = true;
                    return answer;
                }
            } finally {
                if (!opened) {
                    place.close();
                    if (open != null) {
                        open.close();
                    }
                }
            }
        }

        @Override
        public Field field(Column column) throws SQLException {
            String type = PortableTypes.of(column.type());
            Field known = fields.get(type);
            if (known == null) {
                known = fieldOf(type, connection());
                if (fields.size() < MAX_FIELDS) {
                    fields.put(type, known);
                }
            }
            return new Field(column.name(), known.getFieldType(), known.getChildren());
        }

        @Override
        public void checkLevel(String level) {
            ReadLevel.parse(level);
        }

        @Override
        public void close() {
            if (connection == null) {
                return;
            }
            try {
                connection.close();
            } catch (SQLException e) {
                throw new IllegalStateException("a session could not be closed: " + e.getMessage(), e);
            }
        }
    }

    /** DuckDB is asked what it makes of a type. */
    private static Field fieldOf(String type, Connection connection) throws SQLException {
        String of = type.equals(NULL) ? '"' + NULL + '"' : type;
        try (Statement statement = connection.createStatement(); BufferAllocator allocator = new RootAllocator();
                ResultSet none = statement.executeQuery("SELECT CAST(NULL AS " + of + ") AS c LIMIT 0");
                ArrowReader reader = (ArrowReader) none.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, 1)) {
            return reader.getVectorSchemaRoot().getSchema().getFields().get(0);
        } catch (IOException e) {
            throw new SQLException("type " + type + " has no form in Arrow: " + e.getMessage(), e);
        }
    }

    /** The columns of a statement; null if they depend on what its parameters are. */
    private static List<Column> columns(PreparedStatement statement) throws SQLException {
        ResultSetMetaData data = statement.getMetaData();
        List<Column> columns = new ArrayList<>();
        for (int c = 1; c <= data.getColumnCount(); c++) {
            if (data.getColumnTypeName(c).equals(StatementShape.UNKNOWN)) {
                return null;
            }
            columns.add(new Column(data.getColumnLabel(c), data.getColumnTypeName(c)));
        }
        return columns;
    }

    private record EngineWork(QueryEngine.OpenQuery query) implements ArrowAnswer.Work {
        @Override
        public void begin() {
            query.begin();
        }

        @Override
        public void pause() {
            query.pause();
        }

        @Override
        public void end(String reason) {
            query.end(reason);
        }

        @Override
        public boolean isEnded() {
            return query.isEnded();
        }

        @Override
        public SQLException failure(SQLException e) {
            return query.failure(e);
        }

        @Override
        public RowLimit limit() {
            return query.limit();
        }

        @Override
        public ArrowRows rows(Statement statement, String select, BufferAllocator memory, long batchRows) throws SQLException {
            return query.rows(statement, select, memory, batchRows);
        }

        @Override
        public void close() {
            query.close();
        }
    }

    /** A statement in the shared database. Its time runs from each batch to the next. */
    private final class CatalogueWork implements ArrowAnswer.Work {
        private final Connection connection;
        private final Interruption interruption;
        private final RowLimit rows = new RowLimit(limits.rows());
        private ScheduledFuture<?> late;

        CatalogueWork(Connection connection) {
            this.connection = connection;
            this.interruption = new Interruption(clock);
            interruption.attach(connection);
        }

        @Override
        public void begin() {
            if (late == null) {
                late = clock.schedule(() -> end("the query took more than " + limits.seconds() + " s"), limits.seconds(), TimeUnit.SECONDS);
            }
        }

        @Override
        public void pause() {
            if (late != null) {
                late.cancel(false);
                late = null;
            }
        }

        @Override
        public void end(String reason) {
            interruption.end(reason);
        }

        @Override
        public boolean isEnded() {
            return interruption.reason() != null;
        }

        @Override
        public SQLException failure(SQLException e) {
            return interruption.failure(e);
        }

        @Override
        public RowLimit limit() {
            return rows;
        }

        @Override
        public ArrowRows rows(Statement statement, String select, BufferAllocator memory, long batchRows) throws SQLException {
            return ArrowRows.of(statement, select, memory, batchRows);
        }

        @Override
        public void close() {
            pause();
            interruption.close();
            try {
                connection.close();
            } catch (SQLException e) {
                throw new IllegalStateException("a connection could not be closed: " + e.getMessage(), e);
            }
        }
    }
}
