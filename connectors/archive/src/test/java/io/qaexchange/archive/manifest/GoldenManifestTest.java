package io.qaexchange.archive.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    @Test
    void writesAndReadsFormatVersion3ToTheByte() throws IOException {
        ArchiveManifest written = example();
        String batch = written.files().get(0).batchId();
        RemoteCopy copy = new RemoteCopy(batch, "s3://cold/market", written.files().get(0).path(), 100, "c".repeat(64), RemoteCopy.Stage.REMOTE, 11,
                1_767_700_000_006L, 0);
        ArchiveManifest tiered = written.withRemote(List.of(copy, new RemoteCopy("unknown", "s3://cold/market", "x", 1, "d".repeat(64),
                RemoteCopy.Stage.BOTH, 1, 1, 0)));
        assertThat(tiered.remote()).as("a file that is not named has no copy").containsExactly(copy);
        Path golden = FOLDER.resolve("manifest-format-3.json");
        byte[] bytes = ManifestFormat.encode(tiered, Sha256.of(new byte[0], 0));
        if (Boolean.getBoolean("test.rewrite")) {
            Files.write(golden, bytes);
        }

        assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(Files.readString(golden));
        assertThat(ManifestFormat.decode(Files.readAllBytes(golden), tiered.version(), "golden").manifest()).isEqualTo(tiered);
        assertThat(tiered.withRemote(List.of()).formatVersion()).as("without copies, a build from before reads it").isEqualTo(2);
    }

    @Test
    void writesAndReadsFormatVersion4ToTheByte() throws IOException {
        ArchiveManifest written = example();
        DataFile source = written.files().get(0);
        DataFile rest = new DataFile("rest", source.table(), source.tradingDay(), "table=tick/date=2026-01-06/rewritten-rest.parquet", 90, source.rows() - 1, 110, 5, 9,
                source.epoch(), source.checkpointId(), "IF2601", "rb2605", DataFile.NONE, DataFile.NONE, "e".repeat(64), source.batches());
        Erasure erasure = new Erasure("request-17", "A0001", null, List.of("tick"), "2026-01-05", "2026-01-06", "law", 0, 0, 1, 1);
        ArchiveManifest erased = written.withErased(Map.of(source.batchId(), new RewrittenFile(source, rest)), written.holds(), erasure, 1_767_700_000_007L);
        assertThat(erased.files().get(0).batches()).extracting(ArchivedBatch::batchId).isEqualTo(source.batches().stream().map(ArchivedBatch::batchId).toList());
        assertThat(erased.publishedBatches()).isEqualTo(written.publishedBatches());
        Path golden = FOLDER.resolve("manifest-format-4.json");
        byte[] bytes = ManifestFormat.encode(erased, Sha256.of(new byte[0], 0));
        if (Boolean.getBoolean("test.rewrite")) {
            Files.write(golden, bytes);
        }

        assertThat(new String(bytes, StandardCharsets.UTF_8)).isEqualTo(Files.readString(golden));
        assertThat(ManifestFormat.decode(Files.readAllBytes(golden), erased.version(), "golden").manifest()).isEqualTo(erased);
        assertThat(erased.withRemote(List.of()).formatVersion()).as("what was erased stays known").isEqualTo(4);
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
