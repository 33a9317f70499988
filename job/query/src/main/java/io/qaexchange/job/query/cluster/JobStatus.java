package io.qaexchange.job.query.cluster;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import javax.annotation.Nullable;

/**
 * How a job fares, all on one screen: state, operators, figures, checkpoints, the last failure, and alerts in words.
 *
 * @param at moment of the answer, ISO-8601
 * @param address Flink's REST interface
 * @param taskManagers TaskManagers that are registered
 * @param slots slots of the cluster
 * @param freeSlots of them, slots without a task
 * @param id id of the job
 * @param name its name
 * @param state Flink's state of the job
 * @param startedAt when it was submitted, ISO-8601
 * @param restarts how often Flink has restarted it
 * @param operators its operators
 * @param figures figures over all subtasks
 * @param checkpoints its Flink checkpoints
 * @param failure its last failure; null if there was none
 * @param alerts what is wrong, most important first; empty if all is well
 */
public record JobStatus(String at, String address, int taskManagers, int slots, int freeSlots, String id, String name, String state, String startedAt,
        long restarts, List<Operator> operators, JobFigures figures, Checkpoints checkpoints, @Nullable JobWatch.Failure failure, List<JobAlert> alerts) {

    /** Operators that do not run, and have not finished. */
    public List<Operator> waiting() {
        return operators.stream().filter(operator -> !operator.state().equals("RUNNING") && !operator.state().equals("FINISHED")).toList();
    }

    /** An operator, or several that are chained. */
    public record Operator(String name, String state, int parallelism) {
    }

    /**
     * The Flink checkpoints of a job.
     *
     * @param intervalMs time between two
     * @param completed how many were completed
     * @param failed how many failed
     * @param running how many are under way
     * @param newest the last ones, newest first
     */
    public record Checkpoints(long intervalMs, long completed, long failed, long running, List<Checkpoint> newest) {

        /** The last complete one, as in "3, 12 s ago, took 20 ms, 1,234 bytes". */
        public String lastText() {
            Checkpoint last = lastComplete();
            return last == null ? "none" : String.format(Locale.ROOT, "%d, %d s ago, took %d ms, %,d bytes", last.id(), last.ageMs(Instant.now()) / 1000,
                    last.durationMs(), last.bytes());
        }

        /** The last complete one; null if there is none. */
        @Nullable
        public Checkpoint lastComplete() {
            return newest.stream().filter(Checkpoint::isComplete).findFirst().orElse(null);
        }
    }

    /**
     * A Flink checkpoint or savepoint.
     *
     * @param state Flink's state of it
     * @param at when it was triggered, ISO-8601
     * @param durationMs from then to the last acknowledgement
     * @param bytes all that it refers to
     * @param newBytes of them, those that were uploaded for it
     * @param path where it is; null if it is not complete
     * @param failure why it failed; null if it did not
     */
    public record Checkpoint(long id, String state, boolean savepoint, String at, long durationMs, long bytes, long newBytes, @Nullable String path,
            @Nullable String failure) {

        @JsonIgnore
        public boolean isComplete() {
            return state.equals("COMPLETED");
        }

        /** How long ago it was complete. */
        public long ageMs(Instant now) {
            return Math.max(0, now.toEpochMilli() - Instant.parse(at).toEpochMilli() - durationMs);
        }
    }

    /**
     * Asks a cluster.
     *
     * @param nameOrId name or id of the job; null for the only one, or the last one if none runs
     * @throws UsageException if there is no such job
     */
    public static JobStatus of(FlinkRest rest, @Nullable String nameOrId) throws IOException, InterruptedException {
        List<JsonNode> cluster = rest.getAll(List.of("/jobs/overview", "/overview"));
        JsonNode overview = cluster.get(1);
        JsonNode job = find(rest, cluster.get(0), nameOrId);
        String id = job.path("jid").asText();
        String path = "/jobs/" + id;
        List<JsonNode> answers = rest.getAll(List.of(path, path + "/checkpoints", path + "/checkpoints/config", path + "/metrics?get=numRestarts", path + JobWatch.EXCEPTIONS));
        JsonNode details = answers.get(0);
        List<Operator> operators = new ArrayList<>();
        for (JsonNode vertex : details.path("vertices")) {
            operators.add(new Operator(vertex.path("name").asText(), vertex.path("status").asText(), vertex.path("parallelism").asInt()));
        }
        String state = job.path("state").asText();
        JobFigures figures = JobFigures.of(rest, id, details);
        Checkpoints checkpoints = checkpoints(answers.get(1), answers.get(2));
        JobWatch.Failure failure = JobWatch.lastFailure(answers.get(4));
        Instant now = Instant.now();
        return new JobStatus(now.toString(), rest.address(), overview.path("taskmanagers").asInt(), overview.path("slots-total").asInt(),
                overview.path("slots-available").asInt(), id, job.path("name").asText(), state, instant(job.path("start-time")),
                answers.get(3).path(0).path("value").asLong(), operators,
                figures, checkpoints, failure, JobAlert.of(state, operators, figures, checkpoints, now));
    }

    private static JsonNode find(FlinkRest rest, JsonNode overview, @Nullable String nameOrId) {
        List<JsonNode> all = StreamSupport.stream(overview.path("jobs").spliterator(), false)
                .filter(job -> nameOrId == null || job.path("name").asText().equals(nameOrId) || job.path("jid").asText().equals(nameOrId)).toList();
        Comparator<JsonNode> byStart = Comparator.comparingLong(job -> job.path("start-time").asLong());
        return all.stream().filter(job -> !FlinkRest.hasEnded(job.path("state").asText())).max(byStart).or(() -> all.stream().max(byStart))
                .orElseThrow(() -> new UsageException("the cluster at " + rest.address() + " has no job" + (nameOrId == null ? "" : " " + nameOrId)
                        + " (bin/submit starts one)"));
    }

    private static Checkpoints checkpoints(JsonNode answer, JsonNode settings) {
        List<Checkpoint> newest = newest(answer);
        JsonNode counts = answer.path("counts");
        return new Checkpoints(settings.path("interval").asLong(), counts.path("completed").asLong(),
                counts.path("failed").asLong(), counts.path("in_progress").asLong(), newest);
    }

    /**
     * The checkpoints of an answer of Flink's, newest first. Flink's history is short: where all in it failed, the last complete one stands
     * beside it.
     */
    static List<Checkpoint> newest(JsonNode answer) {
        List<Checkpoint> newest = new ArrayList<>();
        answer.path("history").forEach(one -> newest.add(checkpoint(one)));
        JsonNode complete = answer.path("latest").path("completed");
        if (newest.stream().noneMatch(Checkpoint::isComplete) && complete.has("id")) {
            newest.add(checkpoint(complete));
        }
        return newest;
    }

    private static Checkpoint checkpoint(JsonNode one) {
        String path = one.path("external_path").asText("");
        return new Checkpoint(one.path("id").asLong(), one.path("status").asText(), one.path("is_savepoint").asBoolean(),
                instant(one.path("trigger_timestamp")), one.path("end_to_end_duration").asLong(), one.path("state_size").asLong(),
                one.path("checkpointed_size").asLong(), path.isEmpty() || path.startsWith("<") ? null : path,
                one.hasNonNull("failure_message") ? RestError.cause(one.path("failure_message").asText()) : null);
    }

    private static String instant(JsonNode ms) {
        return Instant.ofEpochMilli(ms.asLong()).toString();
    }
}
