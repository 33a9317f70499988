package io.qaexchange.job.query.sql;

import java.sql.SQLException;

/** A query that is not run: its message says why. */
public final class WrongSqlException extends SQLException {

    private static final long serialVersionUID = 1L;

    WrongSqlException(String message) {
        super(message);
    }
}
