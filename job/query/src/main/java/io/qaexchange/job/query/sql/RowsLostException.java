package io.qaexchange.job.query.sql;

import java.sql.SQLException;

/** Rows could not be read to their end while a query showed them, through no fault of the query. The cause says why. */
public final class RowsLostException extends SQLException {

    private static final long serialVersionUID = 1L;

    private RowsLostException(String message, Throwable cause) {
        super(message, cause);
    }

    static RowsLostException ofHotRows(Throwable cause) {
        return new RowsLostException("hot rows could not be read to their end: " + cause.getMessage(), cause);
    }

    static RowsLostException ofArchivedRows(Throwable cause) {
        return new RowsLostException("archived rows could not be read: " + cause.getMessage(), cause);
    }
}
