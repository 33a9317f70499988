package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Scans over files that follow one another in time, overlap or lie apart, beside a sorted map: any bounds, times, keys, and turns, and times that were dropped. */
class TimedReserveProperties {
    private static final int TIMES = 300;

    private Random random;
    private int prefixBytes;
    private int tailBytes;
    /** By the first byte of a key. */
    private final Map<Byte, Long> dropped = new TreeMap<>();

    @Property(tries = 250)
    void scansShowWhatWasWritten(@ForAll long seed) throws IOException {
        random = new Random(seed);
        dropped.clear();
        prefixBytes = random.nextInt(3);
        tailBytes = random.nextInt(3);
        StoreOptions options = StoreOptions.builder().vfs(new MemoryVfs()).durability(Durability.NO_LOG).executor(Runnable::run).level0(50, 60, 70).build();
        try (LsmStore store = LsmStore.open(Path.of("/store"), options)) {
            FamilyOptions.Builder builder = FamilyOptions.builder("events").eventTimeFromEnd(Long.BYTES + tailBytes).blockBytes(1024);
            boolean windowed = random.nextInt(4) > 0;
            ColumnFamily family = store.createFamily(
                    windowed ? builder.compactionStyle(CompactionStyle.TIME_WINDOW).windowNanos(random.nextBoolean() ? 40 : 10_000).build() : builder.build());
            NavigableMap<Slice, Long> model = fill(store, family);
            for (int scan = 0; scan < 12; scan++) {
                scan(store, family, model);
            }
        }
    }

    private NavigableMap<Slice, Long> fill(LsmStore store, ColumnFamily family) throws IOException {
        NavigableMap<Slice, Long> model = new TreeMap<>();
        int files = random.nextInt(14);
        int span = 1 + random.nextInt(TIMES / 2);
        boolean inOrder = random.nextBoolean();
        boolean otherKeys = random.nextInt(4) == 0;
        for (int file = 0; file <= files; file++) {
            int from = inOrder ? TIMES * file / (files + 1) : random.nextInt(TIMES);
            for (int i = random.nextInt(60); i >= 0; i--) {
                byte[] key = otherKeys && random.nextInt(20) == 0 ? otherKey() : key(from + random.nextInt(span));
                if (random.nextInt(15) == 0) {
                    store.delete(family, Slice.of(key));
                    model.remove(Slice.of(key));
                } else {
                    long value = random.nextLong();
                    store.put(family, Slice.of(key), Slice.of(bytes(value)));
                    model.put(Slice.of(key), value);
                }
            }
            // Entries after the last flush stay in memory.
            if (file < files) {
                store.flush();
            }
            if (random.nextInt(10) == 0) {
                store.compact(family, KeyRange.ALL);
            }
            if (prefixBytes > 0 && random.nextInt(5) == 0) {
                drop(store, family);
            }
        }
        dropped.forEach((prefix, before) -> model.keySet().removeIf(key -> key.getByte(0) == prefix && hasTime(key) && time(key) < before));
        return model;
    }

    /** Drops the keys before a time under a prefix, or under two that follow one another. */
    private void drop(LsmStore store, ColumnFamily family) throws IOException {
        byte first = (byte) random.nextInt(2);
        byte end = (byte) (first + 1 + random.nextInt(2));
        long before = random.nextInt(TIMES);
        store.dropBefore(family, KeyRange.of(new byte[] {first}, new byte[] {end}), before);
        for (byte prefix = first; prefix < end; prefix++) {
            dropped.merge(prefix, before, Math::max);
        }
    }

    private void scan(LsmStore store, ColumnFamily family, NavigableMap<Slice, Long> model) throws IOException {
        KeyRange range = range();
        long first = random.nextInt(TIMES);
        TimeRange times = random.nextInt(3) > 0 ? TimeRange.ALL : new TimeRange(first, first + random.nextInt(TIMES / 2));
        NavigableMap<Slice, Long> expected = new TreeMap<>(model);
        expected.keySet().removeIf(key -> key.compareTo(range.lower()) < 0 || range.upper() != null && key.compareTo(range.upper()) >= 0
                || hasTime(key) && !times.contains(time(key)) || !hasTime(key) && times != TimeRange.ALL);
        try (StoreIterator iterator = store.iterator(family, range, times, null)) {
            Map.Entry<Slice, Long> at = null;
            for (int turn = 0; turn < 25; turn++) {
                switch (random.nextInt(at == null ? 4 : 8)) {
                    case 0 -> {
                        iterator.seekToFirst();
                        at = expected.firstEntry();
                    }
                    case 1 -> {
                        iterator.seekToLast();
                        at = expected.lastEntry();
                    }
                    case 2 -> {
                        Slice target = Slice.of(anyKey());
                        iterator.seek(target);
                        at = expected.ceilingEntry(target);
                    }
                    case 3 -> {
                        Slice target = Slice.of(anyKey());
                        iterator.seekBefore(target);
                        at = expected.lowerEntry(target);
                    }
                    case 4 -> {
                        iterator.previous();
                        at = expected.lowerEntry(at.getKey());
                    }
                    default -> {
                        for (int steps = random.nextInt(80); steps > 0 && at != null; steps--) {
                            iterator.next();
                            at = expected.higherEntry(at.getKey());
                            ScanRunsTest.expect(iterator, at);
                        }
                    }
                }
                ScanRunsTest.expect(iterator, at);
            }
        }
    }

    private KeyRange range() {
        if (random.nextBoolean()) {
            return KeyRange.ALL;
        }
        byte[] lower = random.nextBoolean() ? new byte[0] : anyKey();
        byte[] upper = random.nextBoolean() ? null : anyKey();
        return new KeyRange(lower, upper);
    }

    /** A key, the beginning of one, or one that others are the beginning of. */
    private byte[] anyKey() {
        byte[] key = key(random.nextInt(TIMES + 20) - 10);
        int length = random.nextInt(4) > 0 ? key.length : random.nextInt(key.length + 3);
        return Arrays.copyOf(key, Math.max(1, length));
    }

    private byte[] key(long time) {
        byte[] key = new byte[prefixBytes + Long.BYTES + tailBytes];
        for (int i = 0; i < prefixBytes; i++) {
            key[i] = (byte) (random.nextBoolean() ? 0xff : random.nextInt(2));
        }
        Memory.putLong(key, Memory.ARRAY_BASE + prefixBytes, Long.reverseBytes(time ^ Long.MIN_VALUE));
        for (int i = prefixBytes + Long.BYTES; i < key.length; i++) {
            key[i] = (byte) random.nextInt(3);
        }
        return key;
    }

    /** A key of another length: too short for a time, or longer than the others. */
    private byte[] otherKey() {
        return random.nextBoolean() ? new byte[] {(byte) random.nextInt(256)} : Arrays.copyOf(key(random.nextInt(TIMES)), prefixBytes + Long.BYTES + tailBytes + 1);
    }

    private boolean hasTime(Slice key) {
        return key.length() >= Long.BYTES + tailBytes;
    }

    private long time(Slice key) {
        return key.getLongBigEndian(key.length() - Long.BYTES - tailBytes) ^ Long.MIN_VALUE;
    }

    private static byte[] bytes(long value) {
        byte[] bytes = new byte[24];
        Memory.putLong(bytes, Memory.ARRAY_BASE, value);
        return bytes;
    }
}
