package io.qaexchange.job.server.session;

import java.sql.SQLException;
import java.util.List;

/** Opens sessions. Thread-safe. */
public interface SqlSessions {

    /** A session of a user. */
    SqlSession open(String user) throws SQLException;

    /** Names of the tables. */
    List<String> tables();

    /** The kind of what a session threw. */
    FailureKind kindOf(Throwable failure);
}
