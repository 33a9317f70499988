package io.qaexchange.parquet.manifest;

import java.io.IOException;

/** Another job writes this archive, or has taken it over. Trying again does not help. */
public final class ManifestConflictException extends IOException {
    private static final long serialVersionUID = 1L;

    public ManifestConflictException(String message) {
        super(message);
    }
}
