package io.qaexchange.job.cli.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;

/** Asks a Flink cluster by REST. Thread-safe. */
public final class FlinkRest {

    private static final Set<String> ENDED = Set.of("FAILED", "FAILING", "CANCELED", "CANCELLING", "FINISHED", "SUSPENDED");
    private static final Set<String> SETTLED = Set.of("RUNNING", "FINISHED");
    private static final String JOBS = "/jobs/";
    private static final int NOT_FOUND = 404;
    private static final long POLL_MS = 200;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    private final String address;

    public FlinkRest(int port) {
        this.address = "http://127.0.0.1:" + port;
    }

    String address() {
        return address;
    }

    /**
     * The answer to a GET.
     *
     * @throws IOException if the cluster does not answer, or with an error
     */
    public JsonNode get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(address + path)).timeout(TIMEOUT).build();
        HttpResponse<String> response;
        try {
            response = client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException e) {
            throw new IOException("no Flink cluster answers at " + address + " (bin/cluster start starts one)", e);
        }
        if (response.statusCode() == NOT_FOUND && path.startsWith(JOBS)) {
            throw new UsageException("the cluster at " + address + " has no job " + path.substring(JOBS.length()));
        }
        if (response.statusCode() != 200) {
            throw new IOException(address + path + " answers " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    /**
     * Waits until all tasks of a job run, or have ended because their input has.
     *
     * @throws UsageException if there is no such job, it has ended, or its tasks do not run within that time
     */
    void awaitRunning(String job, Duration atMost) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + atMost.toNanos();
        while (true) {
            JsonNode answer = get(JOBS + job);
            String state = answer.path("state").asText();
            if (ENDED.contains(state)) {
                throw new UsageException("job " + job + " has ended: " + state);
            }
            long waiting = StreamSupport.stream(answer.path("vertices").spliterator(), false)
                    .filter(vertex -> !SETTLED.contains(vertex.path("status").asText())).count();
            if (state.equals("RUNNING") && waiting == 0) {
                return;
            }
            if (System.nanoTime() >= deadlineNs) {
                throw new UsageException("job " + job + " is " + state + " and " + waiting + " of its operators do not run after "
                        + atMost.toSeconds() + " s. Look at " + address + ", or wait longer with --wait");
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }

    /**
     * Looks whether the cluster answers; Flink's command line would try for minutes.
     *
     * @throws IOException if not
     */
    void check() throws IOException, InterruptedException {
        get("/overview");
    }

    /** TaskManagers that are registered; 0 if the cluster does not answer. */
    int taskManagers() throws InterruptedException {
        try {
            return get("/overview").path("taskmanagers").asInt();
        } catch (IOException e) {
            return 0;
        }
    }
}
