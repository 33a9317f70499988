package io.qaexchange.iceberg;

import java.io.IOException;

/** Somebody else changed a table of the mirror. Nothing is lost, and the mirror leaves the table as it is until it is repaired. */
public final class ForeignCommitException extends IOException {

    private static final long serialVersionUID = 1L;

    ForeignCommitException(String message) {
        super(message);
    }
}
