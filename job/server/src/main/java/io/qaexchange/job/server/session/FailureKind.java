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
    /** Too many queries run. */
    REFUSED,
    /** The statement is wrong, or DuckDB failed. */
    SQL,
    /** A value is wrong. */
    BAD_ARGUMENT,
    /** Something could not be read. */
    IO,
    /** Our own mistake. */
    INTERNAL
}
