package io.qaexchange.job.server.security;

/** The rights of a user. Each role has the rights of those before it. */
public enum Role {
    /** Reads rows and statistics. */
    READER,
    /** Also triggers checkpoints, savepoints and other work of the job. */
    OPERATOR,
    /** Also changes the server. */
    ADMIN;

    /** Whether this role may do what another one is needed for. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }
}
