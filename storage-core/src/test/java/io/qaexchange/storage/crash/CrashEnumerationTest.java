package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Durability;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Power cuts and kills after every call of many histories. How many different disk images is set by {@code crash.images}; a failure
 * names its seed and durability, for {@link #oneHistory}.
 */
class CrashEnumerationTest {
    private static final long IMAGES = Long.getLong("crash.images", 100_000);
    private static final int STEPS = 120;

    @ParameterizedTest
    @EnumSource(Durability.class)
    void oneHistory(Durability durability) {
        CrashCounts counts = new CrashCounts();
        Long seed = Long.getLong("crash.seed");
        new CrashHistory(seed == null ? 1 : seed, durability, counts).run(seed == null ? 25 : STEPS);
        assertThat(counts.total()).isGreaterThan(100);
    }

    @Test
    void everyCrashLosesNothingButASuffix() throws Exception {
        CrashCounts counts = new CrashCounts();
        AtomicLong nextSeed = new AtomicLong(100);
        AtomicBoolean failed = new AtomicBoolean();
        int threads = Math.min(2, Runtime.getRuntime().availableProcessors());
        ExecutorService workers = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(workers.submit(() -> exploreUntilEnough(counts, nextSeed, failed)));
            }
            for (Future<?> worker : running) {
                worker.get();
            }
        } finally {
            workers.shutdownNow();
        }
        String table = counts.table();
        Files.writeString(Files.createDirectories(Path.of("target")).resolve("crash-images.txt"), table);
        assertThat(counts.total()).as(table).isGreaterThanOrEqualTo(IMAGES);
        for (Phase phase : List.of(Phase.APPEND, Phase.ROTATE, Phase.FLUSH, Phase.MANIFEST, Phase.COMPACTION, Phase.MOVE_AND_DROP, Phase.FAMILY, Phase.CHECKPOINT,
                Phase.OPENING, Phase.RECOVERY, Phase.CLOSING)) {
            assertThat(counts.of(phase)).as("images in phase %s%n%s", phase, table).isGreaterThan(IMAGES / 2000);
        }
    }

    private static void exploreUntilEnough(CrashCounts counts, AtomicLong nextSeed, AtomicBoolean failed) {
        Durability[] all = Durability.values();
        while (counts.total() < IMAGES && !failed.get()) {
            long seed = nextSeed.getAndIncrement();
            boolean done = false;
            try {
                new CrashHistory(seed, all[(int) (seed % all.length)], counts).run(STEPS);
                done = true;
            } finally {
                if (!done) {
                    failed.set(true);
                }
            }
        }
    }
}
