package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cost of a hundred families with little data: one log, one memtable, no file before a flush, and then one for each that was written. */
class ManyFamiliesTest {
    private static final int FAMILIES = 100;

    @TempDir
    Path directory;

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 256 << 20);
    private final StoreOptions options = StoreOptions.builder().durability(Durability.NONE).executor(Runnable::run).memoryPool(pool).build();

    @Test
    void costLittleMemoryAndFewFiles() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            List<ColumnFamily> families = create(store);
            for (ColumnFamily family : families) {
                for (int i = 0; i < 10; i++) {
                    store.put(family, bytes("key " + i), new byte[100]);
                }
            }
            assertThat(pool.usedBytes()).as("memory of 100 families with 1,000 entries").isLessThanOrEqualTo(1 << 20);
            assertThat(files()).as("CURRENT, LOCK, manifest, log").isLessThanOrEqualTo(4);
            store.flush();
            assertThat(store.statistics().get(StoreMetric.FILES)).isEqualTo(FAMILIES);
            long bytes = store.statistics().get(StoreMetric.FILES_BYTES);
            assertThat(bytes / FAMILIES).as("bytes of a file with 10 entries").isLessThan(2_500);
        }
        assertThat(pool.usedBytes()).isZero();
    }

    @Test
    void idleOnesCostNothingWhenAnotherIsBusy() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            List<ColumnFamily> families = create(store);
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 100; i++) {
                    store.put(families.get(7), bytes("key " + i), new byte[100]);
                }
                store.flush();
                store.awaitIdle();
            }
            assertThat(store.statistics().get(StoreMetric.FILES)).isLessThanOrEqualTo(5);
            assertThat(store.statistics().get(StoreMetric.FLUSHES)).isEqualTo(20);
            assertThat(pool.usedBytes()).isLessThanOrEqualTo(1 << 20);
        }
    }

    @Test
    void filesStayFewWhenAllAreWrittenAgainAndAgain() throws Exception {
        StoreOptions simulated = StoreOptions.builder().vfs(new MemoryVfs()).durability(Durability.NONE).executor(Runnable::run).memoryPool(pool).build();
        Path folder = Path.of("/store");
        try (LsmStore store = LsmStore.open(folder, simulated)) {
            List<ColumnFamily> families = create(store);
            for (int round = 0; round < 60; round++) {
                for (ColumnFamily family : families) {
                    store.put(family, bytes(String.format("growing %04d", round)), new byte[100]);
                }
                store.flush();
                store.awaitIdle();
            }
            assertThat(store.statistics().get(StoreMetric.FILES)).isLessThanOrEqualTo(16L * FAMILIES);
        }
        try (LsmStore store = LsmStore.open(folder, simulated)) {
            assertThat(store.families()).hasSize(FAMILIES);
            assertThat(pool.usedBytes()).as("memory after opening").isLessThanOrEqualTo(1 << 20);
        }
    }

    private static List<ColumnFamily> create(LsmStore store) throws Exception {
        List<ColumnFamily> families = new ArrayList<>();
        for (int i = 0; i < FAMILIES; i++) {
            families.add(store.createFamily(FamilyOptions.builder("family " + i).build()));
        }
        return families;
    }

    private long files() throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
