package io.qaexchange.job.query.export;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.ParquetOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A Parquet file with the archive's columns. It takes shape on the local disk, as its footer is written last, and is copied at the end. */
public final class ParquetRowWriter implements RowWriter {

    private final OutputStream out;
    private final Path folder;
    private final EventParquetWriter writer;

    private ParquetRowWriter(OutputStream out, Path folder, EventParquetWriter writer) {
        this.out = out;
        this.folder = folder;
        this.writer = writer;
    }

    /** A writer to that stream. */
    public static ParquetRowWriter open(RecordType type, OutputStream out) throws IOException {
        Path folder = Files.createTempDirectory("qaexchange-export");
        return new ParquetRowWriter(out, folder, EventParquetWriter.create(folder.resolve(type.table() + ".parquet"), type, ParquetOptions.DEFAULT));
    }

    @Override
    public void write(StoredEvent event, int tradingDay) throws IOException {
        writer.write(event, event.event().length(), tradingDay);
    }

    @Override
    public void finish() throws IOException {
        writer.finish(Map.of());
        Files.copy(writer.file(), out);
    }

    @Override
    public void close() throws IOException {
        writer.close();
        Files.deleteIfExists(writer.file());
        Files.deleteIfExists(folder);
    }
}
