package io.qaexchange.job.server.session;

import java.sql.SQLException;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.annotation.Nullable;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The rows of a statement, as batches of Arrow vectors, computed as they are asked for.
 *
 * <p>A place among the queries that run at once is held while rows are computed or sent. Whoever waits for a client gives it back with
 * {@link #rest} and takes it again with {@link #resume}.
 *
 * <p>One thread, but for {@link #cancel}, {@link #rest} and {@link #resume}.
 */
public interface Answer extends AutoCloseable {

    /** The columns, with the types that they have in DuckDB. */
    List<Column> columns();

    /** The moment that the rows are as of; null if the statement reads no table. */
    @Nullable
    ReadMoment moment();

    /** Starts to compute, with values that Arrow holds as {@link SqlSession#field} says. */
    void start() throws SQLException;

    /**
     * Starts to compute.
     *
     * @param casts by column an expression of DuckDB around its name; the identity for the value as it is
     */
    void start(List<UnaryOperator<String>> casts) throws SQLException;

    /**
     * The next batch; null after the last one. It is good until the next call.
     *
     * @throws SQLException if the query fails, takes too long or is cancelled
     */
    @Nullable
    VectorSchemaRoot next() throws SQLException;

    /** Interrupts the computation from another thread. */
    void cancel(String reason);

    /** Gives the place back while a client is waited for. */
    void rest();

    /** Takes a place again, waiting for one. */
    void resume();

    @Override
    void close();
}
