package io.qaexchange.job.query.sql;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;

/**
 * Rows of a query out of DuckDB, streamed as Arrow batches, with failures as DuckDB words them. No more than a batch is held here.
 *
 * <p>One thread.
 */
public final class ArrowRows implements AutoCloseable {

    /** The form that Arrow gives to a message of DuckDB. */
    private static final Pattern WRAPPED = Pattern.compile("(?s).*CDataJniException\\{errno=-?\\d+, message=(.*)}");

    private final ArrowReader reader;

    private ArrowRows(ArrowReader reader) {
        this.reader = reader;
    }

    /**
     * Runs a query.
     *
     * @param statement of a connection that streams; close it after this
     * @param batchRows rows of a batch, at most
     * @throws ReasonLostException if it fails and the driver does not say why
     */
    public static ArrowRows of(Statement statement, String sql, BufferAllocator allocator, long batchRows) throws SQLException {
        ResultSet rows = ReasonLostException.execute(statement, sql);
        return new ArrowRows((ArrowReader) rows.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, batchRows));
    }

    /** The batch that is read now, the same object for every one. */
    public VectorSchemaRoot batch() throws SQLException {
        try {
            return reader.getVectorSchemaRoot();
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }

    /** Loads the next batch. @return false after the last one */
    public boolean next() throws SQLException {
        try {
            return reader.loadNextBatch();
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }

    /** The reader itself, for writers that take dictionaries from it. */
    ArrowReader reader() {
        return reader;
    }

    private static SQLException unwrapped(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        Matcher wrapped = WRAPPED.matcher(message);
        return new SQLException(wrapped.matches() ? wrapped.group(1) : message, failure);
    }

    @Override
    public void close() throws SQLException {
        try {
            reader.close();
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }
}
