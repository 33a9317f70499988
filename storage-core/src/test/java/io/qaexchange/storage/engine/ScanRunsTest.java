package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scans that take whole runs of a file without looking at each entry see what scans that look at each would see. */
class ScanRunsTest {
    private static final int INSTRUMENTS = 5;
    private static final int PER_FILE = 2_000;

    @TempDir
    Path directory;

    private final StoreOptions options = StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run)
            .level0(10, 20, 30).build();
    private final NavigableMap<Slice, Long> model = new TreeMap<>();

    private static FamilyOptions family(CompactionStyle style) {
        FamilyOptions.Builder builder = FamilyOptions.builder("events").compactionStyle(style).eventTimeFromEnd(8).blockBytes(4096);
        return style == CompactionStyle.TIME_WINDOW ? builder.windowNanos(1_000_000).build() : builder.build();
    }

    /** Three files of which each goes on, per instrument, where the one before ended, with some keys of the earlier ones anew. */
    private void fill(LsmStore store, ColumnFamily family) throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        for (int file = 0; file < 3; file++) {
            for (int i = 0; i < PER_FILE; i++) {
                boolean again = file > 0 && random.nextInt(50) == 0;
                put(store, family, random.nextInt(INSTRUMENTS), again ? random.nextInt(file * PER_FILE) : file * PER_FILE + i, random.nextLong());
            }
            store.flush();
        }
    }

    private void put(LsmStore store, ColumnFamily family, int instrument, long time, long value) throws Exception {
        byte[] key = key(instrument, time);
        store.put(family, Slice.of(key), Slice.of(bytes(value)));
        model.put(Slice.of(key), value);
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void turningAnywhereInsideRuns(CompactionStyle style) throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(style));
            fill(store, family);
            walkAtRandom(store, family, KeyRange.ALL, null, model);
            KeyRange part = KeyRange.of(key(1, 700), key(3, 3_333));
            walkAtRandom(store, family, part, null, model.subMap(Slice.of(part.lower()), true, Slice.of(part.upper()), false));
        }
    }

    /** Seeks into files whose times lie elsewhere are put off; keys of several lengths, and with other prefixes, must not get lost by that. */
    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void filesThatFollowEachOtherInTime(CompactionStyle style) throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(style));
            for (int file = 0; file < 6; file++) {
                for (int i = 0; i < PER_FILE / 2; i++) {
                    put(store, family, file == 2 ? 255 : i % INSTRUMENTS, file * PER_FILE / 2 + i, i);
                }
                if (file == 4) {
                    for (int i = 0; i < 50; i++) {
                        byte[] longer = Arrays.copyOf(key(i % INSTRUMENTS, i), 13);
                        store.put(family, Slice.of(longer), Slice.of(bytes(i)));
                        model.put(Slice.of(longer), (long) i);
                    }
                }
                store.flush();
            }
            walkAtRandom(store, family, KeyRange.ALL, null, model);
            walkAtRandom(store, family, new KeyRange(key(1, 100), null), null, model.tailMap(Slice.of(key(1, 100)), true));
        }
    }

    @Test
    void whatASnapshotMustNotSeeStaysHiddenInsideAFileThatHoldsBoth() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(CompactionStyle.LEVELED));
            for (int i = 0; i < PER_FILE; i++) {
                put(store, family, i % INSTRUMENTS, i, i);
            }
            NavigableMap<Slice, Long> before = new TreeMap<>(model);
            try (Snapshot snapshot = store.snapshot()) {
                for (int i = 0; i < PER_FILE; i++) {
                    put(store, family, 3, PER_FILE + i, i);
                }
                store.flush();
                walkAtRandom(store, family, KeyRange.ALL, snapshot, before);
                walkAtRandom(store, family, KeyRange.ALL, null, model);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void droppedTimesStayHiddenInsideAFile(CompactionStyle style) throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(style));
            for (int i = 0; i < PER_FILE; i++) {
                put(store, family, i % INSTRUMENTS, i, i);
            }
            store.flush();
            store.dropBefore(family, KeyRange.of(key(1, 0), key(3, 0)), 1_000);
            model.keySet().removeIf(key -> key.getByte(1) >= 1 && key.getByte(1) < 3 && time(key) < 1_000);
            walkAtRandom(store, family, KeyRange.ALL, null, model);
        }
    }

    @ParameterizedTest
    @EnumSource(CompactionStyle.class)
    void onlyTheTimesThatWereAskedForAreShown(CompactionStyle style) throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(style));
            fill(store, family);
            store.put(family, Slice.of((byte) 'k'), Slice.of(bytes(1)));
            TimeRange times = new TimeRange(2_500, 4_321);
            NavigableMap<Slice, Long> wanted = new TreeMap<>(model);
            wanted.keySet().removeIf(key -> !times.contains(time(key)));
            assertThat(wanted.size()).isBetween(1_000, 3_000);
            NavigableMap<Slice, Long> seen = new TreeMap<>();
            NavigableMap<Slice, Long> seenBackward = new TreeMap<>();
            try (StoreIterator iterator = store.iterator(family, KeyRange.ALL, times, null)) {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    seen.put(Slice.of(iterator.key().toByteArray()), iterator.value().getLong(0));
                }
                for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                    seenBackward.put(Slice.of(iterator.key().toByteArray()), iterator.value().getLong(0));
                }
            }
            assertThat(seen).isEqualTo(wanted);
            assertThat(seenBackward).isEqualTo(wanted);
        }
    }

    @Test
    void timesAreRefusedWhereKeysHaveNone() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("plain").build());
            assertThatThrownBy(() -> store.iterator(family, KeyRange.ALL, new TimeRange(1, 2), null)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("plain").hasMessageContaining("eventTimeFromEnd");
        }
    }

    @Test
    void rowsOfAScanAllocateNothing() throws Exception {
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(family(CompactionStyle.TIME_WINDOW));
            fill(store, family);
            try (StoreIterator iterator = store.iterator(family)) {
                com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
                long least = Long.MAX_VALUE;
                for (int pass = 0; pass < 10; pass++) {
                    iterator.seekToFirst();
                    long before = threads.getCurrentThreadAllocatedBytes();
                    while (iterator.valid()) {
                        iterator.next();
                    }
                    least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                }
                assertThat(least).isLessThan(100);
            }
        }
    }

    private static void walkAtRandom(LsmStore store, ColumnFamily family, KeyRange range, Snapshot snapshot, NavigableMap<Slice, Long> expected)
            throws Exception {
        SplittableRandom random = new SplittableRandom(3);
        try (StoreIterator iterator = store.iterator(family, range, snapshot)) {
            Map.Entry<Slice, Long> at = null;
            for (int turn = 0; turn < 300; turn++) {
                Slice target = Slice.of(key(random.nextInt(INSTRUMENTS), random.nextInt(3 * PER_FILE)));
                switch (at == null ? random.nextInt(2) : random.nextInt(4)) {
                    case 0 -> {
                        iterator.seek(target);
                        at = expected.ceilingEntry(target);
                    }
                    case 1 -> {
                        iterator.seekBefore(target);
                        at = expected.lowerEntry(target);
                    }
                    case 2 -> {
                        for (int steps = random.nextInt(400); steps > 0 && at != null; steps--) {
                            expect(iterator, at);
                            iterator.next();
                            at = expected.higherEntry(at.getKey());
                        }
                    }
                    default -> {
                        for (int steps = random.nextInt(40); steps > 0 && at != null; steps--) {
                            expect(iterator, at);
                            iterator.previous();
                            at = expected.lowerEntry(at.getKey());
                        }
                    }
                }
                expect(iterator, at);
            }
        }
    }

    static void expect(StoreIterator iterator, Map.Entry<Slice, Long> at) {
        assertThat(iterator.valid()).isEqualTo(at != null);
        if (at != null) {
            assertThat(iterator.key()).isEqualTo(at.getKey());
            assertThat(iterator.value().getLong(0)).isEqualTo(at.getValue());
        }
    }

    private static byte[] key(int instrument, long time) {
        byte[] key = new byte[10];
        key[0] = 'k';
        key[1] = (byte) instrument;
        Memory.putLong(key, Memory.ARRAY_BASE + 2, Long.reverseBytes(time ^ Long.MIN_VALUE));
        return key;
    }

    private static long time(Slice key) {
        return key.getLongBigEndian(2) ^ Long.MIN_VALUE;
    }

    private static byte[] bytes(long value) {
        byte[] bytes = new byte[64];
        Memory.putLong(bytes, Memory.ARRAY_BASE, value);
        System.arraycopy("value".getBytes(StandardCharsets.US_ASCII), 0, bytes, 8, 5);
        return bytes;
    }
}
