package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.Memory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges within a window come to an end, however its files lie. */
class TimeWindowMergeTest {
    @TempDir
    Path directory;

    /** A merge whose outputs share times, but no keys, must not be picked for that again. */
    @Test
    void aWindowLargerThanManyFilesIsNotMergedForEver() throws Exception {
        StoreOptions options = StoreOptions.builder().durability(Durability.NO_LOG).level0(2, 20, 40).build();
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
                    .windowNanos(1_000_000).blockBytes(256).fileBytes(2_000).build());
            SplittableRandom random = new SplittableRandom(5);
            Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
                for (int round = 0; round < 12; round++) {
                    for (int i = 0; i < 300; i++) {
                        store.put(family, key(random.nextInt(200), random.nextInt(1_000_000)), new byte[20]);
                    }
                    store.flush();
                    store.awaitIdle();
                }
            });
            assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).isBetween(1L, 200L);
            assertThat(store.statistics().get(StoreMetric.FILES)).isGreaterThan(10);
        }
    }

    private static byte[] key(int instrument, long time) {
        byte[] key = new byte[10];
        key[0] = (byte) instrument;
        key[1] = (byte) (instrument >> 8);
        Memory.putLong(key, Memory.ARRAY_BASE + 2, Long.reverseBytes(time ^ Long.MIN_VALUE));
        return key;
    }
}
