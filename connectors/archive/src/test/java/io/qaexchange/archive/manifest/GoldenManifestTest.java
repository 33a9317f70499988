package io.qaexchange.archive.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A manifest of each format version, kept for ever. {@code -Dtest.rewrite=true} writes the newest anew; the difference is the review. */
class GoldenManifestTest {

    private static final Path FOLDER = Path.of("src/test/resources/golden");

    @Test
    void readsFormatVersion1() throws IOException {
        ArchiveManifest manifest = ManifestFormat.decode(Files.readAllBytes(FOLDER.resolve("manifest-format-1.json")), 7, "golden").manifest();

        assertThat(manifest.currentEpoch()).isEqualTo("b-5");
        assertThat(manifest.files()).extracting(DataFile::batchId).containsExactly("one", "two");
        assertThat(manifest.files().get(1).subtask()).isEqualTo(1);
        assertThat(manifest.files().get(1).sha256()).isNull();
        assertThat(manifest.superseded()).extracting(DataFile::batchId).containsExactly("three");
        assertThat(manifest.retired()).isEmpty();
        assertThat(manifest.holds()).isEmpty();
        assertThat(manifest.withFiles(List.of()).formatVersion()).as("read only, it is as it was").isEqualTo(1);
        assertThat(manifest.withFiles(List.of(ArchiveManifestTest.file("four", "b-5", 9))).formatVersion()).isEqualTo(ArchiveManifest.FORMAT_VERSION);
    }

    @Test
    void writesAndReadsFormatVersion2ToTheByte() throws IOException {
        Path golden = FOLDER.resolve("manifest-format-2.json");
        byte[] written = ManifestFormat.encode(example(), Sha256.of(new byte[0], 0));
        if (Boolean.getBoolean("test.rewrite")) {
            Files.write(golden, written);
        }

        assertThat(new String(written, StandardCharsets.UTF_8)).isEqualTo(Files.readString(golden));
        assertThat(ManifestFormat.decode(Files.readAllBytes(golden), example().version(), "golden").manifest()).isEqualTo(example());
    }

    private static ArchiveManifest example() {
        ArchiveManifest written = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1_767_600_000_000L))
                .withFiles(List.of(file("one", 2, 1), file("two", 4, 2), file("three", 6, 3), file("four", 8, 4)));
        List<DataFile> sources = written.files().subList(0, 2);
        List<ArchivedBatch> batches = sources.stream().flatMap(file -> file.batches().stream()).toList();
        ArchiveManifest compacted = written.withCompacted(sources, new DataFile("both", "tick", "2026-01-06", "table=tick/date=2026-01-06/both.parquet", 150,
                6, 200, 5, 9, "a-0", 4, "IF2601", "rb2605", DataFile.NONE, DataFile.NONE, "d".repeat(64), batches), 1_767_700_000_000L);
        ArchiveManifest held = compacted.withHolds(List.of(new LegalHold("case-17", null, "rb2605", null, "court order", 1_767_700_000_001L)))
                .withExpired(compacted.files().subList(0, 0), 1_767_700_000_002L)
                .withHolds(List.of(new LegalHold("case-17", "trade", "rb2605", "2026-01-06", "court order", 1_767_700_000_001L)));
        ArchiveManifest expired = held.withExpired(held.files().subList(0, 1), 1_767_700_000_003L);
        return expired.withDeleting(expired.retired().subList(0, 1), 1_767_700_000_004L)
                .beginEpoch(new ArchiveEpoch("b-6", "a-0", 6, "b", 1_767_700_000_005L));
    }

    private static DataFile file(String batchId, long checkpointId, long ordinal) {
        return new DataFile(batchId, "tick", "2026-01-06", "table=tick/date=2026-01-06/part-" + batchId + ".parquet", 100, 3, 120, 5, 9, "a-0", checkpointId,
                "IF2601", "rb2605", 1, ordinal, "c".repeat(64), null);
    }
}
