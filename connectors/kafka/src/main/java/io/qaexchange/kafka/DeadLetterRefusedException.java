package io.qaexchange.kafka;

import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;

/** The dead-letter topic does not take letters, and the job was told to stop then. Trying again does not help, so Flink does not restart the job. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class DeadLetterRefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    DeadLetterRefusedException(String message, Throwable cause) {
        super(message, cause);
    }

    /** The topic does not take letters, and the job was told to stop then. */
    static DeadLetterRefusedException stopped(String why, @Nullable Throwable cause) {
        return new DeadLetterRefusedException(why + ". The job stops, as dead-letters.on-failure is stop. Repair the topic and resume the job from its "
                + "last checkpoint, or set dead-letters.on-failure to continue", cause);
    }
}
