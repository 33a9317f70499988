package io.qaexchange.parquet;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.io.Closeable;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/**
 * Reads one archived file, or those of its rows that are of an instrument and between two times, row by row, as events. Columns that this build
 * does not know are an error.
 *
 * <p>One thread.
 */
public final class TableReader implements Closeable {

    private final ParquetFileReader file;
    private final String name;
    private final MessageType schema;
    private final RecordType recordType;
    /** Null for all rows. */
    @Nullable
    private final MatchingRows wanted;
    private int nextGroup;
    @Nullable
    private SelectedPages some;
    private RecordReader<ArchivedEvent> rows;

    private TableReader(ParquetFileReader file, String name, MessageType schema, RecordType recordType, @Nullable MatchingRows wanted) {
        this.file = file;
        this.name = name;
        this.schema = schema;
        this.recordType = recordType;
        this.wanted = wanted;
    }

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read or is none of ours
     */
    public static TableReader open(InputFile input) throws IOException {
        return open(input, (MatchingRows) null);
    }

    /**
     * Opens a file for some of its rows. Row groups and pages without such rows are not read, as far as their statistics tell.
     *
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     * @throws IOException if it cannot be read or is none of ours
     */
    public static TableReader open(InputFile input, @Nullable String instrument, long fromNs, long toNs) throws IOException {
        return open(input, instrument, fromNs, toNs, null);
    }

    /**
     * A value in a column of texts.
     *
     * @param column name of the column
     */
    public record Text(String column, String value) {
    }

    /**
     * As {@link #open(InputFile, String, long, long)}, only rows with a value in a column. Bloom filters of row groups are asked too.
     *
     * @param text null for all rows
     * @throws IOException if it cannot be read or is none of ours
     */
    public static TableReader open(InputFile input, @Nullable String instrument, long fromNs, long toNs, @Nullable Text text) throws IOException {
        return open(input, new MatchingRows(instrument, fromNs, toNs, text));
    }

    private static TableReader open(InputFile input, @Nullable MatchingRows wanted) throws IOException {
        ParquetFileReader file;
        try {
            file = ParquetReaders.open(input, wanted == null ? FilterCompat.NOOP : FilterCompat.get(wanted.predicate()));
        } catch (RuntimeException e) {
            throw new IOException(input + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        String table = file.getFileMetaData().getKeyValueMetaData().get(FooterKeys.TABLE);
        RecordType type = table == null ? null : EventSchema.get().findTable(table);
        if (type == null) {
            file.close();
            throw new IOException(input + " was not written by the exchange job, or by a newer one: table " + table);
        }
        return new TableReader(file, input.toString(), file.getFileMetaData().getSchema(), type, wanted);
    }

    /** Row groups that may have rows which are wanted. */
    public int rowGroups() {
        return file.getRowGroups().size();
    }

    public RecordType recordType() {
        return recordType;
    }

    /**
     * The next row, or null at the end. The object is reused.
     *
     * @throws IOException if the file is damaged
     */
    public ArchivedEvent next() throws IOException {
        try {
            while (true) {
                while (some == null || !some.next()) {
                    if (nextGroup == file.getRowGroups().size()) {
                        return null;
                    }
                    some = wanted == null ? SelectedPages.all(file, nextGroup) : wantedPages(nextGroup);
                    nextGroup++;
                    if (some != null) {
                        rows = new ColumnIOFactory().getColumnIO(schema).getRecordReader(some.pages(), new ArchivedEventMaterializer(recordType, schema));
                    }
                }
                ArchivedEvent row = rows.read();
                if (some.isWanted()) {
                    return row;
                }
            }
        } catch (IOException | RuntimeException e) {
            throw new IOException(name + " is damaged or cannot be read: " + e.getMessage(), e);
        }
    }

    /** The pages with the wanted rows of a row group; null if it has none. */
    @Nullable
    private SelectedPages wantedPages(int group) throws IOException {
        // The places of the pages of all columns are looked up before some columns are asked for: the reader keeps those that it finds first.
        file.setRequestedSchema(schema);
        file.getColumnIndexStore(group);
        MessageType deciding = wanted.columns(schema);
        SelectedPages maybe = SelectedPages.read(file, group, deciding, wanted);
        return maybe == null ? null : SelectedPages.read(file, group, schema, wanted.in(maybe, deciding, file.getFileMetaData().getCreatedBy()));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
