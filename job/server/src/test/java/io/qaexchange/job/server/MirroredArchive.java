package io.qaexchange.job.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RandomEvents;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** An archive to which a test adds files, one row and one manifest version each. */
public final class MirroredArchive {

    private final Path folder;
    private final ManifestStore store;
    private int number;

    public MirroredArchive(Path folder) throws IOException {
        this.folder = folder;
        this.store = ManifestStore.of(new org.apache.flink.core.fs.Path(folder.toUri()));
        assertThat(store.publish(ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1)))).isTrue();
    }

    public ManifestStore store() {
        return store;
    }

    public Path folder() {
        return folder;
    }

    /** Adds a file of a table. */
    public void archive(String table) throws IOException {
        number++;
        String path = "table=" + table + "/date=2026-01-05/part-" + number + ".parquet";
        Path file = folder.resolve(path);
        Files.createDirectories(file.getParent());
        RecordType type = EventSchema.get().findTable(table);
        byte[] value = StoredEvent.encode(RandomEvents.event(EventSchema.get(), type, new Random(number)), new Arrival(1, "topic", 0, number));
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, ParquetOptions.DEFAULT)) {
            writer.write(new StoredEvent().wrap(value), value.length, 20260105);
            writer.finish(Map.of(FooterKeys.BATCH_ID, "batch-" + number, FooterKeys.TRADING_DAY, "2026-01-05"));
        }
        DataFile added = new DataFile("batch-" + number, table, "2026-01-05", path, Files.size(file), 1, 1, 0, 1, "a-0", number);
        assertThat(store.publish(store.latest().withFiles(List.of(added)))).isTrue();
    }
}
