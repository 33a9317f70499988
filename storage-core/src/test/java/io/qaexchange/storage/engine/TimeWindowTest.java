package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.vfs.NioVfs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The windows that files land in, and the effect on reads. */
class TimeWindowTest {
    @TempDir
    Path directory;

    private final StoreOptions options = StoreOptions.builder().durability(Durability.NONE).executor(Runnable::run).build();
    private final FamilyOptions events = FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
            .windowNanos(10).build();

    @Test
    void aFlushWritesAFilePerWindowUpToABound() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(events);
            for (int window = 0; window < FlushJob.MAX_WINDOWS + 5; window++) {
                store.put(family, key(window * 10), bytes("x"));
            }
            store.flush();
            FamilyVersion version = version(family);
            assertThat(version.windows()).hasSize(FlushJob.MAX_WINDOWS);
            assertThat(version.level(0)).singleElement().satisfies(file -> assertThat(file.table().entries()).isEqualTo(5));
        }
    }

    @Test
    void keysAtBothEndsOfTheirWindowsAreFoundAndThoseInWindowsBetweenAreNot() throws Exception {
        long[] there = {Long.MIN_VALUE, -31, -30, -21, 9, 10, 50, Long.MAX_VALUE - 9, Long.MAX_VALUE};
        long[] missing = {Long.MIN_VALUE + 1, -32, -29, -20, 0, 8, 11, 49, 51, 60, Long.MAX_VALUE - 8};
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(events);
            for (long time : there) {
                store.put(family, key(time), bytes("at " + time));
            }
            store.flush();
            assertThat(version(family).level(0)).isEmpty();
            for (long time : there) {
                assertThat(store.get(family, key(time))).isEqualTo(bytes("at " + time));
            }
            for (long time : missing) {
                assertThat(store.get(family, key(time))).isNull();
            }
        }
    }

    @Test
    void filesOfSeveralWindowsAreTakenApartWhenMerged() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(events);
            fillLevel0(store, family, 0);
            fillLevel0(store, family, 1);
            store.compact(family, KeyRange.ALL);
            assertThat(version(family).level(0)).isEmpty();
            assertThat(version(family).windows()).hasSize(FlushJob.MAX_WINDOWS + 5);
            for (int window = 0; window < FlushJob.MAX_WINDOWS + 5; window++) {
                assertThat(store.get(family, key(window * 10))).isEqualTo(bytes("round 1"));
            }
        }
    }

    @Test
    void theNewestVersionWinsThoughAFileWithNewerEntriesHoldsAnOlderOne() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(events);
            byte[] late = key(FlushJob.MAX_WINDOWS * 10);
            fillLevel0(store, family, 0);
            store.put(family, late, bytes("newest"));
            store.flush();
            // The second file of level 0 is newer than "newest", and its merge with the first brings "round 0" of the key along.
            fillLevel0Without(store, family, late);
            assertThat(store.get(family, late)).isEqualTo(bytes("newest"));
            store.compact(family, KeyRange.of(key(1_000_000), key(1_000_001)));
            store.compact(family, KeyRange.ALL);
            assertThat(store.get(family, late)).isEqualTo(bytes("newest"));
        }
    }

    @Test
    void filesBelowTheDropWatermarkGoUnread() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(events);
            for (int time = 0; time < 50; time++) {
                store.put(family, key(time), bytes("x"));
            }
            store.flush();
            assertThat(version(family).windows()).hasSize(5);
            store.dropBefore(family, KeyRange.of(bytes("k"), bytes("l")), 35);
            assertThat(store.get(family, key(34))).isNull();
            assertThat(store.get(family, key(35))).isNotNull();
            store.flush();
            store.awaitIdle();
            assertThat(version(family).windows().keySet()).containsExactly(3L, 4L);
            assertThat(store.statistics().get(StoreMetric.FILES_DROPPED)).isEqualTo(3);
            assertThat(store.get(family, key(34))).isNull();
            assertThat(store.get(family, key(35))).isNotNull();
        }
    }

    /** One flush with more windows than it may write: the last five go into a file of level 0. */
    private static void fillLevel0(LsmStore store, ColumnFamily family, int round) throws Exception {
        for (int window = 0; window < FlushJob.MAX_WINDOWS + 5; window++) {
            store.put(family, key(window * 10), bytes("round " + round));
        }
        store.flush();
    }

    private static void fillLevel0Without(LsmStore store, ColumnFamily family, byte[] left) throws Exception {
        for (int window = 0; window < FlushJob.MAX_WINDOWS + 5; window++) {
            if (!java.util.Arrays.equals(key(window * 10), left)) {
                store.put(family, key(window * 10), bytes("round 2"));
            }
        }
        store.flush();
    }

    private FamilyVersion version(ColumnFamily family) throws Exception {
        Path manifest = FileNames.manifest(directory, CurrentFile.read(NioVfs.INSTANCE, directory));
        return ManifestReader.read(NioVfs.INSTANCE, manifest).version().family(family.id());
    }

    private static byte[] key(long time) {
        byte[] key = new byte[9];
        key[0] = 'k';
        Memory.putLong(key, Memory.ARRAY_BASE + 1, Long.reverseBytes(time ^ Long.MIN_VALUE));
        return key;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
