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
import io.qaexchange.archive.manifest.LeasedVersions;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.VersionLeases;
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
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a version that a reader has a lease on stay, whatever retention and compaction do; whoever was killed holds nothing for long. */
class LeasedVersionsTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration GRACE = Duration.ofMinutes(10);
    /** When files that leave now may be deleted. */
    private static final Instant LATER = NOW.plus(GRACE).plusMillis(1);
    private static final Duration LONG = Duration.ofHours(1);
    private static final RetentionPolicy THIRTY_DAYS = new RetentionPolicy(new RetentionStages(null, null, 30), Map.of());

    @TempDir
    private Path parent;
    private Path folder;
    private ManifestStore store;

    /** Four files; retention lets one go, compaction makes one of the other three. */
    @BeforeEach
    void writeFiles() throws IOException {
        folder = Files.createDirectories(parent.resolve("archive"));
        ArchiveRig rig = new ArchiveRig(folder, 3);
        store = rig.store();
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(store.publish(begun)).isTrue();
        List<DataFile> written = new ArrayList<>();
        written.add(rig.write(EventSchema.get().findTable("tick"), "2026-01-05", 2, "a-0", 1, 0, 1, true));
        for (int i = 2; i <= 4; i++) {
            written.add(rig.write(EventSchema.get().findTable("tick"), "2026-02-28", 2, "a-0", i - 1, 0, i, true));
        }
        assertThat(store.publish(begun.withFiles(written))).isTrue();
    }

    private static Clock at(Instant instant) {
        return Clock.fixed(instant, ZoneOffset.UTC);
    }

    private void compact() throws IOException {
        new ArchiveCompaction(store, CompactionOptions.DEFAULT, Files.createDirectories(parent.resolve("tmp")), at(NOW)).run(file -> true, file -> { });
    }

    private RetentionReport retain(Instant now, Consumer<String> steps) throws IOException {
        return new ArchiveRetention(store, THIRTY_DAYS, GRACE, List.of(), at(now), steps).run();
    }

    private List<DataFile> missing(List<DataFile> files) {
        return files.stream().filter(file -> !Files.exists(folder.resolve(file.path()))).toList();
    }

    private List<String> leaseFiles() throws IOException {
        Path leases = folder.resolve(VersionLeases.FOLDER);
        if (!Files.exists(leases)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(leases)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void filesOfALeasedVersionStayUntilItsReaderHasEnded() throws IOException {
        ArchiveManifest read = store.latest();
        // Another process: the two share nothing but the folder.
        VersionLeases reader = VersionLeases.of(ManifestStore.of(store.root()), at(NOW));
        VersionLeases.Lease lease = reader.take(read, read.files(), NOW.toEpochMilli(), LONG);
        compact();
        retain(NOW, step -> { });
        assertThat(store.latest().files()).as("they leave the table").hasSize(1);

        RetentionReport held = retain(LATER, step -> { });
        assertThat(held.deleted()).isEmpty();
        assertThat(held.waiting()).hasSize(4);
        assertThat(missing(read.files())).isEmpty();

        reader.release(lease);
        assertThat(retain(LATER, step -> { }).deleted()).hasSize(4);
        assertThat(missing(read.files())).hasSize(4);
    }

    @Test
    void aLeaseThatIsTakenAfterFilesLeftHoldsThemNot() throws IOException {
        compact();
        retain(NOW, step -> { });
        ArchiveManifest read = store.latest();
        VersionLeases.of(store, at(LATER)).take(read, read.files(), LATER.toEpochMilli(), LONG);
        assertThat(retain(LATER, step -> { }).deleted()).as("readers come and go; what left before them goes").hasSize(4);
        assertThat(missing(read.files())).isEmpty();
    }

    @Test
    void aLeaseHoldsRetiredFilesThatItsReaderTakes() throws IOException {
        List<DataFile> before = store.latest().files();
        compact();
        ArchiveManifest read = store.latest();
        VersionLeases.of(store, at(LATER)).take(read, before, LATER.toEpochMilli(), LONG);
        assertThat(retain(LATER, step -> { }).deleted()).isEmpty();
        assertThat(missing(before)).isEmpty();
    }

    @Test
    void betweenMarkAndDeletionAReaderIsHeldOrRefusedAndNeverBelowHimselfDeleted() throws IOException {
        for (String step : List.of("before mark", "after mark", "before rows", "after rows", "after deletion", "after forget")) {
            parent = Files.createTempDirectory(parent, "step");
            writeFiles();
            ArchiveManifest read = store.latest();
            compact();
            retain(NOW, ignored -> { });
            boolean[] taken = {false};
            boolean[] refused = {false};
            VersionLeases reader = VersionLeases.of(store, at(LATER));
            retain(LATER, now -> {
                if (now.equals(step) && !taken[0] && !refused[0]) {
                    try {
                        // A reader that was slow: it has the version from before, and takes its lease now.
                        reader.take(read, read.files(), NOW.toEpochMilli(), LONG);
                        taken[0] = true;
                    } catch (VersionLeases.RefusedException e) {
                        assertThat(e).hasMessageContaining("is being deleted");
                        refused[0] = true;
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            });
            assertThat(taken[0] ^ refused[0]).as(step).isTrue();
            assertThat(refused[0]).as(step).isEqualTo(!step.equals("before mark"));
            if (taken[0]) {
                assertThat(missing(read.files())).as(step).isEmpty();
            } else {
                assertThat(leaseFiles()).as("who is refused holds nothing").isEmpty();
            }
        }
    }

    @Test
    void theLeaseOfAKilledProcessEndsByItsTime() throws IOException {
        ArchiveManifest read = store.latest();
        VersionLeases.of(store, at(NOW)).take(read, read.files(), NOW.toEpochMilli(), Duration.ofMinutes(15));
        compact();
        retain(NOW, step -> { });
        assertThat(retain(LATER, step -> { }).deleted()).isEmpty();
        assertThat(retain(NOW.plus(Duration.ofMinutes(17)), step -> { }).deleted()).hasSize(4);
        assertThat(leaseFiles()).isEmpty();
    }

    @Test
    void renewedInTimeItLivesOnAndTooLateItIsRefused() throws IOException {
        ArchiveManifest read = store.latest();
        VersionLeases.Lease lease = VersionLeases.of(store, at(NOW)).take(read, read.files(), NOW.toEpochMilli(), Duration.ofMinutes(1));
        VersionLeases.Lease renewed = VersionLeases.of(store, at(NOW.plusSeconds(50))).renew(lease, Duration.ofMinutes(1));
        assertThat(leaseFiles()).containsExactly(renewed.name());
        assertThat(renewed.sinceMs()).isEqualTo(lease.sinceMs());
        assertThatThrownBy(() -> VersionLeases.of(store, at(NOW.plusSeconds(111))).renew(renewed, Duration.ofMinutes(1)))
                .isInstanceOf(VersionLeases.RefusedException.class).hasMessageContaining("ended before it was renewed");
    }

    @Test
    void nothingIsDeletedWhileTheFolderOfLeasesIsNotUnderstood() throws IOException {
        List<DataFile> before = store.latest().files();
        compact();
        retain(NOW, step -> { });
        Files.writeString(Files.createDirectories(folder.resolve(VersionLeases.FOLDER)).resolve("README"), "x");
        assertThatThrownBy(() -> retain(LATER, step -> { })).isInstanceOf(IOException.class).hasMessageContaining("README").hasMessageContaining("does not belong");
        assertThat(missing(before)).isEmpty();
    }

    /** The publisher moves files of an abandoned branch into {@code _superseded} only when no reader has a lease; until then they lie where they were. */
    @Test
    void supersededFilesWhoseMoveALeaseDelaysAreCheckedWhereTheyLieAndDeletedThere() throws IOException {
        ArchiveManifest abandoned = store.latest();
        assertThat(store.publish(abandoned.beginEpoch(new ArchiveEpoch("b-0", "a-0", 0, "b", 2)))).isTrue();
        assertThat(store.latest().superseded()).hasSize(4);
        assertThat(ArchiveCheck.run(store, null).problems()).as("superseded, and not moved yet").isEmpty();

        assertThat(retain(NOW, step -> { }).expired()).hasSize(1);
        assertThat(ArchiveCheck.run(store, null).problems()).as("expired, and not moved yet").isEmpty();
        assertThat(missing(abandoned.files())).isEmpty();

        assertThat(retain(LATER, step -> { }).deleted()).hasSize(1);
        assertThat(missing(abandoned.files())).as("that of January").containsExactly(abandoned.files().get(0));
        assertThat(store.latest().retired()).isEmpty();
        assertThat(ArchiveCheck.run(store, null).problems()).isEmpty();
    }

    @Test
    void aSupersededFileThatIsGoneInBothPlacesIsTold() throws IOException {
        ArchiveManifest abandoned = store.latest();
        assertThat(store.publish(abandoned.beginEpoch(new ArchiveEpoch("b-0", "a-0", 0, "b", 2)))).isTrue();
        Files.delete(folder.resolve(abandoned.files().get(0).path()));
        assertThat(ArchiveCheck.run(store, null).problems()).singleElement().asString().contains("_superseded/" + abandoned.files().get(0).path())
                .contains("is in the manifest and not there");
    }

    @Test
    void aProcessHasOneLeaseForEachVersionThatItReads() throws IOException {
        try (LeasedVersions process = new LeasedVersions(store, Clock.systemUTC(), LONG)) {
            ArchiveManifest first = store.latest();
            LeasedVersions.Use one = process.use(first, first.files(), System.currentTimeMillis());
            LeasedVersions.Use two = process.use(first, first.files(), System.currentTimeMillis());
            assertThat(leaseFiles()).hasSize(1);
            one.close();
            two.close();
            two.close();
            assertThat(leaseFiles()).as("it stays for the next read").hasSize(1);
            LeasedVersions.Use three = process.use(first, first.files(), System.currentTimeMillis());
            compact();
            ArchiveManifest second = store.latest();
            LeasedVersions.Use four = process.use(second, second.files(), System.currentTimeMillis());
            assertThat(leaseFiles()).hasSize(2);
            three.close();
            assertThat(leaseFiles()).as("nobody reads the older one").hasSize(1);
            assertThat(four.isGood()).isTrue();
            four.close();
        }
        assertThat(leaseFiles()).isEmpty();
    }
}
