package io.qaexchange.parquet;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.Closeable;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * Reads one archived file, or those of its rows that are of an instrument and between two times, row by row, as events. Columns that this build
 * does not know are an error.
 *
 * <p>One thread.
 */
public final class TableReader implements Closeable {

    private static final String INSTRUMENT = "instrument";

    private final ParquetFileReader file;
    private final String name;
    private final MessageType schema;
    private final RecordType recordType;
    private final FilterCompat.Filter filter;
    private RecordReader<ArchivedEvent> rows;
    private long rowsLeft;

    private TableReader(ParquetFileReader file, String name, MessageType schema, RecordType recordType, FilterCompat.Filter filter) {
        this.file = file;
        this.name = name;
        this.schema = schema;
        this.recordType = recordType;
        this.filter = filter;
    }

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read or is none of ours
     */
    public static TableReader open(InputFile input) throws IOException {
        return open(input, FilterCompat.NOOP);
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
        FilterPredicate wanted = FilterApi.gtEq(FilterApi.longColumn(ParquetTable.EVENT_TIME), fromNs);
        if (toNs != Long.MAX_VALUE) {
            wanted = FilterApi.and(wanted, FilterApi.lt(FilterApi.longColumn(ParquetTable.EVENT_TIME), toNs));
        }
        if (instrument != null) {
            wanted = FilterApi.and(FilterApi.eq(FilterApi.binaryColumn(INSTRUMENT), Binary.fromString(instrument)), wanted);
        }
        if (text != null) {
            wanted = FilterApi.and(FilterApi.eq(FilterApi.binaryColumn(text.column()), Binary.fromString(text.value())), wanted);
        }
        return open(input, FilterCompat.get(wanted));
    }

    private static TableReader open(InputFile input, FilterCompat.Filter filter) throws IOException {
        ParquetFileReader file;
        try {
            file = ParquetReaders.open(input, filter);
        } catch (RuntimeException e) {
            throw new IOException(input + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        String table = file.getFileMetaData().getKeyValueMetaData().get(FooterKeys.TABLE);
        RecordType type = table == null ? null : EventSchema.get().findTable(table);
        if (type == null) {
            file.close();
            throw new IOException(input + " was not written by the exchange job, or by a newer one: table " + table);
        }
        return new TableReader(file, input.toString(), file.getFileMetaData().getSchema(), type, filter);
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
                while (rowsLeft == 0) {
                    PageReadStore pages = file.readNextFilteredRowGroup();
                    if (pages == null) {
                        return null;
                    }
                    MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
                    rows = columns.getRecordReader(pages, new ArchivedEventMaterializer(recordType, schema), filter);
                    rowsLeft = pages.getRowCount();
                }
                rowsLeft--;
                ArchivedEvent row = rows.read();
                if (!rows.shouldSkipCurrentRecord()) {
                    return row;
                }
            }
        } catch (IOException | RuntimeException e) {
            throw new IOException(name + " is damaged or cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
