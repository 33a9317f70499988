package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.iceberg.DataOperations;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives, compacts, expires and restores, and looks at the Iceberg tables with Iceberg's own scan planning and with DuckDB. */
class IcebergMirrorTest {

    private static final String TRADE = "trade";

    @TempDir
    private Path parent;

    private ArchiveHistory history;

    private IcebergMirror start() throws IOException {
        history = new ArchiveHistory(parent.resolve("with space"), 7);
        return IcebergMirror.of(history.store());
    }

    @Test
    void anArchiveWithoutFilesHasNoTables() throws IOException {
        IcebergMirror mirror = start();

        assertThat(mirror.sync().snapshots()).isZero();
        assertThat(mirror.open(TRADE)).isNull();
        assertThat(mirror.status().lag()).isZero();
    }

    @Test
    void eachManifestVersionThatConcernsATableIsOneSnapshot() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        history.archive("tick", 4, "2026-01-05");
        history.archive(TRADE, 6, "2026-01-05", "2026-01-06");

        IcebergMirror.SyncReport report = mirror.sync();

        assertThat(report).isEqualTo(new IcebergMirror.SyncReport(0, 4, 3, 0));
        Table trade = mirror.open(TRADE);
        assertThat(versions(trade)).containsExactly(2L, 4L);
        assertThat(trade.currentSnapshot().summary()).containsEntry(TableMirror.ARCHIVE_EPOCH, "a-0").containsEntry(TableMirror.CHECKPOINT, "3")
                .containsEntry("total-records", "17").containsEntry("total-data-files", "3");
        assertThat(versions(mirror.open("tick"))).containsExactly(3L);
        assertThat(IcebergMirror.of(history.store()).sync().snapshots()).as("a second sync changes nothing").isZero();
        assertThat(versions(mirror.open(TRADE))).hasSize(2);
        assertShowsTheManifest(mirror);
    }

    @Test
    void aFileThatLeavesTheLocalDiskIsReplacedByItsObjectWithTheSameRows() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        history.archive(TRADE, 6, "2026-01-06");
        mirror.sync();
        history.tier(java.time.Duration.ofDays(1));
        mirror.sync();

        Table leaving = mirror.open(TRADE);
        assertThat(leaving.currentSnapshot().operation()).as("no row was changed").isEqualTo("replace");
        assertThat(planned(leaving, Expressions.alwaysTrue())).isEqualTo(history.locations(TRADE)).anyMatch(file -> file.contains("/other disk/"));
        history.tier(java.time.Duration.ZERO);
        mirror.sync();
        assertShowsTheManifest(mirror);
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();

        history.fetch("2026-01-05");
        mirror.sync();
        assertThat(planned(mirror.open(TRADE), Expressions.alwaysTrue())).isEqualTo(history.locations(TRADE)).noneMatch(file -> file.contains("/other disk/"));
        assertShowsTheManifest(mirror);
    }

    @Test
    void columnsAreThoseOfTheFilesButForNanoseconds() throws IOException {
        IcebergMirror mirror = start();
        history.archive("book_snapshot", 5, "2026-01-05");
        mirror.sync();

        Table table = mirror.open("book_snapshot");

        assertThat(table.schema().findType("event_time_us")).hasToString("timestamptz");
        assertThat(table.schema().findType("event_time")).isNull();
        assertThat(table.schema().findType("date")).hasToString("date");
        assertThat(table.schema().findType("bids.element.price")).hasToString("double");
        assertThat(table.properties().get("schema.name-mapping.default")).contains("\"event_time_us\"").doesNotContain("\"event_time\"");
        assertThat(table.spec().toString()).contains("identity");
        assertThat(table.sortOrder().fields()).hasSize(2);
    }

    @Test
    void scansOpenOnlyFilesOfTheDayAndTheInstrument() throws IOException {
        IcebergMirror mirror = start();
        for (int i = 0; i < 4; i++) {
            history.archive(TRADE, 3, "2026-01-05", "2026-01-06");
        }
        mirror.sync();
        Table table = mirror.open(TRADE);

        assertThat(planned(table, Expressions.alwaysTrue())).isEqualTo(history.locations(TRADE));
        assertThat(planned(table, Expressions.equal("date", "2026-01-06"))).hasSize(4).allMatch(file -> file.contains("date=2026-01-06"));
        assertThat(planned(table, Expressions.equal("trading_day", 20260105))).as("by bounds").hasSize(4);
        assertThat(planned(table, Expressions.greaterThan("event_time_us", Long.MAX_VALUE - 1))).isEmpty();
        int pruned = 0;
        int instrument = table.schema().findField("instrument").fieldId();
        try (CloseableIterable<FileScanTask> tasks = table.newScan().includeColumnStats().planFiles()) {
            for (FileScanTask task : tasks) {
                CharSequence smallest = Conversions.fromByteBuffer(Types.StringType.get(), task.file().lowerBounds().get(instrument));
                List<String> planned = planned(table, Expressions.equal("instrument", smallest.toString()));
                assertThat(planned).contains(task.file().location());
                pruned += 8 - planned.size();
            }
        }
        assertThat(pruned).as("files that the instrument's bounds leave out").isPositive();
    }

    @Test
    void compactionIsARewriteAndRetentionADeletion() throws IOException {
        IcebergMirror mirror = start();
        for (int i = 0; i < 4; i++) {
            history.archive(TRADE, 5, "2026-01-05", "2026-01-06");
        }
        mirror.sync();
        assertThat(history.compact()).isEqualTo(2);
        mirror.sync();

        assertThat(mirror.open(TRADE).currentSnapshot().operation()).isEqualTo(DataOperations.REPLACE);
        assertShowsTheManifest(mirror);

        history.expire("2026-01-05");
        mirror.sync();
        assertThat(mirror.open(TRADE).currentSnapshot().operation()).isEqualTo(DataOperations.DELETE);
        assertShowsTheManifest(mirror);
        try (var files = Files.walk(history.pathOf("."))) {
            assertThat(files.filter(file -> file.toString().endsWith(".parquet"))).as("the mirror deletes no data file").hasSize(10);
        }
        history.deleteRetired();
        mirror.sync();
        assertShowsTheManifest(mirror);
    }

    @Test
    void aRestoreGoesBackToTheSnapshotOfItsCheckpointAndKeepsTheBranch() throws IOException {
        IcebergMirror mirror = start();
        ArchiveHistory.Checkpoint first = history.archive(TRADE, 5, "2026-01-05");
        mirror.sync();
        long snapshot = mirror.open(TRADE).currentSnapshot().snapshotId();
        ArchiveHistory.Checkpoint second = history.archive(TRADE, 6, "2026-01-05");
        history.archive(TRADE, 7, "2026-01-06");
        mirror.sync();

        assertThat(history.restore(first)).isPresent();
        mirror.sync();

        Table table = mirror.open(TRADE);
        assertThat(table.currentSnapshot().parentId()).isEqualTo(snapshot);
        assertShowsTheManifest(mirror);
        assertThat(rows(table.newScan())).isEqualTo(5);
        assertThat(rows(table.newScan().useRef("abandoned-a-0"))).isEqualTo(18);
        assertReadable(table, "abandoned-a-0");
        assertThat(mirror.sync().snapshots()).as("a second sync leaves the branch as it is").isZero();
        assertThat(rows(table(mirror).newScan().useRef("abandoned-a-0"))).isEqualTo(18);

        assertThat(history.restore(second)).as("forward again").isPresent();
        mirror.sync();
        assertThat(rows(table(mirror).newScan())).isEqualTo(11);
        assertReadable(table(mirror), "abandoned-a-0");
        assertShowsTheManifest(mirror);
    }

    @Test
    void versionsThatAreNotKeptAnyMoreBecomeOneSnapshot() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 2, "2026-01-05");
        mirror.sync();
        for (int i = 0; i < 60; i++) {
            history.store().publish(history.store().latest().withHolds(List.of()));
            if (i == 1) {
                history.archive(TRADE, 2, "2026-01-05");
                history.archive(TRADE, 2, "2026-01-05");
            }
        }

        IcebergMirror.SyncReport report = mirror.sync();

        assertThat(report.snapshots()).isEqualTo(1);
        assertThat(report.skippedVersions()).isEqualTo(12);
        assertShowsTheManifest(mirror);
    }

    @Test
    void aCommitOfSomebodyElseIsRefusedAndKeptAsABranchByRepair() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        history.archive(TRADE, 6, "2026-01-06");
        mirror.sync();
        Table foreign = IcebergMirror.of(history.store()).open(TRADE);
        foreign.newDelete().deleteFromRowFilter(Expressions.equal("date", "2026-01-05")).commit();
        long theirs = foreign.currentSnapshot().snapshotId();
        history.archive(TRADE, 7, "2026-01-06");

        assertThatThrownBy(mirror::sync).isInstanceOf(ForeignCommitException.class).hasMessageContaining("snapshot " + theirs + " (delete)")
                .hasMessageContaining("bin/table repair");
        assertThat(mirror.status().isCurrent()).isFalse();
        assertThat(mirror.status().tables().get(0).problem()).contains("somebody else");

        assertThat(mirror.repair(false)).anyMatch(line -> line.contains("foreign-" + theirs));
        assertShowsTheManifest(mirror);
        assertThat(rows(table(mirror).newScan().useRef("foreign-" + theirs))).isEqualTo(6);
        assertThat(mirror.sync().snapshots()).isZero();
    }

    @Test
    void aCommitOfSomebodyElseAtTheSameMomentIsNotOverwritten() throws IOException {
        start();
        history.archive(TRADE, 5, "2026-01-05");
        IcebergMirror.of(history.store()).sync();
        history.archive(TRADE, 6, "2026-01-06");
        IcebergMirror racing = new IcebergMirror(history.store(), new FlinkFiles() {
            private boolean once;

            @Override
            public boolean createIfAbsent(String location, byte[] bytes) throws IOException {
                if (!once && location.endsWith("v3.metadata.json")) {
                    once = true;
                    IcebergMirror.of(history.store()).open(TRADE).newDelete().deleteFromRowFilter(Expressions.alwaysTrue()).commit();
                }
                return super.createIfAbsent(location, bytes);
            }
        });

        assertThatThrownBy(racing::sync).isInstanceOf(ForeignCommitException.class);
        racing.repair(false);
        assertShowsTheManifest(racing);
    }

    @Test
    void changedPropertiesAreNoticedAndTheTableIsMadeAnew() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        mirror.sync();
        table(mirror).updateProperties().set("gc.enabled", "true").commit();
        history.archive(TRADE, 5, "2026-01-05");

        assertThatThrownBy(mirror::sync).isInstanceOf(ForeignCommitException.class).hasMessageContaining("gc.enabled");
        assertThat(mirror.repair(true)).anyMatch(line -> line.contains("put aside"));
        assertShowsTheManifest(mirror);
    }

    @Test
    void damagedMetadataIsPutAsideByRepair() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        mirror.sync();
        Files.writeString(history.pathOf("_iceberg/trade/metadata/v2.metadata.json"), "{");
        IcebergMirror again = IcebergMirror.of(history.store());
        history.archive(TRADE, 5, "2026-01-05");

        assertThatThrownBy(again::sync).isInstanceOf(IOException.class).hasMessageContaining("v2.metadata.json cannot be read");
        assertThat(again.status().tables().get(0).problem()).contains("v2.metadata.json");
        assertThat(again.repair(false)).anyMatch(line -> line.contains(".aside-trade-1"));
        assertShowsTheManifest(again);
    }

    @Test
    void anArchiveThatWasReplacedByAnOlderCopyIsRefused() throws IOException {
        IcebergMirror mirror = start();
        history.archive(TRADE, 5, "2026-01-05");
        history.archive(TRADE, 5, "2026-01-05");
        mirror.sync();
        Files.delete(history.pathOf("_manifest/000000000003.json"));

        assertThatThrownBy(mirror::sync).isInstanceOf(IOException.class).hasMessageContaining("older copy");
        mirror.repair(true);
        assertShowsTheManifest(mirror);
    }

    /** Each file operation of a sync fails once, before and after its effect; the mirror is never ahead, and the next sync heals it. */
    @Test
    void aFailureOfAnyFileOperationLeavesTheMirrorBehindAndHeals() throws IOException {
        history = new ArchiveHistory(parent.resolve("failing"), 3);
        ArchiveHistory.Checkpoint first = history.archive(TRADE, 3, "2026-01-05");
        history.archive(TRADE, 3, "2026-01-05");
        IcebergMirror.of(history.store()).sync();
        history.restore(first);
        history.archive("tick", 2, "2026-01-05");
        Path before = parent.resolve("before");
        copy(history.pathOf("_iceberg"), before);
        long failures = 0;
        for (int operation = 0;; operation++) {
            FailingFiles failing = new FailingFiles(operation / 2, operation % 2 == 1);
            IcebergMirror mirror = new IcebergMirror(history.store(), failing);
            delete(history.pathOf("_iceberg"));
            copy(before, history.pathOf("_iceberg"));
            try {
                mirror.sync();
            } catch (IOException e) {
                assertThat(e).hasStackTraceContaining(FailingFiles.MESSAGE);
                failures++;
            }
            if (!failing.hasFailed()) {
                break;
            }
            IcebergMirror next = new IcebergMirror(history.store(), new UnsyncedFiles());
            assertThat(next.version()).isLessThanOrEqualTo(history.store().latest().version());
            for (TableStatus table : next.status().tables()) {
                assertThat(table.problem()).as("after a failure at operation %d", operation).isNull();
                assertThat(table.manifestVersion()).isLessThanOrEqualTo(history.store().latest().version());
            }
            next.sync();
            assertShowsTheManifest(next);
            assertThat(Files.readString(history.pathOf("_iceberg/trade/metadata/version-hint.text"))).isEqualTo(
                    Integer.toString(next.status().tables().stream().filter(table -> table.table().equals(TRADE)).findFirst().orElseThrow()
                            .metadataVersion()));
        }
        assertThat(failures).isGreaterThan(20);
    }

    @Test
    void duckDbCountsTheSameRowsInTheFilesThatASnapshotNames() throws Exception {
        IcebergMirror mirror = start();
        history.archive(TRADE, 50, "2026-01-05", "2026-01-06");
        history.archive(TRADE, 60, "2026-01-06");
        mirror.sync();
        Table table = mirror.open(TRADE);

        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement()) {
            for (Snapshot snapshot : table.snapshots()) {
                String files = planned(table.newScan().useSnapshot(snapshot.snapshotId())).stream().map(file -> "'" + file.substring(7) + "'")
                        .collect(Collectors.joining(","));
                try (ResultSet rows = statement.executeQuery("SELECT count(*) FROM read_parquet([" + files + "])")) {
                    rows.next();
                    assertThat(rows.getString(1)).isEqualTo(snapshot.summary().get("total-records"));
                }
                if (snapshot.equals(table.currentSnapshot())) {
                    try (ResultSet times = statement.executeQuery("SELECT min(epoch_ns(event_time)) FROM read_parquet([" + files + "])")) {
                        times.next();
                        assertThat(times.getLong(1)).as("nanoseconds").isEqualTo(history.store().latest().files().stream()
                                .mapToLong(io.qaexchange.archive.manifest.DataFile::minEventTimeNs).min().getAsLong());
                    }
                }
            }
        }
    }

    private Table table(IcebergMirror mirror) throws IOException {
        return mirror.open(TRADE);
    }

    /** The newest snapshot of every table has the files and rows of the newest archive manifest, which are there. */
    private void assertShowsTheManifest(IcebergMirror mirror) throws IOException {
        assertShowsTheManifest(history, mirror);
    }

    static void assertShowsTheManifest(ArchiveHistory history, IcebergMirror mirror) throws IOException {
        IcebergMirror.Status status = mirror.status();
        assertThat(status.tables()).allSatisfy(table -> assertThat(table.isSame()).as(table.toString()).isTrue());
        assertThat(status.isCurrent()).isTrue();
        assertThat(status.lag()).isZero();
        for (String name : List.of(TRADE, "tick")) {
            Table table = mirror.open(name);
            if (table != null) {
                assertThat(planned(table, Expressions.alwaysTrue())).isEqualTo(history.locations(name));
                assertThat(rows(table.newScan())).isEqualTo(history.rows(name));
                assertThat(planned(table, Expressions.alwaysTrue())).allSatisfy(file -> assertThat(Path.of(file.substring(7))).exists());
            }
        }
    }

    static void assertReadable(Table table, String branch) throws IOException {
        assertThat(planned(table.newScan().useRef(branch))).allSatisfy(file -> assertThat(Path.of(file.substring(7))).exists());
    }

    private static List<Long> versions(Table table) {
        List<Long> versions = new ArrayList<>();
        table.snapshots().forEach(snapshot -> versions.add(Long.valueOf(snapshot.summary().get(ForeignChanges.MANIFEST_VERSION))));
        return versions;
    }

    private static List<String> planned(Table table, Expression filter) throws IOException {
        return planned(table.newScan().filter(filter));
    }

    static List<String> planned(TableScan scan) throws IOException {
        try (CloseableIterable<FileScanTask> tasks = scan.planFiles()) {
            List<String> files = new ArrayList<>();
            tasks.forEach(task -> files.add(task.file().location()));
            return files.stream().sorted().toList();
        }
    }

    static long rows(TableScan scan) throws IOException {
        try (CloseableIterable<FileScanTask> tasks = scan.planFiles()) {
            long rows = 0;
            for (FileScanTask task : tasks) {
                rows += task.file().recordCount();
            }
            return rows;
        }
    }

    private static void copy(Path source, Path target) throws IOException {
        try (var files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(source.relativize(file).toString()));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
