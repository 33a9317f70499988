package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.logging.log4j.LogManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Status and steering of the job and its stores over HTTP, asked as a client does. */
@Timeout(240)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdminRoutesITCase {

    private static final int MESSAGES = 4_000;
    private static final String SECRET = "zx81-of-nobody-else";
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private Path tokens;
    private QueryServer server;
    private final HttpClient http = HttpClient.newHttpClient();
    private final CollectedLog log = CollectedLog.start();

    @BeforeAll
    void start() throws Exception {
        rig = JobRig.start(folder);
        job = rig.submitWithArchivedRows(33, MESSAGES);
        tokens = Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n" + token("rita", "reader") + token("rob", "reader") + token("otto", "operator") + token("ada", "admin")
                + token(SECRET, "admin").replace("user: " + SECRET, "user: sam"));
        URI rest = rig.cluster().getRestAddress().get();
        server = QueryServer.start(options(rest, folder.resolve("audit.jsonl")));
    }

    private QueryServer.Options options(URI rest, Path audit) {
        return new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, tokens, 8, 4,
                new QueryEngine.Limits("512MB", 2, 60, "1GB", 0), new QueryServer.Doors(QueryServer.Doors.NONE, 0, QueryServer.Doors.NONE, null, Duration.ofMinutes(2)),
                new QueryServer.Steering(folder.resolve("savepoints").toUri().toString(), audit, null, List::of));
    }

    private static String token(String user, String role) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(user.getBytes(StandardCharsets.UTF_8));
        return "  - user: " + user + "\n    role: " + role + "\n    sha256: " + HexFormat.of().formatHex(digest) + "\n";
    }

    @AfterAll
    void stop() throws Exception {
        log.close();
        server.close();
        rig.cluster().cancelJob(job).get(60, TimeUnit.SECONDS);
        rig.close();
    }

    @Test
    void instrumentsHaveTheRowsThatSqlCounts() throws Exception {
        StringBuilder all = new StringBuilder();
        io.qaexchange.events.EventSchema.get().recordTypes().stream().filter(type -> type.instrument() != null)
                .forEach(type -> all.append(all.isEmpty() ? "" : " UNION ALL ").append("SELECT instrument FROM ").append(type.table()));
        JsonNode counted = sql("SELECT instrument, count(*) AS n FROM (" + all + ") WHERE instrument IS NOT NULL GROUP BY 1");
        // The numbers are those of the last barrier.
        JsonNode told = get("rita", "/v1/instruments").get("instruments");
        long coldBytes = 0;
        for (JsonNode row : counted) {
            JsonNode found = null;
            for (JsonNode one : told) {
                found = one.get("instrument").equals(row.get("instrument")) ? one : found;
            }
            assertThat(found).as(row.toString()).isNotNull();
            if (!row.get("instrument").asText().isEmpty()) {
                assertThat(found.get("storedRows").asLong()).as(found.toString()).isGreaterThanOrEqualTo(row.get("n").asLong());
                assertThat(found.get("hotRows").asLong() + found.get("coldRows").asLong()).isEqualTo(found.get("storedRows").asLong());
                assertThat(found.get("coldBytes").asLong() > 0).as(found.toString()).isEqualTo(found.get("coldRows").asLong() > 0);
                coldBytes += found.get("coldBytes").asLong();
            }
        }
        assertThat(coldBytes).as("of all instruments").isPositive();
        JsonNode busiest = get("rita", "/v1/instruments?busiest=2").get("instruments");
        assertThat(busiest).hasSize(2);
        assertThat(busiest.get(0).get("storedRows").asLong()).isGreaterThanOrEqualTo(busiest.get(1).get("storedRows").asLong());
        String id = busiest.get(0).get("instrument").asText();
        assertThat(get("rita", "/v1/instruments/" + id).get("storedRows")).isEqualTo(busiest.get(0).get("storedRows"));
        assertProblem(ask("rita", "GET", "/v1/instruments/" + id + "x"), 404, id);
        assertProblem(ask("rita", "GET", "/v1/instruments?busy=2"), 400, "busiest");
    }

    @Test
    void statusHasTheSumOfAllMessages() throws Exception {
        JobRig.await(() -> get("rita", "/v1/status").at("/figures/byName/consumed").asLong() >= MESSAGES);
        JsonNode status = get("rita", "/v1/status");
        JsonNode figures = status.at("/figures/byName");
        assertThat(figures.get("consumed").asLong()).isEqualTo(figures.get("stored").asLong() + figures.get("duplicates").asLong() + figures.get("deadLetters").asLong()
                + figures.get("refused").asLong());
        long byReason = 0;
        for (JsonNode one : status.at("/figures/byReason")) {
            byReason += one.asLong();
        }
        assertThat(byReason).isEqualTo(figures.get("deadLetters").asLong() + figures.get("refused").asLong());
        assertThat(status.get("state").asText()).isEqualTo("RUNNING");
        assertThat(status.at("/checkpoints/newest")).isNotEmpty();
        assertThat(status.get("id").asText()).isEqualTo(job.toHexString());
    }

    @Test
    void storageTellsTheArchiveAndTheLevelsAfterACompaction() throws Exception {
        JsonNode archive = get("rita", "/v1/storage").get("archive");
        long rows = 0;
        for (JsonNode day : archive.get("days")) {
            rows += day.get("rows").asLong();
        }
        assertThat(rows).isEqualTo(archive.get("rows").asLong()).isPositive();

        assertProblem(ask("rita", "POST", "/admin/compaction/trigger"), 403, "OPERATOR");
        assertThat(ask("otto", "POST", "/admin/compaction/trigger").statusCode()).isEqualTo(202);
        JobRig.await(() -> {
            boolean done = true;
            for (JsonNode subtask : get("otto", "/admin/storage/stats").get("subtasks")) {
                done &= subtask.at("/askedCompaction/state").asText().equals("DONE");
            }
            return done;
        });
        long entries = 0;
        for (JsonNode subtask : get("rita", "/v1/storage").get("subtasks")) {
            for (JsonNode level : subtask.get("levels")) {
                assertThat(level.get("fileBytes")).isNotEmpty();
                entries += level.get("entries").asLong();
            }
            assertThat(subtask.at("/statistics/flushes").asLong()).isPositive();
        }
        assertThat(entries).as("entries in files: all rows were flushed").isPositive();
        assertThat(sql("SELECT count(*) AS n FROM tick").get(0).get("n").asLong()).isPositive();
        assertThat(ask("otto", "DELETE", "/admin/compaction").statusCode()).isEqualTo(202);

        String busiest = get("rita", "/v1/instruments?busiest=1").at("/instruments/0/instrument").asText();
        JsonNode one = JSON.readTree(ask("otto", "POST", "/admin/compaction/trigger?instrument=" + encode(busiest)).body());
        assertThat(one.get("scope").asText()).contains(busiest);
        int owner = one.get("subtask").asInt();
        JobRig.await(() -> {
            for (JsonNode subtask : get("otto", "/admin/storage/stats").get("subtasks")) {
                boolean isOwner = subtask.get("subtask").asInt() == owner;
                assertThat(subtask.at("/askedCompaction/of").asText()).isEqualTo(isOwner ? busiest : "");
                if (isOwner && !subtask.at("/askedCompaction/state").asText().equals("DONE")) {
                    return false;
                }
            }
            return true;
        });
        assertProblem(ask("otto", "POST", "/admin/compaction/trigger?instrument=NO.SUCH"), 404, "NO.SUCH");
        assertProblem(ask("otto", "POST", "/admin/compaction/trigger?table=tik"), 404, "tick");
        assertProblem(ask("otto", "POST", "/admin/compaction/trigger?table=tick&instrument=" + encode(busiest)), 400, "not both");
    }

    @Test
    void dryRunsSayWhatWouldBeDone() throws Exception {
        assertProblem(ask("rita", "POST", "/admin/compaction/trigger?dry-run=true"), 403, "OPERATOR");
        JsonNode engine = JSON.readTree(ask("otto", "POST", "/admin/compaction/trigger?dry-run=true").body());
        assertThat(engine.get("subtasks").size()).isEqualTo(2);
        assertThat(engine.get("bytes").asLong()).isPositive();
        String busiest = get("rita", "/v1/instruments?busiest=1").at("/instruments/0/instrument").asText();
        JsonNode ofOne = JSON.readTree(ask("otto", "POST", "/admin/compaction/trigger?dry-run=true&instrument=" + encode(busiest)).body());
        assertThat(ofOne.get("rows").asLong()).isPositive();
        assertThat(JSON.readTree(ask("otto", "POST", "/admin/compaction/trigger?dry-run=true&table=tick").body()).get("scope").asText()).contains("tick", "all rows");
        JsonNode merge = JSON.readTree(ask("otto", "POST", "/admin/archive/compact?dry-run=true").body());
        long small = 0;
        for (JsonNode day : get("rita", "/v1/storage").at("/archive/days")) {
            small += day.get("smallFiles").asLong();
        }
        assertThat(merge.get("files").asLong()).as("all small files of events").isLessThanOrEqualTo(small);
        assertThat(get("rita", "/v1/storage").at("/archive/epochs")).hasSize(1);
        JsonNode retention = get("rita", "/v1/storage/retention?delete-after=1");
        long days = 0;
        for (JsonNode day : retention.get("days")) {
            days += day.get("files").asLong();
        }
        assertThat(days).isEqualTo(retention.get("files").asLong());
        assertThat(retention.get("command").asText()).isEqualTo("bin/archive retain --delete-after 1");
        JsonNode samples = get("rita", "/v1/storage/history").get("samples");
        assertThat(samples).isNotEmpty();
        assertThat(samples.get(samples.size() - 1).get("memtableBytes").asLong()).isPositive();

        assertProblem(ask("otto", "POST", "/admin/archive/compact?dry-run=yes"), 400, "neither true nor false");
        assertProblem(ask("otto", "POST", "/admin/archive/compact?table=tik"), 404, "tick");
        assertProblem(ask("otto", "POST", "/admin/archive/compact?day=today"), 400, "2026-01-05");
        assertProblem(ask("rita", "GET", "/v1/storage/retention"), 400, "delete-after");
        assertProblem(ask("rita", "GET", "/v1/storage/retention?delete-after=0"), 400, "between 1");
    }

    @Test
    void aPlanSaysWhatIsReadAndWhatIsPruned() throws Exception {
        JsonNode day = get("rita", "/v1/storage").at("/archive/days/0");
        String table = day.get("table").asText();
        JsonNode all = table(get("rita", "/v1/plan?sql=" + encode("SELECT * FROM " + table)), table);
        assertThat(all.get("columns").isNull()).isTrue();
        assertThat(all.get("filesPruned").asInt()).isZero();
        assertThat(all.get("coldRows").asLong() + all.get("hotRows").asLong()).isEqualTo(sql("SELECT count(*) AS n FROM " + table).get(0).get("n").asLong());
        JsonNode none = table(get("rita", "/v1/plan?sql=" + encode("EXPLAIN SELECT event_time FROM " + table + " WHERE trading_day = 19990101")), table);
        assertThat(none.get("filesRead").asInt()).isZero();
        assertThat(none.at("/prunedBy/day").asInt()).isEqualTo(all.get("filesRead").asInt());
        assertThat(none.at("/conditions/fromDay").asText()).isEqualTo("1999-01-01");
        assertThat(none.get("hotRows").asInt()).isZero();
        assertThat(get("rita", "/v1/plan?sql=" + encode("SELECT 1")).get("plan").asText()).containsIgnoringCase("projection");
        assertProblem(ask("rita", "GET", "/v1/plan?sql=" + encode("DROP TABLE tick")), 400, "only");
        assertProblem(ask("rita", "GET", "/v1/plan?sql=" + encode("SELECT * FROM tik")), 400, "tik");
    }

    private static JsonNode table(JsonNode plan, String table) {
        assertThat(plan.get("tables").size()).as(plan.toString()).isEqualTo(1);
        assertThat(plan.at("/tables/0/table").asText()).isEqualTo(table);
        return plan.at("/tables/0");
    }

    @Test
    void withoutKafkaDeadLettersAreRefusedWithWhatToDo() throws Exception {
        assertProblem(ask("rita", "GET", "/v1/dead-letters"), 409, "bin/serve --brokers");
        assertProblem(ask("rita", "GET", "/v1/dead-letters/events-0@1"), 409, "bin/serve --brokers");
        assertProblem(ask("otto", "POST", "/admin/dead-letters/resend?all=true"), 409, "bin/serve --brokers");
        assertProblem(ask("rita", "POST", "/admin/dead-letters/resend?all=true"), 403, "OPERATOR");
    }

    @Test
    void checkpointsAndSavepointsAreOperations() throws Exception {
        JsonNode checkpoint = JSON.readTree(ask("otto", "POST", "/admin/checkpoint?wait=30").body());
        assertThat(checkpoint.get("state").asText()).as(checkpoint.toString()).isEqualTo("DONE");
        HttpResponse<String> begun = ask("otto", "POST", "/admin/savepoint");
        assertThat(begun.statusCode()).isIn(200, 202);
        String place = begun.headers().firstValue("Location").orElseThrow();
        JobRig.await(() -> !get("otto", place).get("state").asText().equals("RUNNING"));
        JsonNode savepoint = get("otto", place);
        assertThat(savepoint.get("state").asText()).as(savepoint.toString()).isEqualTo("DONE");
        assertThat(Path.of(URI.create(savepoint.get("result").asText()))).isDirectory();
        assertThat(get("otto", "/admin/operations").get("operations").size()).isGreaterThanOrEqualTo(2);

        assertProblem(ask("otto", "GET", "/admin/operations/987"), 404, "987");
        assertProblem(ask("otto", "GET", "/admin/operations/x"), 404, "x");
        assertProblem(ask("otto", "POST", "/admin/checkpoint?wait=soon"), 400, "soon");
        assertProblem(ask("otto", "GET", "/admin/audit"), 403, "ADMIN");
        JsonNode calls = get("ada", "/admin/audit").get("calls");
        assertThat(calls.toString()).contains("POST /admin/savepoint", "\"user\":\"otto\"", "POST /admin/checkpoint?wait=30");
        assertThat(Files.readString(folder.resolve("audit.jsonl"))).contains("POST /admin/checkpoint?wait=30");
    }

    @Test
    void archivingIsPausedAskedForAndResumed() throws Exception {
        assertProblem(ask("rita", "POST", "/admin/archive/pause"), 403, "OPERATOR");
        JsonNode paused = JSON.readTree(ask("otto", "POST", "/admin/archive/pause?reason=disk%20moves").body());
        assertThat(paused.get("archiving").asText()).isEqualTo("paused");
        assertThat(paused.get("changed").asBoolean()).isTrue();
        JobRig.await(() -> LiveMetrics.sum("archivingPaused") == 2);
        JsonNode again = JSON.readTree(ask("ada", "POST", "/admin/archive/pause").body());
        assertThat(again.get("changed").asBoolean()).isFalse();
        assertThat(again.at("/pause/by").asText()).isEqualTo("otto");
        assertThat(again.at("/pause/reason").asText()).isEqualTo("disk moves");

        long rounds = LiveMetrics.sum("archivingRounds");
        String run = "test-archive-run-1";
        HttpResponse<String> now = http.send(request("otto", "/admin/archive/now").header("Qaexchange-Request", run).POST(HttpRequest.BodyPublishers.noBody()).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(now.statusCode()).isEqualTo(202);
        assertThat(JSON.readTree(now.body()).at("/now/request").asText()).isEqualTo(run);
        JobRig.await(() -> log.has("archiving what has aged", run));
        assertThat(LiveMetrics.sum("archivingRounds")).as("all is archived already").isGreaterThanOrEqualTo(rounds);
        JsonNode resumed = JSON.readTree(ask("otto", "POST", "/admin/archive/resume").body());
        assertThat(resumed.get("archiving").asText()).isEqualTo("on");
        assertThat(resumed.get("changed").asBoolean()).isTrue();
        assertThat(JSON.readTree(ask("otto", "POST", "/admin/archive/resume").body()).get("changed").asBoolean()).isFalse();
        JobRig.await(() -> LiveMetrics.sum("archivingPaused") == 0);
        assertThat(get("otto", "/admin/archive").get("archiving").asText()).isEqualTo("on");
        assertThat(get("ada", "/admin/audit").toString()).contains("POST /admin/archive/pause?reason=disk%20moves", "POST /admin/archive/now", "POST /admin/archive/resume");
    }

    @Test
    void aCallWithAKeyStartsItsWorkOnce() throws Exception {
        String key = "\"test-key-of-a-checkpoint\"";
        HttpResponse<String> first = withKey("otto", key, "/admin/checkpoint?wait=30", "");
        assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
        HttpResponse<String> again = withKey("otto", key, "/admin/checkpoint?wait=30", "");
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.headers().firstValue("Idempotency-Replayed")).contains("true");
        assertThat(first.headers().firstValue("Idempotency-Replayed")).isEmpty();
        for (String name : List.of("Location", "Content-Type")) {
            assertThat(again.headers().firstValue(name)).isPresent().isEqualTo(first.headers().firstValue(name));
        }
        assertProblem(withKey("otto", key, "/admin/checkpoint", ""), 422, "take a new key");
        assertProblem(withKey("otto", key, "/admin/checkpoint?wait=30", "a body"), 422, "take a new key");
        assertProblem(withKey("rita", key, "/admin/checkpoint?wait=30", ""), 403, "OPERATOR");
        assertThat(withKey("ada", key, "/admin/checkpoint?wait=30", "").body()).as("a key belongs to its user").isNotEqualTo(first.body());
        assertProblem(withKey("otto", "two words", "/admin/checkpoint", ""), 400, "Idempotency-Key");
        assertProblem(withKey("otto", "\"k-2\"", "/admin/checkpoint?wait=soon", ""), 400, "soon");
        assertThat(withKey("otto", "\"k-2\"", "/admin/checkpoint?wait=30", "").statusCode()).as("corrected").isEqualTo(200);

        // Both at once: one of them works, the other is refused or gets the same answer.
        List<CompletableFuture<HttpResponse<String>>> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            both.add(http.sendAsync(request("otto", "/admin/savepoint?wait=60").header("Idempotency-Key", "k-3").POST(HttpRequest.BodyPublishers.noBody()).build(),
                    HttpResponse.BodyHandlers.ofString()));
        }
        Set<String> works = new HashSet<>();
        for (CompletableFuture<HttpResponse<String>> one : both) {
            HttpResponse<String> answer = one.get(90, TimeUnit.SECONDS);
            if (answer.statusCode() == 409) {
                assertProblem(answer, 409, "is being answered");
            } else {
                works.add(answer.headers().firstValue("Location").orElseThrow());
            }
        }
        assertThat(works).hasSize(1);
    }

    private HttpResponse<String> withKey(String user, String key, String path, String body) throws Exception {
        return http.send(request(user, path).header("Idempotency-Key", key).POST(HttpRequest.BodyPublishers.ofString(body)).build(), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void twoServersSteerAtOnce() throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        try (QueryServer second = QueryServer.start(options(rest, folder.resolve("audit of the second.jsonl")))) {
            List<Integer> ports = List.of(server.port(), second.port());
            for (int round = 0; round < 5; round++) {
                int paused = 0;
                for (HttpResponse<String> answer : askAtOnce(ports, "/admin/archive/pause")) {
                    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
                    assertThat(JSON.readTree(answer.body()).get("archiving").asText()).isEqualTo("paused");
                    paused += JSON.readTree(answer.body()).get("changed").asBoolean() ? 1 : 0;
                }
                assertThat(paused).as("servers that say they paused").isEqualTo(1);
                int resumed = 0;
                for (HttpResponse<String> answer : askAtOnce(ports, "/admin/archive/resume")) {
                    assertThat(JSON.readTree(answer.body()).get("archiving").asText()).as(answer.body()).isEqualTo("on");
                    resumed += JSON.readTree(answer.body()).get("changed").asBoolean() ? 1 : 0;
                }
                assertThat(resumed).as("servers that say they resumed").isEqualTo(1);
                // One of them compacts; the other is told that it is being done, or comes when it is done and does it again.
                for (HttpResponse<String> answer : askAtOnce(ports, "/admin/compaction/trigger")) {
                    assertThat(answer.statusCode()).as(answer.body()).isIn(202, 409, 503);
                    if (answer.statusCode() != 202) {
                        assertThat(JSON.readTree(answer.body()).get("detail").asText()).contains("being compacted already");
                    }
                }
                for (HttpResponse<String> answer : askAtOnce(ports, "/admin/checkpoint?wait=60")) {
                    assertThat(JSON.readTree(answer.body()).get("state").asText()).as(answer.body()).isEqualTo("DONE");
                }
            }
            Set<String> savepoints = new HashSet<>();
            for (HttpResponse<String> answer : askAtOnce(ports, "/admin/savepoint?wait=60")) {
                assertThat(JSON.readTree(answer.body()).get("state").asText()).as(answer.body()).isEqualTo("DONE");
                savepoints.add(JSON.readTree(answer.body()).get("result").asText());
            }
            assertThat(savepoints).as("each has its own").hasSize(2).allMatch(savepoint -> Files.isDirectory(Path.of(URI.create(savepoint))));
            assertThat(Files.readString(folder.resolve("audit of the second.jsonl"))).contains("POST /admin/savepoint?wait=60");
        }
        JobRig.await(() -> LiveMetrics.sum("archivingPaused") == 0);
    }

    /** Asks each server, and all at the same moment. */
    private List<HttpResponse<String>> askAtOnce(List<Integer> ports, String path) throws Exception {
        List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
        for (int port : ports) {
            asked.add(http.sendAsync(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).header("Authorization", "Bearer otto")
                    .POST(HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString()));
        }
        List<HttpResponse<String>> answers = new ArrayList<>();
        for (CompletableFuture<HttpResponse<String>> one : asked) {
            answers.add(one.get(90, TimeUnit.SECONDS));
        }
        return answers;
    }

    @Test
    void theRetentionRunsOnlyByThePlanThatWasSeen() throws Exception {
        assertProblem(ask("otto", "POST", "/admin/archive/retain"), 403, "ADMIN");
        JsonNode plan = JSON.readTree(ask("ada", "POST", "/admin/archive/retain?delete-after=30").body());
        assertThat(plan.get("dryRun").asBoolean()).isTrue();
        assertProblem(ask("ada", "POST", "/admin/archive/retain?delete-after=30&plan=0123456789abcdef"), 409, "ask again without plan");
        HttpResponse<String> begun = ask("ada", "POST", "/admin/archive/retain?delete-after=30&plan=" + plan.get("plan").asText());
        assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
        String place = begun.headers().firstValue("Location").orElseThrow();
        JobRig.await(() -> !get("ada", place).get("state").asText().equals("RUNNING"));
        assertThat(get("ada", place).get("result").asText()).contains("files left the table");
        assertProblem(ask("ada", "POST", "/admin/archive/retain?table=tick"), 400, "delete-after");
        assertProblem(ask("ada", "POST", "/admin/archive/retain?delete-after=soon"), 400, "soon");
        assertProblem(ask("ada", "POST", "/admin/archive/retain?grace-days=0"), 400, "between 1");
    }

    @Test
    void levelsOfTheLogAreSetForOurLoggersOnly() throws Exception {
        assertProblem(ask("otto", "POST", "/admin/log-level?logger=io.qaexchange.access&level=INFO"), 403, "ADMIN");
        assertThat(ask("ada", "POST", "/admin/log-level?logger=io.qaexchange.archive.tier&level=debug").statusCode()).isEqualTo(200);
        assertThat(get("otto", "/admin/log-level").at("/set").toString()).contains("\"io.qaexchange.archive.tier\":\"DEBUG\"");
        assertThat(LogManager.getLogger("io.qaexchange.archive.tier.X").isDebugEnabled()).isTrue();
        assertProblem(ask("ada", "POST", "/admin/log-level?logger=org.eclipse.jetty&level=DEBUG"), 400, "libraries write tokens");
        assertProblem(ask("ada", "POST", "/admin/log-level?logger=io.qaexchange&level=LOUD"), 400, "LOUD");
        assertProblem(ask("ada", "POST", "/admin/log-level?logger=io.qaexchange"), 400, "level");
    }

    @Test
    void aRequestHasOneNameInHeaderProblemAndLogsAndNoSecretIsInAny() throws Exception {
        String name = "test-request-42";
        HttpResponse<String> wrong = http.send(request(SECRET, "/v1/query").header("Qaexchange-Request", name)
                .POST(HttpRequest.BodyPublishers.ofString("SELECT * FROM trad")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(wrong.headers().firstValue("Qaexchange-Request")).contains(name);
        assertThat(JSON.readTree(wrong.body()).get("request").asText()).isEqualTo(name);
        JobRig.await(() -> log.has("request=" + name, "status=400"));
        HttpResponse<String> checkpoint = http.send(request(SECRET, "/admin/checkpoint?wait=30").header("Qaexchange-Request", name + "-b")
                .POST(HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(checkpoint.statusCode()).isEqualTo(200);

        ask("not-" + SECRET, "GET", "/v1/user");
        ask(SECRET, "POST", "/admin/checkpoint?access_token=" + SECRET);
        ask(SECRET, "GET", "/v1/rows/tick?limit=1");
        assertThat(log.text()).contains("request=" + name).doesNotContain(SECRET);
        String audit = Files.readString(folder.resolve("audit.jsonl"));
        assertThat(audit).contains("access_token=***", name + "-b").doesNotContain(SECRET);
        assertThat(get("ada", "/admin/audit").toString()).doesNotContain(SECRET);
        String live = server(job);
        assertThat(live).isNotEmpty();
        assertThat(log.text()).as("the secret between server and TaskManagers").doesNotContain(live);
    }

    /** The secret of the job's read endpoints. */
    private String server(JobID of) throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        return FlinkJobDirectory.of(rest.getHost(), rest.getPort(), of.toHexString()).describe().endpoints().get(0).secret();
    }

    @Test
    void aQueryIsCancelledByWhoAskedItOrByAnOperator() throws Exception {
        String slow = "SELECT count(*) FROM range(200000000000) r WHERE r.range % 7 = 3";
        for (String canceller : new String[] {"rita", "otto"}) {
            String name = "test-query-of-" + canceller;
            CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request("rita", "/v1/query").header("Qaexchange-Request", name)
                    .POST(HttpRequest.BodyPublishers.ofString(slow)).build(), HttpResponse.BodyHandlers.ofString());
            JobRig.await(() -> get("rita", "/v1/queries").toString().contains(name));
            assertProblem(ask("rob", "DELETE", "/v1/queries/" + name), 403, "OPERATOR");
            assertThat(ask(canceller, "DELETE", "/v1/queries/" + name).statusCode()).isEqualTo(200);
            assertProblem(answer.get(60, TimeUnit.SECONDS), 408, "cancelled by " + canceller);
            assertProblem(ask("otto", "DELETE", "/v1/queries/" + name), 404, name);
        }
        assertProblem(ask("rita", "GET", "/v1/query?sql=" + encode("SELECT * FROM trad")), 400, "trad");
        JsonNode ended = get("rita", "/v1/queries/ended").get("queries");
        assertThat(ended.toString()).contains("CANCELLED", "the query was cancelled by otto", "FAILED", "trad");
    }

    @Test
    void ledgerAddsUpAndAccountsAreThose() throws Exception {
        JsonNode sums = get("rita", "/v1/ledger");
        assertThat(sums.get("adds_up").asBoolean()).as(sums.toString()).isTrue();
        assertThat(sums.get("money_in").decimalValue()).isEqualByComparingTo(sums.get("accounted_for").decimalValue());
        JsonNode accounts = get("rita", "/v1/accounts").get("accounts");
        assertThat(accounts.size()).isEqualTo(sums.get("accounts").asInt());
        JsonNode first = accounts.get(0);
        JsonNode account = get("rita", "/v1/accounts/" + first.get("account").asText());
        assertThat(account.get("money")).isEqualTo(first.get("money"));
        assertThat(account.get("orders").isArray() && account.get("positions").isArray()).isTrue();
        JsonNode positions = get("rita", "/v1/ledger/positions");
        assertThat(positions.get("positions").size()).isEqualTo(positions.get("all").asInt()).isEqualTo(sums.get("positions").asInt());
        String instrument = positions.at("/positions/0/instrument").asText();
        for (JsonNode position : get("rita", "/v1/ledger/positions?instrument=" + encode(instrument)).get("positions")) {
            assertThat(position.get("instrument").asText()).isEqualTo(instrument);
        }
        assertThat(get("rita", "/v1/ledger/orders").get("all").asInt()).isEqualTo(sums.get("orders").asInt());
        assertThat(get("rita", "/v1/ledger/orders?limit=1").get("orders").size()).isLessThanOrEqualTo(1);
    }

    @Test
    void severalTablesComeInOneStream() throws Exception {
        String id = get("rita", "/v1/instruments?busiest=1").get("instruments").get(0).get("instrument").asText();
        HttpResponse<InputStream> stream = http.send(request("rita", "/v1/stream/tick,trade?instrument=" + encode(id)).build(), HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("event: begin");
            assertThat(lines.readLine()).contains("tick,trade");
        }
        assertProblem(ask("rita", "GET", "/v1/stream/tick,trad?instrument=" + encode(id)), 404, "trade");
    }

    @Test
    void saysWhoAsksAndWhatThereIs() throws Exception {
        assertThat(get("rita", "/v1/user").toString()).contains("\"name\":\"rita\"", "\"role\":\"reader\"");
        JsonNode tables = get("rita", "/v1/tables");
        assertThat(tables.at("/columns/trade/price").asText()).isEqualTo("DOUBLE");
        assertThat(tables.get("macros").toString()).contains("book_at(id, moment)");
    }

    private JsonNode sql(String sql) throws Exception {
        HttpResponse<String> answer = ask("rita", "GET", "/v1/query?sql=" + encode(sql));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private JsonNode get(String user, String path) throws Exception {
        HttpResponse<String> answer = ask(user, "GET", path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private HttpResponse<String> ask(String user, String method, String path) throws Exception {
        return http.send(request(user, path).method(method, HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String user, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).header("Authorization", "Bearer " + user);
    }

    private static void assertProblem(HttpResponse<String> answer, int status, String part) throws Exception {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        JsonNode problem = JSON.readTree(answer.body());
        assertThat(problem.get("detail").asText()).contains(part);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
