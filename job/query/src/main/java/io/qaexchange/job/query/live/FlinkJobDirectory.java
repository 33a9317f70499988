package io.qaexchange.job.query.live;

import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.live.JobDescription;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.runtime.client.JobStatusMessage;

/**
 * Asks the coordinator of the event store, over Flink's REST interface.
 *
 * <p>Thread-safe.
 */
public final class FlinkJobDirectory implements JobDirectory {

    private static final int TIMEOUT_S = 10;
    /** A description this old is asked for again; endpoints that have gone are noticed before, as they refuse. */
    private static final long FRESH_NS = TimeUnit.SECONDS.toNanos(5);

    private final RestClusterClient<String> client;
    private final String address;
    @Nullable
    private final String nameOrId;
    /** Guarded by this. */
    @Nullable
    private JobID job;
    /** Guarded by this. */
    @Nullable
    private JobDescription known;
    /** Guarded by this. */
    private long knownAtNs;

    private FlinkJobDirectory(RestClusterClient<String> client, String address, @Nullable String nameOrId) {
        this.client = client;
        this.address = address;
        this.nameOrId = nameOrId;
    }

    /**
     * The directory of a cluster.
     *
     * @param host host of Flink's REST interface
     * @param port its port
     * @param nameOrId name or id of the job; null for the only exchange job that runs
     */
    public static FlinkJobDirectory of(String host, int port, @Nullable String nameOrId) throws IOException {
        Configuration configuration = new Configuration();
        configuration.set(RestOptions.ADDRESS, host);
        configuration.set(RestOptions.PORT, port);
        configuration.set(RestOptions.RETRY_MAX_ATTEMPTS, 1);
        try {
            return new FlinkJobDirectory(new RestClusterClient<>(configuration, "standalone"), host + ":" + port, nameOrId);
        } catch (Exception e) {
            throw new IOException("no client for the Flink cluster at " + host + ":" + port + ": " + e.getMessage(), e);
        }
    }

    @Override
    public synchronized JobDescription describeCached() throws IOException {
        return known != null && known.isComplete() && System.nanoTime() - knownAtNs < FRESH_NS ? known : describe();
    }

    @Override
    public synchronized JobDescription describe() throws IOException {
        JobID asked = job == null ? findJob() : job;
        try {
            known = (JobDescription) await(client.sendCoordinationRequest(asked, OperatorUids.EVENT_STORE, new JobDescription.Request()));
            job = asked;
            knownAtNs = System.nanoTime();
            return known;
        } catch (ExecutionException e) {
            job = null;
            known = null;
            throw new JobNotRunningException("job " + asked + " on the Flink cluster at " + address + " cannot be read live: " + reason(e)
                    + ". It may be restarting, or it was submitted by an older release", e);
        }
    }

    private JobID findJob() throws IOException {
        Collection<JobStatusMessage> all;
        try {
            all = await(client.listJobs());
        } catch (ExecutionException e) {
            throw new IOException("no Flink cluster answers at " + address + ": " + reason(e) + ". Start one with bin/cluster start", e);
        }
        List<JobStatusMessage> alive = all.stream().filter(found -> !found.getJobState().isGloballyTerminalState()).toList();
        List<JobStatusMessage> named = alive.stream()
                .filter(found -> nameOrId == null || found.getJobName().equals(nameOrId) || found.getJobId().toHexString().equals(nameOrId)).toList();
        if (named.size() == 1) {
            if (named.get(0).getJobState() != JobStatus.RUNNING) {
                throw new JobNotRunningException("job " + named.get(0).getJobName() + " is " + named.get(0).getJobState());
            }
            return named.get(0).getJobId();
        }
        String jobs = alive.isEmpty() ? "no job runs there"
                : "these run there: " + alive.stream().map(found -> found.getJobName() + " (" + found.getJobId() + ")").toList();
        throw new JobNotRunningException((nameOrId == null ? named.isEmpty() ? "no job runs" : "several jobs run" : "no job " + nameOrId + " runs")
                + " on the Flink cluster at " + address + "; " + jobs + (named.size() > 1 ? ". Name one with --job" : ""));
    }

    private static <T> T await(CompletableFuture<T> future) throws IOException, ExecutionException {
        try {
            return future.get(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException("the Flink cluster does not answer within " + TIMEOUT_S + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the Flink cluster", e);
        }
    }

    private static String reason(ExecutionException e) {
        Throwable cause = e;
        while (cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        String message = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return message.lines().filter(line -> !line.isBlank()).findFirst().orElse(message);
    }

    @Override
    public synchronized String jobId() throws IOException {
        if (job == null) {
            job = findJob();
        }
        return job.toHexString();
    }

    @Override
    public void close() {
        client.close();
    }
}
