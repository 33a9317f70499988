package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.ArchiveRig;
import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.erasure.ArchiveErasure;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.objects.ObjectStores;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.tier.ArchiveFetch;
import io.qaexchange.archive.tier.ArchiveTiers;
import io.qaexchange.archive.tier.TierCache;
import io.qaexchange.events.EventSchema;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/** An archive whose manifest goes through what a job, compactions, retention and restores do to it. */
final class ArchiveHistory {

    private final ArchiveRig rig;
    private final Path folder;
    private final List<Checkpoint> checkpoints = new ArrayList<>();
    private String epoch = "a-0";
    private long checkpointId;
    private int ordinal;

    /** A checkpoint of the job, from which it may be restored. */
    record Checkpoint(String epoch, long id) {
    }

    ArchiveHistory(Path folder, long seed) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.rig = new ArchiveRig(Files.createDirectories(folder.resolve("archive")), seed);
        publish(store().latest().beginEpoch(new ArchiveEpoch(epoch, null, 0, "a", 1)));
    }

    ManifestStore store() {
        return rig.store();
    }

    List<Checkpoint> checkpoints() {
        return checkpoints;
    }

    private void publish(ArchiveManifest next) throws IOException {
        assertThat(store().publish(next)).isTrue();
    }

    /** A checkpoint with one file for each of these trading days. */
    Checkpoint archive(String table, int rows, String... days) throws IOException {
        checkpointId++;
        List<DataFile> files = new ArrayList<>();
        for (String day : days) {
            files.add(rig.write(EventSchema.get().findTable(table), day, rows, epoch, checkpointId, 0, ++ordinal, true));
        }
        return checkpoint(files);
    }

    private Checkpoint checkpoint(List<DataFile> files) throws IOException {
        publish(store().latest().withFiles(files));
        Checkpoint checkpoint = new Checkpoint(epoch, checkpointId);
        checkpoints.add(checkpoint);
        return checkpoint;
    }

    /** A checkpoint with a file of orders, one for each of these accounts. */
    Checkpoint archiveOrders(String day, String... accounts) throws IOException {
        checkpointId++;
        return checkpoint(List.of(rig.writeOrders(day, List.of(accounts), epoch, checkpointId, ++ordinal)));
    }

    /** A checkpoint with a file that lacks a column, as a build wrote it that did not know that column yet. */
    Checkpoint archiveWithout(String column, String table, int rows, String day) throws IOException {
        checkpointId++;
        DataFile whole = rig.write(EventSchema.get().findTable(table), day, rows, epoch, checkpointId, 0, ++ordinal, true);
        Path file = pathOf(whole.path());
        Path without = file.resolveSibling("without.parquet");
        try (ParquetFileReader reader = ParquetFileReader.open(new LocalInputFile(file))) {
            MessageType all = reader.getFileMetaData().getSchema();
            MessageType older = new MessageType(all.getName(), all.getFields().stream().filter(field -> !field.getName().equals(column)).toList());
            assertThat(older.getFieldCount()).isEqualTo(all.getFieldCount() - 1);
            reader.setRequestedSchema(older);
            try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(without)).withConf(new PlainParquetConfiguration()).withType(older).build()) {
                for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                    RecordReader<Group> records = new ColumnIOFactory().getColumnIO(older).getRecordReader(pages, new GroupRecordConverter(older));
                    for (long i = pages.getRowCount(); i > 0; i--) {
                        writer.write(records.read());
                    }
                }
            }
        }
        Files.move(without, file, StandardCopyOption.REPLACE_EXISTING);
        return checkpoint(List.of(new DataFile(whole.batchId(), table, day, whole.path(), Files.size(file), rows, whole.rawBytes(), whole.minEventTimeNs(),
                whole.maxEventTimeNs(), epoch, checkpointId, null, null, 0, ordinal, Sha256.of(store().locate(whole)), null)));
    }

    /** Erases the rows of an account. */
    void erase(String account) throws IOException {
        Erasure request = new Erasure("request-" + account, account, null, null, null, "2026-12-31", "law", 0, 0, 0, 0);
        Path tmp = Files.createDirectories(folder.resolve("tmp"));
        assertThat(new ArchiveErasure(store(), tmp, new TierCache(folder.resolve("cache"), 1 << 20), Clock.systemUTC()).run(request).tableRows()).isPositive();
    }

    int compact() throws IOException {
        CompactionOptions options = new CompactionOptions(128 << 20, 20, new ParquetOptions(ParquetCompression.ZSTD, 100));
        return new ArchiveCompaction(store(), options, Files.createDirectories(folder.resolve("tmp")), Clock.systemUTC()).run(file -> true, file -> { })
                .groups();
    }

    /** Lets the rows of a trading day go, also those of abandoned branches. */
    void expire(String day) throws IOException {
        ArchiveManifest latest = store().latest();
        List<DataFile> gone = new ArrayList<>(latest.files());
        gone.addAll(latest.superseded());
        gone.removeIf(file -> !file.tradingDay().equals(day));
        if (!gone.isEmpty()) {
            publish(latest.withExpired(gone, 1));
        }
    }

    /** Deletes retired files from the disk. */
    void deleteRetired() throws IOException {
        ArchiveManifest latest = store().latest();
        List<RetiredFile> gone = latest.retired();
        if (gone.isEmpty()) {
            return;
        }
        publish(latest.withDeleting(gone, 1));
        Map<String, RemoteCopy> copies = store().latest().remoteByBatch();
        for (RetiredFile file : gone) {
            Files.deleteIfExists(pathOf(file.file().path()));
            RemoteCopy copy = copies.get(file.file().batchId());
            if (copy != null) {
                ObjectStores.of(copy.store()).delete(copy.key());
            }
        }
        latest = store().latest();
        publish(latest.withoutRetired(latest.retired()));
    }

    /**
     * Copies files of all days but the newest of each table to another disk, and lets their local files go.
     *
     * @param grace until which they stay
     */
    void tier(Duration grace) throws IOException {
        Path other = Files.createDirectories(folder.resolve("other disk"));
        RetentionPolicy all = new RetentionPolicy(new RetentionStages(0, 0, null), Map.of());
        assertThat(new ArchiveTiers(store(), all, "file://" + other, grace, List.of(), Clock.systemUTC()).run().problems()).isEmpty();
    }

    /** Brings the files of a trading day back. */
    void fetch(String day) throws IOException {
        assertThat(new ArchiveFetch(store(), Clock.systemUTC()).run(file -> file.tradingDay().equals(day), Duration.ofDays(1)).problems()).isEmpty();
    }

    /** Restores a checkpoint as the job's publisher does it; empty if the archive refuses. */
    Optional<ArchiveManifest> restore(Checkpoint to) throws IOException {
        ArchiveManifest latest = store().latest();
        ArchiveEpoch next = new ArchiveEpoch("e" + latest.epochs().size() + "-" + to.id(), to.epoch(), to.id(), "e" + latest.epochs().size(), 1);
        ArchiveManifest begun;
        try {
            begun = latest.beginEpoch(next);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("cannot go back");
            return Optional.empty();
        }
        for (DataFile file : begun.files()) {
            if (latest.superseded().contains(file)) {
                move(pathOf(ManifestStore.SUPERSEDED_FOLDER + "/" + file.path()), pathOf(file.path()));
            }
        }
        publish(begun);
        for (DataFile file : begun.superseded()) {
            move(pathOf(file.path()), pathOf(ManifestStore.SUPERSEDED_FOLDER + "/" + file.path()));
        }
        epoch = next.id();
        checkpointId = Math.max(checkpointId, to.id());
        return Optional.of(begun);
    }

    private static void move(Path source, Path target) throws IOException {
        if (Files.exists(source)) {
            Files.createDirectories(target.getParent());
            Files.move(source, target);
        }
    }

    Path pathOf(String path) {
        return Path.of(store().root().getPath()).resolve(path);
    }

    /** The manifest's files of a table, by location. */
    List<String> locations(String table) throws IOException {
        ArchiveManifest latest = store().latest();
        Map<String, RemoteCopy> copies = latest.remoteByBatch();
        return latest.files().stream().filter(file -> file.table().equals(table)).map(file -> {
            RemoteCopy copy = copies.get(file.batchId());
            return copy == null || copy.isReadLocally() ? "file://" + store().locate(file).getPath() : copy.uri();
        }).sorted().toList();
    }

    long rows(String table) throws IOException {
        return store().latest().files().stream().filter(file -> file.table().equals(table)).mapToLong(DataFile::rows).sum();
    }
}
