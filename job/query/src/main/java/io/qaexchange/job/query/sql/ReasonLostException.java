package io.qaexchange.job.query.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A streamed query failed before its first rows, and the JDBC driver has lost the reason: it says "Invalid result set", whatever happened.
 *
 * <p>{@link #reason} finds it by running the query once more. Whoever ended a query has a reason already, and must not do that: nobody would end
 * it again.
 */
public final class ReasonLostException extends SQLException {

    private static final long serialVersionUID = 1L;
    private static final String LOST = "Invalid result set";

    private final String sql;

    private ReasonLostException(String sql, SQLException cause) {
        super("the query failed, and DuckDB does not say why: " + cause.getMessage(), cause);
        this.sql = sql;
    }

    /**
     * Runs a query whose rows are streamed.
     *
     * @throws ReasonLostException if it fails and the driver does not say why
     */
    public static ResultSet execute(Statement statement, String sql) throws SQLException {
        try {
            return statement.executeQuery(sql);
        } catch (SQLException e) {
            throw e.getMessage() != null && e.getMessage().contains(LOST) ? new ReasonLostException(sql, e) : e;
        }
    }

    /** The reason: the query is run once more, without its rows. This failure itself, if it succeeds then. */
    public SQLException reason(Connection connection) {
        try (Statement again = connection.createStatement()) {
            again.execute("EXPLAIN ANALYZE " + sql);
            return this;
        } catch (SQLException e) {
            e.addSuppressed(this);
            return e;
        }
    }
}
