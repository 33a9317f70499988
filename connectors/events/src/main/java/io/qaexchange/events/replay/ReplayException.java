package io.qaexchange.events.replay;

/** A recorded file that cannot be read at all, or not on; the message names the file, and the line where there is one. */
public final class ReplayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public ReplayException(String message) {
        super(message);
    }

    public ReplayException(String message, Throwable cause) {
        super(message, cause);
    }
}
