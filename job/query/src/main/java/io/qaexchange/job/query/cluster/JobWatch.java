package io.qaexchange.job.query.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/** How a job of a cluster fares: its state, its last failure, its checkpoints; and waiting until it really runs. Thread-safe. */
public final class JobWatch {

    /** Path of a job's failures, behind that of the job. */
    static final String EXCEPTIONS = "/exceptions?maxExceptions=20";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long POLL_MS = 300;
    private static final long SAY_EVERY_NS = TimeUnit.SECONDS.toNanos(5);
    /** A job that failed so often while it is waited for will fail again. */
    private static final int FAILURES = 4;

    private final FlinkRest rest;
    private final String job;

    public JobWatch(FlinkRest rest, String job) {
        this.rest = rest;
        this.job = job;
    }

    /**
     * A failure of a job.
     *
     * @param atMs when, ms since 1970
     * @param task the task that failed; null if it was the whole job
     * @param cause the innermost cause, in a sentence
     * @param count failures that the cluster remembers
     */
    public record Failure(long atMs, @Nullable String task, String cause, int count) {
        @Override
        public String toString() {
            return Instant.ofEpochMilli(atMs) + (task == null ? "" : " in " + task) + ": " + cause + (count > 1 ? " (" + count + " failures)" : "");
        }
    }

    /** The last failure; null if there was none. */
    @Nullable
    public Failure lastFailure() throws IOException, InterruptedException {
        return lastFailure(rest.get("/jobs/" + job + EXCEPTIONS));
    }

    /** The last failure of Flink's answer; null if there was none. */
    @Nullable
    static Failure lastFailure(JsonNode answer) {
        JsonNode history = answer.path("exceptionHistory");
        Failure last = null;
        for (JsonNode entry : history.path("entries")) {
            long atMs = entry.path("timestamp").asLong();
            if (last == null || atMs >= last.atMs) {
                last = new Failure(atMs, text(entry, "taskName"), RestError.cause(entry.path("stacktrace").asText(entry.path("exceptionName").asText())),
                        history.path("entries").size());
            }
        }
        return last;
    }

    @Nullable
    private static String text(JsonNode node, String field) {
        return node.hasNonNull(field) ? node.path(field).asText() : null;
    }

    /**
     * Waits until all tasks run and a Flink checkpoint is complete, which it asks for; or until the job has finished.
     *
     * @throws IOException if it fails, or does not run in time, with the cause
     */
    public void awaitFirstCheckpoint(Duration atMost, PrintStream progress) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + atMost.toNanos();
        long saidNs = System.nanoTime();
        boolean asked = false;
        while (true) {
            JsonNode details = rest.get("/jobs/" + job);
            String state = details.path("state").asText();
            if (state.equals("FINISHED")) {
                return;
            }
            Failure failure = lastFailure();
            if (failure != null ? FlinkRest.hasEnded(state) : state.equals("FAILED") || state.equals("CANCELED") || state.equals("SUSPENDED")) {
                throw new IOException("job " + job + " is " + state + (failure == null ? "" : ": " + failure.cause));
            }
            if (failure != null && failure.count >= FAILURES) {
                throw new IOException("job " + job + " fails again and again, the last time with: " + failure.cause
                        + ". Flink goes on trying; bin/cancel " + job + " ends it");
            }
            long waiting = FlinkRest.waiting(details);
            boolean runs = state.equals("RUNNING") && waiting == 0;
            if (runs && rest.get("/jobs/" + job + "/checkpoints").path("counts").path("completed").asLong() > 0) {
                return;
            }
            if (runs && !asked) {
                asked = true;
                askForCheckpoint();
            }
            String now = runs ? "all operators run, waiting for the first checkpoint" : waiting + " of " + details.path("vertices").size()
                    + " operators do not run yet, the job is " + state + (failure == null ? "" : "; last failure: " + failure.cause);
            if (System.nanoTime() >= deadlineNs) {
                throw new IOException("job " + job + " is not ready after " + atMost.toSeconds() + " s: " + now + ". It goes on; bin/cluster status shows it, "
                        + "bin/cancel " + job + " ends it, --wait waits longer");
            }
            if (System.nanoTime() - saidNs > SAY_EVERY_NS) {
                saidNs = System.nanoTime();
                progress.println(now);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    /** Does not wait for the interval. A task may not be ready for it, and the next one by the interval does as well. */
    private void askForCheckpoint() throws InterruptedException {
        try {
            rest.post("/jobs/" + job + "/checkpoints", JSON.createObjectNode().put("checkpointType", "CONFIGURED"));
        } catch (IOException e) {
            System.err.println("a checkpoint could not be asked for, waiting for the next: " + e.getMessage());
        }
    }
}
