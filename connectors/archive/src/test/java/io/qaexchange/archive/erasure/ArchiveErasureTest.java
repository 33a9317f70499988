package io.qaexchange.archive.erasure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.erasure.ErasureReport.Place;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.manifest.VersionLeases;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.tier.ArchiveTiers;
import io.qaexchange.archive.tier.TierCache;
import io.qaexchange.events.EventSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows that are erased, where their files are; the run is killed at each step and repeated. */
class ArchiveErasureTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final RetentionPolicy KEEP = new RetentionPolicy(RetentionStages.KEEP, Map.of());
    private static final Duration GRACE = Duration.ofDays(7);

    @TempDir
    private Path parent;
    private Path template;
    private int archives;

    /** The process ends here. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @BeforeEach
    void writeAnArchive() throws IOException {
        template = parent.resolve("template");
        Archive archive = new Archive(template);
        ManifestStore store = archive.store;
        ArchiveRig rig = new ArchiveRig(template, 3);
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(store.publish(begun)).isTrue();
        // Rows of account A are in some files of two tables of events and one of the ledger, and fill one file.
        List<DataFile> written = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            written.add(rig.writeOrders("2026-01-05", List.of("A", "B", "A", "C"), "a-0", i, i));
        }
        written.add(rig.writeOrders("2026-01-06", List.of("A", "A"), "a-0", 4, 4));
        written.add(rig.writeOrders("2026-01-07", List.of("B", "C"), "a-0", 5, 5));
        written.add(rig.write(EventSchema.get().findTable("tick"), "2026-01-05", 5, "a-0", 5, 0, 6, true));
        written.add(rig.writeRows("2026-01-05", 40, "a-0", 5));
        assertThat(store.publish(begun.withFiles(written))).isTrue();
        archive.compact("2026-01-05");
    }

    private Archive copy() throws IOException {
        Path folder = parent.resolve("archive-" + archives++);
        try (Stream<Path> files = Files.walk(template)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path target = folder.resolve(template.relativize(file).toString());
                Files.createDirectories(target.getParent());
                Files.copy(file, target);
            }
        }
        return new Archive(folder);
    }

    private static Erasure account(String name, String fromDay, String toDay) {
        return new Erasure("request-1", name, null, null, fromDay, toDay, "law", 0, 0, 0, 0);
    }

    @Test
    void writesEachFileAgainWithoutTheRowsAndLetsTheFormerOnesGoAtOnce() throws IOException {
        Archive archive = copy();
        List<String> before = archive.rows();
        Erasure request = account("A", null, "2026-12-31");

        ErasureReport plan = archive.erasure(step -> { }).plan(request);
        assertThat(plan.tableRows()).isEqualTo(8);
        assertThat(plan.files()).extracting(ErasureReport.Concerned::place).containsOnly(Place.TABLE, Place.COMPACTED);
        assertThat(archive.rows()).as("a plan changes nothing").isEqualTo(before);

        ErasureReport report = archive.erasure(step -> { }).run(request);
        assertThat(report.tableRows()).isEqualTo(8);
        assertThat(report.erasure().rows()).isEqualTo(8);
        List<String> rest = before.stream().filter(row -> !row.contains("account: A\n")).toList();
        assertThat(archive.rows()).isEqualTo(rest).hasSize(before.size() - 8);
        assertThat(archive.store.latest().version()).as("one version").isEqualTo(report.erasure().manifestVersion());
        assertThat(archive.store.latest().erasures()).containsExactly(report.erasure());
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();

        RetentionReport gone = archive.retention(List.of()).runErased();
        assertThat(gone.deleted()).extracting(RetiredFile::reason).containsOnly(RetiredFile.Reason.ERASED).hasSize(report.files().size());
        assertThat(archive.parquetFiles()).noneMatch(file -> rowsOf(file).stream().anyMatch(row -> row.contains("account: A\n")));
        assertThat(archive.lines("_deletions")).hasSize(report.files().size()).allMatch(line -> line.contains("\"reason\":\"erased\""));
        assertThat(archive.lines(ArchiveErasure.FOLDER)).hasSize(1).allMatch(line -> line.contains("\"account\":\"A\"") && line.contains("\"rows\":8"));
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();

        assertThat(archive.erasure(step -> { }).run(request).files()).as("again").isEmpty();
        assertThat(archive.store.latest().erasures()).hasSize(1);
    }

    @Test
    void theBatchesStayKnownAndARestoreBetweenCompactedFilesFindsThemWithoutTheRows() throws IOException {
        Archive archive = copy();
        ArchiveManifest before = archive.store.latest();
        archive.erasure(step -> { }).run(account("A", null, "2026-12-31"));
        ArchiveManifest after = archive.store.latest();

        assertThat(after.publishedBatches()).isEqualTo(before.publishedBatches());
        assertThat(after.expired()).as("the file that had no other rows").hasSize(1).allMatch(batch -> batch.rows() == 0);
        ArchiveManifest restored = after.beginEpoch(new ArchiveEpoch("b-2", "a-0", 2, "b", 1));
        assertThat(restored.files()).hasSize(2).allMatch(file -> file.batches().size() == 1);
        assertThat(archive.rows(restored)).hasSize(4).noneMatch(row -> row.contains("account: A\n"));
        assertThat(restored.superseded()).extracting(DataFile::tradingDay).contains("2026-01-05", "2026-01-07");
        assertThat(restored.files().stream().flatMap(file -> file.batches().stream()).mapToLong(batch -> batch.rows()).sum()).isEqualTo(4);
    }

    @Test
    void aRunThatIsKilledAtAnyStepErasesOnceInTheEnd() throws IOException {
        Archive whole = copy();
        List<String> steps = new ArrayList<>();
        Erasure request = account("A", null, "2026-12-31");
        whole.erasure(step -> steps.add(step)).run(request);
        whole.retention(List.of(), steps::add).runErased();
        assertThat(steps).contains("before write", "after write", "before publish", "after publish", "before record", "after record", "after mark", "after deletion",
                "after forget");
        List<String> rows = whole.rows();

        for (int kill = 0; kill < steps.size(); kill++) {
            Archive archive = copy();
            int[] left = {kill};
            Consumer<String> killer = step -> {
                if (left[0]-- == 0) {
                    throw new Killed();
                }
            };
            assertThatThrownBy(() -> {
                archive.erasure(killer::accept).run(request);
                archive.retention(List.of(), killer).runErased();
            }).isInstanceOf(Killed.class);
            assertThat(ArchiveCheck.run(archive.store, null).problems()).as("after a kill at step %d, %s", kill, steps.get(kill)).isEmpty();

            archive.erasure(step -> { }).run(request);
            archive.retention(List.of()).runErased();
            assertThat(archive.rows()).as("after a kill at step %d, %s", kill, steps.get(kill)).isEqualTo(rows);
            assertThat(archive.store.latest().erasures()).hasSize(1);
            assertThat(archive.lines(ArchiveErasure.FOLDER)).hasSize(1);
            assertThat(archive.parquetFiles()).noneMatch(file -> rowsOf(file).stream().anyMatch(row -> row.contains("account: A\n")));
        }
    }

    @Test
    void rowsUnderALegalHoldStayAndTheHoldIsNamed() throws IOException {
        Archive archive = copy();
        archive.publish(archive.store.latest().withHolds(List.of(new LegalHold("case-17", null, null, "2026-01-06", "court", 0),
                new LegalHold("case-18", "order_insert", ArchiveRig.instrumentOf("A"), "2026-01-05", "court", 0))));

        ErasureReport report = archive.erasure(step -> { }).run(account("A", null, "2026-12-31"));
        assertThat(report.heldRows()).isEqualTo(Map.of("case-17", 2L, "case-18", 6L));
        assertThat(report.files()).isEmpty();

        archive.publish(archive.store.latest().withHolds(List.of(new LegalHold("case-17", null, null, "2026-01-06", "court", 0))));
        ErasureReport rest = archive.erasure(step -> { }).run(account("A", null, "2026-12-31"));
        assertThat(rest.tableRows()).isEqualTo(6);
        assertThat(rest.heldRows()).isEqualTo(Map.of("case-17", 2L));
    }

    @Test
    void aHoldThatComesWhileFilesAreWrittenIsRespected() throws IOException {
        Archive archive = copy();
        int[] publications = {0};
        ErasureReport report = archive.erasure(step -> {
            if (step.equals("before publish") && publications[0]++ == 0) {
                archive.publish(archive.store.latest().withHolds(List.of(new LegalHold("case-17", null, null, "2026-01-06", "court", 0))));
            }
        }).run(account("A", null, "2026-12-31"));

        assertThat(publications[0]).isEqualTo(2);
        assertThat(report.heldRows()).isEqualTo(Map.of("case-17", 2L));
        assertThat(report.tableRows()).isEqualTo(6);
    }

    @Test
    void filesThatTheJobPublishesMeanwhileAreErasedToo() throws IOException {
        Archive archive = copy();
        int[] publications = {0};
        ErasureReport report = archive.erasure(step -> {
            if (step.equals("before publish") && publications[0]++ == 0) {
                ArchiveRig rig = new ArchiveRig(archive.folder, 9);
                archive.publish(archive.store.latest().withFiles(List.of(rig.writeOrders("2026-01-05", List.of("A", "B"), "a-0", 6, 7))));
            }
        }).run(account("A", "2026-01-05", "2026-01-05"));

        assertThat(report.tableRows()).isEqualTo(7);
        assertThat(archive.store.latest().erasures()).hasSize(1);
        assertThat(archive.rows()).filteredOn(row -> row.contains("account: A\n")).as("the day after").hasSize(2);
    }

    @Test
    void aRestoreMeanwhileIsFollowed() throws IOException {
        Archive archive = copy();
        int[] publications = {0};
        ErasureReport report = archive.erasure(step -> {
            if (step.equals("before publish") && publications[0]++ == 0) {
                archive.restore(new ArchiveEpoch("b-3", "a-0", 3, "b", 1));
            }
        }).run(account("A", null, "2026-12-31"));

        assertThat(report.files()).extracting(ErasureReport.Concerned::place).contains(Place.TABLE, Place.SUPERSEDED);
        archive.retention(List.of()).runErased();
        assertThat(archive.parquetFiles()).noneMatch(file -> rowsOf(file).stream().anyMatch(row -> row.contains("account: A\n")));
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
        archive.restore(new ArchiveEpoch("c-5", "a-0", 5, "c", 2));
        assertThat(archive.rows()).noneMatch(row -> row.contains("account: A\n"));
        assertThat(archive.rows()).filteredOn(row -> row.contains("account: B\n")).hasSize(4);
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
    }

    @Test
    void aLeaseAndAnUncommittedFileOfACheckpointHoldTheFormerFilesAndAreTold() throws IOException {
        Archive archive = copy();
        ArchiveManifest read = archive.store.latest();
        VersionLeases leases = VersionLeases.of(archive.store, Clock.fixed(NOW, ZoneOffset.UTC));
        VersionLeases.Lease lease = leases.take(read, read.files(), NOW.toEpochMilli(), Duration.ofMinutes(2));
        ErasureReport report = archive.erasure(step -> { }).run(account("A", null, "2026-12-31"));
        RetentionReport held = archive.retention(List.of()).runErased();
        assertThat(held.deleted()).isEmpty();
        assertThat(held.waiting()).hasSize(report.files().size());
        for (DataFile file : read.files()) {
            assertThat(ArchiveRig.rows(archive.store.locate(file))).as("the reader goes on").hasSize((int) file.rows());
        }

        leases.release(lease);
        DataFile alone = read.files().stream().filter(file -> file.tradingDay().equals("2026-01-06")).findFirst().orElseThrow();
        String name = alone.path().substring(alone.path().lastIndexOf('/') + 1);
        RetentionReport uncommitted = archive.retention(List.of(new RetainedCheckpoint("chk-4", "a-0", 4, Set.of(name)))).runErased();
        assertThat(uncommitted.needed()).extracting(file -> file.file().path()).containsExactly(alone.path());
        assertThat(uncommitted.deleted()).hasSize(report.files().size() - 1);
        assertThat(archive.retention(List.of()).runErased().deleted()).hasSize(1);
    }

    @Test
    void filesInAnObjectStoreAreErasedWithTheirObjectsAndTheCopyInTheCache() throws IOException {
        Archive archive = copy();
        Path remote = Files.createDirectories(parent.resolve("remote"));
        RetentionPolicy tiers = new RetentionPolicy(new RetentionStages(0, 0, null), Map.of());
        for (Instant now : List.of(NOW, NOW.plus(GRACE).plusMillis(1))) {
            assertThat(new ArchiveTiers(archive.store, new RetentionPolicy(new RetentionStages(0, 0, null), Map.of()), "file://" + remote, GRACE, List.of(),
                    Clock.fixed(now, ZoneOffset.UTC)).run().problems()).isEmpty();
        }
        assertThat(tiers.stages("order_insert").remoteAfter()).isZero();
        long objects = count(remote);
        assertThat(objects).isPositive();
        assertThat(archive.store.latest().remote()).anyMatch(copy -> !copy.hasLocalFile());

        ErasureReport report = archive.erasure(step -> { }).run(account("A", null, "2026-01-05"));
        assertThat(report.tableRows()).isEqualTo(6);
        RetentionReport gone = archive.retention(List.of()).runErased();
        assertThat(gone.notes()).isEmpty();
        assertThat(gone.waiting()).isEmpty();
        assertThat(count(remote)).as("the object of the compacted file went").isEqualTo(objects - 1);
        assertThat(count(parent.resolve("cache"))).as("no copy in the cache").isZero();
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
    }

    @Test
    void aDamagedFileIsNamedAndNothingIsErased() throws IOException {
        Archive archive = copy();
        DataFile file = archive.store.latest().files().stream().filter(one -> one.tradingDay().equals("2026-01-05") && one.table().equals("order_insert"))
                .findFirst().orElseThrow();
        Path damaged = Path.of(archive.store.locate(file).toUri());
        byte[] bytes = Files.readAllBytes(damaged);
        bytes[5] ^= 1;
        Files.write(damaged, bytes);
        long version = archive.store.latest().version();
        long files = archive.parquetFiles().size();

        assertThatThrownBy(() -> archive.erasure(step -> { }).run(account("A", null, "2026-12-31"))).isInstanceOf(IOException.class)
                .hasMessageContaining(file.path().substring(file.path().lastIndexOf('/') + 1));
        assertThat(archive.store.latest().version()).isEqualTo(version);
        assertThat(archive.parquetFiles()).as("no file is left").hasSize((int) files);
    }

    @Test
    void erasesRowsOfTheLedgerAndRowsOfAnInstrument() throws IOException {
        Archive archive = copy();
        DataFile ledger = archive.store.latest().files().stream().filter(file -> file.table().equals(ArchiveRig.ROWS)).findFirst().orElseThrow();
        List<String> before = ArchiveRig.rows(archive.store.locate(ledger));
        String account = before.get(0).replaceAll("(?s).*account: (A\\d+)\n.*", "$1");
        archive.erasure(step -> { }).run(account(account, null, "2026-12-31"));
        ledger = archive.store.latest().files().stream().filter(file -> file.table().equals(ArchiveRig.ROWS)).findFirst().orElseThrow();
        assertThat(ArchiveRig.rows(archive.store.locate(ledger)))
                .isEqualTo(before.stream().filter(row -> !row.contains("account: " + account + "\n")).toList());

        ErasureReport report = archive.erasure(step -> { }).run(new Erasure("request-2", null, ArchiveRig.instrumentOf("B"), List.of("order_insert"), null,
                "2026-12-31", "wrong", 0, 0, 0, 0));
        assertThat(report.tableRows()).isEqualTo(4);
        assertThat(archive.rows()).noneMatch(row -> row.contains("instrument: I-B\n"));
        assertThat(archive.store.latest().files()).filteredOn(file -> file.table().equals("order_insert"))
                .allMatch(file -> file.minInstrument().equals("I-A") || file.minInstrument().equals("I-C"));
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
    }

    @Test
    void namesAnAccountOrAnInstrument() {
        assertThatThrownBy(() -> account(null, null, "2026-01-01")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("names an account");
    }

    private static List<String> rowsOf(Path file) {
        try {
            return ArchiveRig.rows(new org.apache.flink.core.fs.Path(file.toUri()));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static long count(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> Files.isRegularFile(file) && !file.toString().endsWith("lock")).count();
        }
    }

    /** A step that may throw. */
    @FunctionalInterface
    private interface Step {
        void at(String step) throws IOException;
    }

    private final class Archive {
        private final Path folder;
        private final ManifestStore store;

        Archive(Path folder) throws IOException {
            this.folder = Files.createDirectories(folder);
            this.store = ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri()));
        }

        void publish(ArchiveManifest next) throws IOException {
            assertThat(store.publish(next)).isTrue();
        }

        void compact(String day) throws IOException {
            new ArchiveCompaction(store, CompactionOptions.DEFAULT, Files.createDirectories(parent.resolve("tmp")), Clock.fixed(NOW, ZoneOffset.UTC))
                    .run(file -> file.table().equals("order_insert") && file.tradingDay().equals(day), file -> { });
        }

        /** As the job does it: files move when the version is published. */
        void restore(ArchiveEpoch epoch) throws IOException {
            ArchiveManifest latest = store.latest();
            ArchiveManifest next = latest.beginEpoch(epoch);
            for (DataFile file : next.files()) {
                if (latest.superseded().contains(file)) {
                    move(store.locateSuperseded(file), store.locate(file));
                }
            }
            publish(next);
            for (DataFile file : next.superseded()) {
                if (!latest.superseded().contains(file)) {
                    move(store.locate(file), store.locateSuperseded(file));
                }
            }
        }

        private void move(org.apache.flink.core.fs.Path from, org.apache.flink.core.fs.Path to) throws IOException {
            Path target = Path.of(to.toUri());
            Files.createDirectories(target.getParent());
            Files.move(Path.of(from.toUri()), target);
        }

        ArchiveErasure erasure(Step steps) throws IOException {
            return new ArchiveErasure(store, Files.createDirectories(parent.resolve("tmp")), new TierCache(parent.resolve("cache"), 1 << 20),
                    Clock.fixed(NOW, ZoneOffset.UTC), step -> {
                        try {
                            steps.at(step);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
        }

        ArchiveRetention retention(List<RetainedCheckpoint> checkpoints) {
            return retention(checkpoints, step -> { });
        }

        ArchiveRetention retention(List<RetainedCheckpoint> checkpoints, Consumer<String> steps) {
            return ArchiveRetention.observed(store, KEEP, GRACE, checkpoints, Clock.fixed(NOW.plusSeconds(1), ZoneOffset.UTC), steps);
        }

        List<String> rows() throws IOException {
            return rows(store.latest());
        }

        List<String> rows(ArchiveManifest manifest) throws IOException {
            List<String> rows = new ArrayList<>();
            for (DataFile file : manifest.files()) {
                if (!file.table().equals(ArchiveRig.ROWS)) {
                    rows.addAll(ArchiveRig.rows(store.locate(file)));
                }
            }
            rows.sort(null);
            return rows;
        }

        List<Path> parquetFiles() throws IOException {
            try (Stream<Path> files = Files.walk(folder)) {
                return files.filter(file -> file.toString().endsWith(".parquet")).toList();
            }
        }

        List<String> lines(String table) throws IOException {
            List<String> lines = new ArrayList<>();
            try (Stream<Path> files = Files.walk(folder.resolve(table))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    lines.addAll(Files.readAllLines(file));
                }
            }
            return lines;
        }
    }
}
