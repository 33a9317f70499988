package io.qaexchange.job.query.sql;

import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;

/**
 * Rows of a query out of DuckDB, or of some one after the other, streamed as Arrow batches, with failures as DuckDB words them. No more than a batch is held here.
 *
 * <p>One thread.
 */
public final class ArrowRows implements AutoCloseable {

    /** The form that Arrow gives to a message of DuckDB. */
    private static final Pattern WRAPPED = Pattern.compile("(?s).*CDataJniException\\{errno=-?\\d+, message=(.*)}");

    private final Statement statement;
    private final BufferAllocator allocator;
    private final Parts parts;
    private final ArrowReader first;
    /** The reader of the part that is read now. */
    private ArrowReader reader;
    private long given;

    /** Queries that follow, with the columns of the first. */
    @FunctionalInterface
    interface Parts {
        /**
         * The next of them.
         *
         * @param given rows that those before gave
         * @return null if none follows
         */
        @Nullable
        Part next(long given) throws SQLException;
    }

    /**
     * A query.
     *
     * @param batchRows rows of a batch, at most
     */
    record Part(String sql, long batchRows) {
    }

    private ArrowRows(ArrowReader first, Statement statement, BufferAllocator allocator, Parts parts) {
        this.statement = statement;
        this.allocator = allocator;
        this.parts = parts;
        this.first = first;
        this.reader = first;
    }

    private static ArrowReader run(Statement statement, Part part, BufferAllocator allocator) throws SQLException {
        ResultSet rows = ReasonLostException.execute(statement, part.sql());
        return (ArrowReader) rows.unwrap(DuckDBResultSet.class).arrowExportStream(allocator, part.batchRows());
    }

    /**
     * Runs a query.
     *
     * @param statement of a connection that streams; close it after this
     * @param batchRows rows of a batch, at most
     * @throws ReasonLostException if it fails and the driver does not say why
     */
    public static ArrowRows of(Statement statement, String sql, BufferAllocator allocator, long batchRows) throws SQLException {
        return of(statement, new Part(sql, batchRows), given -> null, allocator);
    }

    /** As {@link #of(Statement, String, BufferAllocator, long)}, the first of some queries; each of the others runs when the rows of the one before it are read. */
    static ArrowRows of(Statement statement, Part first, Parts others, BufferAllocator allocator) throws SQLException {
        return of(run(statement, first, allocator), statement, others, allocator);
    }

    /** As {@link #of(Statement, Part, Parts, BufferAllocator)}, with rows before them that are from elsewhere, in the same memory. */
    static ArrowRows of(ArrowReader first, Statement statement, Parts others, BufferAllocator allocator) {
        return new ArrowRows(first, statement, allocator, others);
    }

    /** The batch that is read now, the same object for every one. */
    public VectorSchemaRoot batch() throws SQLException {
        try {
            return first.getVectorSchemaRoot();
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }

    /** Loads the next batch. @return false after the last one */
    public boolean next() throws SQLException {
        try {
            while (!reader.loadNextBatch()) {
                Part part = parts.next(given);
                if (part == null) {
                    return false;
                }
                closePart();
                reader = run(statement, part, allocator);
            }
            VectorSchemaRoot loaded = reader.getVectorSchemaRoot();
            given += loaded.getRowCount();
            if (reader != first) {
                take(loaded);
            }
            return true;
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }

    /** Moves the rows of a later part into the batch that everybody has. */
    private void take(VectorSchemaRoot loaded) throws SQLException {
        VectorSchemaRoot batch = batch();
        if (!loaded.getSchema().equals(batch.getSchema())) {
            throw new IllegalStateException("rows with columns " + loaded.getSchema() + " cannot follow those with " + batch.getSchema());
        }
        for (int c = 0; c < loaded.getFieldVectors().size(); c++) {
            loaded.getVector(c).makeTransferPair(batch.getVector(c)).transfer();
        }
        batch.setRowCount(loaded.getRowCount());
    }

    private void closePart() throws SQLException {
        if (reader != first) {
            close(reader);
        }
    }

    /** The reader itself, for writers that take dictionaries from it. */
    ArrowReader reader() {
        return first;
    }

    private static SQLException unwrapped(IOException failure) {
        String message = String.valueOf(failure.getMessage());
        Matcher wrapped = WRAPPED.matcher(message);
        return new SQLException(wrapped.matches() ? wrapped.group(1) : message, failure);
    }

    @Override
    public void close() throws SQLException {
        try {
            closePart();
        } finally {
            close(first);
        }
    }

    private static void close(ArrowReader reader) throws SQLException {
        try {
            reader.close();
        } catch (IOException e) {
            throw unwrapped(e);
        }
    }
}
