package io.qaexchange.job.server.session;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

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
    };

    /** Adds what is there once for all sessions, to the database that answers what reads no rows. */
    void addCatalogue(Connection connection, List<String> tables) throws SQLException;

    /** Adds what a query needs to the database with the rows of some tables. */
    void addTo(Connection connection, String sql, Iterable<String> tables) throws SQLException;

    /** Sets the path of names of a connection. */
    void enter(Connection connection) throws SQLException;
}
