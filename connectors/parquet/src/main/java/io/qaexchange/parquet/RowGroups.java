package io.qaexchange.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the row groups of a Parquet file on the local disk, each with a fixed number of rows. The {@link RowTarget} keeps the rows between
 * {@link #beginRow} and {@link #endRow}, and encodes them into pages when the group ends.
 *
 * <p>One thread.
 */
final class RowGroups {

    private static final Logger LOG = LoggerFactory.getLogger(RowGroups.class);
    private static final int PAGE_ROWS = 8_000;
    private static final int PAGE_BYTES = 1 << 20;

    /** For who writes through the library's column writers. */
    static final ParquetProperties PROPERTIES = ParquetProperties.builder()
            .withPageSize(PAGE_BYTES)
            .withPageRowCountLimit(PAGE_ROWS)
            .withWriterVersion(ParquetProperties.WriterVersion.PARQUET_1_0)
            .withPageWriteChecksumEnabled(true)
            // Sums of lengths and levels, for readers that size their buffers by them: a twentieth of the time, and none of ours asks.
            .withSizeStatisticsEnabled(false)
            .build();

    private final MessageType schema;
    private final ParquetOptions options;
    private final PageCompressor compressor;
    private final ParquetFileWriter out;
    private final RowTarget rows;

    private ColumnChunkPageWriteStore pages;
    private Group group;
    private int rowGroupOrdinal;
    private int rowsInGroup;
    private long rowCount;

    /** Who writes rows. */
    @FunctionalInterface
    interface RowTarget {
        /** A row group begins, whose pages go there. */
        Group begin(ColumnChunkPageWriteStore pages);
    }

    /** The rows of a row group. */
    @FunctionalInterface
    interface Group {
        /** Makes pages of all rows that are not in one. */
        void finish() throws IOException;
    }

    private RowGroups(MessageType schema, ParquetOptions options, ParquetFileWriter out, RowTarget rows) {
        this.schema = schema;
        this.options = options;
        this.compressor = new PageCompressor(options.compression());
        this.out = out;
        this.rows = rows;
    }

    /**
     * Creates the file.
     *
     * @param rows is told when a row group begins
     * @throws IOException if the file exists or cannot be created
     */
    static RowGroups create(Path file, MessageType schema, ParquetOptions options, RowTarget rows) throws IOException {
        ParquetFileWriter out = new ParquetFileWriter(new LocalOutputFile(file), schema, ParquetFileWriter.Mode.CREATE, Long.MAX_VALUE, 0,
                null, PROPERTIES);
        out.start();
        return new RowGroups(schema, options, out, rows);
    }

    void beginRow() {
        if (group == null) {
            pages = new ColumnChunkPageWriteStore(compressor, schema, PROPERTIES.getAllocator(), PROPERTIES.getColumnIndexTruncateLength(),
                    PROPERTIES.getPageWriteChecksumEnabled(), null, rowGroupOrdinal++);
            group = rows.begin(pages);
        }
    }

    void endRow() throws IOException {
        rowCount++;
        if (++rowsInGroup >= options.rowGroupRows()) {
            endRowGroup();
        }
    }

    long rowCount() {
        return rowCount;
    }

    /** Ends the last row group and writes the footer. */
    void finish(Map<String, String> footer) throws IOException {
        endRowGroup();
        out.end(footer);
        compressor.release();
    }

    /** Closes an unfinished file, which is then to be deleted. */
    void abandon() {
        compressor.release();
        try {
            out.close();
        } catch (IOException e) {
            LOG.debug("an unfinished file did not close cleanly; it is deleted anyway", e);
        }
    }

    private void endRowGroup() throws IOException {
        if (group == null) {
            return;
        }
        group.finish();
        out.startBlock(rowsInGroup);
        pages.flushToFileWriter(out);
        out.endBlock();
        pages.close();
        group = null;
        rowsInGroup = 0;
    }
}
