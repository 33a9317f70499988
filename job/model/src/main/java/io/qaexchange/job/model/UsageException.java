package io.qaexchange.job.model;

/** The user's mistake: its message says what, where and what to do, and is all that is shown. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message);
    }

    public UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
