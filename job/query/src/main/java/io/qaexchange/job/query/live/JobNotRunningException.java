package io.qaexchange.job.query.live;

import java.io.IOException;

/** The job does not run, or not all of its subtasks do: nothing can be read live now. */
public class JobNotRunningException extends IOException {

    private static final long serialVersionUID = 1L;

    public JobNotRunningException(String message) {
        super(message);
    }

    public JobNotRunningException(String message, Throwable cause) {
        super(message, cause);
    }
}
