package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Store.RangeSize;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The size of a range, in files and in memory. */
class ApproximateSizeTest {
    private static final int ENTRIES = 20_000;
    private static final int ENTRY_BYTES = 8 + 50;

    @TempDir
    Path directory;

    @Test
    void countsMemtablesAndFiles() throws Exception {
        try (LsmStore store = LsmStore.open(directory, StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).build())) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("a").build());
            store.createFamily(FamilyOptions.builder("empty").build());
            fill(store, family);
            assertThat(store.approximateSize(family, KeyRange.ALL)).isEqualTo(new RangeSize(ENTRIES * ENTRY_BYTES, ENTRIES));
            assertThat(entries(store, family, 100, 350)).isEqualTo(250);
            assertThat(entries(store, family, 100, ENTRIES - 100)).isEqualTo(ENTRIES - 200);
            assertThat(entries(store, family, 6_000, 14_000)).as("too far from both ends to count").isBetween(4_096L, 12_000L);
            assertThat(store.approximateSize(store.family("empty"), KeyRange.ALL)).isEqualTo(new RangeSize(0, 0));
            store.flush();
            assertThat(entries(store, family, 6_000, 14_000)).isCloseTo(8_000, within(1_000L));
            fill(store, family);
            assertThat(entries(store, family, 0, ENTRIES)).isCloseTo(2 * ENTRIES, within(1_000L));
        }
    }

    private static void fill(LsmStore store, ColumnFamily family) throws Exception {
        for (int i = 0; i < ENTRIES; i++) {
            store.put(family, Slice.of(key(i)), Slice.of(new byte[50]));
        }
    }

    private static long entries(LsmStore store, ColumnFamily family, int from, int to) throws Exception {
        return store.approximateSize(family, KeyRange.of(key(from), key(to))).entries();
    }

    private static byte[] key(int i) {
        byte[] key = new byte[8];
        Memory.putLong(key, Memory.ARRAY_BASE, Long.reverseBytes(i));
        return key;
    }
}
