package io.qaexchange.job.server.session;

import org.apache.arrow.vector.types.pojo.Field;

/**
 * A client's session: statements that read, one at a time.
 *
 * <p>One thread, but for {@link Answer#cancel}.
 */
public interface SqlSession extends AutoCloseable {

    /**
     * Looks at a statement without running it.
     *
     * @param sql one statement; parameters are $1, $2 …
     * @throws java.sql.SQLException if it may not be run or a name in it is not known
     */
    StatementShape describe(String sql) throws Exception;

    /**
     * The field of Arrow that a column is sent as by {@link Answer#start()}. A type that no format holds is sent as a wider one or as text.
     *
     * @throws java.sql.SQLException if DuckDB has no such type
     */
    Field field(Column column) throws java.sql.SQLException;

    /**
     * Runs a statement. Close the answer before the next one is opened, unless both are wanted at once.
     *
     * @param sql one statement, without parameters
     * @param level which moment its rows are as of; a statement that reads no table has none
     * @throws java.sql.SQLException if it may not be run
     */
    Answer open(String sql, String level) throws Exception;

    /** Checks a level. @throws IllegalArgumentException naming the levels */
    void checkLevel(String level);

    @Override
    void close();
}
