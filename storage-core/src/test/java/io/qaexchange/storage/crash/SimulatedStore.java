package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.manifest.CurrentFile;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** How the tests of this package set up, read and check a store. Stateless. */
final class SimulatedStore {
    static final Path FOLDER = Path.of("/store");
    static final long NOW_MILLIS = 1_700_000_000_000L;

    static final FamilyOptions STATE = FamilyOptions.builder("state").appendDelimiter(WriteLog.DELIMITER).blockBytes(300)
            .levelBaseBytes(4000).fileBytes(2000).compression(BlockCompression.NONE, BlockCompression.LZ4, BlockCompression.ZSTD).build();
    static final FamilyOptions EVENTS = FamilyOptions.builder("events").compactionStyle(CompactionStyle.TIME_WINDOW)
            .eventTimeFromEnd(EventKeys.TIME_FROM_END).windowNanos(50).blockBytes(200).fileBytes(2000).compression(BlockCompression.LZ4).build();
    static final FamilyOptions SPARE = FamilyOptions.builder("spare").blockBytes(200).bloomBitsPerKey(0).build();

    private SimulatedStore() {}

    /** A small store that does everything on the calling thread, so that a run is decided by its calls alone. */
    static StoreOptions.Builder options(Vfs vfs, Durability durability) {
        return StoreOptions.builder().vfs(vfs).durability(durability).executor(Runnable::run).clock(() -> NOW_MILLIS)
                .arenaChunkBytes(4096).memtableBytes(14_000).walSegmentBytes(4096).manifestBytes(3000).blockCacheBytes(20_000)
                .level0(2, 20, 40).levelMultiplier(3).maxFrozenMemtables(1)
                .memoryPool(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 64 << 20));
    }

    /** All visible entries, read forward. */
    static NavigableMap<byte[], byte[]> contents(LsmStore store, ColumnFamily family) throws IOException {
        NavigableMap<byte[], byte[]> contents = new TreeMap<>(Arrays::compareUnsigned);
        try (StoreIterator iterator = store.iterator(family)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                contents.put(iterator.key().toByteArray(), iterator.value().toByteArray());
            }
        }
        return contents;
    }

    /** All visible entries, read backward. */
    static NavigableMap<byte[], byte[]> contentsBackward(LsmStore store, ColumnFamily family) throws IOException {
        NavigableMap<byte[], byte[]> contents = new TreeMap<>(Arrays::compareUnsigned);
        try (StoreIterator iterator = store.iterator(family)) {
            for (iterator.seekToLast(); iterator.valid(); iterator.previous()) {
                contents.put(iterator.key().toByteArray(), iterator.value().toByteArray());
            }
        }
        return contents;
    }

    /** Asks for single keys, present and absent ones, that the filters and indexes must not get wrong. */
    static void checkGets(LsmStore store, ColumnFamily family, NavigableMap<byte[], byte[]> contents) throws IOException {
        int every = Math.max(1, contents.size() / 4);
        int index = 0;
        try (StoreReader reader = store.reader()) {
            for (Map.Entry<byte[], byte[]> entry : contents.entrySet()) {
                if (index++ % every == 0) {
                    assertThat(reader.get(family, Slice.of(entry.getKey()))).as("%s is found", Slice.printable(entry.getKey())).isTrue();
                    assertThat(reader.value().toByteArray()).isEqualTo(entry.getValue());
                    byte[] absent = Arrays.copyOf(entry.getKey(), entry.getKey().length + 3);
                    assertThat(reader.get(family, Slice.of(absent))).isEqualTo(contents.containsKey(absent));
                }
            }
        }
    }

    /** The folder of a closed store has the files that its manifest names, and no others. */
    static void checkNoOrphans(Vfs vfs, Path folder) throws IOException {
        long manifest = CurrentFile.read(vfs, folder);
        Version version = ManifestReader.read(vfs, FileNames.manifest(folder, manifest)).version();
        Set<String> expected = new TreeSet<>(Set.of(CurrentFile.NAME, FileNames.LOCK, CurrentFile.manifestName(manifest)));
        for (FileReference reference : version.references()) {
            expected.add(FileNames.sstable(folder, reference.fileNumber()).getFileName().toString());
        }
        Set<String> found = vfs.list(folder).stream()
                .filter(name -> !FileNames.isWal(name) || FileNames.number(name).getAsLong() < version.oldestSegment())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).as("files in the folder").isEqualTo(expected);
    }

    static void checkNothingHeld(MemoryVfs disk, StoreOptions options) {
        assertThat(disk.openHandles()).as("open files").isZero();
        assertThat(options.memoryPool().usedBytes()).as("memory held").isZero();
    }
}
