package io.qaexchange.job.query.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** Asks a Flink cluster by REST. Thread-safe. */
public final class FlinkRest {

    /** Configuration entry of a JobManager that {@code bin/cluster} started: the id of its folder. */
    public static final String CLUSTER_ID = "qaexchange.cluster-id";
    private static final Set<String> ENDED = Set.of("FAILED", "FAILING", "CANCELED", "CANCELLING", "FINISHED", "SUSPENDED");
    private static final Set<String> SETTLED = Set.of("RUNNING", "FINISHED");
    private static final Pattern JOB_ID = Pattern.compile("[0-9a-f]{32}");
    private static final String JOBS = "/jobs/";
    private static final int NOT_FOUND = 404;
    private static final int FIRST_ERROR = 400;
    private static final long POLL_MS = 200;
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final String address;

    /** A cluster on this machine. */
    public FlinkRest(int port) {
        this("127.0.0.1", port);
    }

    public FlinkRest(String host, int port) {
        this.address = "http://" + host + ":" + port;
    }

    public String address() {
        return address;
    }

    /**
     * The answer to a GET.
     *
     * @throws IOException if the cluster does not answer, or with an error
     */
    public JsonNode get(String path) throws IOException, InterruptedException {
        return send(path, HttpRequest.newBuilder(URI.create(address + path)).GET());
    }

    /**
     * The answers to several GETs that are asked at once, in their order.
     *
     * @throws IOException if the cluster does not answer one of them, or with an error
     */
    public List<JsonNode> getAll(List<String> paths) throws IOException, InterruptedException {
        List<CompletableFuture<HttpResponse<String>>> asked = paths.stream().map(path -> client.sendAsync(
                HttpRequest.newBuilder(URI.create(address + path)).GET().timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString())).toList();
        List<JsonNode> answers = new ArrayList<>();
        try {
            for (int i = 0; i < asked.size(); i++) {
                answers.add(answer(paths.get(i), asked.get(i).get()));
            }
            return answers;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectException || e.getCause() instanceof HttpConnectTimeoutException) {
                throw noCluster((IOException) e.getCause());
            }
            throw new IOException("Flink at " + address + " does not answer: " + e.getCause(), e);
        } finally {
            asked.forEach(one -> one.cancel(true));
        }
    }

    /** The answer to a POST of some JSON. */
    public JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
        return send(path, HttpRequest.newBuilder(URI.create(address + path)).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    }

    /** Tells the cluster to cancel a job. */
    public void cancel(String job) throws IOException, InterruptedException {
        send(JOBS + job + "?mode=cancel", HttpRequest.newBuilder(URI.create(address + JOBS + job + "?mode=cancel"))
                .method("PATCH", HttpRequest.BodyPublishers.noBody()));
    }

    private JsonNode send(String path, HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response;
        try {
            response = client.send(request.timeout(TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException | HttpConnectTimeoutException e) {
            throw noCluster(e);
        }
        return answer(path, response);
    }

    private IOException noCluster(IOException cause) {
        return new IOException("no Flink cluster answers at " + address + " (start one with bin/cluster start)", cause);
    }

    private JsonNode answer(String path, HttpResponse<String> response) throws IOException {
        if (response.statusCode() == NOT_FOUND && path.startsWith(JOBS)) {
            throw new UsageException("the cluster at " + address + " has no job " + path.substring(JOBS.length()).split("[/?]")[0]
                    + " (bin/cluster status lists its jobs)");
        }
        if (response.statusCode() >= FIRST_ERROR) {
            throw new IOException("Flink at " + address + " refuses: " + RestError.message(response.body()));
        }
        return response.body().isBlank() ? JSON.createObjectNode() : JSON.readTree(response.body());
    }

    /**
     * A job id as the user wrote it.
     *
     * @throws UsageException if it is none
     */
    public static String jobId(String text) {
        if (!JOB_ID.matcher(text).matches()) {
            throw new UsageException("\"" + text + "\" is not a job ID: those have 32 hexadecimal digits (bin/cluster status lists the jobs)");
        }
        return text;
    }

    /** The id of the folder whose cluster answers; empty if nobody wrote one. */
    public Optional<String> clusterId() throws IOException, InterruptedException {
        return StreamSupport.stream(get("/jobmanager/config").spliterator(), false)
                .filter(entry -> entry.path("key").asText().equals(CLUSTER_ID)).map(entry -> entry.path("value").asText()).findFirst();
    }

    /**
     * Waits until all tasks of a job run, or have ended because their input has.
     *
     * @throws UsageException if there is no such job, it has ended, or its tasks do not run within that time
     */
    public void awaitRunning(String job, Duration atMost) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + atMost.toNanos();
        while (true) {
            JsonNode answer = get(JOBS + job);
            String state = answer.path("state").asText();
            if (ENDED.contains(state)) {
                throw new UsageException("job " + job + " has ended: " + state);
            }
            long waiting = waiting(answer);
            if (state.equals("RUNNING") && waiting == 0) {
                return;
            }
            if (System.nanoTime() >= deadlineNs) {
                throw new UsageException("job " + job + " is " + state + " and " + waiting + " of its operators were not running after "
                        + atMost.toSeconds() + " s. Look at " + address + ", or wait longer with --wait");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    /** Operators of a job that do not run yet, from its details. */
    public static long waiting(JsonNode job) {
        return StreamSupport.stream(job.path("vertices").spliterator(), false)
                .filter(vertex -> !SETTLED.contains(vertex.path("status").asText())).count();
    }

    public static boolean hasEnded(String state) {
        return ENDED.contains(state);
    }

    /**
     * Looks whether the cluster answers; Flink's command line would try for minutes.
     *
     * @throws IOException if not
     */
    public void check() throws IOException, InterruptedException {
        get("/overview");
    }

    /** TaskManagers that are registered; 0 if the cluster does not answer. */
    public int taskManagers() throws InterruptedException {
        try {
            return get("/overview").path("taskmanagers").asInt();
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Starts something that takes time, and waits for its end.
     *
     * @param path where it is started and, with the id that is answered, asked for
     * @param statusPath if not null, where it is asked for instead
     * @return the answer of the end
     * @throws IOException if it failed, or has not ended in time
     */
    public JsonNode await(String path, String statusPath, JsonNode body, Duration atMost) throws IOException, InterruptedException {
        String request = post(path, body).path("request-id").asText();
        long deadlineNs = System.nanoTime() + atMost.toNanos();
        while (true) {
            JsonNode answer = get((statusPath == null ? path : statusPath) + "/" + request);
            if (answer.path("status").path("id").asText().equals("COMPLETED")) {
                JsonNode operation = answer.path("operation");
                JsonNode failure = operation.has("failureCause") ? operation.path("failureCause") : operation.path("failure-cause");
                if (!failure.isMissingNode() && !failure.isNull()) {
                    throw new IOException(RestError.cause(failure.path("stack-trace").asText(failure.toString())));
                }
                return operation;
            }
            if (System.nanoTime() >= deadlineNs) {
                throw new IOException("it has not ended after " + atMost.toSeconds() + " s; it may still end. Look at " + address);
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }
}
