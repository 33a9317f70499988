package io.qaexchange.parquet;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.io.Closeable;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.internal.filter2.columnindex.RowRanges;
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
    private RecordReader<ArchivedEvent> rows;
    private long rowsLeft;

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
            while (rowsLeft == 0) {
                if (nextGroup == file.getRowGroups().size()) {
                    return null;
                }
                PageReadStore pages = wanted == null ? file.readRowGroup(nextGroup) : wantedPages(nextGroup);
                nextGroup++;
                if (pages != null) {
                    rows = new ColumnIOFactory().getColumnIO(schema).getRecordReader(pages, new ArchivedEventMaterializer(recordType, schema));
                    rowsLeft = pages.getRowCount();
                }
            }
            rowsLeft--;
            return rows.read();
        } catch (IOException | RuntimeException e) {
            throw new IOException(name + " is damaged or cannot be read: " + e.getMessage(), e);
        }
    }

    /** The pages with the wanted rows of a row group; null if it has none. */
    @Nullable
    private PageReadStore wantedPages(int group) throws IOException {
        // The places of the pages of all columns are looked up before some columns are asked for: the reader keeps those that it finds first.
        file.setRequestedSchema(schema);
        file.getColumnIndexStore(group);
        MessageType deciding = wanted.columns(schema);
        file.setRequestedSchema(deciding);
        PageReadStore pages = file.readFilteredRowGroup(group);
        if (pages == null) {
            return null;
        }
        RowRanges found = wanted.in(pages, deciding, file.getFileMetaData().getCreatedBy(), file.getRowGroups().get(group).getRowCount());
        file.setRequestedSchema(schema);
        return found.rowCount() == 0 ? null : file.readFilteredRowGroup(group, found);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
