package io.qaexchange.job.stream.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.job.stream.store.UnionReadRig.Checkpoint;
import io.qaexchange.state.LsmStateBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterProperty;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;

/**
 * Random histories of feeding, archiving, compaction, moves to a second tier and back, erasing, checkpoints, crashes, older savepoints and rescaling: every row
 * once at every checkpoint, whether the task thread reads what is archived or another one.
 */
class UnionReadProperties {

    private static final int MESSAGES = 900;
    private static final int STEPS = 40;
    private static final int MOST_SUBTASKS = 4;

    private static int compactedInAll;
    private static int movedInAll;
    private static long erasedInAll;

    @AfterProperty
    void someFilesWereCompacted() {
        assertThat(compactedInAll).as("files that were compacted in all histories").isPositive();
        assertThat(movedInAll).as("local files that went in all histories").isPositive();
        assertThat(erasedInAll).as("rows that were erased in all histories").isPositive();
    }

    @Property(shrinking = ShrinkingMode.OFF)
    void hotAndColdRowsAreTheInputAtEveryCheckpointOfAnyHistory(@ForAll long seed) throws Exception {
        Path folder = Files.createTempDirectory("union");
        try {
            history(folder, new Random(seed));
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void history(Path folder, Random random) throws Exception {
        List<byte[]> messages = new ArrayList<>();
        new EventGenerator(random.nextInt(1000), MESSAGES).forEachRemaining(message -> messages.add(message.value()));
        StateBackend backend = random.nextBoolean() ? new LsmStateBackend() : new HashMapStateBackend();
        try (UnionReadRig rig = new UnionReadRig(folder, messages, backend, Duration.ofDays(2))) {
            rig.start(1 + random.nextInt(MOST_SUBTASKS));
            int compacted = 0;
            boolean erasing = random.nextInt(3) == 0;
            List<Checkpoint> restorable = new ArrayList<>();
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(erasing ? 16 : 15)) {
                    case 0, 1, 2, 3 -> rig.feed(random.nextInt(MESSAGES / 10));
                    case 4 -> {
                        // The next step finds other threads at work.
                        rig.passWithoutWaiting(Duration.ofSeconds(61));
                        rig.passWithoutWaiting(Duration.ofMillis(2));
                    }
                    case 5 -> rig.passWithoutWaiting(Duration.ofMillis(random.nextInt(40)));
                    case 6 -> rig.archiveAll();
                    case 7, 8 -> {
                        Checkpoint checkpoint = rig.checkpoint();
                        if (random.nextInt(4) > 0) {
                            rig.complete(checkpoint);
                        }
                        rig.verify(checkpoint);
                        restorable.add(checkpoint);
                    }
                    case 12, 13 -> {
                        movedInAll += rig.tier(random.nextBoolean() ? Duration.ZERO : Duration.ofMinutes(5));
                        for (Checkpoint checkpoint : restorable) {
                            rig.verifyIfInHistory(checkpoint);
                        }
                    }
                    case 14 -> rig.fetch();
                    case 15 -> {
                        String[] subject = rig.someSubject(random);
                        erasedInAll += rig.erase(subject[0], subject[1]);
                        for (Checkpoint checkpoint : restorable.subList(Math.max(0, restorable.size() - 3), restorable.size())) {
                            rig.verifyIfInHistory(checkpoint);
                        }
                    }
                    case 9, 10 -> {
                        compacted += rig.compact(random.nextBoolean() ? 128 << 20 : 60_000);
                        for (Checkpoint checkpoint : restorable) {
                            rig.verifyIfInHistory(checkpoint);
                        }
                    }
                    default -> {
                        if (!restorable.isEmpty()) {
                            boolean newest = random.nextBoolean();
                            Checkpoint from = restorable.get(newest ? restorable.size() - 1 : random.nextInt(restorable.size()));
                            rig.restore(from, 1 + random.nextInt(MOST_SUBTASKS));
                        }
                    }
                }
            }
            rig.feed(MESSAGES);
            rig.end();
            Checkpoint last = rig.checkpoint();
            rig.complete(last);
            rig.verify(last);
            compacted += rig.compact(128 << 20);
            rig.verify(last);
            // Few files are there before: a batch is archived once its checkpoint is complete.
            movedInAll += rig.tier(Duration.ZERO);
            rig.verify(last);
            compactedInAll += compacted;
            String[] subject = rig.someSubject(random);
            erasedInAll += rig.erase(subject[0], subject[1]);
            rig.repeatErasures();
            rig.verify(last);
            assertThat(ArchiveCheck.run(rig.store(), null).problems()).isEmpty();
            assertThat(rig.manifest().files().stream().mapToLong(file -> file.rows()).sum())
                    .as("rows archived at the end of input").isEqualTo(last.expected().values().stream().filter(event -> !rig.isErased(event)).count());
        }
    }
}
