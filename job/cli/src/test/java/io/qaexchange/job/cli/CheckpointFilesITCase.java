package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.events.EventSchema;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.kafka.KafkaConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The query server beside a job whose state backend cannot be read while it runs: it reads the files of Flink checkpoints. */
@Timeout(240)
class CheckpointFilesITCase {

    private static final int MESSAGES = 2_000;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String COUNT = "SELECT " + EventSchema.get().recordTypes().stream().map(type -> "(SELECT count(*) FROM " + type.table() + ")")
            .collect(Collectors.joining(" + ")) + " AS n";

    @TempDir
    private Path folder;
    private final HttpClient http = HttpClient.newHttpClient();
    private QueryServer server;

    @Test
    void servesTheNewestCheckpointOfAnotherBackend() throws Exception {
        JobRig rig = JobRig.start(folder);
        rig.set("backend", "hashmap");
        new Feeder(KafkaConnection.to(rig.brokers()), "events", 21, MESSAGES).start().get(60, TimeUnit.SECONDS);
        JobID job = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
        // Each message was stored, is a duplicate, or was refused.
        JobRig.await(() -> LiveMetrics.sum("stored") + LiveMetrics.sum("duplicates") + LiveMetrics.sum("deadLetters") + LiveMetrics.sum("refused") >= MESSAGES);
        URI rest = rig.cluster().getRestAddress().get();
        server = QueryServer.start(new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, null, 2, 4,
                new QueryEngine.Limits("512MB", 2, 60, "1GB", 0)));
        try {
            HttpResponse<String> live = ask("live");
            assertThat(live.statusCode()).isEqualTo(503);
            assertThat(JSON.readTree(live.body()).get("detail").asText()).contains("level files");
            JobRig.await(() -> count("files") == (long) LiveMetrics.sum("stored"));
            long stored = (long) LiveMetrics.sum("stored");
            JobRig.await(() -> count("stale:1h") == stored);
            HttpResponse<String> files = ask("files");
            assertThat(files.headers().firstValue("Qaexchange-Level").orElseThrow()).startsWith("checkpoint:");
            assertThat(files.headers().firstValue("Qaexchange-Pinned-To")).isPresent();
            HttpResponse<String> tooOld = ask("stale:0s");
            assertThat(tooOld.statusCode()).as(tooOld.body()).isEqualTo(503);
            assertThat(JSON.readTree(tooOld.body()).get("detail").asText()).contains("more than the 0.0 s that are allowed");
            assertThat(ask("stale:soon").statusCode()).isEqualTo(400);
            HttpResponse<String> rows = get("/v1/rows/trade?limit=3&level=files");
            assertThat(rows.statusCode()).isEqualTo(200);
            assertThat(JSON.readTree(rows.body())).hasSize(3);
        } finally {
            server.close();
            rig.stop(job);
            rig.close();
        }
    }

    private long count(String level) throws Exception {
        HttpResponse<String> response = ask(level);
        return response.statusCode() == 200 ? JSON.readTree(response.body()).get(0).get("n").asLong() : -1;
    }

    private HttpResponse<String> ask(String level) throws Exception {
        return get("/v1/query?level=" + level + "&sql=" + URLEncoder.encode(COUNT, StandardCharsets.UTF_8));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
