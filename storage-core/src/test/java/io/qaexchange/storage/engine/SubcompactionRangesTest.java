package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Large merges are cut into ranges that several threads merge at the same time. */
class SubcompactionRangesTest {
    private static final Path FOLDER = Path.of("/store");
    private static final FamilyOptions FAMILY = FamilyOptions.builder("f").fileBytes(10_000).levelBaseBytes(1 << 30).build();

    private final TreeMap<Long, Long> model = new TreeMap<>();

    @Test
    void partsMergeToWhatOneMergeWould() throws Exception {
        Set<String> threads = ConcurrentHashMap.newKeySet();
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        vfs.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.CREATE && FileNames.isSstable(path.getFileName().toString())) {
                threads.add(Thread.currentThread().getName());
            }
        });
        try (LsmStore store = LsmStore.open(FOLDER, options(vfs))) {
            ColumnFamily family = store.createFamily(FAMILY);
            for (int round = 0; round < 5; round++) {
                fill(store, family, round);
                store.compact(family, KeyRange.ALL);
                assertThat(contents(store, family)).isEqualTo(model);
            }
            assertThat(store.describe()).contains("level 1");
        }
        assertThat(threads).as("threads that wrote sstables").hasSizeGreaterThan(1);
    }

    @Test
    void aPartThatFailsStopsTheStoreWhenAllHaveEnded() throws Exception {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        LsmStore store = LsmStore.open(FOLDER, options(vfs));
        ColumnFamily family = store.createFamily(FAMILY);
        fill(store, family, 0);
        store.compact(family, KeyRange.ALL);
        fill(store, family, 1);
        store.flush();
        long[] created = {0};
        vfs.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.CREATE && FileNames.isSstable(path.getFileName().toString()) && ++created[0] == 3) {
                throw new IOException("no room for a third file");
            }
        });
        assertThatThrownBy(() -> store.compact(family, KeyRange.ALL)).isInstanceOf(StoreClosedException.class)
                .hasStackTraceContaining("no room for a third file");
        assertThat(contents(store, family)).as("reads go on").isEqualTo(model);
        vfs.before((kind, path) -> { });
        store.close();
        assertThat(vfs.disk().openHandles()).isZero();
        try (LsmStore again = LsmStore.open(FOLDER, options(vfs))) {
            assertThat(contents(again, again.family("f"))).isEqualTo(model);
        }
    }

    private static StoreOptions options(FaultyVfs vfs) {
        return StoreOptions.builder().vfs(vfs).durability(Durability.NO_LOG).backgroundJobs(4).level0(50, 60, 70).build();
    }

    private void fill(LsmStore store, ColumnFamily family, int round) throws Exception {
        SplittableRandom random = new SplittableRandom(round);
        for (int i = 0; i < 2_000; i++) {
            long key = random.nextInt(3_000);
            store.put(family, key(key), Slice.of(new byte[100 + round]));
            model.put(key, 100L + round);
            if (i % 500 == 499) {
                store.flush();
            }
        }
        store.deleteRange(family, KeyRange.of(key(100 * round).toByteArray(), key(100 * round + 150).toByteArray()));
        model.subMap(100L * round, 100L * round + 150).clear();
    }

    private static TreeMap<Long, Long> contents(LsmStore store, ColumnFamily family) throws IOException {
        TreeMap<Long, Long> contents = new TreeMap<>();
        try (StoreIterator iterator = store.iterator(family)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                contents.put(iterator.key().getLongBigEndian(0), (long) iterator.value().length());
            }
        }
        return contents;
    }

    private static Slice key(long i) {
        byte[] key = new byte[8];
        Memory.putLong(key, Memory.ARRAY_BASE, Long.reverseBytes(i));
        return Slice.of(key);
    }
}
