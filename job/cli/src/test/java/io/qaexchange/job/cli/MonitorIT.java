package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.SmallDisk;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.kafka.KafkaConnection;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus on a running cluster: all dashboards and alerts are evaluated; alerts fire when their cause is made, and go silent after. */
@Timeout(900)
class MonitorIT {

    private static final Path CONFIGURATION = Path.of("../../flink-conf").toAbsolutePath().normalize();
    private static final Duration WAIT = Duration.ofMinutes(4);
    private static final double RATE = 200;
    private static final int DISK_MEGABYTES = 512;
    private static final int DISK_FILES = 20_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path temporary;
    private Commands commands;
    private String prometheus;

    @BeforeAll
    static void programs() {
        for (String program : List.of("prometheus", "promtool")) {
            boolean found = Arrays.stream(System.getenv("PATH").split(File.pathSeparator)).anyMatch(place -> Files.isExecutable(Path.of(place, program)));
            if (!found) {
                System.out.println("MonitorIT DID NOT RUN: there is no " + program + " on this machine; apt-get install prometheus");
            }
            assumeTrue(found, program + " is installed");
        }
    }

    @Test
    void rulesAreRightByThemselves() throws Exception {
        promtool("check", "rules", "alerts.yml");
        promtool("test", "rules", "alerts-test.yml");
        Set<String> tested = new TreeSet<>();
        String tests = Files.readString(CONFIGURATION.resolve("prometheus/alerts-test.yml"));
        for (String alert : alerts().keySet()) {
            if (tests.contains(alert) || tests.contains(alert.replaceAll("^(Archiv|Ledger|Server|DeadLetters).*", "$1.*"))) {
                tested.add(alert);
            }
        }
        assertThat(tested).as("alerts that alerts-test.yml makes fire").isEqualTo(new TreeSet<>(alerts().keySet()));
    }

    private static void promtool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).directory(CONFIGURATION.resolve("prometheus").toFile()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void everyPanelHasDataAndAlertsFollowTheirCauses() throws Exception {
        Path folder = temporary.resolve("watched, 100%20 [ö] #1");
        // Hot state and files to be archived have a disk of their own, which can be filled.
        try (SmallDisk disk = SmallDisk.tryMount(folder.resolve("tmp"), DISK_MEGABYTES, DISK_FILES).orElse(null); Commands started = new Commands(folder)) {
            commands = started;
            commands.set("QAEXCHANGE_LOG", "json");
            commands.startKafka();
            commands.startCluster();
            String job = commands.run("submit", "--dir", commands.folder().toString(), "--parallelism", "2", "--", "--min-age", "5 s", "--window", "5 s",
                    "--min-batch-size", "1 kb", "--check-interval", "1 s", "--checkpoint-interval", "2 s");
            // No door at a fixed port: another server of this machine may have it.
            Process server = commands.begin("serve", "--dir", commands.folder().toString(), "--port", "0", "--pg-port", "0", "--flight-port", "0",
                    "--iceberg");
            prometheus = commands.startMonitor(rulesOfAHastyOperator());
            Feeder feeder = new Feeder(KafkaConnection.to(commands.brokers()), "events", EventGenerator.live(1, Long.MAX_VALUE, Clock.systemUTC(), RATE, true));
            feeder.setRate(RATE);
            feeder.start();
            try {
                everyPanelHasData();
                assertThat(firing()).as("alerts of a healthy job of " + job).doesNotContain("ProcessDown", "TaskManagerMissing", "JobNotRunning",
                        "CheckpointLate", "DeadLettersNotWritten", "ArchivingFails", "ArchiveNotPublished", "LedgerDiffers");
                assertThat(commands.run("status", "--dir", folder.toString(), "--instruments", "1")).contains(" more; --instruments ");
                commands.ask("POST", "/admin/archive/pause?reason=tested");
                // It fires after 15 minutes; promtool test rules shows that.
                await("a pause that will be an alert", () -> alerts("pending").contains("ArchivingPaused"));
                anArchiveRunHasTheNameOfItsRequest();
                commands.ask("POST", "/admin/archive/resume");
                await("silence after archiving goes on", () -> !alerts("pending").contains("ArchivingPaused"));
                checkpointsFailWhileTheirFolderIsAway();
                if (disk != null) {
                    archivingFailsWhileTheDiskIsFull(disk);
                }
                poison();
                await("an alert about dead letters", () -> firing().contains("DeadLetters"));
                commands.kill("taskmanager-2");
                await("alerts about a lost TaskManager", () -> firing().containsAll(List.of("ProcessDown", "TaskManagerMissing")));
                commands.startCluster();
                await("silence after the TaskManager is back", () -> !firing().contains("ProcessDown") && !firing().contains("TaskManagerMissing"));
                feeder.stop();
                await("a checkpoint of the job that runs again", () -> number("time() - max(flink_jobmanager_job_lastCheckpointCompletedTimestamp) / 1000") < 5
                        && number("max(flink_jobmanager_job_runningTime)") > 0);
                assertThat(commands.run("audit", "--live", "--dir", folder.toString())).as("nothing was lost by all that").startsWith("AUDIT HOLDS");
            } catch (AssertionError | Exception e) {
                throw new AssertionError(commands.explain(job), e);
            } finally {
                feeder.stop();
                server.destroy();
                server.waitFor();
            }
        }
    }

    /** Our alerts with shorter times and a lower limit of the disk: causes need not last for minutes. */
    private Path rulesOfAHastyOperator() throws IOException {
        String rules = Files.readString(CONFIGURATION.resolve("prometheus/alerts.yml"));
        for (String[] change : new String[][] {
                {"diskFreeBytes[2m])) < 5e9\n        for: 1m", "diskFreeBytes[2m])) < 5e7\n        for: 2s"},
                {"archivingFailures[10m]", "archivingFailures[15s]"},
                {"numberOfFailedCheckpoints[10m]", "numberOfFailedCheckpoints[15s]"},
                {"/ 1000 > 120 and flink_jobmanager_job_runningTime > 120000\n        for: 30s", "/ 1000 > 20 and flink_jobmanager_job_runningTime > 20000\n        for: 1s"}}) {
            assertThat(rules).contains(change[0]);
            rules = rules.replace(change[0], change[1]);
        }
        return Files.writeString(temporary.resolve("alerts of a hasty operator.yml"), rules);
    }

    /** As if its disk were not mounted: a file stands where the folder was. */
    private void checkpointsFailWhileTheirFolderIsAway() throws Exception {
        double restarts = number("sum(flink_jobmanager_job_numRestarts)");
        Path checkpoints = commands.folder().resolve("checkpoints");
        Path away = Files.move(checkpoints, checkpoints.resolveSibling("unmounted checkpoints"));
        Files.createFile(checkpoints);
        long beganNs = System.nanoTime();
        await("alerts about checkpoints that fail and are late", () -> firing().containsAll(List.of("CheckpointFailed", "CheckpointLate")));
        Files.delete(checkpoints);
        Files.move(away, checkpoints);
        await("silence after the folder of checkpoints is back", () -> !firing().contains("CheckpointFailed") && !firing().contains("CheckpointLate"));
        assertThat(number("sum(flink_jobmanager_job_numRestarts)")).as("restarts of a job whose checkpoints failed for a while").isEqualTo(restarts);
        took("late checkpoints", beganNs);
    }

    private void archivingFailsWhileTheDiskIsFull(SmallDisk disk) throws Exception {
        long beganNs = System.nanoTime();
        double archived = number("sum(flink_taskmanager_job_task_operator_archivedRows)");
        disk.fill(SmallDisk.Kind.BYTES);
        Set<String> fired = new TreeSet<>();
        await("alerts about a full disk", () -> {
            fired.addAll(firing());
            return fired.containsAll(List.of("DiskAlmostFull", "ArchivingFails"));
        });
        disk.free();
        await("silence after the disk has space", () -> !firing().contains("DiskAlmostFull") && !firing().contains("ArchivingFails"));
        await("rows that are archived again", () -> number("sum(flink_taskmanager_job_task_operator_archivedRows)") > archived);
        took("a full disk", beganNs);
    }

    private static void took(String cause, long beganNs) {
        System.out.printf("MonitorIT: alerts about %s fired and went silent in %.1f s%n", cause, (System.nanoTime() - beganNs) / 1e9);
    }

    private double number(String expression) throws Exception {
        return query(expression).path("result").path(0).path("value").path(1).asDouble();
    }

    /** While archiving is paused rows get old enough; they are archived when that is asked for. */
    private void anArchiveRunHasTheNameOfItsRequest() throws Exception {
        String name = "monitor-it-archive-run";
        commands.ask("POST", "/admin/archive/now", "Qaexchange-Request", name);
        await("lines about the archive run " + name, () -> {
            StringBuilder messages = new StringBuilder();
            for (String line : commands.logs()) {
                if (line.contains(name)) {
                    JsonNode entry = JSON.readTree(line);
                    assertThat(entry.path("request").asText()).as(line).isEqualTo(name);
                    messages.append(entry.path("message").asText()).append('\n');
                }
            }
            return List.of("archiving what has aged", "archiving run " + name + " begins", "rows are handed over, batches", "archiving run " + name + " is complete").stream()
                    .allMatch(part -> messages.indexOf(part) >= 0);
        });
    }

    private void poison() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", commands.brokers()), new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>("events", ("no event " + i).getBytes(StandardCharsets.UTF_8))).get();
            }
        }
    }

    private void everyPanelHasData() throws Exception {
        Map<String, String> open = new TreeMap<>(panels());
        assertThat(open).hasSizeGreaterThan(80);
        long deadlineNs = System.nanoTime() + WAIT.toNanos();
        while (!open.isEmpty() && System.nanoTime() < deadlineNs) {
            commands.get("/v1/job");
            for (Map.Entry<String, String> panel : List.copyOf(open.entrySet())) {
                if (hasData(panel.getValue())) {
                    open.remove(panel.getKey());
                }
            }
        }
        assertThat(open).as("panels without data").isEmpty();
        for (Map.Entry<String, String> alert : alerts().entrySet()) {
            assertThat(query(alert.getValue()).path("resultType").asText()).as(alert.getKey()).isEqualTo("vector");
        }
    }

    private boolean hasData(String expression) throws Exception {
        for (JsonNode sample : query(expression).path("result")) {
            if (!sample.path("value").path(1).asText().equals("NaN")) {
                return true;
            }
        }
        return false;
    }

    /** Expressions of all panels, by dashboard, title and number. */
    private static Map<String, String> panels() throws IOException {
        Map<String, String> panels = new TreeMap<>();
        try (Stream<Path> files = Files.list(CONFIGURATION.resolve("grafana"))) {
            for (Path file : files.toList()) {
                for (JsonNode panel : JSON.readTree(file.toFile()).path("panels")) {
                    for (JsonNode target : panel.path("targets")) {
                        panels.put(file.getFileName() + ": " + panel.path("title").asText() + " " + target.path("refId").asText(),
                                target.path("expr").asText().replace("$job", ".*").replace("$__rate_interval", "20s"));
                    }
                }
            }
        }
        return panels;
    }

    private static Map<String, String> alerts() throws IOException {
        Map<String, String> alerts = new TreeMap<>();
        JsonNode rules = new com.fasterxml.jackson.dataformat.yaml.YAMLMapper().readTree(CONFIGURATION.resolve("prometheus/alerts.yml").toFile());
        for (JsonNode group : rules.path("groups")) {
            group.path("rules").forEach(rule -> alerts.put(rule.path("alert").asText(), rule.path("expr").asText()));
        }
        return alerts;
    }

    private Set<String> firing() throws Exception {
        return alerts("firing");
    }

    private Set<String> alerts(String state) throws Exception {
        Set<String> names = new TreeSet<>();
        for (JsonNode alert : get("/api/v1/alerts").path("data").path("alerts")) {
            if (alert.path("state").asText().equals(state)) {
                names.add(alert.path("labels").path("alertname").asText());
            }
        }
        return names;
    }

    private JsonNode query(String expression) throws Exception {
        JsonNode answer = get("/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8));
        assertThat(answer.path("status").asText()).as(expression + " " + answer).isEqualTo("success");
        return answer.path("data");
    }

    private JsonNode get(String path) throws Exception {
        return JSON.readTree(HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(prometheus + path)).build(),
                HttpResponse.BodyHandlers.ofString()).body());
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + WAIT.toNanos();
        CommonTestUtils.waitUntilCondition(() -> {
            if (System.nanoTime() > deadlineNs) {
                throw new AssertionError("no " + what + " after " + WAIT.toSeconds() + " s; firing: " + firing());
            }
            return condition.holds();
        }, 500L);
    }
}
