package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A closed store with every kind of file and record in it, damaged in every place: opening it and reading everything gives the right
 * answer or an error that names a file. Files: log segments with all operations, a manifest with many edits, CURRENT, sstables of both
 * layouts with and without compression, range tombstones and drop watermarks.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DamagedStoreTest {
    private static final long SLOWEST_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static final MemoryVfs GOOD = new MemoryVfs();
    private static Map<String, Long> answers;
    private static List<String> files;

    @BeforeAll
    static void makesARichStore() throws IOException {
        StoreOptions.Builder options = SimulatedStore.options(GOOD, Durability.GROUP_COMMIT);
        SplittableRandom random = new SplittableRandom(42);
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options.build())) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            ColumnFamily events = store.createFamily(SimulatedStore.EVENTS);
            ColumnFamily spare = store.createFamily(SimulatedStore.SPARE);
            store.put(spare, new byte[] {1}, new byte[20]);
            for (int round = 0; round < 4; round++) {
                write(store, state, events, random, 25);
                store.sync();
                store.flush();
            }
            store.compact(state, KeyRange.ALL);
            store.dropFamily(spare);
            write(store, state, events, random, 20);
            store.flush();
        }
        // The following writes stay in the log, in several segments.
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options.memtableBytes(1 << 20).build())) {
            for (int i = 0; i < 4; i++) {
                write(store, store.family("state"), store.family("events"), random, 14);
                store.sync();
            }
        }
        files = GOOD.list(SimulatedStore.FOLDER).stream().filter(name -> !name.equals(FileNames.LOCK)).toList();
        answers = answers(GOOD.afterKill(), work -> { });
        assertThat(files.stream().filter(FileNames::isWal).count()).isGreaterThan(1);
        assertThat(files.stream().filter(FileNames::isSstable).count()).isGreaterThan(3);
    }

    private static void write(LsmStore store, ColumnFamily state, ColumnFamily events, SplittableRandom random, int writes) throws IOException {
        for (int i = 0; i < writes; i++) {
            byte[] key = ("key-" + random.nextInt(40)).getBytes(StandardCharsets.UTF_8);
            byte[] event = EventKeys.of((char) ('a' + random.nextInt(3)), random.nextInt(200), 0);
            byte[] value = ("value " + random.nextInt(100)).repeat(1 + random.nextInt(9)).getBytes(StandardCharsets.UTF_8);
            WriteBatch batch = new WriteBatch().put(state, key, value).put(events, event, value);
            switch (i % 8) {
                case 0 -> batch.delete(state, ("key-" + random.nextInt(40)).getBytes(StandardCharsets.UTF_8));
                case 1, 2 -> batch.append(state, io.qaexchange.storage.memory.Slice.of(key), io.qaexchange.storage.memory.Slice.of(value));
                case 3 -> batch.deleteRange(state, KeyRange.of(key, Arrays.copyOf(key, key.length + 1)));
                case 4 -> batch.dropBefore(events, KeyRange.prefix(new byte[] {event[0]}), random.nextInt(40));
                default -> { }
            }
            store.write(batch);
        }
    }

    /** Everything that the store says, by question. */
    private static Map<String, Long> answers(MemoryVfs disk, Executor executor) throws IOException {
        StoreOptions options = SimulatedStore.options(disk, Durability.GROUP_COMMIT).memtableBytes(1 << 20).executor(executor).build();
        Map<String, Long> answers = new TreeMap<>();
        try {
            LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options);
            try {
                answers.put("last sequence", store.lastSequence());
                for (ColumnFamily family : store.families()) {
                    var contents = SimulatedStore.contents(store, family);
                    answers.put(family + " forward", WriteLog.digest(contents));
                    answers.put(family + " backward", WriteLog.digest(SimulatedStore.contentsBackward(store, family)));
                    SimulatedStore.checkGets(store, family, contents);
                }
            } finally {
                store.discard();
            }
        } finally {
            SimulatedStore.checkNothingHeld(disk, options);
        }
        return answers;
    }

    /** Asks a damaged store everything. */
    private static void check(MemoryVfs damaged, String what, boolean namesFile) {
        long started = System.nanoTime();
        try {
            assertThat(answers(damaged, work -> { })).isEqualTo(answers);
        } catch (StoreException e) {
            boolean named = e.getMessage().contains(".sst") || e.getMessage().contains(".wal") || e.getMessage().contains("MANIFEST-")
                    || e.getMessage().contains(CurrentFile.NAME) || !namesFile;
            assertThat(named).as("the error names a file: %s", e.getMessage()).isTrue();
        } catch (IOException | RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
        assertThat(System.nanoTime() - started).as(what).isLessThan(SLOWEST_NANOS);
    }

    private static MemoryVfs with(String name, byte[] bytes) throws IOException {
        MemoryVfs damaged = GOOD.afterKill();
        damaged.replace(path(name), bytes);
        return damaged;
    }

    private static Path path(String name) {
        return SimulatedStore.FOLDER.resolve(name);
    }

    @Test
    void everyFlippedByteIsDetectedOrHarmless() throws IOException {
        for (String name : files) {
            byte[] good = GOOD.contents(path(name));
            for (int at = 0; at < good.length; at++) {
                boolean head = at < 80 || at >= good.length - 90;
                for (int bit = 0; bit < 8; bit++) {
                    if (head || bit == at % 8) {
                        byte[] bad = good.clone();
                        bad[at] ^= (byte) (1 << bit);
                        check(with(name, bad), "bit " + bit + " of byte " + at + " of " + name, true);
                    }
                }
            }
        }
    }

    @Test
    void everyTruncationIsDetectedOrHarmless() throws IOException {
        for (String name : files) {
            byte[] good = GOOD.contents(path(name));
            for (int size = 0; size < good.length; size++) {
                check(with(name, Arrays.copyOf(good, size)), name + " cut to " + size + " bytes", true);
            }
        }
    }

    @Test
    void zeroedSectorsAreDetectedOrHarmless() throws IOException {
        for (String name : files) {
            byte[] good = GOOD.contents(path(name));
            for (int at = 0; at < good.length; at += 64) {
                byte[] bad = good.clone();
                Arrays.fill(bad, at, Math.min(bad.length, at + MemoryVfs.SECTOR_BYTES), (byte) 0);
                check(with(name, bad), "512 zeros at " + at + " of " + name, true);
            }
        }
    }

    @Test
    void everyDeletedFileIsDetectedOrHarmless() throws IOException {
        for (String name : files) {
            MemoryVfs damaged = GOOD.afterKill();
            damaged.delete(path(name));
            check(damaged, name + " deleted", true);
        }
    }

    @Test
    void filesThatStandInForEachOtherAreDetected() throws IOException {
        for (String name : files) {
            for (String other : files) {
                if (!name.equals(other) && name.substring(name.length() - 4).equals(other.substring(other.length() - 4))) {
                    check(with(name, GOOD.contents(path(other))), other + " in place of " + name, true);
                }
            }
        }
    }

    /** Merging a damaged file must not write its damage into a good one. */
    @Test
    void mergesDoNotLaunderDamage() throws IOException {
        for (String name : files.stream().filter(FileNames::isSstable).toList()) {
            byte[] good = GOOD.contents(path(name));
            for (int at = 0; at < good.length; at += 5) {
                byte[] bad = good.clone();
                bad[at] ^= (byte) (1 << at % 8);
                MemoryVfs damaged = with(name, bad);
                try {
                    merge(damaged);
                } catch (StoreException e) {
                    // Said so; what it left is checked now.
                }
                check(damaged, "merged with byte " + at + " of " + name + " damaged", true);
            }
        }
    }

    private static void merge(MemoryVfs disk) throws IOException {
        LsmStore store = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, Durability.GROUP_COMMIT).build());
        try {
            for (ColumnFamily family : store.families()) {
                store.compact(family, KeyRange.ALL);
            }
        } finally {
            store.discard();
        }
    }
}
