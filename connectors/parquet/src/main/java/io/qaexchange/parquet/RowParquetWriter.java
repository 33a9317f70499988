package io.qaexchange.parquet;

import io.qaexchange.parquet.column.RowColumn;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.GroupWriter;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * Writes one finished Parquet file of a table whose rows are no events, to the local disk. The footer carries what that of every archived
 * file does, see {@link FooterKeys}.
 *
 * <p>One thread. The file is complete only after {@link #finish}; {@link #close} without it deletes the file.
 */
public final class RowParquetWriter implements Closeable {

    private static final String SCHEMA_VERSION = "1";

    private final Path file;
    private final String table;
    private final List<RowColumn> columns;
    private final MessageType schema;
    private final RowGroups groups;
    private RecordConsumer out;
    private long minTimeNs = Long.MAX_VALUE;
    private long maxTimeNs = Long.MIN_VALUE;
    private boolean finished;

    private RowParquetWriter(Path file, String table, List<RowColumn> columns, MessageType schema, ParquetOptions options)
            throws IOException {
        this.file = file;
        this.table = table;
        this.columns = columns;
        this.schema = schema;
        MessageColumnIO records = new ColumnIOFactory(false).getColumnIO(schema);
        this.groups = RowGroups.create(file, schema, options, pages -> {
            ColumnWriteStore store = RowGroups.PROPERTIES.newColumnWriteStore(schema, pages, pages);
            out = records.getRecordWriter(store);
            return () -> {
                out.flush();
                store.flush();
                store.close();
            };
        });
    }

    /**
     * Creates the file.
     *
     * @throws IOException if it exists or cannot be created
     */
    public static RowParquetWriter create(Path file, String table, List<RowColumn> columns, ParquetOptions options) throws IOException {
        MessageType schema = new MessageType(table, columns.stream().map(RowColumn::type).toList());
        return new RowParquetWriter(file, table, columns, schema, options);
    }

    /** Creates a file for rows that are {@link #copy copied} from files of that schema. */
    static RowParquetWriter create(Path file, String table, MessageType schema, ParquetOptions options) throws IOException {
        return new RowParquetWriter(file, table, List.of(), schema, options);
    }

    /** Adds a row of another file. */
    void copy(Group row) throws IOException {
        groups.beginRow();
        new GroupWriter(out, schema).write(row);
        groups.endRow();
    }

    /** Widens the time range in the footer by that of rows that are copied. */
    void cover(long fromNs, long toNs) {
        minTimeNs = Math.min(minTimeNs, fromNs);
        maxTimeNs = Math.max(maxTimeNs, toNs);
    }

    /**
     * Adds a row.
     *
     * @param timeNs its event time, for the range in the footer
     * @param values one for each column, of its kind's class
     */
    public void write(long timeNs, Object[] values) throws IOException {
        groups.beginRow();
        out.startMessage();
        for (int i = 0; i < columns.size(); i++) {
            columns.get(i).write(out, i, values[i]);
        }
        out.endMessage();
        cover(timeNs, timeNs);
        groups.endRow();
    }

    public Path file() {
        return file;
    }

    /**
     * Writes the footer and closes the file.
     *
     * @param footer what the footer carries besides table, schema version, time range and row count
     * @return length of the file in bytes
     */
    public long finish(Map<String, String> footer) throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        all.put(FooterKeys.TABLE, table);
        all.put(FooterKeys.SCHEMA_VERSION, SCHEMA_VERSION);
        all.put(FooterKeys.ROWS, Long.toString(groups.rowCount()));
        all.put(FooterKeys.RAW_BYTES, "0");
        all.put(FooterKeys.MIN_EVENT_TIME, Long.toString(minTimeNs));
        all.put(FooterKeys.MAX_EVENT_TIME, Long.toString(maxTimeNs));
        all.putAll(footer);
        groups.finish(all);
        finished = true;
        return Files.size(file);
    }

    @Override
    public void close() throws IOException {
        if (!finished) {
            finished = true;
            groups.abandon();
            Files.deleteIfExists(file);
        }
    }
}
