package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes sync at once, and one of them sleeps at the worst moment. */
class SeveralWritersTest {

    @TempDir
    private Path folder;

    @Test
    void eachManifestVersionIsOneSnapshotWhoeverIsFaster() throws Exception {
        ArchiveHistory history = new ArchiveHistory(folder, 5);
        ExecutorService pool = Executors.newFixedThreadPool(3);
        List<Long> concerned = new ArrayList<>();
        try {
            for (int round = 0; round < 6; round++) {
                history.archive("trade", 2, "2026-01-05");
                concerned.add(history.store().latest().version());
                history.archive("trade", 2, "2026-01-06");
                concerned.add(history.store().latest().version());
                List<Future<IcebergMirror.SyncReport>> all = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    all.add(pool.submit(() -> new IcebergMirror(history.store(), new UnsyncedFiles()).sync()));
                }
                int snapshots = 0;
                for (Future<IcebergMirror.SyncReport> one : all) {
                    snapshots += one.get(60, TimeUnit.SECONDS).snapshots();
                }
                assertThat(snapshots).isEqualTo(2);
            }
        } finally {
            pool.shutdownNow();
        }
        IcebergMirror mirror = IcebergMirror.of(history.store());
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(versionsOf(mirror.open("trade"))).isEqualTo(concerned);
    }

    /** Between any two looks at the folder, another writer does all the work. */
    @Test
    void whatAnotherWriterCommitsBetweenTwoLooksIsNotCommittedAgain() throws IOException {
        int looks = 0;
        for (int look = 1; look <= looks + 1; look++) {
            ArchiveHistory history = new ArchiveHistory(folder.resolve("look" + look), 7);
            history.archive("trade", 2, "2026-01-05");
            new IcebergMirror(history.store(), new UnsyncedFiles()).sync();
            history.archive("trade", 3, "2026-01-05");
            history.archive("trade", 4, "2026-01-06");
            int at = look;
            int[] seen = new int[1];
            new IcebergMirror(history.store(), new UnsyncedFiles() {
                @Override
                public List<String> list(String location) throws IOException {
                    if (location.endsWith("/trade/metadata") && ++seen[0] == at) {
                        new IcebergMirror(history.store(), new UnsyncedFiles()).sync();
                    }
                    return super.list(location);
                }
            }).sync();
            looks = Math.max(looks, seen[0]);

            IcebergMirror mirror = IcebergMirror.of(history.store());
            IcebergMirrorTest.assertShowsTheManifest(history, mirror);
            assertThat(mirror.open("trade").currentSnapshot().summary()).as("look %d", look).containsEntry("total-records", "9");
            assertThat(versionsOf(mirror.open("trade"))).as("look %d", look).containsExactly(2L, 3L, 4L);
        }
        assertThat(looks).isGreaterThan(2);
    }

    @Test
    void aVersionOfAWriterThatSleptUntilOldOnesWereRemovedIsTakenBack() throws IOException {
        ArchiveHistory history = new ArchiveHistory(folder, 6);
        history.archive("trade", 2, "2026-01-05");
        new IcebergMirror(history.store(), new UnsyncedFiles()).sync();
        history.archive("trade", 2, "2026-01-05");
        IcebergMirror sleeping = new IcebergMirror(history.store(), new UnsyncedFiles() {
            private boolean slept;

            @Override
            public boolean createIfAbsent(String location, byte[] bytes) throws IOException {
                if (!slept && location.endsWith("/v3.metadata.json")) {
                    slept = true;
                    IcebergMirror other = new IcebergMirror(history.store(), new UnsyncedFiles());
                    for (int i = 0; i < 25; i++) {
                        history.archive("trade", 1, "2026-01-06");
                        other.sync();
                    }
                    assertThat(history.pathOf("_iceberg/trade/metadata/v3.metadata.json")).as("removed, so that it can be created again").doesNotExist();
                }
                return super.createIfAbsent(location, bytes);
            }
        });

        sleeping.sync();

        assertThat(history.pathOf("_iceberg/trade/metadata/v3.metadata.json")).doesNotExist();
        assertThat(Files.readString(history.pathOf("_iceberg/trade/metadata/version-hint.text"))).isEqualTo("28");
        IcebergMirrorTest.assertShowsTheManifest(history, IcebergMirror.of(history.store()));
        assertThat(versionsOf(IcebergMirror.of(history.store()).open("trade"))).doesNotHaveDuplicates();
    }

    private static List<Long> versionsOf(Table table) {
        List<Long> versions = new ArrayList<>();
        for (Snapshot snapshot : table.snapshots()) {
            versions.add(ForeignChanges.versionOf(snapshot));
        }
        return versions;
    }
}
