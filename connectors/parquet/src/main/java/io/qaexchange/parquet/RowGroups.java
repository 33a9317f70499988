package io.qaexchange.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The row groups of a Parquet file on the local disk, each of a fixed number of rows: who writes rows puts them between
 * {@link #beginRow} and {@link #endRow} into the columns that it was given last. Columns get a dictionary, but for those that hardly repeat.
 *
 * <p>One thread.
 */
final class RowGroups {

    private static final Logger LOG = LoggerFactory.getLogger(RowGroups.class);
    private static final int PAGE_ROWS = 20_000;
    private static final int PAGE_BYTES = 1 << 20;
    private static final int MAX_BLOOM_FILTER_BYTES = 1 << 20;
    private static final double BLOOM_FALSE_POSITIVES = 0.01;

    private final MessageType schema;
    private final ParquetOptions options;
    private final ParquetProperties properties;
    private final PageCompressor compressor;
    private final ParquetFileWriter out;
    private final RowTarget rows;

    private ColumnChunkPageWriteStore pages;
    private ColumnWriteStore columnStore;
    private Runnable flush;
    private int rowGroupOrdinal;
    private int rowsInGroup;
    private long rowCount;

    /** Who writes rows. */
    @FunctionalInterface
    interface RowTarget {
        /**
         * A row group begins.
         *
         * @param columns take its rows
         * @return what is to be called behind the last row
         */
        Runnable begin(ColumnWriteStore columns);
    }

    private RowGroups(MessageType schema, ParquetOptions options, ParquetProperties properties, ParquetFileWriter out,
            RowTarget rows) {
        this.schema = schema;
        this.options = options;
        this.properties = properties;
        this.compressor = new PageCompressor(options.compression());
        this.out = out;
        this.rows = rows;
    }

    /**
     * Creates the file.
     *
     * @param bloomFilterColumns get a Bloom filter, those that the schema has
     * @param uniqueColumns hardly repeat and get no dictionary
     * @param rows is given the columns of each row group before its first row
     * @throws IOException if the file exists or cannot be created
     */
    static RowGroups create(Path file, MessageType schema, Collection<String> bloomFilterColumns, Collection<String> uniqueColumns,
            ParquetOptions options, RowTarget rows) throws IOException {
        ParquetProperties properties = properties(schema, bloomFilterColumns, uniqueColumns);
        ParquetFileWriter out = new ParquetFileWriter(new LocalOutputFile(file), schema, ParquetFileWriter.Mode.CREATE, Long.MAX_VALUE, 0,
                null, properties);
        out.start();
        return new RowGroups(schema, options, properties, out, rows);
    }

    private static ParquetProperties properties(MessageType schema, Collection<String> bloomFilterColumns, Collection<String> uniqueColumns) {
        ParquetProperties.Builder builder = ParquetProperties.builder()
                .withPageSize(PAGE_BYTES)
                .withPageRowCountLimit(PAGE_ROWS)
                .withWriterVersion(ParquetProperties.WriterVersion.PARQUET_1_0)
                .withPageWriteChecksumEnabled(true)
                // Sums of lengths and levels, for readers that size their buffers by them: a twentieth of the time, and none of ours asks.
                .withSizeStatisticsEnabled(false)
                .withMaxBloomFilterBytes(MAX_BLOOM_FILTER_BYTES)
                .withAdaptiveBloomFilterEnabled(true);
        for (String column : uniqueColumns) {
            builder.withDictionaryEncoding(column, false);
        }
        for (String column : bloomFilterColumns) {
            if (schema.containsField(column)) {
                builder.withBloomFilterEnabled(column, true).withBloomFilterFPP(column, BLOOM_FALSE_POSITIVES);
            }
        }
        return builder.build();
    }

    void beginRow() {
        if (flush == null) {
            pages = new ColumnChunkPageWriteStore(compressor, schema, properties.getAllocator(),
                    properties.getColumnIndexTruncateLength(), properties.getPageWriteChecksumEnabled(), null, rowGroupOrdinal++);
            columnStore = properties.newColumnWriteStore(schema, pages, pages);
            flush = rows.begin(columnStore);
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
    }

    /** Closes an unfinished file, which is then to be deleted. */
    void abandon() {
        try {
            out.close();
        } catch (IOException e) {
            LOG.debug("an unfinished file did not close cleanly; it is deleted anyway", e);
        }
    }

    private void endRowGroup() throws IOException {
        if (flush == null) {
            return;
        }
        flush.run();
        out.startBlock(rowsInGroup);
        columnStore.flush();
        pages.flushToFileWriter(out);
        out.endBlock();
        columnStore.close();
        pages.close();
        flush = null;
        rowsInGroup = 0;
    }
}
