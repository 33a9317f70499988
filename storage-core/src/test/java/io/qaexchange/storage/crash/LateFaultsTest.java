package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trouble with files that an open store already relies on. */
class LateFaultsTest {
    @TempDir
    Path directory;

    @Test
    void anOldManifestThatCannotBeDeletedDoesNotStopTheStore() throws IOException {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        StoreOptions options = SimulatedStore.options(vfs, Durability.SYNC_EACH).manifestBytes(1).build();
        long manifests;
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            vfs.before((kind, path) -> {
                if (kind == FaultyVfs.Kind.DELETE && FileNames.isManifest(path.getFileName().toString())) {
                    throw new IOException("the file is held by someone");
                }
            });
            for (int i = 0; i < 60; i++) {
                store.put(state, new byte[] {(byte) i}, new byte[100]);
                store.flush();
            }
            manifests = manifests(vfs);
            assertThat(manifests).isGreaterThan(3);
            vfs.before((kind, path) -> { });
        }
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            assertThat(store.get(store.family("state"), new byte[] {59})).hasSize(100);
        }
        assertThat(manifests(vfs)).as("taken away by the next opening").isEqualTo(1);
    }

    private static long manifests(FaultyVfs vfs) throws IOException {
        return vfs.list(SimulatedStore.FOLDER).stream().filter(FileNames::isManifest).count();
    }

    @Test
    void aMergedFileThatCannotBeDeletedIsCountedAndGoesAtTheNextOpening() throws IOException {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        StoreOptions options = SimulatedStore.options(vfs, Durability.SYNC_EACH).build();
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            vfs.before((kind, path) -> {
                if (kind == FaultyVfs.Kind.DELETE && FileNames.isSstable(path.getFileName().toString())) {
                    throw new IOException("the file is held by someone");
                }
            });
            for (int i = 0; i < 2; i++) {
                store.put(state, new byte[] {1}, new byte[100 + i]);
                store.flush();
            }
            store.compact(state, KeyRange.ALL);
            assertThat(store.statistics().get(StoreMetric.FILES)).isEqualTo(1);
            assertThat(store.statistics().get(StoreMetric.FILES_UNDELETED)).isEqualTo(2);
            vfs.before((kind, path) -> { });
        }
        try (LsmStore store = LsmStore.open(SimulatedStore.FOLDER, options)) {
            assertThat(store.get(store.family("state"), new byte[] {1})).hasSize(101);
            assertThat(vfs.list(SimulatedStore.FOLDER).stream().filter(FileNames::isSstable)).hasSize(1);
        }
    }

    /** In a process of its own that interprets, where a fault is reported at once (see SstableDamageTest). */
    @Test
    void aMappingThatFailsStopsTheStoreWithFileAndOffset() throws Exception {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xint", "-Xmx128m", "-cp",
                System.getProperty("java.class.path"), CutFile.class.getName(), directory.resolve("store").toString()).redirectErrorStream(true).start();
        String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor()).as(output).isZero();
        assertThat(output).contains("read: a block that was good is changed or unreadable", ".sst offset=")
                .contains("write: the store has stopped: a block that was good").contains("the process goes on");
    }

    /** Writes a store, reads it, cuts its file short from outside, reads and writes again. */
    static final class CutFile {
        private CutFile() {}

        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            LsmStore store = LsmStore.open(folder, StoreOptions.builder().durability(Durability.NO_LOG).memtableBytes(1 << 20).blockCacheBytes(1 << 20)
                    .executor(Runnable::run).build());
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").bloomBitsPerKey(0).build());
            for (int i = 0; i < 2000; i++) {
                store.put(family, Slice.of(key(i)), Slice.of(new byte[100]));
            }
            store.flush();
            store.get(family, key(1999));
            try (Stream<Path> files = Files.list(folder)) {
                Path table = files.filter(file -> FileNames.isSstable(file.getFileName().toString())).findFirst().orElseThrow();
                try (FileChannel channel = FileChannel.open(table, StandardOpenOption.WRITE)) {
                    channel.truncate(4096);
                }
            }
            try {
                store.get(family, key(1999));
            } catch (CorruptionException e) {
                System.out.println("read: " + e.getMessage());
            }
            try {
                store.put(family, Slice.of(key(1)), Slice.of(new byte[1]));
            } catch (StoreClosedException e) {
                System.out.println("write: " + e.getMessage());
            }
            store.discard();
            System.out.println("the process goes on");
        }

        private static byte[] key(int i) {
            return String.format("key%09d", i).getBytes(StandardCharsets.US_ASCII);
        }
    }
}
