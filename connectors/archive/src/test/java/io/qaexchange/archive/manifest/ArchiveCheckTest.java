package io.qaexchange.archive.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.events.EventSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveCheckTest {

    @TempDir
    private Path folder;
    private ArchiveRig rig;
    private ManifestStore store;

    @BeforeEach
    void publishThreeVersions() throws IOException {
        rig = new ArchiveRig(folder, 1);
        store = rig.store();
        ArchiveManifest first = ArchiveManifest.EMPTY.beginEpoch(ArchiveManifestTest.epoch("a-0", null, 0));
        ArchiveManifest second = first.withFiles(List.of(rig.write(EventSchema.get().findTable("tick"), "2026-01-06", 3, "a-0", 1, 0, 1, true)));
        ArchiveManifest third = second.withFiles(List.of(rig.write(EventSchema.get().findTable("tick"), "2026-01-06", 1, "a-0", 2, 0, 2, true)));
        for (ArchiveManifest manifest : List.of(first, second, third)) {
            assertThat(store.publish(manifest)).isTrue();
        }
    }

    @Test
    void holdsForWhatWasPublished() throws IOException {
        ArchiveCheck check = ArchiveCheck.run(store, null);

        assertThat(check.problems()).isEmpty();
        assertThat(check.files()).isEqualTo(2);
        assertThat(check.newestVersion()).isEqualTo(3);
    }

    @Test
    void showsEveryByteOfEveryVersionAndFileThatWasFlipped() throws IOException {
        try (var all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                // A version's bytes have a syntax, so each is changed in several ways; those of a Parquet file are bytes.
                int[] flips = file.toString().endsWith(".json") ? new int[] {1, 3, 0x20, 0xFF} : new int[] {1};
                for (int i = 0; i < bytes.length; i++) {
                    for (int flip : flips) {
                        bytes[i] ^= (byte) flip;
                        Files.write(file, bytes);
                        bytes[i] ^= (byte) flip;
                        assertThat(ArchiveCheck.run(store, null).holds()).as("byte %d of %s ^ %d", i, file, flip).isFalse();
                    }
                }
                Files.write(file, bytes);
            }
        }
        assertThat(ArchiveCheck.run(store, null).holds()).isTrue();
    }

    @Test
    void showsAVersionThatWasWrittenAnewWithAnHonestSeal() throws IOException {
        ArchiveManifest second = ManifestFormat.decode(store.bytesOf(2), 2, "2").manifest();
        Files.write(fileOf(2), ManifestFormat.encode(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, 2, second.currentEpoch(), second.epochs(),
                List.of(), List.of()), ManifestFormat.NO_FORMER));

        assertThat(ArchiveCheck.run(store, null).problems()).anyMatch(problem -> problem.contains("version 2 was changed"));
    }

    @Test
    void findsAHashThatWasNotedBefore() throws IOException {
        String noted = ArchiveCheck.run(store, null).newestSha256();
        assertThat(store.publish(store.latest().withFiles(List.of(rig.write(EventSchema.get().findTable("tick"), "2026-01-07", 1, "a-0", 3, 0, 3, true)))))
                .isTrue();
        assertThat(ArchiveCheck.run(store, noted).holds()).isTrue();

        // Somebody who computes all hashes anew changes the past, and the note tells.
        Files.delete(fileOf(4));
        ArchiveManifest third = ManifestFormat.decode(store.bytesOf(3), 3, "3").manifest();
        Files.write(fileOf(3), ManifestFormat.encode(new ArchiveManifest(ArchiveManifest.FORMAT_VERSION, 3, third.currentEpoch(), third.epochs(),
                third.files().subList(0, 1), List.of()), Sha256.of(store.bytesOf(2), store.bytesOf(2).length)));
        assertThat(ArchiveCheck.run(store, null).holds()).isTrue();
        assertThat(ArchiveCheck.run(store, noted).problems()).anyMatch(problem -> problem.contains("noted SHA-256"));
    }

    @Test
    void showsAVersionThatIsMissing() throws IOException {
        Files.delete(fileOf(2));
        assertThat(ArchiveCheck.run(store, null).problems()).anyMatch(problem -> problem.contains("2 to 2 are missing"));
    }

    @Test
    void showsAFileThatIsMissing() throws IOException {
        Files.delete(Path.of(store.locate(store.latest().files().get(0)).toUri()));
        assertThat(ArchiveCheck.run(store, null).problems()).anyMatch(problem -> problem.contains("in the manifest and not there"));
    }

    @Test
    void aChangedVersionIsRefusedByEveryReader() throws IOException {
        byte[] bytes = Files.readAllBytes(fileOf(3));
        bytes[bytes.length / 2] ^= 1;
        Files.write(fileOf(3), bytes);
        assertThatThrownBy(store::latest).isInstanceOf(IOException.class).hasMessageContaining("was changed");
    }

    private Path fileOf(long version) {
        return folder.resolve(ManifestStore.MANIFEST_FOLDER).resolve(String.format("%012d.json", version));
    }
}
