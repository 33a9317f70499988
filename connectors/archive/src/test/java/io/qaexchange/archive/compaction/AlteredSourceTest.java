package io.qaexchange.archive.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.manifest.ArchiveCheck;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A compaction gives its rows a new hash, so it must not take rows whose old one is wrong. */
class AlteredSourceTest {

    private static final int FILES = 4;
    private static final int PLACES = 40;

    @TempDir
    private Path folder;

    @Test
    void leavesFilesAsTheyAreIfAByteOfOneWasChanged() throws IOException {
        Path archive = Files.createDirectory(folder.resolve("archive"));
        ArchiveRig rig = new ArchiveRig(archive, 7);
        List<DataFile> files = new ArrayList<>();
        for (int ordinal = 1; ordinal <= FILES; ordinal++) {
            files.add(rig.write(EventSchema.get().table("tick"), "2026-01-06", 50, "a-0", ordinal, 0, ordinal, true));
        }
        ArchiveManifest empty = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(rig.store().publish(empty)).isTrue();
        assertThat(rig.store().publish(empty.withFiles(files))).isTrue();
        Path changed = archive.resolve(files.get(1).path());
        byte[] whole = Files.readAllBytes(changed);

        for (int place = 0; place < PLACES; place++) {
            byte[] bytes = whole.clone();
            int at = (int) ((long) bytes.length * place / PLACES);
            bytes[at] ^= 1;
            Files.write(changed, bytes);

            CompactionReport report = compaction(rig).run(file -> true, file -> { });

            assertThat(report.left()).as("byte %d", at).singleElement().asString().contains(files.get(1).path()).contains("SHA-256");
            assertThat(rig.store().latest().files()).as("byte %d", at).containsExactlyElementsOf(files);
            assertThat(ArchiveCheck.run(rig.store(), null).problems()).as("the check still shows byte %d", at).isNotEmpty();
        }

        Files.write(changed, whole);
        assertThat(compaction(rig).run(file -> true, file -> { }).left()).isEmpty();
        assertThat(rig.store().latest().files()).hasSize(1);
    }

    private ArchiveCompaction compaction(ArchiveRig rig) {
        return new ArchiveCompaction(rig.store(), new CompactionOptions(128 << 20, 256, ParquetOptions.DEFAULT), folder, Clock.systemUTC());
    }
}
