package io.qaexchange.parquet;

import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.bar.FileBarsBuilder;
import io.qaexchange.parquet.column.ParquetTable;
import io.qaexchange.parquet.column.StoredEventColumns;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Writes one finished Parquet file of one table to the local disk, row by row, from stored bytes.
 *
 * <p>Row groups end after a fixed number of rows. Every column gets statistics and a page index; strings, prices and volumes a dictionary
 * where that is smaller, times and sequences are written as differences, order and trade ids get a Bloom filter. Instrument and event time
 * are declared as sorting columns if every row has an instrument and all rows arrive in that order, as they do in the archive. The footer
 * carries {@link FooterKeys}; that of trades and ticks bars too, of each width of which they are worth their space.
 *
 * <p>One thread. The file is complete only after {@link #finish}; {@link #close} without it deletes the file.
 */
public final class EventParquetWriter implements Closeable {

    private final Path file;
    private final ParquetTable table;
    private final RowGroups groups;
    private final StoredEventColumns rows;
    @Nullable
    private final FileBarsBuilder bars;

    private long rawBytes;
    private long minEventTimeNs = Long.MAX_VALUE;
    private long maxEventTimeNs = Long.MIN_VALUE;
    private boolean sorted = true;
    private byte[] lastInstrument = {};
    private long lastEventTimeNs = Long.MIN_VALUE;
    private boolean finished;

    private EventParquetWriter(Path file, ParquetTable table, ParquetOptions options) throws IOException {
        this.file = file;
        this.table = table;
        this.rows = new StoredEventColumns(table);
        this.bars = FileBarsBuilder.of(table.recordType());
        this.groups = RowGroups.create(file, table.schema(), options, pages -> () -> rows.finish(pages));
    }

    /**
     * Creates the file.
     *
     * @throws IOException if it exists or cannot be created
     */
    public static EventParquetWriter create(Path file, RecordType recordType, ParquetOptions options) throws IOException {
        return new EventParquetWriter(file, ParquetTable.of(recordType), options);
    }

    /**
     * Adds a row.
     *
     * @param event a stored event of this table; its bytes are used for some hundred rows more, so they must not change
     * @param storedBytes its length
     * @param tradingDay yyyymmdd
     */
    public void write(StoredEvent event, int storedBytes, int tradingDay) throws IOException {
        groups.beginRow();
        rows.write(event, tradingDay);
        if (bars != null) {
            bars.add(event, tradingDay);
        }
        long eventTimeNs = event.event().eventTime();
        sorted = sorted && isNext(event.event(), eventTimeNs);
        minEventTimeNs = Math.min(minEventTimeNs, eventTimeNs);
        maxEventTimeNs = Math.max(maxEventTimeNs, eventTimeNs);
        rawBytes += storedBytes;
        groups.endRow();
    }

    /** Whether a row stands at or after the last one in the order that would be declared; it is the last one then. */
    private boolean isNext(EventView event, long eventTimeNs) {
        Field instrument = table.recordType().instrument();
        int offset = event.textOffset(instrument);
        int end = offset + event.textLength(instrument);
        int order = Arrays.compareUnsigned(event.array(), offset, end, lastInstrument, 0, lastInstrument.length);
        boolean next = order > 0 || order == 0 && eventTimeNs >= lastEventTimeNs;
        if (order != 0) {
            lastInstrument = Arrays.copyOfRange(event.array(), offset, end);
        }
        lastEventTimeNs = eventTimeNs;
        return next;
    }

    /** Rows written so far. */
    public long rowCount() {
        return groups.rowCount();
    }

    /** Stored bytes of the rows written so far. */
    public long rawBytes() {
        return rawBytes;
    }

    /** Smallest event time written, ns. */
    public long minEventTimeNs() {
        return minEventTimeNs;
    }

    /** Greatest event time written, ns. */
    public long maxEventTimeNs() {
        return maxEventTimeNs;
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
        all.put(FooterKeys.TABLE, table.recordType().table());
        all.put(FooterKeys.SCHEMA_VERSION, Integer.toString(table.recordType().schema().version()));
        all.put(FooterKeys.ROWS, Long.toString(rowCount()));
        all.put(FooterKeys.RAW_BYTES, Long.toString(rawBytes));
        all.put(FooterKeys.MIN_EVENT_TIME, Long.toString(minEventTimeNs));
        all.put(FooterKeys.MAX_EVENT_TIME, Long.toString(maxEventTimeNs));
        if (bars != null) {
            bars.texts().forEach((seconds, text) -> all.put(FooterKeys.bars(seconds), text));
        }
        all.putAll(footer);
        groups.finish(all);
        if (sorted && table.recordType().requiresInstrument()) {
            SortingColumns.declare(file, table.schema(), table.recordType().instrument().name(), ParquetTable.EVENT_TIME);
        }
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
