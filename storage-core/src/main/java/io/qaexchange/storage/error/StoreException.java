package io.qaexchange.storage.error;

import java.io.IOException;

/** Something is wrong with a store, as opposed to a caller's mistake (unchecked) or plain I/O trouble. */
public class StoreException extends IOException {
    private static final long serialVersionUID = 1L;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
