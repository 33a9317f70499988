package io.qaexchange.job.server.session;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/**
 * The additions of a door to a database before its clients see it: views, macros, catalogue tables, the path of names. Thread-safe.
 */
public interface SessionSchema {

    /** A door that shows the tables as they are. */
    SessionSchema PLAIN = new SessionSchema() {
        @Override
        public void addCatalogue(Connection connection, List<String> tables) {
            // Nothing is added.
        }

        @Override
        public void addTo(Connection connection, String sql, Iterable<String> tables) {
            // Nothing is added.
        }

        @Override
        public void enter(Connection connection) {
            // Nothing is set.
        }

        @Override
        public boolean isSchema(String name) {
            return name.equals("main");
        }

        @Override
        public List<TableColumn> columns(Map<String, String> own) {
            return own.entrySet().stream().map(column -> TableColumn.of(column.getKey(), column.getValue())).toList();
        }
    };

    /** Adds what is there once for all sessions, to the database that answers what reads no rows. */
    void addCatalogue(Connection connection, List<String> tables) throws SQLException;

    /** Adds what a query needs to the database with the rows of some tables. */
    void addTo(Connection connection, String sql, Iterable<String> tables) throws SQLException;

    /** Sets the path of names of a connection. */
    void enter(Connection connection) throws SQLException;

    /** Whether the tables may be named with that in front. */
    boolean isSchema(String name);

    /**
     * The columns of a table as this door shows them.
     *
     * @param own types of the table's own columns by name, in order
     */
    List<TableColumn> columns(Map<String, String> own);
}
