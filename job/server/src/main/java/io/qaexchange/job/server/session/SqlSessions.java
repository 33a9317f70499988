package io.qaexchange.job.server.session;

import java.sql.SQLException;

/** Opens sessions. Thread-safe. */
public interface SqlSessions {

    /** A session of a user. */
    SqlSession open(String user) throws SQLException;

    /** The kind of what a session threw. */
    FailureKind kindOf(Throwable failure);
}
