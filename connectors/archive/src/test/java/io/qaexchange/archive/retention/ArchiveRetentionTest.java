package io.qaexchange.archive.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.events.EventSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that expire and files that compaction replaced; the run is killed at each step and continued. */
class ArchiveRetentionTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration GRACE = Duration.ofDays(7);
    private static final RetentionPolicy THIRTY_DAYS = new RetentionPolicy(new RetentionStages(null, null, 30), Map.of());

    @TempDir
    private Path parent;

    /** The process ends here. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Test
    void leavesTheTableFirstAndTheDiskWhenTheGraceTimeIsOver() throws IOException {
        Archive archive = new Archive("one");

        RetentionReport planned = archive.retention(NOW, List.of(), step -> { }).plan();
        assertThat(planned.expired()).extracting(DataFile::tradingDay).containsExactly("2026-01-05");
        assertThat(archive.store.latest().files()).as("a plan changes nothing").hasSize(2);

        RetentionReport first = archive.retention(NOW, List.of(), step -> { }).run();
        assertThat(first.expired()).hasSize(1);
        assertThat(first.deleted()).isEmpty();
        assertThat(first.waiting()).hasSize(4);
        assertThat(archive.store.latest().files()).extracting(DataFile::tradingDay).containsExactly("2026-02-28");
        assertThat(archive.parquetFiles()).hasSize(5);

        RetentionReport second = archive.retention(NOW.plus(GRACE).plusMillis(1), List.of(), step -> { }).run();
        assertThat(second.deleted()).hasSize(4);
        assertThat(archive.parquetFiles()).hasSize(1);
        assertThat(archive.store.latest().retired()).isEmpty();
        assertThat(archive.deletionRows()).hasSize(4).anyMatch(row -> row.contains("\"reason\":\"expired\"") && row.contains("\"sha256\":\""));
        assertThat(ArchiveCheck.run(archive.store, null).problems()).isEmpty();
    }

    @Test
    void aRunThatIsKilledAtAnyStepIsContinuedToTheSameEnd() throws IOException {
        Archive whole = new Archive("whole");
        List<String> steps = new ArrayList<>();
        whole.retention(NOW, List.of(), steps::add).run();
        whole.retention(NOW.plus(GRACE).plusMillis(1), List.of(), steps::add).run();
        Set<String> rows = whole.deletionRows();
        assertThat(steps).contains("before expire", "after expire", "before mark", "after mark", "before rows", "after rows", "after deletion",
                "before forget", "after forget");

        for (int kill = 0; kill < steps.size(); kill++) {
            Archive archive = new Archive("killed-" + kill);
            int[] left = {kill};
            Consumer<String> killer = step -> {
                if (left[0]-- == 0) {
                    throw new Killed();
                }
            };
            boolean killed = false;
            for (Instant now : List.of(NOW, NOW.plus(GRACE).plusMillis(1))) {
                try {
                    archive.retention(now, List.of(), killer).run();
                } catch (Killed e) {
                    killed = true;
                    assertThat(ArchiveCheck.run(archive.store, null).problems()).as("after a kill at step %d, %s", kill, steps.get(kill)).isEmpty();
                    archive.retention(now, List.of(), step -> { }).run();
                }
            }
            assertThat(killed).isTrue();
            assertThat(archive.parquetFiles()).as("after a kill at step %d, %s", kill, steps.get(kill)).hasSize(1);
            assertThat(archive.store.latest().files()).hasSize(1);
            assertThat(archive.store.latest().retired()).isEmpty();
            assertThat(archive.deletionRows()).as("each deletion is one row").hasSameSizeAs(rows);
        }
    }

    @Test
    void keepsWhatARetainedCheckpointNeeds() throws IOException {
        Archive archive = new Archive("one");
        Instant later = NOW.plus(GRACE).plusMillis(1);
        RetentionPolicy keep = new RetentionPolicy(RetentionStages.KEEP, Map.of());
        RetainedCheckpoint between = new RetainedCheckpoint("chk-2", "a-0", 2, Set.of());

        RetentionReport kept = new ArchiveRetention(archive.store, keep, GRACE, List.of(between), at(later)).run();
        assertThat(kept.needed()).hasSize(3);
        assertThat(kept.deleted()).isEmpty();
        assertThat(archive.store.latest().beginEpoch(new ArchiveEpoch("b-2", "a-0", 2, "b", 1)).files()).hasSize(3);

        String name = archive.store.latest().retired().get(0).file().path().replaceAll(".*/", "");
        RetainedCheckpoint uncommitted = new RetainedCheckpoint("chk-9", "a-0", 9, Set.of(name));
        RetentionReport some = new ArchiveRetention(archive.store, keep, GRACE, List.of(uncommitted), at(later)).run();
        assertThat(some.needed()).hasSize(1);
        assertThat(some.deleted()).hasSize(2);

        RetentionReport told = new ArchiveRetention(archive.store, keep, GRACE, List.of(between), at(later)).run();
        assertThat(told.notes()).anyMatch(note -> note.contains("chk-2 cannot be restored with this archive"));
    }

    @Test
    void keepsWhatIsHeldAlsoIfTheHoldComesBehindTheExpiry() throws IOException {
        Archive archive = new Archive("one");
        LegalHold hold = new LegalHold("case", null, null, "2026-01-05", "court", 0);
        assertThat(archive.store.publish(archive.store.latest().withHolds(List.of(hold)))).isTrue();
        assertThat(archive.retention(NOW, List.of(), step -> { }).run().held()).hasSize(1);
        assertThat(archive.store.latest().files()).hasSize(2);

        assertThat(archive.store.publish(archive.store.latest().withHolds(List.of()))).isTrue();
        archive.retention(NOW, List.of(), step -> { }).run();
        assertThat(archive.store.latest().files()).hasSize(1);
        assertThat(archive.store.publish(archive.store.latest().withHolds(List.of(hold)))).isTrue();
        RetentionReport late = archive.retention(NOW.plus(GRACE).plusMillis(1), List.of(), step -> { }).run();
        assertThat(late.needed()).extracting(RetiredFile::reason).containsExactly(RetiredFile.Reason.EXPIRED);
    }

    @Test
    void anExpiredBatchIsNeverHotAndNeverAddedAgain() throws IOException {
        Archive archive = new Archive("one");
        ArchiveManifest before = archive.store.latest();
        archive.retention(NOW, List.of(), step -> { }).run();
        ArchiveManifest after = archive.store.latest();

        assertThat(after.publishedBatches()).isEqualTo(before.publishedBatches());
        assertThat(after.notHot(after.files())).isEqualTo(before.publishedBatches());
        assertThat(after.withFiles(archive.written)).isSameAs(after);
        assertThat(after.beginEpoch(new ArchiveEpoch("b-9", "a-0", 9, "b", 1)).files()).isEqualTo(after.files());
        assertThatThrownBy(() -> after.withExpired(before.files(), 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("any more");
    }

    @Test
    void removesFilesOfACompactionThatWasKilledAfterADay() throws IOException {
        Archive archive = new Archive("one");
        Path day = archive.folder.resolve("table=tick/date=2026-02-28");
        for (String name : List.of("compacted-x.parquet", ".compacting-y")) {
            Files.writeString(day.resolve(name), "x");
        }
        assertThat(archive.retention(Instant.now(), List.of(), step -> { }).plan().unnamed()).isEmpty();
        for (String name : List.of("compacted-x.parquet", ".compacting-y")) {
            Files.setLastModifiedTime(day.resolve(name), FileTime.from(NOW.minus(Duration.ofDays(2))));
        }
        assertThat(archive.retention(NOW, List.of(), step -> { }).run().unnamed()).hasSize(2);
        assertThat(day.resolve("compacted-x.parquet")).doesNotExist();
    }

    private static Clock at(Instant instant) {
        return Clock.fixed(instant, ZoneOffset.UTC);
    }

    /** A file of January, and one of February that was made of three. */
    private final class Archive {
        private final Path folder;
        private final ManifestStore store;
        private final List<DataFile> written = new ArrayList<>();

        Archive(String name) throws IOException {
            folder = Files.createDirectories(parent.resolve(name));
            ArchiveRig rig = new ArchiveRig(folder, 3);
            store = rig.store();
            ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
            assertThat(store.publish(begun)).isTrue();
            written.add(rig.write(EventSchema.get().findTable("tick"), "2026-01-05", 2, "a-0", 1, 0, 1, true));
            for (int i = 2; i <= 4; i++) {
                written.add(rig.write(EventSchema.get().findTable("tick"), "2026-02-28", 2, "a-0", i - 1, 0, i, true));
            }
            assertThat(store.publish(begun.withFiles(written))).isTrue();
            Path temporary = Files.createDirectories(parent.resolve("tmp"));
            new ArchiveCompaction(store, CompactionOptions.DEFAULT, temporary, at(NOW)).run(file -> true, file -> { });
            assertThat(store.latest().files()).hasSize(2);
        }

        ArchiveRetention retention(Instant now, List<RetainedCheckpoint> checkpoints, Consumer<String> steps) {
            return new ArchiveRetention(store, THIRTY_DAYS, GRACE, checkpoints, at(now), steps);
        }

        List<Path> parquetFiles() throws IOException {
            try (Stream<Path> files = Files.walk(folder)) {
                return files.filter(file -> file.toString().endsWith(".parquet")).toList();
            }
        }

        Set<String> deletionRows() throws IOException {
            Set<String> rows = new TreeSet<>();
            try (Stream<Path> files = Files.walk(folder.resolve(DeletionLog.FOLDER))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    rows.addAll(Files.readAllLines(file));
                }
            }
            return rows;
        }
    }
}
