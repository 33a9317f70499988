package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.kafka.KafkaConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A ZooKeeper and two JobManagers as processes. The one that leads is killed with SIGKILL, then the other one, while a producer sends: the same job goes on
 * without a command, and each event is there once. In the profile {@code long}.
 */
class JobManagerFailoverLongIT {

    private static final long SEED = 20260106L;
    private static final int MESSAGES = 20_000;
    private static final int RATE = 200;
    private static final Duration RECOVERY = Duration.ofSeconds(120);

    @TempDir
    private Path temporary;
    private Commands commands;
    private String job;

    @Test
    void theJobGoesOnWithoutACommandWhenEitherJobManagerIsKilled() throws Exception {
        try (Commands started = new Commands(temporary.resolve("cluster"))) {
            commands = started;
            try {
                killBoth();
            } catch (Exception | AssertionError e) {
                throw new AssertionError(commands.explain(job), e);
            }
        }
    }

    private void killBoth() throws Exception {
        commands.startKafka();
        commands.startClusterWithTwoJobManagers();
        job = commands.run("submit", "--parallelism", "2", "--dir", commands.folder().toString(), "--", "--brokers", commands.brokers(),
                "--checkpoint-interval", "500 ms", "--check-interval", "500 ms", "--min-batch-size", "64 kb");
        Feeder feeder = new Feeder(KafkaConnection.to(commands.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(RATE);
        CompletableFuture<EventGenerator> feeding = feeder.start();
        progress().awaitMore("start", RECOVERY);

        for (String leader : List.of("jobmanager", "jobmanager-2")) {
            long killedNs = System.nanoTime();
            commands.kill(leader);
            progress().awaitMore("the kill of " + leader, RECOVERY);
            System.out.printf("%s killed, progress after %.1f s%n", leader, (System.nanoTime() - killedNs) / 1e9);
            // A new one stands by, for the next kill.
            commands.startClusterWithTwoJobManagers();
        }
        feeder.setRate(Double.POSITIVE_INFINITY);
        feeding.get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
        progress().awaitAll(RECOVERY);
        String savepoint = commands.run("savepoint", job, "--stop", "--dir", commands.folder().toString());
        assertThat(commands.run("audit", "--brokers", commands.brokers(), "--checkpoint", savepoint, "--parquet",
                commands.folder().resolve("archive").toString())).startsWith("AUDIT HOLDS");
        commands.run("cluster", "stop", "--dir", commands.folder().toString());
    }

    private CheckpointProgress progress() {
        return new CheckpointProgress(commands.folder().resolve("checkpoints").resolve(job), MESSAGES);
    }
}
