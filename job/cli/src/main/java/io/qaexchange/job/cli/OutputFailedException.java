package io.qaexchange.job.cli;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Standard output takes no more. It is unchecked, so that it goes through {@link java.io.PrintStream}, which swallows the checked one. */
public final class OutputFailedException extends UncheckedIOException {

    private static final long serialVersionUID = 1L;
    /** The message of EPIPE; the launcher sets a locale in which it is English. */
    private static final String CLOSED_PIPE = "Broken pipe";

    OutputFailedException(IOException cause) {
        super("standard output cannot be written: " + cause.getMessage(), cause);
    }

    /** Whether nobody reads any more, as behind {@code | head}: no fault of anybody. */
    boolean isClosedPipe() {
        return CLOSED_PIPE.equals(getCause().getMessage());
    }

    /** The failed output in a chain of causes, or null. */
    static OutputFailedException in(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutputFailedException failed) {
                return failed;
            }
        }
        return null;
    }
}
