package io.qaexchange.job.server.engine;

import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.ReadMoment;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;

/**
 * The rows of a statement out of DuckDB, streamed as Arrow batches. No more than a batch is held here.
 *
 * <p>One thread, but for {@link #cancel} and {@link #rest}.
 */
final class ArrowAnswer implements Answer {

    private static final String VIEW = "qaexchange_rows";
    private static final long BATCH_ROWS = 16_384;
    private static final String NO_REASON = "Invalid result set";

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
    private BufferAllocator allocator;
    private ArrowReader batches;
    /** Guarded by this: what is closed cannot be interrupted any more. */
    private boolean closed;

    /** The time of a query, and its end. */
    interface Work extends AutoCloseable {
        void begin();

        void pause();

        void end(String reason);

        boolean isEnded();

        SQLException failure(SQLException e);

        @Override
        void close();
    }

    ArrowAnswer(Connection connection, String sql, boolean explains, List<Column> columns, @Nullable ReadMoment moment, Work work,
            @Nullable Admission.Place place) {
        this.connection = connection;
        this.sql = sql;
        this.explains = explains;
        this.columns = columns;
        this.moment = moment;
        this.work = work;
        this.place = place;
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
    public void start(List<UnaryOperator<String>> casts) throws SQLException {
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
            ResultSet rows = execute(select);
            allocator = new RootAllocator();
            batches = (ArrowReader) rows.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, BATCH_ROWS);
        } catch (SQLException e) {
            throw work.failure(e);
        }
    }

    private ResultSet execute(String select) throws SQLException {
        try {
            return statement.executeQuery(select);
        } catch (SQLException e) {
            if (e.getMessage() == null || !e.getMessage().contains(NO_REASON) || explains) {
                throw e;
            }
            // The driver loses the reason of a streamed query that fails in its first batches. Whoever cancelled it has given one.
            SQLException reason = work.failure(e);
            throw reason == e ? reason(select, e) : reason;
        }
    }

    /** The reason why a query fails: it is run once more, without its rows. */
    private SQLException reason(String select, SQLException failure) {
        try (Statement again = connection.createStatement()) {
            again.execute("EXPLAIN ANALYZE " + select);
            return failure;
        } catch (SQLException e) {
            e.addSuppressed(failure);
            return e;
        }
    }

    @Override
    public VectorSchemaRoot next() throws SQLException, IOException {
        if (work.isEnded()) {
            throw work.failure(new SQLException("the query was ended"));
        }
        work.begin();
        try {
            return batches.loadNextBatch() ? batches.getVectorSchemaRoot() : null;
        } catch (IOException e) {
            throw work.failure(new SQLException(e.getMessage(), e));
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
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("a result could not be closed: " + e.getMessage(), e);
        } finally {
            if (allocator != null) {
                allocator.close();
            }
            work.close();
            if (place != null) {
                place.close();
            }
        }
    }
}
