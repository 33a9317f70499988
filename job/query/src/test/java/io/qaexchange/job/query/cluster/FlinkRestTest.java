package io.qaexchange.job.query.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.qaexchange.job.model.UsageException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a server that gives one answer after the other, and the last one for ever. */
@Timeout(60)
class FlinkRestTest {

    private static final String DEPLOYING = "{\"state\":\"RUNNING\",\"vertices\":[{\"status\":\"RUNNING\"},{\"status\":\"DEPLOYING\"}]}";
    private static final String RUNNING = "{\"state\":\"RUNNING\",\"vertices\":[{\"status\":\"RUNNING\"},{\"status\":\"FINISHED\"}]}";

    private final Deque<String> answers = new ArrayDeque<>();
    private HttpServer server;
    private FlinkRest rest;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/jobs/", exchange -> {
            String answer = answers.size() > 1 ? answers.poll() : answers.peek();
            byte[] body = (answer == null ? "{}" : answer).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        rest = new FlinkRest(server.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void saysThatNoClusterAnswers() {
        server.stop(0);

        assertThatThrownBy(rest::check).isInstanceOf(java.io.IOException.class)
                .hasMessageContainingAll("no Flink cluster answers at", "bin/cluster start");
    }

    @Test
    void waitsUntilEveryOperatorRunsOrHasFinished() throws Exception {
        answers.addAll(List.of("{\"state\":\"CREATED\",\"vertices\":[]}", DEPLOYING, RUNNING));

        rest.awaitRunning("j", Duration.ofSeconds(30));

        assertThat(answers).containsExactly(RUNNING);
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        answers.add(DEPLOYING);

        assertThatThrownBy(() -> rest.awaitRunning("j", Duration.ofMillis(300))).isInstanceOf(UsageException.class)
                .hasMessageContaining("1 of its operators were not running").hasMessageContaining("--wait");
    }

    @Test
    void doesNotWaitForAJobThatHasEndedOrIsNotThere() {
        answers.add("{\"state\":\"FAILED\",\"vertices\":[]}");
        assertThatThrownBy(() -> rest.awaitRunning("j", Duration.ofSeconds(30))).isInstanceOf(UsageException.class)
                .hasMessage("job j has ended: FAILED");

        answers.clear();
        assertThatThrownBy(() -> rest.awaitRunning("j", Duration.ofSeconds(30))).isInstanceOf(UsageException.class)
                .hasMessageContaining("has no job j");
    }
}
