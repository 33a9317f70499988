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

    static ArchiveEpoch epoch(String id, String parent, long restored) {
        return new ArchiveEpoch(id, parent, restored, id.substring(0, 1), 1);
    }

    static DataFile file(String batchId, String epoch, long checkpointId) {
        return new DataFile(batchId, "tick", "2026-01-06", "table=tick/date=2026-01-06/part-" + batchId + ".parquet", 10, 1, 20, 1, 2, epoch,
                checkpointId);
    }
}
