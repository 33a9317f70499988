package io.qaexchange.job.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobFigures;
import io.qaexchange.job.query.cluster.JobWatch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands against a server that answers as a JobManager does; for each path one answer after the other, and the last one for ever. */
@Timeout(60)
class ClusterCommandsTest {

    private static final String JOB = "0123456789abcdef0123456789abcdef";
    private static final String RUNNING = "{\"state\":\"RUNNING\",\"vertices\":[{\"id\":\"v\",\"status\":\"RUNNING\"}]}";
    private static final String NO_FAILURE = "{\"exceptionHistory\":{\"entries\":[]}}";
    private static final String NONE_COMPLETE = "{\"counts\":{\"completed\":0}}";
    private static final String ONE_COMPLETE = "{\"counts\":{\"completed\":1}}";

    @TempDir
    private Path folder;
    private final Map<String, Deque<String>> answers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private HttpServer server;
    private ClusterFolder cluster;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            asked.add(exchange.getRequestMethod() + " " + path);
            Deque<String> of = answers.get(path);
            String answer = of == null ? null : of.size() > 1 ? of.poll() : of.peek();
            byte[] body = (answer == null ? "{\"errors\":[\"no\"]}" : answer).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        cluster = ClusterFolder.of(folder);
        cluster.savePorts(List.of(server.getAddress().getPort()));
        answer("/overview", "{\"taskmanagers\":2}");
        answer("/jobmanager/config", "[{\"key\":\"" + FlinkRest.CLUSTER_ID + "\",\"value\":\"" + cluster.id() + "\"}]");
        answer("/jobs/" + JOB + "/exceptions", NO_FAILURE);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void aClusterOfAnotherFolderIsRefused() throws Exception {
        assertThat(cluster.connect().taskManagers()).isEqualTo(2);

        for (String other : List.of("[{\"key\":\"" + FlinkRest.CLUSTER_ID + "\",\"value\":\"another\"}]", "[]")) {
            answer("/jobmanager/config", other);
            assertThatThrownBy(cluster::connect).isInstanceOf(UsageException.class).hasMessageContainingAll("is not the one of " + cluster.path(), "--dir");
        }
    }

    @Test
    void aSubmittedJobIsReadyWhenAllRunsAndACheckpointIsThere() throws Exception {
        answer("/jobs/" + JOB, "{\"state\":\"CREATED\",\"vertices\":[]}", RUNNING);
        answer("/jobs/" + JOB + "/checkpoints", NONE_COMPLETE, "{\"request-id\":\"r\"}", NONE_COMPLETE, ONE_COMPLETE);

        watch().awaitFirstCheckpoint(Duration.ofSeconds(30), quiet());

        assertThat(asked).contains("POST /jobs/" + JOB + "/checkpoints");
    }

    @Test
    void aJobThatFailsIsNotReadyAndTheCauseIsTold() {
        answer("/jobs/" + JOB, RUNNING, "{\"state\":\"FAILING\",\"vertices\":[]}", "{\"state\":\"FAILED\",\"vertices\":[]}");
        answer("/jobs/" + JOB + "/checkpoints", NONE_COMPLETE);
        answer("/jobs/" + JOB + "/exceptions", failures(1));

        assertThatThrownBy(() -> watch().awaitFirstCheckpoint(Duration.ofSeconds(30), quiet())).isInstanceOf(IOException.class)
                .hasMessageContaining("the archive belongs to another job");
    }

    @Test
    void aJobThatRestartsAgainAndAgainIsNotWaitedFor() {
        answer("/jobs/" + JOB, "{\"state\":\"RESTARTING\",\"vertices\":[]}");
        answer("/jobs/" + JOB + "/exceptions", failures(4));

        assertThatThrownBy(() -> watch().awaitFirstCheckpoint(Duration.ofSeconds(30), quiet()))
                .hasMessageContainingAll("again and again", "the archive belongs to another job", "bin/cancel " + JOB);
    }

    @Test
    void aJobThatDoesNotGetReadyInTimeIsTold() {
        answer("/jobs/" + JOB, "{\"state\":\"RUNNING\",\"vertices\":[{\"status\":\"SCHEDULED\"}]}");

        assertThatThrownBy(() -> watch().awaitFirstCheckpoint(Duration.ofMillis(400), quiet()))
                .hasMessageContainingAll("is not ready after", "1 of 1 operators do not run yet", "--wait");
    }

    @Test
    void theSumOfAllMessagesIsShown() throws Exception {
        answer("/jobs/" + JOB, RUNNING);
        answer("/jobs/" + JOB + "/vertices/v/subtasks/metrics", "[{\"id\":\"Decode.consumed\"},{\"id\":\"Event_store.stored\"},{\"id\":\"other\"}]",
                "[{\"id\":\"Decode.consumed\",\"sum\":12},{\"id\":\"Event_store.stored\",\"sum\":9},{\"id\":\"Event_store.duplicates\",\"sum\":2}]");

        JobFigures figures = JobFigures.of(cluster.connect(), JOB);

        assertThat(figures.open()).isEqualTo(1);
        assertThat(figures.lines()).anyMatch(line -> line.contains("consumed 12 = stored 9 + duplicates 2 + dead letters 0 + refused 0; 1 on their way"));
    }

    private JobWatch watch() {
        try {
            return new JobWatch(cluster.connect(), JOB);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String failures(int count) {
        String entry = "{\"timestamp\":1,\"taskName\":\"Archive\",\"stacktrace\":\"a.OuterException: x\\n\\tat a.B.c(B.java:1)\\nCaused by: a.InnerException: "
                + "the archive belongs to another job\"}";
        return "{\"exceptionHistory\":{\"entries\":[" + String.join(",", java.util.Collections.nCopies(count, entry)) + "]}}";
    }

    private void answer(String path, String... all) {
        answers.put(path, new ArrayDeque<>(List.of(all)));
    }

    private static PrintStream quiet() {
        return new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
    }
}
