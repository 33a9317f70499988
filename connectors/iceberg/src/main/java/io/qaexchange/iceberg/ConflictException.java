package io.qaexchange.iceberg;

import org.apache.iceberg.exceptions.CommitFailedException;

/** Another writer was faster. Nothing was changed; who looks again sees the other one's commit. */
final class ConflictException extends CommitFailedException {

    private static final long serialVersionUID = 1L;

    ConflictException(String message, Object... args) {
        super(message, args);
    }
}
