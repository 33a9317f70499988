package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page "A new version, and back" of docs/operations.md, walked with a real former version: it is taken out of this repository's history and built by
 * its own commands. The job goes to this version, back to the kept savepoint with the former one, and forward again, while a producer goes on; each time
 * an audit must hold, made by the version that runs.
 *
 * <p>{@code -Dupgrade.from} names the commit of the former version. Where there is no history or no Maven, the output says that the test did not run.
 */
@Timeout(2400)
class UpgradeLongIT {

    private static final String FROM = System.getProperty("upgrade.from", "1f63e87");
    private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
    private static final long SEED = 20260107L;
    private static final int MESSAGES = 150_000;
    private static final int RATE = 400;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration BUILD = Duration.ofMinutes(20);

    @TempDir
    private Path temporary;
    private Commands commands;
    private String job;
    private final List<String> history = new ArrayList<>();

    @Test
    void aFormerVersionIsUpgradedRolledBackAndUpgradedAgain() throws Exception {
        Path former = formerVersion();
        try (Commands started = new Commands(Files.createDirectories(temporary.resolve("data")).resolve("run"))) {
            commands = started;
            try {
                thereAndBackAndThereAgain(former);
            } catch (Exception | AssertionError e) {
                throw new AssertionError("after " + history + "\n" + commands.explain(job == null ? "" : job), e);
            }
        }
    }

    /** A checkout of the former version, built. */
    private Path formerVersion() throws Exception {
        boolean known = shell(ROOT, Duration.ofMinutes(1), "git cat-file -e '" + FROM + "^{commit}' && command -v mvn") == 0;
        if (!known) {
            System.out.println("UpgradeLongIT DID NOT RUN: it takes version " + FROM + " from the history of this checkout and builds it with Maven");
        }
        assumeTrue(known, "there is a history, and Maven");
        Path former = Files.createDirectories(temporary.resolve("former version"));
        assertThat(shell(ROOT, Duration.ofMinutes(1), "git archive '" + FROM + "' | tar -x -C '" + former + "'")).isZero();
        long beganNs = System.nanoTime();
        assertThat(shell(former, BUILD, ". bin/lib/run.sh; CLUSTER_JAR=yes; use_utf8; find_java; build_if_needed")).as("build of " + FROM).isZero();
        took("version " + FROM + " built", beganNs);
        return former;
    }

    private static int shell(Path directory, Duration timeout, String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script, "bin/upgrade").directory(directory.toFile()).inheritIO().start();
        if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException(script + " did not end within " + timeout.toSeconds() + " s");
        }
        return process.exitValue();
    }

    private void thereAndBackAndThereAgain(Path former) throws Exception {
        commands.use(former);
        commands.startKafka();
        commands.startCluster();
        job = start("submit", List.of());
        Feeder feeder = new Feeder(KafkaConnection.to(commands.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(RATE);
        CompletableFuture<EventGenerator> feeding = feeder.start();
        awaitArchiving("the former version");
        audit("the former version");

        String kept = stop("the former version stopped with a savepoint");
        commands.use(null);
        long beganNs = System.nanoTime();
        resume(kept, "this version resumed");
        awaitArchiving("this version");
        audit("this version");

        stop("this version stopped, to roll back");
        commands.use(former);
        resume(kept, "the former version resumed from the kept savepoint");
        awaitArchiving("the former version, again");
        audit("the former version, again");

        // The other way: all processes of the former version end, and those of this one go on.
        String second = stop("the former version stopped with another savepoint");
        long stoppedNs = System.nanoTime();
        commands.run("cluster", "stop", "--dir", commands.folder().toString());
        commands.use(null);
        commands.startCluster();
        took("the cluster stopped by the former version, and started by this one", stoppedNs);
        resume(second, "this version resumed on a cluster of its own");
        assertThat(feeding).as("the producer still sends: no step was made on an idle topic").isNotDone();
        feeder.setRate(Double.POSITIVE_INFINITY);
        feeding.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        await("all messages consumed", () -> figure("consumed") >= MESSAGES);
        audit("this version, at the end");
        String last = commands.run("savepoint", job, "--stop", "--dir", commands.folder().toString());
        assertThat(commands.run("audit", "--brokers", commands.brokers(), "--checkpoint", last, "--parquet", commands.folder().resolve("archive").toString()))
                .startsWith("AUDIT HOLDS");
        took("all steps", beganNs);
        commands.run("cluster", "stop", "--dir", commands.folder().toString());
        System.out.println("upgrade from " + FROM + ":\n" + String.join("\n", history));
    }

    private String start(String command, List<String> from) throws Exception {
        List<String> arguments = new ArrayList<>(from);
        arguments.addAll(List.of("--parallelism", "2", "--dir", commands.folder().toString(), "--", "--brokers", commands.brokers(), "--checkpoint-interval", "1 s",
                "--check-interval", "500 ms", "--min-batch-size", "64 kb"));
        return commands.run(command, arguments.toArray(new String[0]));
    }

    /** Stops the job; the savepoint. */
    private String stop(String what) throws Exception {
        long beganNs = System.nanoTime();
        String savepoint = commands.run("savepoint", job, "--stop", "--dir", commands.folder().toString());
        took(what, beganNs);
        return savepoint;
    }

    private void resume(String savepoint, String what) throws Exception {
        long beganNs = System.nanoTime();
        job = start("resume", List.of(savepoint));
        took(what + ": accepted", beganNs);
        await("first checkpoint", () -> status().checkpoints().completed() > 0);
        took(what + ": its first checkpoint is complete", beganNs);
    }

    /** Waits until rows are archived by the job that runs now. */
    private void awaitArchiving(String who) throws Exception {
        long before = figure("archivedRows");
        await("rows archived by " + who, () -> figure("archivedRows") > Math.max(before, 1_000));
    }

    private void audit(String who) throws Exception {
        long beganNs = System.nanoTime();
        assertThat(commands.run("audit", "--live", "--dir", commands.folder().toString())).startsWith("AUDIT HOLDS");
        took("audit by " + who + " holds", beganNs);
    }

    private JobStatus status() throws Exception {
        return JobStatus.of(new FlinkRest(ClusterFolder.of(commands.folder()).port()), job);
    }

    private long figure(String name) throws Exception {
        return status().figures().get(name);
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        CommonTestUtils.waitUntilCondition(() -> {
            if (System.nanoTime() > deadlineNs) {
                throw new TimeoutException("no " + what + " within " + PATIENCE.toSeconds() + " s");
            }
            return condition.holds();
        }, 250L);
    }

    private void took(String what, long beganNs) {
        history.add(String.format("%5.1f s  %s", (System.nanoTime() - beganNs) / 1e9, what));
        System.out.println(Instant.now() + " " + history.get(history.size() - 1));
    }
}
