package io.qaexchange.archive.tier;

import static io.qaexchange.archive.tier.TieredArchive.GRACE;
import static io.qaexchange.archive.tier.TieredArchive.LATER;
import static io.qaexchange.archive.tier.TieredArchive.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionStages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are copied to another disk, leave the local one, are read from there and come back; every run is killed at each step. */
class ArchiveTiersTest {

    @TempDir
    private Path parent;
    private TieredArchive archive;
    private Path second;

    @BeforeEach
    void anArchive() throws IOException {
        second = Files.createDirectories(parent.resolve("second disk"));
        archive = new TieredArchive(parent, "file://" + second);
    }

    @Test
    void copiesThenLeavesThenDeletesAndEveryRowStaysReadable() throws IOException {
        DataFile old = archive.written.get(0);
        TierReport planned = archive.tiers(NOW).plan();
        assertThat(planned.copied()).extracting(DataFile::tradingDay).containsExactly("2026-01-05", "2026-01-06");
        assertThat(planned.leaving()).as("what is copied leaves in the same run").hasSize(2);
        assertThat(archive.store.latest().remote()).as("a plan changes nothing").isEmpty();
        assertThat(second).isEmptyDirectory();

        TierReport first = archive.tiers(NOW).run();
        assertThat(first.copied()).hasSize(2);
        assertThat(first.leaving()).hasSize(2);
        assertThat(first.waiting()).hasSize(2);
        assertThat(first.deleted()).isEmpty();
        assertThat(archive.isLocal(old)).isTrue();
        assertThat(second.resolve(old.path())).hasSameBinaryContentAs(archive.folder.resolve(old.path()));
        archive.assertRowsReadable();
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();

        assertThat(archive.tiers(LATER).plan().deleted()).hasSize(2);
        TierReport later = archive.tiers(LATER).run();
        assertThat(later.deleted()).hasSize(2);
        assertThat(later.copied()).isEmpty();
        assertThat(archive.isLocal(old)).isFalse();
        assertThat(archive.isLocal(archive.written.get(2))).isTrue();
        assertThat(archive.copyOf(old).stage()).isEqualTo(Stage.REMOTE);
        archive.assertRowsReadable();
        ArchiveCheck check = ArchiveCheck.run(archive.store, null);
        assertThat(check.problems()).isEmpty();
        assertThat(check.objects()).isEqualTo(2);
        assertThat(archive.auditRows("_moves")).hasSize(2).allMatch(row -> row.contains("\"action\":\"copied\"") && row.contains("\"sha256\":\""));
        assertThat(archive.auditRows("_deletions")).hasSize(2).allMatch(row -> row.contains("\"reason\":\"local_copy\"") && row.contains("\"remote\":\"file:"));
        assertThat(archive.store.latest().files()).as("the table has all its rows").hasSize(4);
    }

    @Test
    void aRunThatIsKilledAtAnyStepIsContinuedToTheSameEnd() throws IOException {
        TieredArchive template = new TieredArchive(parent.resolve("template"), "none");
        List<String> steps = new ArrayList<>();
        archive.tiers(NOW, List.of(), steps::add).run();
        archive.tiers(LATER, List.of(), steps::add).run();
        archive.fetch(LATER, steps::add).run(file -> true, Duration.ofDays(1));
        assertThat(steps).contains("before announce", "after announce", "before put", "after put", "before rows of moves", "after rows of moves",
                "before copied", "after copied", "before leave", "after leave", "before mark", "after mark", "before rows of deletions",
                "after rows of deletions", "after deletion", "before gone", "after gone", "before fetch", "after fetch", "before fetched", "after fetched");
        assertThat(archive.auditRows("_moves")).hasSize(4);

        for (int kill = 0; kill < steps.size(); kill++) {
            if (steps.indexOf(steps.get(kill)) != kill && !steps.get(kill).matches("after (put|deletion|fetch)")) {
                // The same step of another file or run.
                continue;
            }
            Path here = parent.resolve("killed-" + kill);
            Path disk = Files.createDirectories(here.resolve("second"));
            TieredArchive killed = new TieredArchive(here, "file://" + disk, template);
            String where = "killed at step " + kill + ", " + steps.get(kill);
            int[] left = {kill};
            Consumer<String> killer = step -> {
                if (left[0]-- == 0) {
                    throw new TieredArchive.Killed();
                }
            };
            boolean was = killedOnce(killed, where, () -> killed.tiers(NOW, List.of(), killer).run(), () -> killed.tiers(NOW).run());
            was |= killedOnce(killed, where, () -> killed.tiers(LATER, List.of(), killer).run(), () -> killed.tiers(LATER).run());
            for (DataFile moved : killed.written.subList(0, 2)) {
                assertThat(killed.copyOf(moved).stage()).as(where).isEqualTo(Stage.REMOTE);
                assertThat(killed.isLocal(moved)).as(where).isFalse();
            }
            was |= killedOnce(killed, where, () -> killed.fetch(LATER, killer).run(file -> true, Duration.ofDays(1)),
                    () -> killed.fetch(LATER, step -> { }).run(file -> true, Duration.ofDays(1)));
            assertThat(was).as(where).isTrue();
            for (DataFile moved : killed.written.subList(0, 2)) {
                assertThat(killed.copyOf(moved).stage()).as(where).isEqualTo(Stage.BOTH);
                assertThat(killed.isLocal(moved)).as(where).isTrue();
            }
            assertThat(killed.auditRows("_moves")).as(where + ": each move is one row").hasSize(4);
            assertThat(killed.auditRows("_deletions")).as(where + ": each deletion is one row").hasSize(2);
        }
    }

    /** A step of an operator. */
    private interface Run {
        Object run() throws IOException;
    }

    private static boolean killedOnce(TieredArchive archive, String where, Run killed, Run again) throws IOException {
        try {
            killed.run();
            return false;
        } catch (TieredArchive.Killed e) {
            archive.assertBytesReadable();
            assertThat(ArchiveCheck.run(archive.store, null).problems()).as(where).isEmpty();
            again.run();
            assertThat(ArchiveCheck.run(archive.store, null).problems()).as(where).isEmpty();
            archive.assertBytesReadable();
            return true;
        }
    }

    @Test
    void aHoldARetainedCheckpointAndAFetchKeepTheLocalFile() throws IOException {
        DataFile tick = archive.written.get(0);
        DataFile trade = archive.written.get(1);
        LegalHold hold = new LegalHold("case", null, null, "2026-01-05", "court", 0);
        archive.tiers(NOW).run();
        assertThat(archive.store.publish(archive.store.latest().withHolds(List.of(hold)))).isTrue();
        RetainedCheckpoint uncommitted = new RetainedCheckpoint("chk-1", "a-0", 1, Set.of(trade.path().replaceAll(".*/", "")));

        TierReport kept = archive.tiers(LATER, List.of(uncommitted), step -> { }).run();
        assertThat(kept.kept()).containsExactlyInAnyOrder(tick, trade);
        assertThat(kept.deleted()).isEmpty();
        assertThat(archive.isLocal(tick) && archive.isLocal(trade)).isTrue();

        assertThat(archive.store.publish(archive.store.latest().withHolds(List.of()))).isTrue();
        assertThat(archive.fetch(LATER, step -> { }).run(tick::equals, Duration.ofDays(2)).stay()).containsExactly(tick);
        assertThat(archive.tiers(LATER).run().deleted()).containsExactly(trade);
        assertThat(archive.tiers(LATER.plus(Duration.ofDays(1))).run().kept()).containsExactly(tick);
        assertThat(archive.tiers(LATER.plus(Duration.ofDays(3))).run().leaving()).as("the time of the fetch is over").containsExactly(tick);
    }

    @Test
    void readsNothingPartialIfTheStoreIsAwayOrTheObjectIsAnother() throws IOException {
        archive.moveAll();
        DataFile old = archive.written.get(0);
        Path object = second.resolve(old.path());
        ColdFiles files = ColdFiles.of(archive.store, archive.store.latest(), archive.cache);
        byte[] bytes = Files.readAllBytes(object);

        byte[] altered = bytes.clone();
        altered[altered.length / 2] ^= 1;
        Files.write(object, altered);
        assertThatThrownBy(() -> files.open(old)).isInstanceOf(IOException.class).hasMessageContaining(old.path()).hasMessageContaining("SHA-256");
        assertThat(ArchiveCheck.run(archive.store, null).problems()).hasSize(1).allMatch(problem -> problem.contains("was changed"));
        Files.write(object, java.util.Arrays.copyOf(bytes, bytes.length - 1));
        assertThatThrownBy(() -> files.open(old)).hasMessageContaining("bytes, the manifest says " + bytes.length);
        Files.write(object, java.util.Arrays.copyOf(bytes, bytes.length + 1));
        assertThatThrownBy(() -> files.open(old)).hasMessageContaining("more than");
        Files.delete(object);
        assertThatThrownBy(() -> files.open(old)).hasMessageContaining(old.path()).hasMessageContaining("does not exist");

        Path aside = Files.move(second, parent.resolve("unmounted"));
        assertThatThrownBy(() -> files.open(old)).hasMessageContaining(old.path()).hasMessageContaining("mount its disk");
        assertThat(archive.fetch(LATER, step -> { }).run(file -> true, Duration.ofDays(1)).problems()).hasSize(2)
                .allMatch(problem -> problem.contains("not fetched: table="));
        assertThat(archive.isLocal(old)).isFalse();
        Files.move(aside, second);
        Files.write(object, bytes);
        archive.assertRowsReadable();
    }

    @Test
    void copiesNothingOntoTheDiskBelowAMountPointAndEndsIfTheStoreIsAway() throws IOException {
        Files.delete(second);
        TierReport report = archive.tiers(NOW).run();
        assertThat(report.copied()).isEmpty();
        assertThat(report.problems()).singleElement().asString().contains("mount its disk").contains("2 files are not copied");
        assertThat(second).doesNotExist();
        archive.assertRowsReadable();

        Files.createDirectories(second);
        assertThat(archive.tiers(NOW).run().copied()).hasSize(2);
        assertThat(archive.auditRows("_moves")).hasSize(2);
    }

    @Test
    void overwritesNoObjectAndCopiesNoAlteredFile() throws IOException {
        DataFile tick = archive.written.get(0);
        Path object = second.resolve(tick.path());
        Files.createDirectories(object.getParent());
        Files.writeString(object, "another archive's");
        Path trade = archive.folder.resolve(archive.written.get(1).path());
        byte[] bytes = Files.readAllBytes(trade);
        bytes[5] ^= 1;
        Files.write(trade, bytes);

        TierReport report = archive.tiers(NOW).run();
        assertThat(report.copied()).isEmpty();
        assertThat(report.problems()).anyMatch(problem -> problem.contains(tick.path()) && problem.contains("give each its own"))
                .anyMatch(problem -> problem.contains("Restore it from a backup"));
        assertThat(object).hasContent("another archive's");
        assertThat(report.leaving()).isEmpty();
    }

    @Test
    void aLocalFileStaysIfItsObjectIsNotWhatItWasWhenItWouldGo() throws IOException {
        archive.tiers(NOW).run();
        Path object = second.resolve(archive.written.get(0).path());
        Files.writeString(object, "x");
        Files.delete(second.resolve(archive.written.get(1).path()));

        TierReport report = archive.tiers(LATER).run();
        assertThat(report.problems()).singleElement().asString().contains("local file stays: " + archive.written.get(0).path());
        assertThat(archive.isLocal(archive.written.get(0))).isTrue();
        assertThat(report.deleted()).as("an object that is gone is copied again first").containsExactly(archive.written.get(1));
        assertThat(second.resolve(archive.written.get(1).path())).exists();
    }

    @Test
    void expiringRowsTakesTheObjectToo() throws IOException {
        archive.moveAll();
        Duration day = Duration.ofDays(1);
        RetentionPolicy policy = new RetentionPolicy(new RetentionStages(null, null, 40), Map.of());
        new ArchiveRetention(archive.store, policy, GRACE, List.of(), TieredArchive.at(LATER)).run();
        assertThat(second.resolve(archive.written.get(0).path())).exists();
        Instant end = LATER.plus(GRACE).plus(day);
        Path aside = Files.move(second, parent.resolve("unmounted"));
        var away = new ArchiveRetention(archive.store, policy, GRACE, List.of(), TieredArchive.at(end)).run();
        assertThat(away.deleted()).isEmpty();
        assertThat(away.notes()).hasSize(2).allMatch(note -> note.contains("a later run deletes it") && note.contains("mount its disk"));
        Files.move(aside, second);
        assertThat(new ArchiveRetention(archive.store, policy, GRACE, List.of(), TieredArchive.at(end)).run().deleted()).hasSize(2);

        assertThat(second.resolve(archive.written.get(0).path())).doesNotExist();
        assertThat(archive.store.latest().remote()).isEmpty();
        assertThat(archive.store.latest().formatVersion()).as("as before the first copy").isEqualTo(ArchiveManifest.FORMAT_VERSION);
        assertThat(archive.auditRows("_deletions")).filteredOn(row -> row.contains("\"reason\":\"expired\"")).hasSize(2)
                .allMatch(row -> row.contains("\"remote\":\"file:"));
    }

    @Test
    void aRestoreFromBeforeAMovedFileAndBackAgain() throws IOException {
        archive.moveAll();
        ArchiveManifest moved = archive.store.latest();
        ArchiveManifest restored = moved.beginEpoch(new ArchiveEpoch("b-1", "a-0", 1, "b", 2));
        assertThat(archive.store.publish(restored)).isTrue();
        assertThat(restored.files()).containsExactly(archive.written.get(0));
        assertThat(restored.remote()).isEqualTo(moved.remote());
        assertThat(restored.superseded()).hasSize(3);
        assertThat(restored.replacedPaths()).as("no restore waits for a file that is in the object store").contains(archive.written.get(0).path());
        archive.assertRowsReadable();
        ArchiveManifest back = restored.beginEpoch(new ArchiveEpoch("c-4", "a-0", 4, "c", 3));
        assertThat(archive.store.publish(back)).isTrue();
        archive.assertRowsReadable();
    }

    @Test
    void aReaderWithAnOldVersionFindsAFileThatMovedSince() throws IOException {
        ColdFiles old = ColdFiles.of(archive.store, archive.store.latest(), archive.cache);
        archive.moveAll();
        try (ColdFile file = old.open(archive.written.get(0))) {
            assertThat(io.qaexchange.archive.ArchiveRig.rows(file.path())).isEqualTo(archive.rows.get(archive.written.get(0).batchId()));
        }
    }

    @Test
    void aCopiedFileIsNotCompacted() throws IOException {
        archive.tiers(NOW).run();
        RemoteCopy copy = archive.copyOf(archive.written.get(0));
        assertThat(copy.uri()).isEqualTo("file://" + second + "/" + archive.written.get(0).path());
        assertThat(io.qaexchange.archive.compaction.CompactionPlanner.plan(archive.store.latest(), io.qaexchange.archive.compaction.CompactionOptions.DEFAULT,
                file -> true)).isEmpty();
    }
}
