package io.qaexchange.archive.manifest;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** Another job writes this archive or has taken it over. A retry does not help, so Flink does not restart the job. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class ManifestConflictException extends IOException {
    private static final long serialVersionUID = 1L;

    public ManifestConflictException(String message) {
        super(message);
    }
}
