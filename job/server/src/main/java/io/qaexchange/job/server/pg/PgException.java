package io.qaexchange.job.server.pg;

import javax.annotation.Nullable;

/** An error that a client is told. */
final class PgException extends Exception {

    private static final long serialVersionUID = 1L;

    private final String sqlState;
    @Nullable
    private final String hint;
    private final boolean fatal;

    private PgException(String sqlState, String message, @Nullable String hint, boolean fatal, @Nullable Throwable cause) {
        super(message, cause);
        this.sqlState = sqlState;
        this.hint = hint;
        this.fatal = fatal;
    }

    PgException(String sqlState, String message) {
        this(sqlState, message, null, false, null);
    }

    PgException(String sqlState, String message, @Nullable String hint) {
        this(sqlState, message, hint, false, null);
    }

    PgException(String sqlState, String message, @Nullable String hint, Throwable cause) {
        this(sqlState, message, hint, false, cause);
    }

    /** An error after which the connection ends. */
    static PgException fatal(String sqlState, String message) {
        return new PgException(sqlState, message, null, true, null);
    }

    static PgException protocol(String message) {
        return fatal(SqlState.PROTOCOL_VIOLATION, message);
    }

    String sqlState() {
        return sqlState;
    }

    @Nullable
    String hint() {
        return hint;
    }

    boolean isFatal() {
        return fatal;
    }
}
