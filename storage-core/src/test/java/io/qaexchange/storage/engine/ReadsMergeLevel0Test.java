package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of level 0 that are too few to be merged are merged all the same once reads have spent more on them than that costs. */
class ReadsMergeLevel0Test {
    private static final int KEYS = 2_000;
    /** More than the least price of a merge. */
    private static final int READS = 70_000;

    @TempDir
    Path directory;

    private final StoreOptions options = StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).build();

    private static byte[] key(int i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    private static ColumnFamily fill(LsmStore store, FamilyOptions options) throws Exception {
        ColumnFamily family = store.createFamily(options);
        for (int file = 0; file < 2; file++) {
            for (int i = file; i < KEYS; i += 2) {
                store.put(family, Slice.of(key(i)), Slice.of(key(i)));
            }
            store.flush();
        }
        return family;
    }

    private static long depth(LsmStore store) {
        return store.statistics().get(StoreMetric.LEVEL0_DEPTH);
    }

    @Test
    void pointReadsDo() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = fill(store, FamilyOptions.builder("f").build());
            try (StoreReader reader = store.reader()) {
                for (int i = 0; i < 1_000; i++) {
                    assertThat(reader.get(family, Slice.of(key(i)))).isTrue();
                }
                assertThat(depth(store)).isEqualTo(2);
                for (int i = 0; i < READS; i++) {
                    assertThat(reader.get(family, Slice.of(key(i % KEYS)))).isTrue();
                    assertThat(reader.value().getLongBigEndian(0)).isEqualTo(i % KEYS);
                }
            }
            assertThat(depth(store)).isZero();
        }
    }

    @Test
    void scansDoSooner() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = fill(store, FamilyOptions.builder("f").build());
            for (int i = 0; i < READS / 8; i++) {
                try (StoreIterator scan = store.iterator(family, KeyRange.of(key(i % KEYS), key(i % KEYS + 2)), null)) {
                    scan.seekToFirst();
                    assertThat(scan.key().getLongBigEndian(0)).isEqualTo(i % KEYS);
                }
            }
            assertThat(depth(store)).isZero();
        }
    }

    @Test
    void windowsOfEventTimeStayAsTheyAre() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = fill(store, FamilyOptions.builder("f").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
                    .windowNanos(1_000_000).build());
            long merges = store.statistics().get(StoreMetric.COMPACTIONS);
            try (StoreReader reader = store.reader()) {
                for (int i = 0; i < READS; i++) {
                    reader.get(family, Slice.of(key(i % KEYS)));
                }
            }
            assertThat(store.statistics().get(StoreMetric.COMPACTIONS)).isEqualTo(merges);
        }
    }
}
