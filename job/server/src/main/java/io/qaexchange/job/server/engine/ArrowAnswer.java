package io.qaexchange.job.server.engine;

import io.qaexchange.job.query.sql.ArrowRows;
import io.qaexchange.job.query.sql.PortableTypes;
import io.qaexchange.job.query.sql.RowLimit;
import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.ReadMoment;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The rows of a statement out of DuckDB, streamed as Arrow batches. No more than a batch is held here.
 *
 * <p>One thread, but for {@link #cancel} and {@link #rest}.
 */
final class ArrowAnswer implements Answer {

    private static final String VIEW = "qaexchange_rows";
    private static final long BATCH_ROWS = 16_384;

    private final Connection connection;
    private final String sql;
    private final boolean explains;
    private final List<Column> columns;
    @Nullable
    private final ReadMoment moment;
    private final Work work;
    @Nullable
    private final Admission.Place place;
    private Statement statement;
    private final BufferAllocator memory;
    private ArrowRows batches;
    /** Guarded by this: what is closed cannot be interrupted any more. */
    private boolean closed;

    /** The time of a query, and its end. */
    interface Work extends AutoCloseable {
        void begin();

        void pause();

        void end(String reason);

        boolean isEnded();

        SQLException failure(SQLException e);

        /** The most rows of the answer. */
        RowLimit limit();

        /** Runs what gives the rows of the answer. */
        ArrowRows rows(Statement statement, String select, BufferAllocator memory, long batchRows) throws SQLException;

        @Override
        void close();
    }

    ArrowAnswer(Connection connection, String sql, boolean explains, List<Column> columns, @Nullable ReadMoment moment, Work work,
            @Nullable Admission.Place place, BufferAllocator memory) {
        this.connection = connection;
        this.sql = sql;
        this.explains = explains;
        this.columns = columns;
        this.moment = moment;
        this.work = work;
        this.place = place;
        this.memory = memory;
    }

    @Override
    public List<Column> columns() {
        return columns;
    }

    @Override
    public ReadMoment moment() {
        return moment;
    }

    @Override
    public void start() throws SQLException {
        List<UnaryOperator<String>> casts = new ArrayList<>();
        for (Column column : columns) {
            String type = PortableTypes.of(column.type());
            casts.add(type.equals(column.type()) ? UnaryOperator.identity() : name -> "CAST(" + name + " AS " + type + ")");
        }
        start(casts);
    }

    @Override
    public void start(List<UnaryOperator<String>> casts) throws SQLException {
        failIfEnded();
        work.begin();
        try {
            statement = connection.createStatement();
            String select = sql;
            if (!explains) {
                String names = IntStream.range(0, columns.size()).mapToObj(c -> "c" + c).collect(Collectors.joining(", "));
                statement.execute("CREATE OR REPLACE TEMP VIEW " + VIEW + "(" + names + ") AS " + sql);
                select = IntStream.range(0, columns.size()).mapToObj(c -> casts.get(c).apply("c" + c) + " AS c" + c)
                        .collect(Collectors.joining(", ", "SELECT ", " FROM " + VIEW));
            }
            batches = explains ? ArrowRows.of(statement, select, memory, BATCH_ROWS) : work.rows(statement, work.limit().bounded(select), memory, BATCH_ROWS);
        } catch (SQLException e) {
            throw work.failure(e);
        }
    }

    private void failIfEnded() throws SQLException {
        if (work.isEnded()) {
            throw work.failure(new SQLException("the query was ended"));
        }
    }

    @Override
    public VectorSchemaRoot next() throws SQLException {
        failIfEnded();
        work.begin();
        try {
            if (!batches.next()) {
                return null;
            }
            work.limit().add(batches.batch().getRowCount());
            return batches.batch();
        } catch (SQLException e) {
            throw work.failure(e);
        } finally {
            work.pause();
        }
    }

    @Override
    public synchronized void cancel(String reason) {
        if (!closed) {
            work.end(reason);
        }
    }

    @Override
    public void rest() {
        if (place != null) {
            place.rest();
        }
    }

    @Override
    public void resume() {
        if (place != null) {
            place.resume();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        try {
            if (batches != null) {
                batches.close();
            }
            if (statement != null) {
                statement.close();
            }
        } catch (SQLException e) {
            throw new IllegalStateException("a result could not be closed: " + e.getMessage(), e);
        } finally {
            work.close();
            if (place != null) {
                place.close();
            }
        }
    }
}
