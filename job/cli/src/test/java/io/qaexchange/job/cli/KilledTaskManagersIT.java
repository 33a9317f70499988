package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.cli.count.CountFunction;
import io.qaexchange.job.cli.count.CountJob;
import io.qaexchange.job.cli.count.Counts;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A job of a user with its state in the engine, on a cluster of processes: TaskManagers are killed with SIGKILL while events come in, and
 * started again under the same name; between kills the job is restored at another parallelism, from a retained checkpoint or a savepoint,
 * which it leaves to its owner or claims. A count per key must hold each event once.
 *
 * <p>{@code -Dstate.kills} says how often; the profile {@code long} raises it.
 */
class KilledTaskManagersIT {

    private static final int KILLS = Integer.getInteger("state.kills", 2);
    private static final long SEED = Long.getLong("state.seed", 20260106L);
    private static final int EVENTS_PER_SECOND = 3_000;
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofMillis(300);
    private static final Duration RECOVERY = Duration.ofSeconds(120);
    /** From 3 on the job has to wait for the TaskManager that was killed, and finds its disk again. */
    private static final int[] PARALLELISMS = {4, 3, 2, 4, 1, 3};
    /** All that Flink's class path on a TaskManager lacks. */
    private static final List<String> BACKEND_JARS = List.of("connector-state-", "storage-core-", "aircompressor-");

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    private Path temporary;
    private Commands commands;
    private FlinkRest rest;
    private RestClusterClient<String> client;
    private Path jobJar;
    private JobID job;
    private final Random random = new Random(SEED);
    private final List<String> history = new ArrayList<>();
    /** The snapshot from which the job was restored without claiming it. */
    private final List<String> others = new ArrayList<>();
    private final long startedNs = System.nanoTime();
    private int localRestores;

    /** Where a job is restored from, and whose that is then. */
    private enum Origin {
        RETAINED_CHECKPOINT, CLAIMED_CHECKPOINT, CLAIMED_NATIVE_SAVEPOINT, CANONICAL_SAVEPOINT
    }

    @Test
    void everyEventIsCountedOnceAfterKillsRescalingAndRestoring() throws Exception {
        jobJar = jarOf(temporary.resolve("count.jar"), CountJob.class.getPackageName().replace('.', '/'));
        try (Commands started = new Commands(temporary.resolve("run"))) {
            commands = started;
            try {
                killAllTheTime();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("after " + history + "\n" + commands.explain(job == null ? "" : job.toHexString()), e);
            }
        }
    }

    private void killAllTheTime() throws Exception {
        commands.startCluster();
        int port = ClusterFolder.of(commands.folder()).port();
        rest = new FlinkRest(port);
        Configuration address = new Configuration();
        address.set(RestOptions.ADDRESS, "127.0.0.1");
        address.set(RestOptions.PORT, port);
        try (RestClusterClient<String> opened = new RestClusterClient<>(address, "local")) {
            client = opened;
            submit(PARALLELISMS[0], SavepointRestoreSettings.none());
            for (int i = 0; i < KILLS; i++) {
                killATaskManager();
                restore(Origin.values()[i % Origin.values().length], PARALLELISMS[(i + 1) % PARALLELISMS.length]);
            }
            checkAll(stop(SavepointFormatType.CANONICAL));
        }
    }

    private void submit(int parallelism, SavepointRestoreSettings from) throws Exception {
        JobGraph graph = CountJob.graph(parallelism, EVENTS_PER_SECOND, CHECKPOINT_INTERVAL);
        graph.addJar(new org.apache.flink.core.fs.Path(jobJar.toUri()));
        try (Stream<Path> jars = Files.list(Path.of("target/lib"))) {
            jars.filter(jar -> BACKEND_JARS.stream().anyMatch(jar.getFileName().toString()::startsWith))
                    .forEach(jar -> graph.addJar(new org.apache.flink.core.fs.Path(jar.toUri())));
        }
        graph.setSavepointRestoreSettings(from);
        job = client.submitJob(graph).get();
        await("start of the job", () -> client.getJobStatus(job).get() != JobStatus.INITIALIZING);
        awaitCheckpoints(2);
    }

    private void killATaskManager() throws Exception {
        awaitCheckpoints(1 + random.nextInt(3));
        List<String> busy = busyTaskManagers();
        String victim = busy.get(random.nextInt(busy.size()));
        long restored = restored();
        long logged = Files.size(log(victim));
        long killedNs = System.nanoTime();
        commands.kill(victim);
        commands.startCluster();
        await("restart", () -> restored() > restored);
        awaitCheckpoints(2);
        long local = localRestores(victim, logged);
        localRestores += (int) local;
        note(String.format("%s killed, checkpoints again after %.1f s, %d of its subtasks restored from local copies", victim,
                (System.nanoTime() - killedNs) / 1e9, local));
    }

    /** Names of the processes that have subtasks of the job; a TaskManager's id is that name and a part of the cluster's id. */
    private List<String> busyTaskManagers() throws Exception {
        List<String> busy = new ArrayList<>();
        for (JsonNode one : rest.get("/taskmanagers").path("taskmanagers")) {
            if (one.path("freeSlots").asInt() < one.path("slotsNumber").asInt()) {
                String id = one.path("id").asText();
                busy.add(id.substring(0, id.lastIndexOf('-')));
            }
        }
        return busy;
    }

    /** Restores from the disk of a TaskManager that were logged after a place of its log. */
    private long localRestores(String taskManager, long from) throws IOException {
        String text = Files.readString(log(taskManager));
        return text.substring((int) Math.min(from, text.length())).lines().filter(line -> line.contains("restored from a local copy")).count();
    }

    private Path log(String process) {
        return commands.folder().resolve("processes").resolve(process + ".log");
    }

    private void restore(Origin origin, int parallelism) throws Exception {
        String from = switch (origin) {
            case RETAINED_CHECKPOINT, CLAIMED_CHECKPOINT -> cancel();
            case CLAIMED_NATIVE_SAVEPOINT -> stop(SavepointFormatType.NATIVE);
            case CANONICAL_SAVEPOINT -> stop(SavepointFormatType.CANONICAL);
        };
        boolean claimed = origin == Origin.CLAIMED_CHECKPOINT || origin == Origin.CLAIMED_NATIVE_SAVEPOINT;
        submit(parallelism, SavepointRestoreSettings.forPath(from, false, claimed ? RecoveryClaimMode.CLAIM : RecoveryClaimMode.NO_CLAIM));
        if (claimed) {
            await("removal of " + from + ", which is Flink's now", () -> Files.notExists(metadata(from)));
        } else {
            others.add(from);
        }
        note(origin + " restored at parallelism " + parallelism);
    }

    private static Path metadata(String snapshot) {
        return Path.of(java.net.URI.create(snapshot).getPath(), "_metadata");
    }

    /** @return the newest of the checkpoints that are left */
    private String cancel() throws Exception {
        requireNoneBroken();
        client.cancel(job).get();
        await("end of the job", () -> client.getJobStatus(job).get().isGloballyTerminalState());
        Path checkpoints = ClusterFolder.of(commands.folder()).checkpoints().resolve(job.toString());
        try (Stream<Path> files = Files.list(checkpoints)) {
            return files.filter(file -> Files.exists(file.resolve("_metadata"))).max(Comparator.comparingLong(KilledTaskManagersIT::checkpointId))
                    .map(JobOptions::folderUri).orElseThrow(() -> new AssertionError("a job that was cancelled leaves checkpoints"));
        }
    }

    private static long checkpointId(Path folder) {
        return Long.parseLong(folder.getFileName().toString().substring("chk-".length()));
    }

    private String stop(SavepointFormatType format) throws Exception {
        requireNoneBroken();
        String folder = JobOptions.folderUri(ClusterFolder.of(commands.folder()).savepoints());
        return client.stopWithSavepoint(job, false, folder, format).get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
    }

    private void requireNoneBroken() throws Exception {
        assertThat(rest.get("/jobs/" + job + "/exceptions?maxExceptions=100").toString()).doesNotContain(CountFunction.BROKEN);
    }

    private void checkAll(String last) throws Exception {
        long events = Counts.read(last).requireNothingLostOrDoubled().events();
        for (String other : others) {
            assertThat(Counts.read(other).requireNothingLostOrDoubled().events()).as("events in %s", other).isPositive().isLessThan(events);
        }
        assertThat(localRestores).as("subtasks that a restarted TaskManager restored from its own disk").isPositive();
        note(String.format("%,d events of %,d keys, each counted once; %d restores from local copies", events, CountJob.KEYS, localRestores));
    }

    private long restored() throws Exception {
        return checkpoints("restored");
    }

    private long completed() throws Exception {
        return checkpoints("completed");
    }

    private long checkpoints(String what) throws Exception {
        return rest.get("/jobs/" + job + "/checkpoints").path("counts").path(what).asLong();
    }

    private void awaitCheckpoints(int more) throws Exception {
        long before = completed();
        await(more + " checkpoints", () -> completed() >= before + more);
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + RECOVERY.toNanos();
        CommonTestUtils.waitUntilCondition(() -> {
            if (System.nanoTime() > deadlineNs) {
                requireNoneBroken();
                throw new TimeoutException("no " + what + " within " + RECOVERY.toSeconds() + " s");
            }
            return condition.holds();
        }, 100L);
    }

    private void note(String what) {
        history.add(String.format("%5.1f s  %s", (System.nanoTime() - startedNs) / 1e9, what));
        System.out.println(history.get(history.size() - 1));
    }

    /** A jar of one package of the test's classes. */
    private static Path jarOf(Path jar, String folder) throws IOException {
        Path classes = Path.of("target/test-classes");
        try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file);
                Stream<Path> found = Files.list(classes.resolve(folder))) {
            for (Path one : found.toList()) {
                out.putNextEntry(new JarEntry(classes.relativize(one).toString()));
                Files.copy(one, out);
                out.closeEntry();
            }
        }
        return jar;
    }
}
