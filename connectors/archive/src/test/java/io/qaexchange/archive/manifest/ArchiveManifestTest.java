package io.qaexchange.archive.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArchiveManifestTest {

    private static final ArchiveEpoch FIRST = epoch("a-0", null, 0);

    @Test
    void addsABatchOnce() {
        ArchiveManifest one = ArchiveManifest.EMPTY.beginEpoch(FIRST).withFiles(List.of(file("x", "a-0", 1)));

        assertThat(one.withFiles(List.of(file("x", "a-0", 2)))).isSameAs(one);
        assertThat(one.withFiles(List.of(file("x", "a-0", 1), file("y", "a-0", 2))).version()).isEqualTo(one.version() + 1);
    }

    @Test
    void takesOutWhatALaterEpochDoesNotDescendFrom() {
        ArchiveManifest written = ArchiveManifest.EMPTY.beginEpoch(FIRST)
                .withFiles(List.of(file("early", "a-0", 3), file("at", "a-0", 5), file("late", "a-0", 6)));

        ArchiveManifest restored = written.beginEpoch(epoch("b-5", "a-0", 5));

        assertThat(restored.files()).extracting(DataFile::batchId).containsExactly("early", "at");
        assertThat(restored.superseded()).extracting(DataFile::batchId).containsExactly("late");
    }

    @Test
    void bringsAnAbandonedBranchBack() {
        ArchiveManifest written = ArchiveManifest.EMPTY.beginEpoch(FIRST).withFiles(List.of(file("one", "a-0", 2), file("two", "a-0", 8)));
        ArchiveManifest other = written.beginEpoch(epoch("b-3", "a-0", 3)).withFiles(List.of(file("three", "b-3", 4)));

        ArchiveManifest back = other.beginEpoch(epoch("c-8", "a-0", 8));

        assertThat(back.files()).extracting(DataFile::batchId).containsExactlyInAnyOrder("one", "two");
        assertThat(back.superseded()).extracting(DataFile::batchId).containsExactly("three");
    }

    @Test
    void leavesOutGrandparentsFilesBehindTheParentsStart() {
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(FIRST).withFiles(List.of(file("one", "a-0", 2), file("two", "a-0", 8)))
                .beginEpoch(epoch("b-3", "a-0", 3)).withFiles(List.of(file("three", "b-3", 4)))
                .beginEpoch(epoch("c-5", "b-3", 5));

        assertThat(manifest.files()).extracting(DataFile::batchId).containsExactlyInAnyOrder("one", "three");
    }

    @Test
    void showsAReaderOfACheckpointNothingNewer() {
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(FIRST).withFiles(List.of(file("one", "a-0", 2), file("two", "a-0", 8)));

        assertThat(manifest.filesAsOf("a-0", 5)).extracting(DataFile::batchId).containsExactly("one");
        assertThat(manifest.beginEpoch(epoch("b-8", "a-0", 8)).filesAsOf("a-0", 5)).extracting(DataFile::batchId).containsExactly("one");
    }

    @Test
    void refusesAReaderOfAnAbandonedCheckpoint() {
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(FIRST).beginEpoch(epoch("b-3", "a-0", 3));

        assertThat(manifest.filesAsOf("a-0", 3)).isEmpty();
        assertThatThrownBy(() -> manifest.filesAsOf("a-0", 4)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("checkpoint 4 of epoch a-0");
        assertThatThrownBy(() -> manifest.filesAsOf("z-0", 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAParentThatItDoesNotKnow() {
        assertThatThrownBy(() -> ArchiveManifest.EMPTY.beginEpoch(epoch("b-3", "a-0", 3))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a-0");
    }

    @Test
    void aReaderThatMayNotTakeAllOfACompactedFileTakesTheFilesThatItWasMadeOf() {
        ArchiveManifest manifest = compactedOfThree();

        assertThat(manifest.filesAsOf("a-0", 9)).extracting(DataFile::batchId).containsExactly("all");
        assertThat(manifest.filesAsOf("a-0", 5)).extracting(DataFile::batchId).containsExactly("one", "two");
        assertThat(manifest.filesAsOf("a-0", 1)).isEmpty();
        assertThat(manifest.filesAsOfPins(java.util.Map.of(0, 3L))).extracting(DataFile::batchId).containsExactly("all");
        assertThat(manifest.filesAsOfPins(java.util.Map.of(0, 1L))).extracting(DataFile::batchId).containsExactly("one");
        assertThat(manifest.publishedBatches()).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(manifest.withFiles(List.of(numbered("two", 4, 2)))).as("a batch that was compacted is here already").isSameAs(manifest);
    }

    @Test
    void aRestoreFromWithinACompactedFileBringsItsFilesBackAndEveryBatchIsSomewhereOnce() {
        ArchiveManifest back = compactedOfThree().beginEpoch(epoch("b-4", "a-0", 4));

        assertThat(back.files()).extracting(DataFile::batchId).containsExactly("one", "two");
        assertThat(back.superseded()).extracting(DataFile::batchId).containsExactly("three");
        assertThat(back.retired()).extracting(RetiredFile::reason).containsExactly(RetiredFile.Reason.SPLIT);

        ArchiveManifest whole = back.beginEpoch(epoch("c-9", "a-0", 9));
        assertThat(whole.files()).extracting(DataFile::batchId).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(whole.superseded()).isEmpty();
    }

    @Test
    void aCompactedFileLeavesAndComesBackWithItsBranch() {
        ArchiveManifest away = compactedOfThree().beginEpoch(epoch("b-1", "a-0", 1));
        assertThat(away.files()).isEmpty();
        assertThat(away.superseded()).extracting(DataFile::batchId).containsExactly("all");

        assertThat(away.beginEpoch(epoch("c-7", "a-0", 7)).files()).extracting(DataFile::batchId).containsExactly("all");
        ArchiveManifest split = away.beginEpoch(epoch("d-3", "a-0", 3));
        assertThat(split.files()).extracting(DataFile::batchId).containsExactly("one");
        assertThat(split.superseded()).extracting(DataFile::batchId).containsExactly("two", "three");
        assertThat(split.retired()).extracting(file -> file.file().path()).containsExactly("_superseded/all.parquet");
    }

    @Test
    void refusesToGoBackToWithinACompactedFileWhoseFilesAreGone() {
        ArchiveManifest manifest = compactedOfThree();
        ArchiveManifest purged = manifest.withoutRetired(manifest.retired());

        assertThatThrownBy(() -> purged.beginEpoch(epoch("b-4", "a-0", 4))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("restoring checkpoint 4 needs files that were compacted into all.parquet and deleted since");
        assertThatThrownBy(() -> purged.filesAsOf("a-0", 4)).isInstanceOf(IllegalArgumentException.class);
        assertThat(purged.filesAsOf("a-0", 7)).extracting(DataFile::batchId).containsExactly("all");
        assertThat(purged.beginEpoch(epoch("b-1", "a-0", 1)).files()).isEmpty();
    }

    @Test
    void aCompactedFileIsCompactedAgainAndGivesWayDownToItsFirstFiles() {
        ArchiveManifest once = compactedOfThree().withFiles(List.of(numbered("four", 8, 4)));
        ArchiveManifest twice = once.withCompacted(once.files(), compacted("most", once.files()), 6);

        assertThat(twice.filesAsOf("a-0", 8)).extracting(DataFile::batchId).containsExactly("most");
        assertThat(twice.filesAsOf("a-0", 7)).extracting(DataFile::batchId).containsExactly("all");
        assertThat(twice.filesAsOf("a-0", 4)).extracting(DataFile::batchId).containsExactly("one", "two");
    }

    @Test
    void refusesACompactedFileWithOtherRowsThanItsFiles() {
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(FIRST).withFiles(List.of(numbered("one", 2, 1), numbered("two", 4, 2)));

        assertThatThrownBy(() -> manifest.withCompacted(manifest.files(), compacted("all", manifest.files().subList(0, 1)), 5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("has not the rows");
        assertThatThrownBy(() -> manifest.withCompacted(List.of(numbered("other", 2, 3)), compacted("all", manifest.files()), 5))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("not in manifest version 2 any more");
    }

    private static ArchiveManifest compactedOfThree() {
        ArchiveManifest written = ArchiveManifest.EMPTY.beginEpoch(FIRST)
                .withFiles(List.of(numbered("one", 2, 1), numbered("two", 4, 2), numbered("three", 6, 3)));
        return written.withCompacted(written.files(), compacted("all", written.files()), 5);
    }

    private static DataFile numbered(String batchId, long checkpointId, long ordinal) {
        return new DataFile(batchId, "tick", "2026-01-06", batchId + ".parquet", 10, 1, 20, 1, 2, "a-0", checkpointId, null, null, 0, ordinal, null, null);
    }

    private static DataFile compacted(String id, List<DataFile> files) {
        List<ArchivedBatch> batches = files.stream().flatMap(file -> file.batches().stream()).toList();
        return new DataFile(id, "tick", "2026-01-06", id + ".parquet", 30, batches.size(), 60, 1, 2, "a-0", 6, null, null, DataFile.NONE, DataFile.NONE,
                null, batches);
    }

    static ArchiveEpoch epoch(String id, String parent, long restored) {
        return new ArchiveEpoch(id, parent, restored, id.substring(0, 1), 1);
    }

    static DataFile file(String batchId, String epoch, long checkpointId) {
        return new DataFile(batchId, "tick", "2026-01-06", "table=tick/date=2026-01-06/part-" + batchId + ".parquet", 10, 1, 20, 1, 2, epoch,
                checkpointId);
    }
}
