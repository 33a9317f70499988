package io.qaexchange.archive.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestConflictException;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.connector.file.sink.FileSinkCommittable;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.functions.sink.filesystem.InProgressFileWriter;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManifestPublisherTest {

    @TempDir
    private Path folder;

    @Test
    void publishesAFileOnlyAfterItsCheckpointIsComplete() throws Exception {
        try (var publisher = publisher()) {
            publisher.open();
            Path file = write("one");
            publisher.processElement(committable(file, 1));
            OperatorSubtaskState state = publisher.snapshot(1, 0);
            assertThat(store().latest().files()).isEmpty();
            publisher.notifyOfCompletedCheckpoint(1);

            assertThat(store().latest().files()).extracting(DataFile::batchId).containsExactly("one");
            assertThat(store().latest().files().get(0).path()).isEqualTo(folder.relativize(file).toString());
            assertThat(state).isNotNull();
        }
    }

    @Test
    void publishesAtARestoreWhatItsCheckpointHeldAndNothingTwice() throws Exception {
        OperatorSubtaskState state;
        try (var publisher = publisher()) {
            publisher.open();
            publisher.processElement(committable(write("one"), 1));
            state = publisher.snapshot(1, 0);
        }
        for (int restart = 0; restart < 2; restart++) {
            try (var restored = publisher()) {
                restored.setRestoredCheckpointId(1);
                restored.initializeState(state);
                restored.open();
                assertThat(store().latest().files()).extracting(DataFile::batchId).containsExactly("one");
            }
        }
    }

    @Test
    void failsWhenACommittedFileIsMissing() throws Exception {
        try (var publisher = publisher()) {
            publisher.open();
            Path file = write("one");
            publisher.processElement(committable(file, 1));
            publisher.snapshot(1, 0);
            Files.delete(file);

            assertThatThrownBy(() -> publisher.notifyOfCompletedCheckpoint(1)).isInstanceOf(IOException.class)
                    .hasMessageContaining("is missing").hasMessageContaining(file.getFileName().toString());
        }
    }

    @Test
    void failsWhenACommittedFileHasAnotherLength() throws Exception {
        try (var publisher = publisher()) {
            publisher.open();
            Path file = write("one");
            StreamRecord<CommittableMessage<FileSinkCommittable>> committable = committable(file, 1);
            Files.write(file, new byte[1], java.nio.file.StandardOpenOption.APPEND);
            publisher.processElement(committable);

            assertThatThrownBy(() -> publisher.notifyOfCompletedCheckpoint(1)).isInstanceOf(IOException.class)
                    .hasMessageContaining("bytes, committed were");
        }
    }

    @Test
    void refusesAnArchiveOfAnotherJob() throws Exception {
        try (var first = publisher()) {
            first.open();
        }
        try (var second = publisher()) {
            assertThatThrownBy(second::open).isInstanceOf(ManifestConflictException.class).hasMessageContaining("belongs to job")
                    .hasMessageContaining("remove the folder _manifest");
        }
    }

    @Test
    void takesAnArchiveOverWhoseEmptyManifestWasRemoved() throws Exception {
        try (var first = publisher()) {
            first.open();
        }
        org.apache.flink.util.FileUtils.deleteDirectory(folder.resolve(ManifestStore.MANIFEST_FOLDER).toFile());
        try (var second = publisher()) {
            second.open();
            assertThat(store().latest().version()).isEqualTo(1);
        }
    }

    /** Else a job on another's archive would be restarted for ever. */
    @Test
    void aConflictIsNotToBeTriedAgain() {
        Throwable failure = new RuntimeException(new ManifestConflictException("belongs to job x"));
        assertThat(ThrowableClassifier.findThrowableOfThrowableType(failure, ThrowableType.NonRecoverableError)).isPresent();
    }

    @Test
    void stopsAJobWhoseArchiveWasTakenOver() throws Exception {
        try (var old = publisher(); var restored = publisher()) {
            old.open();
            OperatorSubtaskState state = old.snapshot(1, 0);
            restored.setRestoredCheckpointId(1);
            restored.initializeState(state);
            restored.open();
            old.processElement(committable(write("late"), 2));

            assertThatThrownBy(() -> old.notifyOfCompletedCheckpoint(2)).isInstanceOf(ManifestConflictException.class)
                    .hasMessageContaining("taken over");
        }
    }

    /** Whoever works on the archive beside the job, again and again, takes many versions; that is no conflict, and must not stop the job. */
    @Test
    void publishesThoughOthersTakeOneVersionAfterTheOther() throws Exception {
        AtomicBoolean ended = new AtomicBoolean();
        ExecutorService others = Executors.newFixedThreadPool(2);
        try (var publisher = publisher()) {
            publisher.open();
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                LegalHold hold = new LegalHold("hold-" + i, "trade", null, null, "a test", 0);
                running.add(others.submit(() -> {
                    for (boolean on = true; !ended.get(); on = !on) {
                        store().publish(store().latest().withHolds(on ? List.of(hold) : List.of()));
                    }
                    return null;
                }));
            }
            for (int checkpoint = 1; checkpoint <= 8; checkpoint++) {
                publisher.processElement(committable(write("file-" + checkpoint), checkpoint));
                publisher.snapshot(checkpoint, 0);
                publisher.notifyOfCompletedCheckpoint(checkpoint);
                assertThat(store().latest().files()).hasSize(checkpoint);
            }
            ended.set(true);
            for (Future<?> other : running) {
                other.get();
            }
            assertThat(store().latest().files()).hasSize(8);
        } finally {
            ended.set(true);
            others.shutdown();
        }
    }

    private OneInputStreamOperatorTestHarness<CommittableMessage<FileSinkCommittable>, Void> publisher() throws Exception {
        return new OneInputStreamOperatorTestHarness<>(new ManifestPublisher.Factory(folder.toUri().toString(), Duration.ofMillis(200)));
    }

    private ManifestStore store() {
        return ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri()));
    }

    private Path write(String batchId) throws IOException {
        Path file = Files.createDirectories(folder.resolve("table=tick/date=2026-01-06")).resolve("part-" + batchId + ".parquet");
        byte[] event = new EventBuilder().start("tick").eventTime(1).instrument("A").identity("s", 1).set("last_price", 1.0).build();
        byte[] value = StoredEvent.encode(event, new Arrival(1, "t", 0, 0));
        try (EventParquetWriter writer = EventParquetWriter.create(file, EventSchema.get().table("tick"), ParquetOptions.DEFAULT)) {
            writer.write(new StoredEvent().wrap(value), value.length, 20260106);
            writer.finish(Map.of(FooterKeys.BATCH_ID, batchId, FooterKeys.TRADING_DAY, "2026-01-06"));
        }
        return file;
    }

    private StreamRecord<CommittableMessage<FileSinkCommittable>> committable(Path file, long checkpointId) throws IOException {
        long length = Files.size(file);
        InProgressFileWriter.PendingFileRecoverable pending = new InProgressFileWriter.PendingFileRecoverable() {
            @Override
            public org.apache.flink.core.fs.Path getPath() {
                return new org.apache.flink.core.fs.Path(file.toUri());
            }

            @Override
            public long getSize() {
                return length;
            }
        };
        return new StreamRecord<>(new CommittableWithLineage<>(new FileSinkCommittable(folder.relativize(file.getParent()).toString(), pending), checkpointId, 0));
    }
}
