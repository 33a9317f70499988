package io.qaexchange.job.stream.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.stream.store.UnionReadRig.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventStoreOperatorTest {

    private static final Duration RETENTION = Duration.ofHours(3);

    @TempDir
    private Path folder;
    private final List<byte[]> messages = new ArrayList<>();

    @Test
    void countsAnEventThatComesAgainAndStoresItOnce() throws Exception {
        messages.add(Ticks.at(Duration.ofHours(1), 1));
        messages.add(Ticks.at(Duration.ofHours(1), 1));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            Checkpoint checkpoint = rig.checkpoint();

            rig.verify(checkpoint);
            assertThat(instrument(rig, checkpoint).stored()).isEqualTo(1);
            assertThat(instrument(rig, checkpoint).duplicates()).isEqualTo(1);
            assertThat(rig.deadLetters()).isEmpty();
        }
    }

    @Test
    void keepsTheFirstOfTwoDifferentEventsWithOneIdentity() throws Exception {
        messages.add(Ticks.at(Ticks.INSTRUMENT, Duration.ofHours(1), 1, 100));
        messages.add(Ticks.at(Ticks.INSTRUMENT, Duration.ofHours(1), 1, 101));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            Checkpoint checkpoint = rig.checkpoint();

            rig.verify(checkpoint);
            assertThat(rig.deadLetters()).extracting(DeadLetter::reason).containsExactly("conflict");
            assertThat(rig.deadLetters().get(0).position()).isEqualTo("events-0@1");
            assertThat(rig.deadLetters().get(0).detail()).contains("events-0@0");
            assertThat(instrument(rig, checkpoint).deadLetters()).isEqualTo(1);
        }
    }

    @Test
    void findsDuplicatesAndConflictsOfLateEventsToo() throws Exception {
        messages.add(Ticks.at(Duration.ofHours(2), 1));
        messages.add(Ticks.at(Duration.ofMinutes(30), 2));
        messages.add(Ticks.at(Duration.ofMinutes(30), 2));
        messages.add(Ticks.at(Ticks.INSTRUMENT, Duration.ofMinutes(30), 2, 7));
        messages.add(Ticks.at(Duration.ofMinutes(30), 2));
        try (UnionReadRig rig = started()) {
            rig.feed(1);
            archive(rig);
            rig.feed(3);
            archive(rig);
            rig.feed(1);
            Checkpoint checkpoint = rig.checkpoint();

            assertThat(instrument(rig, checkpoint).stored()).isEqualTo(2);
            assertThat(instrument(rig, checkpoint).duplicates()).as("one in the open generation, one in a closed one").isEqualTo(2);
            assertThat(rig.deadLetters()).extracting(DeadLetter::reason).containsExactly("conflict");
        }
    }

    @Test
    void archivesALateEventInALaterFile() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        messages.add(Ticks.at(Duration.ofHours(2), 2));
        messages.add(Ticks.at(Duration.ofMinutes(5), 3));
        messages.add(Ticks.at(Duration.ofHours(4), 4));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            archive(rig);
            assertThat(rowsArchived(rig)).isEqualTo(1);
            rig.feed(2);
            archive(rig);

            assertThat(rowsArchived(rig)).as("the first, the late one and the one of hour 2").isEqualTo(3);
            Checkpoint checkpoint = rig.checkpoint();
            rig.verify(checkpoint);
        }
    }

    @Test
    void refusesWhatIsOlderThanTheRetentionOrTooFarAhead() throws Exception {
        messages.add(Ticks.at(Duration.ofHours(10), 1));
        messages.add(Ticks.at(Duration.ofHours(6), 2));
        messages.add(Ticks.at(Duration.ofDays(20_000), 3));
        messages.add(Ticks.at(Duration.ofHours(9), 4));
        try (UnionReadRig rig = started()) {
            rig.feed(4);
            Checkpoint checkpoint = rig.checkpoint();

            assertThat(rig.deadLetters()).extracting(DeadLetter::reason).containsExactly("too old", "bad time");
            assertThat(instrument(rig, checkpoint).stored()).as("no clock moved by the refused one").isEqualTo(2);
        }
    }

    @Test
    void dropsRowsOnlyWhenTheirBatchIsPublishedAndTheRetentionIsOver() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        messages.add(Ticks.at(Duration.ofHours(8), 2));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            rig.pass(Duration.ofSeconds(61));
            rig.archiveAll();
            Checkpoint handedOver = rig.checkpoint();
            rig.pass(Duration.ofSeconds(61));
            Checkpoint unpublished = rig.checkpoint();
            assertThat(rig.rowsInState(unpublished)).as("retention is over, but nothing is published").isEqualTo(2);
            rig.verify(unpublished);

            rig.complete(handedOver);
            rig.pass(Duration.ofSeconds(61));
            rig.pass(Duration.ofSeconds(61));
            Checkpoint published = rig.checkpoint();
            assertThat(rig.rowsInState(published)).isEqualTo(1);
            rig.complete(published);
            rig.verify(published);
        }
    }

    @Test
    void aJobThatWasDownForLongRefusesNothingThatItWouldHaveTaken() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(119), 1));
        messages.add(Ticks.at(Duration.ofMinutes(121), 2));
        messages.add(Ticks.at(Duration.ofMinutes(119), 1));
        messages.add(Ticks.at(Duration.ofMinutes(118), 3));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            rig.pass(Duration.ofMinutes(6));
            rig.archiveAll();
            rig.complete(rig.checkpoint());
            rig.pass(Duration.ofSeconds(61));
            Checkpoint last = rig.checkpoint();
            rig.complete(last);
            rig.kill();
            rig.pass(Duration.ofDays(3));
            rig.restore(last, 1);
            rig.pass(Duration.ofSeconds(61));
            rig.feed(2);
            Checkpoint after = rig.checkpoint();
            rig.complete(after);

            assertThat(rig.deadLetters()).isEmpty();
            assertThat(instrument(rig, after).duplicates()).isEqualTo(1);
            rig.verify(after);
        }
    }

    @Test
    void archivesASilentInstrumentByWallTime() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        try (UnionReadRig rig = started()) {
            rig.feed(1);
            archive(rig);
            assertThat(rowsArchived(rig)).isZero();
            rig.pass(Duration.ofMinutes(6));
            archive(rig);

            assertThat(rowsArchived(rig)).isEqualTo(1);
        }
    }

    @Test
    void takesAWindowOnceHoweverManyInstrumentsCloseItLater() throws Exception {
        int instruments = 20;
        for (int i = 0; i < instruments; i++) {
            messages.add(Ticks.at("A" + i, Duration.ofMinutes(10), 1, 5));
        }
        messages.add(Ticks.at("A0", Duration.ofMinutes(66), 2, 5));
        for (int i = 1; i < instruments; i++) {
            messages.add(Ticks.at("A" + i, Duration.ofMinutes(66), 2, 5));
        }
        messages.add(Ticks.at("A0", Duration.ofMinutes(126), 3, 5));
        try (UnionReadRig rig = started()) {
            rig.feed(instruments + 1);
            for (int i = 1; i < instruments; i++) {
                archive(rig);
                rig.feed(1);
            }
            archive(rig);
            assertThat(rig.manifest().files()).as("files when the first instrument has closed the hour, and then all").hasSize(1);
            assertThat(rowsArchived(rig)).isEqualTo(1);

            rig.feed(1);
            archive(rig);
            assertThat(rig.manifest().files()).as("files when the next hour is closed").hasSize(2);
            assertThat(rowsArchived(rig)).as("rows of the closed hours and of silent instruments").isGreaterThan(instruments);
        }
    }

    @Test
    void takesWhatIsLeftWhenNobodySendsAnyMore() throws Exception {
        messages.add(Ticks.at("A", Duration.ofMinutes(10), 1, 5));
        messages.add(Ticks.at("B", Duration.ofMinutes(10), 1, 5));
        messages.add(Ticks.at("A", Duration.ofMinutes(66), 2, 5));
        try (UnionReadRig rig = started()) {
            rig.feed(3);
            archive(rig);
            assertThat(rowsArchived(rig)).isEqualTo(1);
            rig.pass(Duration.ofMinutes(6));
            archive(rig);
            assertThat(rowsArchived(rig)).isEqualTo(3);
            assertThat(rig.manifest().files()).hasSize(2);
        }
    }

    @Test
    void writesAFileAgainThatAFailureInterrupted() throws Exception {
        for (int i = 0; i < 200; i++) {
            messages.add(Ticks.at(Duration.ofMinutes(10).plusSeconds(i), i));
        }
        messages.add(Ticks.at(Duration.ofHours(4), 1000));
        try (UnionReadRig rig = started()) {
            rig.feed(201);
            rig.pass(Duration.ofSeconds(61));
            rig.pass(Duration.ofMillis(4));
            Checkpoint halfWritten = rig.checkpoint();
            assertThat(halfWritten.uncommitted()).isEmpty();
            assertThat(instrument(rig, halfWritten).boundary().open()).as("the archive watermark has moved").isNotNull();

            rig.restore(halfWritten, 3);
            rig.archiveAll();
            Checkpoint after = rig.checkpoint();
            rig.complete(after);
            rig.verify(after);
            assertThat(rowsArchived(rig)).isEqualTo(200);
        }
    }

    /** As when a disk is full for a while: five failures within milliseconds would fail the task before anybody is told. */
    @Test
    void triesAgainLaterAndLaterIfFilesCannotBeWritten() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        messages.add(Ticks.at(Duration.ofHours(4), 2));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            Path folder = rig.temporaryFolders().iterator().next();
            Path aside = Files.move(folder, folder.resolveSibling("aside"));
            rig.pass(Duration.ofSeconds(61));
            for (int ms = 0; ms < 6_000; ms += 4) {
                rig.pass(Duration.ofMillis(4));
            }
            Files.move(aside, folder);
            rig.archiveAll();
            Checkpoint after = rig.checkpoint();
            rig.complete(after);
            rig.verify(after);
            assertThat(rowsArchived(rig)).isEqualTo(1);
        }
    }

    @Test
    void leavesAFileThatTheSinkHasNotCopiedWhenTheTaskEnds() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        messages.add(Ticks.at(Duration.ofHours(4), 2));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            rig.pass(Duration.ofSeconds(61));
            rig.archiveAll();

            rig.kill();

            assertThat(Path.of(rig.emitted().get(0).localPath())).as("after a stop with savepoint the sink may still have to copy it").exists();
        }
    }

    @Test
    void bringsFilesBackWhenAnAbandonedBranchIsRestored() throws Exception {
        messages.add(Ticks.at(Duration.ofMinutes(10), 1));
        messages.add(Ticks.at(Duration.ofHours(4), 2));
        try (UnionReadRig rig = started()) {
            rig.feed(2);
            Checkpoint old = rig.checkpoint();
            archive(rig);
            Checkpoint branch = rig.checkpoint();
            rig.complete(branch);
            DataFile file = rig.manifest().files().get(0);

            rig.restore(old, 1);
            assertThat(rig.manifest().files()).isEmpty();
            assertThat(rig.manifest().superseded()).containsExactly(file);
            assertThat(Files.exists(Path.of(rig.store().locate(file).toUri()))).isFalse();
            archive(rig);
            Checkpoint other = rig.checkpoint();
            rig.complete(other);
            rig.verify(other);
            assertThatThrownBy(() -> rig.verify(branch)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not in the history");

            rig.restore(branch, 2);
            assertThat(rig.manifest().files()).containsExactly(file);
            rig.verify(branch);
        }
    }

    /** Rows are read on the task thread here, and on the writer thread by {@link EventStoreOnOurBackendTest}. */
    StateBackend backend() {
        return new HashMapStateBackend();
    }

    private UnionReadRig started() throws Exception {
        UnionReadRig rig = new UnionReadRig(folder, messages, backend(), RETENTION);
        rig.start(1);
        return rig;
    }

    private static void archive(UnionReadRig rig) throws Exception {
        rig.pass(Duration.ofSeconds(61));
        rig.archiveAll();
        rig.complete(rig.checkpoint());
    }

    private static long rowsArchived(UnionReadRig rig) {
        return rig.manifest().files().stream().mapToLong(DataFile::rows).sum();
    }

    private static InstrumentState instrument(UnionReadRig rig, Checkpoint checkpoint) throws Exception {
        return rig.instruments(checkpoint).get(Ticks.INSTRUMENT);
    }
}
