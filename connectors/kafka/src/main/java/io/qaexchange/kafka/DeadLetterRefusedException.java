package io.qaexchange.kafka;

import java.io.IOException;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** The dead-letter topic does not take letters, and the job was told to stop then. Trying again does not help, so Flink does not restart the job. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class DeadLetterRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    DeadLetterRefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
