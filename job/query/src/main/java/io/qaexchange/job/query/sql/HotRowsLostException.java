package io.qaexchange.job.query.sql;

import java.sql.SQLException;

/** Hot rows could not be read to their end while a query showed them. The cause says why. */
public final class HotRowsLostException extends SQLException {

    private static final long serialVersionUID = 1L;

    HotRowsLostException(Throwable cause) {
        super("hot rows could not be read to their end: " + cause.getMessage(), cause);
    }
}
