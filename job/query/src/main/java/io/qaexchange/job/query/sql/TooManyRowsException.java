package io.qaexchange.job.query.sql;

import java.sql.SQLException;

/** An answer has more rows than it may have. */
public final class TooManyRowsException extends SQLException {

    private static final long serialVersionUID = 1L;

    TooManyRowsException(String rows, long most) {
        super(String.format("the answer has %s, and this server gives at most %,d. Ask for fewer: name an instrument, a time, a LIMIT, or count and sum here", rows, most));
    }
}
