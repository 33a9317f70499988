package io.qaexchange.archive.erasure;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.FileCopy;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.RowFiles;
import io.qaexchange.parquet.TableReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.io.LocalInputFile;

/**
 * Writes a file again without some of its rows; the others keep their order. One thread.
 */
final class FileRewriter {

    private static final String ACCOUNT = "account";
    private static final String INSTRUMENT = "instrument";

    private final java.nio.file.Path temporary;

    FileRewriter(java.nio.file.Path temporary) {
        this.temporary = temporary;
    }

    /** Counts the rows that go. Row groups and pages without such rows are not read, as far as their statistics tell. */
    static RowCounts count(DataFile file, Path path, ErasedRows rows) throws IOException {
        RecordType type = EventSchema.get().findTable(file.table());
        String account = rows.request().account();
        if (type == null) {
            Set<String> columns = RowFiles.columns(FlinkInputFile.of(path));
            if (columns.contains(ACCOUNT) || account == null && columns.contains(INSTRUMENT)) {
                RowFiles.forEachRow(FlinkInputFile.of(path), row -> rows.takes(row.text(ACCOUNT), row.text(INSTRUMENT)));
            }
            return rows.counts();
        }
        Field accountField = type.findField(ACCOUNT);
        if (account != null && accountField == null) {
            return rows.counts();
        }
        TableReader.Text wanted = account == null ? null : new TableReader.Text(ACCOUNT, account);
        try (TableReader reader = TableReader.open(FlinkInputFile.of(path), rows.request().instrument(), Long.MIN_VALUE, Long.MAX_VALUE, wanted)) {
            for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                rows.takes(text(row.event(), accountField), text(row.event(), type.instrument()));
            }
        }
        return rows.counts();
    }

    /** The text of a column, null if the row has none. */
    @Nullable
    private static String text(EventView event, @Nullable Field field) {
        if (field == null) {
            return null;
        }
        int length = event.textLength(field);
        return length == 0 ? null : new String(event.array(), event.textOffset(field), length, StandardCharsets.UTF_8);
    }

    /**
     * Writes the rest of a file into the archive, under a name that no manifest version has yet.
     *
     * @param file the file
     * @param path where it is read
     * @param rows which rows go
     * @param erased how many
     * @param folder folder of the archive, or that of abandoned branches in it
     * @throws IOException if the file is damaged or was changed since it was published
     */
    DataFile write(DataFile file, Path path, ErasedRows rows, long erased, Path folder) throws IOException {
        // Else altered rows would get a new hash that is right, and the check of the archive would not show them any more.
        String found = file.sha256() == null ? null : Sha256.of(path);
        if (found != null && !found.equals(file.sha256())) {
            throw new IOException("file " + file.path() + " has SHA-256 " + found + ", the manifest says " + file.sha256()
                    + ": it was changed or is damaged, and nothing is erased. Restore it from a backup");
        }
        String id = UUID.randomUUID().toString();
        String day = "table=" + file.table() + "/date=" + file.tradingDay() + "/";
        java.nio.file.Path local = temporary.resolve(id + ".parquet");
        try {
            RecordType type = EventSchema.get().findTable(file.table());
            if (type == null) {
                RowFiles.filter(FlinkInputFile.of(path), local, row -> !rows.takes(row.text(ACCOUNT), row.text(INSTRUMENT)), footer(file, id),
                        ParquetOptions.DEFAULT);
            } else {
                writeEvents(file, type, path, local, rows, id);
            }
            DataFile rest = describe(file, local, id, day + FileCopy.REWRITTEN_PREFIX + id + ".parquet", type == null);
            if (rows.counts().erased() != erased || rest.rows() + erased != file.rows()) {
                throw new IOException("file " + file.path() + " has " + (rest.rows() + rows.counts().erased()) + " rows of which " + rows.counts().erased()
                        + " are to be erased; the manifest says " + file.rows() + ", counted were " + erased);
            }
            FileCopy.into(local, new Path(folder, day + FileCopy.REWRITING_PREFIX + id), new Path(folder, rest.path()), rest.sha256());
            return rest;
        } finally {
            Files.deleteIfExists(local);
        }
    }

    private static Map<String, String> footer(DataFile file, String id) {
        Map<String, String> footer = new LinkedHashMap<>();
        footer.put(FooterKeys.BATCH_ID, id);
        footer.put(FooterKeys.TRADING_DAY, file.tradingDay());
        return footer;
    }

    private static void writeEvents(DataFile file, RecordType type, Path path, java.nio.file.Path local, ErasedRows rows, String id) throws IOException {
        Field account = type.findField(ACCOUNT);
        int tradingDay = Integer.parseInt(file.tradingDay().replace("-", ""));
        StoredEvent event = new StoredEvent();
        byte[] least = null;
        byte[] greatest = {};
        try (TableReader reader = TableReader.open(FlinkInputFile.of(path)); EventParquetWriter writer = EventParquetWriter.create(local, type,
                ParquetOptions.DEFAULT)) {
            for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                EventView view = row.event();
                if (rows.takes(text(view, account), text(view, type.instrument()))) {
                    continue;
                }
                int offset = view.textOffset(type.instrument());
                byte[] instrument = Arrays.copyOfRange(view.array(), offset, offset + view.textLength(type.instrument()));
                least = least == null || Arrays.compareUnsigned(instrument, least) < 0 ? instrument : least;
                greatest = Arrays.compareUnsigned(instrument, greatest) > 0 ? instrument : greatest;
                byte[] message = row.message();
                byte[] value = StoredEvent.encode(message, 0, message.length, row.ingestTimeNs(), StoredEvent.topicBytes(row.topic()), row.partition(),
                        row.offset());
                writer.write(event.wrap(value), value.length, tradingDay);
            }
            Map<String, String> footer = footer(file, id);
            footer.put(FooterKeys.MIN_INSTRUMENT, least == null ? "" : new String(least, StandardCharsets.UTF_8));
            footer.put(FooterKeys.MAX_INSTRUMENT, new String(greatest, StandardCharsets.UTF_8));
            writer.finish(footer);
        }
    }

    private static DataFile describe(DataFile file, java.nio.file.Path local, String id, String path, boolean isRows) throws IOException {
        EventFileFooter footer = EventFileFooter.read(new LocalInputFile(local));
        return new DataFile(id, file.table(), file.tradingDay(), path, Files.size(local), footer.rows(), footer.rawBytes(), footer.minEventTimeNs(),
                footer.maxEventTimeNs(), file.epoch(), file.checkpointId(), isRows ? file.minInstrument() : footer.minInstrument(),
                isRows ? file.maxInstrument() : footer.maxInstrument(), DataFile.NONE, DataFile.NONE, Sha256.of(new Path(local.toUri())), file.batches());
    }
}
