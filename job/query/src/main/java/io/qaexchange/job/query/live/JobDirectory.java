package io.qaexchange.job.query.live;

import io.qaexchange.job.model.live.JobDescription;
import java.io.IOException;

/** Finds a running job and the endpoints of its subtasks. Thread-safe. */
public interface JobDirectory extends AutoCloseable {

    /**
     * The job as it is now.
     *
     * @throws JobNotRunningException if it does not run
     * @throws IOException if the cluster cannot be asked
     */
    JobDescription describe() throws IOException;

    /** The job as it was described last, if that is not long ago: asks only if it must. */
    JobDescription describeCached() throws IOException;

    /** The Flink job id, hexadecimal. */
    String jobId() throws IOException;

    @Override
    void close();
}
