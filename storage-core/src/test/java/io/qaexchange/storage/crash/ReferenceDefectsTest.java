package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Defects of the reference system that an engine like this one could have, each by name. */
class ReferenceDefectsTest {
    private static final FamilyOptions PLAIN = FamilyOptions.builder("plain").blockBytes(200).compression(BlockCompression.NONE).build();

    private MemoryVfs disk = new MemoryVfs();

    private LsmStore open(Durability durability) throws IOException {
        return LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, durability).build());
    }

    private static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(StandardCharsets.UTF_8);
    }

    private static void fill(LsmStore store, int from, int to) throws IOException {
        ColumnFamily family = store.createFamily(PLAIN);
        for (int i = from; i < to; i++) {
            store.put(family, key(i), key(i));
        }
    }

    private static int rows(LsmStore store) throws IOException {
        return SimulatedStore.contents(store, store.family(PLAIN.name())).size();
    }

    @Test
    void checkpointDoesNotTakeTheLiveLogAway() throws IOException {
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            fill(store, 0, 100);
            try (Checkpoint checkpoint = store.checkpoint()) {
                fill(store, 100, 150);
                checkpoint.writeTo(Path.of("/checkpoint"));
            }
            disk = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
        }
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            assertThat(rows(store)).isEqualTo(150);
        }
    }

    @Test
    void tornTailIsCutAndWhatIsWrittenBehindItStays() throws IOException {
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            fill(store, 0, 10);
            disk = disk.afterKill();
        }
        MemoryVfs crashed = disk;
        Path log = logs().get(0);
        byte[] whole = crashed.contents(log);
        for (int cut = 1; cut <= 60; cut++) {
            disk = crashed.afterKill();
            disk.replace(log, Arrays.copyOf(whole, whole.length - cut));
            int left;
            try (LsmStore store = open(Durability.SYNC_EACH)) {
                left = rows(store);
                assertThat(left).as("rows with %s bytes cut off", cut).isBetween(8, 10);
                fill(store, 10, 15);
                disk = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
            }
            try (LsmStore store = open(Durability.SYNC_EACH)) {
                assertThat(rows(store)).isEqualTo(left + 5);
            }
        }
    }

    private List<Path> logs() {
        return disk.list(SimulatedStore.FOLDER).stream().filter(FileNames::isWal).map(SimulatedStore.FOLDER::resolve).toList();
    }

    @Test
    void flippedBitInTheLogIsNotSkippedSilently() throws IOException {
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            fill(store, 0, 10);
            disk = disk.afterPowerCut(PowerCut.KEEPS_ALL);
        }
        byte[] bytes = disk.contents(logs().get(0));
        bytes[bytes.length / 2] ^= 1;
        disk.replace(logs().get(0), bytes);
        assertThatThrownBy(() -> open(Durability.SYNC_EACH)).isInstanceOf(CorruptionException.class).hasMessageContaining(".wal");
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void lonelyRecordIsSyncedByTheTimer() throws IOException {
        StoreOptions options = SimulatedStore.options(disk, Durability.GROUP_COMMIT).executor(null).build();
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            fill(store, 0, 1);
            while (store.durableSequence() < 1) {
                Thread.onSpinWait();
            }
            disk = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
        }
        try (LsmStore store = open(Durability.GROUP_COMMIT)) {
            assertThat(rows(store)).isEqualTo(1);
        }
    }

    @Test
    void readsGoOnThroughMergesThatReplaceTheirFiles() throws IOException {
        try (LsmStore store = open(Durability.NONE)) {
            fill(store, 0, 50);
            store.flush();
            ColumnFamily family = store.family(PLAIN.name());
            try (StoreIterator before = store.iterator(family)) {
                before.seekToFirst();
                for (int round = 0; round < 4; round++) {
                    fill(store, 0, 50);
                    store.compact(family, KeyRange.ALL);
                }
                int rows = 0;
                for (; before.valid(); before.next()) {
                    rows++;
                }
                assertThat(rows).isEqualTo(50);
            }
            assertThat(rows(store)).isEqualTo(50);
            assertThat(store.get(family, key(7))).isEqualTo(key(7));
        }
    }

    @Test
    void fileNumbersAreNeverUsedAgain() throws IOException {
        Set<Path> created = new HashSet<>();
        List<Path> twice = new ArrayList<>();
        for (int opening = 0; opening < 6; opening++) {
            disk.observer((operation, path) -> {
                if (operation == MemoryVfs.Operation.CREATE && FileNames.number(path.getFileName().toString()).isPresent() && !created.add(path)) {
                    twice.add(path);
                }
            });
            try (LsmStore store = open(Durability.SYNC_EACH)) {
                fill(store, opening * 20, opening * 20 + 20);
                store.flush();
                fill(store, opening * 20 + 20, opening * 20 + 21);
                if (opening % 2 == 0) {
                    disk = disk.afterPowerCut(PowerCut.KEEPS_ALL);
                }
            }
        }
        assertThat(created).hasSizeGreaterThan(12);
        assertThat(twice).isEmpty();
    }

    @Test
    void levelsAndNumbersGoOnAfterARestart() throws IOException {
        long last;
        long epoch;
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            fill(store, 0, 50);
            store.flush();
            fill(store, 0, 50);
            store.compact(store.family(PLAIN.name()), KeyRange.ALL);
            last = store.lastSequence();
            epoch = store.storeEpoch();
        }
        try (LsmStore store = open(Durability.SYNC_EACH)) {
            assertThat(store.lastSequence()).isEqualTo(last);
            assertThat(store.storeEpoch()).isEqualTo(epoch + 1);
        }
        long manifest = CurrentFile.read(disk, SimulatedStore.FOLDER);
        assertThat(ManifestReader.read(disk, FileNames.manifest(SimulatedStore.FOLDER, manifest)).version().references())
                .isNotEmpty().extracting(FileReference::level).doesNotContain(0);
    }

    /** The reference system's filter was made for 10,000 keys whatever came. */
    @Test
    void filterKeepsItsRateWithManyKeys() throws IOException {
        FaultyVfs counting = new FaultyVfs(disk);
        StoreOptions options = SimulatedStore.options(counting, Durability.NO_LOG).memtableBytes(32 << 20).blockCacheBytes(8 << 20)
                .readMode(StoreOptions.ReadMode.PREAD).build();
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            fill(store, 0, 50_000);
            store.flush();
            ColumnFamily family = store.family(PLAIN.name());
            store.get(family, key(1));
            AtomicLong reads = new AtomicLong();
            counting.before((kind, path) -> reads.addAndGet(kind == FaultyVfs.Kind.READ ? 1 : 0));
            for (int i = 0; i < 2000; i++) {
                assertThat(store.get(family, ("key" + String.format("%06d", i * 25) + "x").getBytes(StandardCharsets.UTF_8))).isNull();
            }
            assertThat(reads.get()).as("reads for 2,000 absent keys").isLessThan(400);
        }
    }

    /** The reference system counted 256 bytes an entry, so that 64 MB were 345 MB. */
    @Test
    void memtableCountsBytesNotEntries() throws IOException {
        StoreOptions options = SimulatedStore.options(disk, Durability.NO_LOG).memtableBytes(200_000).build();
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            ColumnFamily family = store.createFamily(PLAIN);
            long most = 0;
            for (int i = 0; i < 3000; i++) {
                store.put(family, key(i), new byte[i % 3 == 0 ? 2000 : 3]);
                most = Math.max(most, options.memoryPool().usedBytes());
            }
            assertThat(most).isBetween(150_000L, 200_000L + options.blockCacheBytes() + 2 * options.arenaChunkBytes());
        }
    }
}
