package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Old snapshots go, with the metadata that only they name; every data file stays, and a restore from before them still works. */
class SnapshotExpiryTest {

    private static final Instant LATER = Instant.now().plus(Duration.ofDays(1));

    @TempDir
    private Path folder;

    @Test
    void keepsTheNewestAndTheYoungAndEveryBranch() throws IOException {
        ArchiveHistory history = new ArchiveHistory(folder, 3);
        IcebergMirror mirror = new IcebergMirror(history.store(), new UnsyncedFiles());
        ArchiveHistory.Checkpoint first = history.archive("trade", 2, "2026-01-05");
        for (int i = 0; i < 6; i++) {
            history.archive("trade", 2, "2026-01-05");
        }
        mirror.sync();
        long dataFiles = count("part");
        long metadata = count("snap-");

        assertThat(mirror.expire(new SnapshotRetention(1, Duration.ofDays(2)), LATER)).as("all are young").isEmpty();
        assertThat(mirror.expire(new SnapshotRetention(3, Duration.ZERO), LATER)).isEqualTo(Map.of("trade", 4));

        Table table = mirror.open("trade");
        assertThat(table.snapshots()).hasSize(3);
        assertThat(count("snap-")).isEqualTo(metadata - 4);
        assertThat(count("part")).as("no data file is deleted").isEqualTo(dataFiles);
        for (Snapshot snapshot : table.snapshots()) {
            assertThat(IcebergMirrorTest.planned(table.newScan().useSnapshot(snapshot.snapshotId()))).allSatisfy(file -> assertThat(Path.of(file.substring(7))).exists());
        }
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.expire(new SnapshotRetention(3, Duration.ZERO), LATER)).as("again").isEmpty();

        history.restore(first);
        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.expire(new SnapshotRetention(1, Duration.ZERO), LATER)).containsKey("trade");
        table = mirror.open("trade");
        assertThat(IcebergMirrorTest.rows(table.newScan().useRef("abandoned-a-0"))).as("the branch stays readable").isEqualTo(14);
        IcebergMirrorTest.assertReadable(table, "abandoned-a-0");
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
    }

    @Test
    void aFailureBetweenTheStepsLeavesReadableTables() throws IOException {
        boolean done = false;
        int failures = 0;
        for (int operation = 0; !done; operation++) {
            ArchiveHistory history = new ArchiveHistory(folder.resolve("operation" + operation), 4);
            for (int i = 0; i < 3; i++) {
                history.archive("trade", 1, "2026-01-05");
            }
            IcebergMirror next = new IcebergMirror(history.store(), new UnsyncedFiles());
            next.sync();
            FailingFiles failing = new FailingFiles(operation / 2, operation % 2 == 1);
            try {
                new IcebergMirror(history.store(), failing).expire(new SnapshotRetention(1, Duration.ZERO), LATER);
            } catch (IOException e) {
                assertThat(e).hasStackTraceContaining(FailingFiles.MESSAGE);
                failures++;
            }
            done = !failing.hasFailed();
            IcebergMirrorTest.assertShowsTheManifest(history, next);
            Table table = next.open("trade");
            for (Snapshot snapshot : table.snapshots()) {
                assertThat(IcebergMirrorTest.planned(table.newScan().useSnapshot(snapshot.snapshotId()))).isNotEmpty();
            }
            next.expire(new SnapshotRetention(1, Duration.ZERO), LATER);
            assertThat(next.open("trade").snapshots()).hasSize(1);
        }
        assertThat(failures).isGreaterThan(10);
    }

    private long count(String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> all = files.filter(file -> file.getFileName().toString().startsWith(prefix) || prefix.equals("part") && file.toString().endsWith(".parquet")).toList();
            return all.size();
        }
    }
}
