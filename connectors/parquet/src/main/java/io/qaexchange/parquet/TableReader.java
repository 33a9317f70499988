package io.qaexchange.parquet;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.io.Closeable;
import java.io.IOException;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/**
 * Reads one archived file, row by row, as events. Columns that this build does not know are an error.
 *
 * <p>One thread.
 */
public final class TableReader implements Closeable {

    private final ParquetFileReader file;
    private final String name;
    private final MessageType schema;
    private final RecordType recordType;
    private RecordReader<ArchivedEvent> rows;
    private long rowsLeft;

    private TableReader(ParquetFileReader file, String name, MessageType schema, RecordType recordType) {
        this.file = file;
        this.name = name;
        this.schema = schema;
        this.recordType = recordType;
    }

    /**
     * Opens a file.
     *
     * @throws IOException if it cannot be read or is none of ours
     */
    public static TableReader open(InputFile input) throws IOException {
        ParquetFileReader file;
        try {
            file = ParquetFileReader.open(input);
        } catch (RuntimeException e) {
            throw new IOException(input + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        String table = file.getFileMetaData().getKeyValueMetaData().get(FooterKeys.TABLE);
        RecordType type = table == null ? null : EventSchema.get().findTable(table);
        if (type == null) {
            file.close();
            throw new IOException(input + " was not written by the exchange job, or by a newer one: table " + table);
        }
        return new TableReader(file, input.toString(), file.getFileMetaData().getSchema(), type);
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
                PageReadStore pages = file.readNextRowGroup();
                if (pages == null) {
                    return null;
                }
                MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
                rows = columns.getRecordReader(pages, new ArchivedEventMaterializer(recordType, schema));
                rowsLeft = pages.getRowCount();
            }
            rowsLeft--;
            return rows.read();
        } catch (RuntimeException e) {
            throw new IOException(name + " is damaged: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
