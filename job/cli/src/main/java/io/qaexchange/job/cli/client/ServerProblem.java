package io.qaexchange.job.cli.client;

import java.io.IOException;

/** The server's refusal of a request, in its own words (RFC 9457). */
public final class ServerProblem extends IOException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    ServerProblem(int status, String code, String detail) {
        super(detail);
        this.status = status;
        this.code = code;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The problem's code in kebab case, such as {@code unknown-table}. */
    public String code() {
        return code;
    }

    /** Whether the query itself is at fault, not the server, the job or the caller's rights. */
    public boolean isOfTheQuery() {
        return status == 400 || status == 404;
    }
}
