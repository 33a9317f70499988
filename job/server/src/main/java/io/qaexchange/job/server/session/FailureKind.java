package io.qaexchange.job.server.session;

/** Kinds of failures of a session, so that a door need not know the classes behind it. */
public enum FailureKind {
    /** The statement does more than read. */
    WRITES,
    /** The query took too long or was cancelled. */
    ENDED,
    /** The job does not run, or not all of it. */
    JOB_NOT_RUNNING,
    /** The checkpoint that is asked for is not held. */
    NOT_HELD,
    /** The answer has more rows than it may have. */
    TOO_MANY_ROWS,
    /** Too many queries run. */
    REFUSED,
    /** The statement is wrong, or DuckDB failed. */
    SQL,
    /** A value is wrong. */
    BAD_ARGUMENT,
    /** The user has no valid token or password any more. */
    NO_USER,
    /** Something could not be read. */
    IO,
    /** Our own mistake. */
    INTERNAL
}
