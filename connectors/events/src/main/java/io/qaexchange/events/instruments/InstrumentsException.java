package io.qaexchange.events.instruments;

/** An instruments file that cannot be used; the message says where (file, line, key), what is wrong and what is expected. */
public final class InstrumentsException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public InstrumentsException(String message) {
        super(message);
    }

    public InstrumentsException(String message, Throwable cause) {
        super(message, cause);
    }
}
