package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.client.ServerFile;
import io.qaexchange.job.cli.data.DeadLetterTopic;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.query.audit.Audit;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.KafkaConnection;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker and a cluster of processes, started with the commands in {@code bin/}, killed with SIGKILL while a producer goes on sending and
 * files are archived: TaskManagers, the JobManager, the broker; between kills a savepoint and another parallelism. At the end each event
 * must be there once.
 *
 * <p>{@code -Dchaos.kills}, {@code -Dchaos.minutes} and {@code -Dchaos.backend} say how much; the profile {@code long} raises them.
 */
class KilledProcessesIT {

    private static final int KILLS = Integer.getInteger("chaos.kills", 3);
    private static final int MINUTES = Integer.getInteger("chaos.minutes", 0);
    private static final String BACKEND = System.getProperty("chaos.backend", "lsm");
    private static final long SEED = Long.getLong("chaos.seed", 20260105L);
    /** Low, so that the producer still sends when the last process is killed, however slow the machine is. */
    private static final int RATE = 100;
    private static final int FEWEST_MESSAGES = 25_000;
    private static final int MESSAGES = Math.max(FEWEST_MESSAGES, RATE * 60 * MINUTES);
    private static final Duration RECOVERY = Duration.ofSeconds(120);
    private static final List<String> JOB = List.of("--checkpoint-interval", "500 ms", "--check-interval", "500 ms", "--min-batch-size", "64 kb");

    @TempDir
    private Path temporary;
    private Commands commands;
    private Process server;
    private String job;
    private final List<String> history = new ArrayList<>();
    private final long startedNs = System.nanoTime();

    /** Processes that are killed. */
    private enum Victim {
        TASK_MANAGER, BROKER, JOB_MANAGER
    }

    @Test
    void everyEventIsThereOnceAfterKillsOfEveryProcess() throws Exception {
        try (Commands started = new Commands(temporary.resolve("a cluster, 100%20 [ö] #1"))) {
            commands = started;
            try {
                killAllTheTime();
            } catch (Exception | AssertionError e) {
                throw new AssertionError("after " + history + "\n" + commands.explain(job), e);
            } finally {
                if (server != null) {
                    server.destroyForcibly();
                }
            }
        }
    }

    private void killAllTheTime() throws Exception {
        commands.startKafka();
        commands.startCluster();
        submit("submit", 2);
        Feeder feeder = new Feeder(KafkaConnection.to(commands.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(RATE);
        CompletableFuture<EventGenerator> feeding = feeder.start();
        progress().awaitMore("start", RECOVERY);
        if (BACKEND.equals("lsm")) {
            server = commands.begin("serve", "--dir", commands.folder().toString(), "--port", "0", "--pg-port", "0");
        }
        ServerReaders readers = server == null ? null : new ServerReaders(address());

        Random random = new Random(SEED);
        long nsBetweenKills = TimeUnit.MINUTES.toNanos(MINUTES) / KILLS;
        for (int i = 0; i < KILLS; i++) {
            Victim victim = i < Victim.values().length ? Victim.values()[i] : Victim.values()[random.nextInt(Victim.values().length)];
            kill(victim, random);
            if (i % 3 == 0) {
                savepointAndRescale(1 + random.nextInt(4), random.nextBoolean() ? "canonical" : "native");
            }
            long dueNs = startedNs + (i + 1) * nsBetweenKills;
            CommonTestUtils.waitUntilCondition(() -> feeding.isDone() || System.nanoTime() >= dueNs, 200L);
        }
        assertThat(feeding).as("the producer still sends").isNotCompletedExceptionally();
        feeder.setRate(Double.POSITIVE_INFINITY);
        EventGenerator generator = feeding.get(RECOVERY.toSeconds() * 5, TimeUnit.SECONDS);
        progress().awaitAll(RECOVERY.multipliedBy(2));
        if (server != null) {
            note(readers.check(commands.brokers()));
            assertThat(commands.run("audit", "--live", "--dir", commands.folder().toString())).startsWith("AUDIT HOLDS");
            server.destroy();
            assertThat(server.waitFor(60, TimeUnit.SECONDS)).as("the server stops when it is asked to").isTrue();
        }
        String savepoint = commands.run("savepoint", job, "--stop", "--dir", commands.folder().toString());
        audit(savepoint, generator);
    }

    private URI address() throws Exception {
        ServerFile file = new ServerFile(commands.folder());
        CommonTestUtils.waitUntilCondition(() -> {
            assertThat(server.isAlive()).isTrue();
            return file.find().isPresent();
        }, 250L, 960);
        return file.find().orElseThrow();
    }

    private void kill(Victim victim, Random random) throws Exception {
        long killedNs = System.nanoTime();
        switch (victim) {
            case TASK_MANAGER -> {
                commands.kill("taskmanager-" + (1 + random.nextInt(2)));
                commands.startCluster();
            }
            case BROKER -> {
                commands.kill("kafka");
                commands.startKafka();
            }
            case JOB_MANAGER -> {
                commands.kill("jobmanager");
                commands.startCluster();
                submit("resume", 1 + random.nextInt(4));
            }
        }
        progress().awaitMore(victim.name(), RECOVERY);
        note(String.format("%s killed, progress after %.1f s", victim, (System.nanoTime() - killedNs) / 1e9));
    }

    private void savepointAndRescale(int parallelism, String format) throws Exception {
        String savepoint = commands.run("savepoint", job, "--stop", "--format", format, "--dir", commands.folder().toString());
        submit("resume", parallelism, savepoint);
        progress().awaitMore("rescale", RECOVERY);
        note(format + " savepoint, resumed at parallelism " + parallelism);
    }

    private void submit(String command, int parallelism, String... from) throws Exception {
        List<String> arguments = new ArrayList<>();
        if (command.equals("resume")) {
            arguments.add(from.length == 0 ? "latest" : from[0]);
        }
        arguments.addAll(List.of("--parallelism", Integer.toString(parallelism), "--backend", BACKEND, "--dir", commands.folder().toString(), "--",
                "--brokers", commands.brokers()));
        arguments.addAll(JOB);
        job = commands.run(command, arguments.toArray(new String[0]));
    }

    /** The progress of the job that runs now. */
    private CheckpointProgress progress() {
        return new CheckpointProgress(commands.folder().resolve("checkpoints").resolve(job), MESSAGES);
    }

    private void audit(String savepoint, EventGenerator generator) throws Exception {
        var archive = new org.apache.flink.core.fs.Path(JobOptions.folderUri(commands.folder().resolve("archive")));
        UnionReader union = UnionReader.open(savepoint, archive, Instruments.defaults());
        AuditReport report = Audit.run(new GeneratedEvents(SEED, MESSAGES), union, Instruments.defaults(), 256 << 20);
        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(report.sent()).isEqualTo(MESSAGES);

        DeadLetterTopic deadLetters = DeadLetterTopic.read(KafkaConnection.to(commands.brokers()), "dead-letters");
        assertThat(deadLetters.letters()).isEqualTo(generator.count(Fate.CONFLICT) + generator.count(Fate.UNDECODABLE));
        assertThat(deadLetters.positions()).hasSize((int) deadLetters.letters());
        commands.run("audit", "--brokers", commands.brokers(), "--checkpoint", savepoint, "--parquet",
                commands.folder().resolve("archive").toString());
        long archived = ManifestStore.of(archive).latest().files().stream().mapToLong(DataFile::rows).sum();
        assertThat(archived).as("rows in Parquet").isGreaterThan(MESSAGES / 2);
        note(String.format("audit holds: %,d messages, %,d rows hot, %,d in %,d Parquet files", MESSAGES, report.hot(), report.cold(),
                union.files().size()));
        System.out.println(BACKEND + ": " + KILLS + " kills in " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNs) + " s\n"
                + String.join("\n", history));
    }

    private void note(String what) {
        history.add(String.format("%5.1f s  %s", (System.nanoTime() - startedNs) / 1e9, what));
        System.out.println(history.get(history.size() - 1));
    }
}
