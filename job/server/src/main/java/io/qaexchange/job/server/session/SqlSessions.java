package io.qaexchange.job.server.session;

import java.sql.SQLException;
import java.util.List;
import javax.annotation.Nullable;

/** Opens sessions. Thread-safe. */
public interface SqlSessions {

    /** A session of a user, whose live reads do not go back. */
    default SqlSession open(String user) throws SQLException {
        return open(user, null);
    }

    /**
     * A session of a user, whose live reads do not go back.
     *
     * @param name the name that several of his sessions share, so that they are one for this; null for none
     */
    SqlSession open(String user, @Nullable String name) throws SQLException;

    /** Names of the tables. */
    List<String> tables();

    /** The kind of what a session threw. */
    FailureKind kindOf(Throwable failure);
}
