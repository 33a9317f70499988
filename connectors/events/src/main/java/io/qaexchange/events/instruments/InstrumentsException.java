package io.qaexchange.events.instruments;

/** An invalid instruments file. The message names file, line and key, the fault, and the expected value. */
public final class InstrumentsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InstrumentsException(String message) {
        super(message);
    }

    public InstrumentsException(String message, Throwable cause) {
        super(message, cause);
    }
}
