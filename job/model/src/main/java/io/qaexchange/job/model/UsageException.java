package io.qaexchange.job.model;

/** A mistake of the user. Only the message is shown; it says what is wrong, where, and what to do. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message);
    }

    public UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
