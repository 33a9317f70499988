package io.qaexchange.archive.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.core.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestStoreTest {

    @TempDir
    private java.nio.file.Path folder;
    private ManifestStore store;

    @BeforeEach
    void open() {
        store = ManifestStore.of(new Path(folder.toUri()));
    }

    @Test
    void readsBackWhatWasPublished() throws IOException {
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(ArchiveManifestTest.epoch("a-0", null, 0));
        assertThat(store.latest()).isEqualTo(ArchiveManifest.EMPTY);
        assertThat(store.publish(manifest)).isTrue();
        ArchiveManifest next = manifest.withFiles(List.of(ArchiveManifestTest.file("x", "a-0", 1)));
        assertThat(store.publish(next)).isTrue();

        assertThat(store.latest()).isEqualTo(next);
    }

    @Test
    void letsOneOfManyCreateAVersion() throws Exception {
        int writers = 8;
        ExecutorService executor = Executors.newFixedThreadPool(writers);
        try {
            for (long version = 1; version <= 20; version++) {
                CyclicBarrier together = new CyclicBarrier(writers);
                List<Callable<ArchiveManifest>> tasks = new ArrayList<>();
                for (int w = 0; w < writers; w++) {
                    ArchiveManifest mine = new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, version, "w" + w, List.of(), List.of(), List.of());
                    tasks.add(() -> {
                        together.await();
                        return store.publish(mine) ? mine : null;
                    });
                }
                List<ArchiveManifest> winners = new ArrayList<>();
                for (Future<ArchiveManifest> result : executor.invokeAll(tasks)) {
                    if (result.get() != null) {
                        winners.add(result.get());
                    }
                }
                assertThat(winners).hasSize(1);
                assertThat(store.latest()).isEqualTo(winners.get(0));
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void keepsABoundedNumberOfVersions() throws IOException {
        for (long version = 1; version <= 120; version++) {
            assertThat(store.publish(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, version, null, List.of(), List.of(), List.of()))).isTrue();
        }
        try (var files = Files.list(folder.resolve(ManifestStore.MANIFEST_FOLDER))) {
            assertThat(files.filter(file -> file.toString().endsWith(".json")).count()).isEqualTo(ManifestStore.KEPT_VERSIONS);
        }
        assertThat(store.latest().version()).isEqualTo(120);
    }

    @Test
    void aReaderWhoSleptWhileMoreVersionsWerePublishedThanAreKeptGetsTheNewest() throws IOException {
        ArchiveManifest known = new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, 1, null, List.of(), List.of(), List.of());
        assertThat(store.publish(known)).isTrue();
        for (long version = 2; version <= 2 * ManifestStore.KEPT_VERSIONS; version++) {
            assertThat(store.latest(known).version()).as("of version %d", version - 1).isEqualTo(version - 1);
            assertThat(store.publish(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, version, null, List.of(), List.of(), List.of()))).isTrue();
        }
        assertThat(store.latest(known).version()).isEqualTo(2 * ManifestStore.KEPT_VERSIONS);
        ArchiveManifest newest = store.latest();
        assertThat(store.latest(newest)).as("not read again").isSameAs(newest);
    }

    @Test
    void findsTheNewestVersionWhereListsOfFilesAreLate() throws IOException {
        ManifestStore late = ManifestStore.of(new Path("late://" + folder));
        LateListing.lastListed = "000000000002.json";
        try {
            for (long version = 1; version <= 5; version++) {
                assertThat(late.publish(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, version, null, List.of(), List.of(), List.of()))).isTrue();
                assertThat(late.latest().version()).isEqualTo(version);
            }
            ArchiveManifest second = late.at(2);
            assertThat(late.latest(second).version()).as("for a reader who knows an older one").isEqualTo(5);
            assertThat(late.publish(second.withHolds(List.of()))).as("version 3 is taken, though it is not listed").isFalse();
        } finally {
            LateListing.lastListed = null;
        }
    }

    @Test
    void namesAFileThatIsDamagedNewerOrForeign() throws IOException {
        java.nio.file.Path manifests = Files.createDirectories(folder.resolve(ManifestStore.MANIFEST_FOLDER));
        Files.writeString(manifests.resolve("000000000001.json"), "{");
        assertThatThrownBy(store::latest).isInstanceOf(IOException.class).hasMessageContaining("000000000001.json");
        Files.writeString(manifests.resolve("000000000002.json"),
                "{\"formatVersion\":9,\"version\":2,\"epochs\":[],\"files\":[],\"superseded\":[]}");
        assertThatThrownBy(store::latest).isInstanceOf(IOException.class).hasMessageContaining("format version 9");
        Files.writeString(manifests.resolve("mine.json"), "{}");
        assertThatThrownBy(store::latest).isInstanceOf(IOException.class).hasMessageContaining("mine.json");
    }
}
