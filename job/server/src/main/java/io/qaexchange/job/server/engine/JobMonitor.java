package io.qaexchange.job.server.engine;

import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.live.JobNotRunningException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/** The status of the job, asked of Flink at most once a second however many ask here. Thread-safe. */
public final class JobMonitor {

    private static final long FRESH_NS = TimeUnit.SECONDS.toNanos(1);

    private final FlinkRest rest;
    @Nullable
    private final String job;
    /** Guarded by this. */
    @Nullable
    private JobStatus known;
    /** Guarded by this. */
    private long knownAtNs;

    /** @param job name or id of the job; null for the only one */
    public JobMonitor(FlinkRest rest, @Nullable String job) {
        this.rest = rest;
        this.job = job;
    }

    /**
     * The status, at most a second old.
     *
     * @throws JobNotRunningException if the cluster has no such job
     */
    public synchronized JobStatus status() throws IOException {
        if (known == null || System.nanoTime() - knownAtNs > FRESH_NS) {
            try {
                known = JobStatus.of(rest, job);
                knownAtNs = System.nanoTime();
            } catch (UsageException e) {
                throw new JobNotRunningException(e.getMessage(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while asking Flink for the status of the job", e);
            }
        }
        return known;
    }

    public FlinkRest rest() {
        return rest;
    }
}
