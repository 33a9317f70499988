package io.qaexchange.archive.compaction;

import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.TableReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * The rows of an archived file as stored values, in the order of a file: instruments by the bytes of their UTF-8, after them accounts of rows
 * without instrument, and within each of them event time.
 *
 * <p>One thread.
 */
final class SortedRows implements Closeable {

    private final Path path;
    private final boolean inMemory;
    private final TableReader reader;
    private Iterator<Row> sorted;
    private String topic;
    private byte[] topicBytes = {};
    private Row last;

    /** A row: its place in the order, and its stored value. */
    record Row(boolean account, byte[] key, long eventTimeNs, byte[] value) implements Comparable<Row> {

        @Override
        public int compareTo(Row other) {
            int order = Boolean.compare(account, other.account);
            if (order == 0) {
                order = Arrays.compareUnsigned(key, other.key);
            }
            return order != 0 ? order : Long.compare(eventTimeNs, other.eventTimeNs);
        }
    }

    /** Rows of a file are not in order. */
    static final class NotSortedException extends IOException {
        private static final long serialVersionUID = 1L;

        NotSortedException(Path path) {
            super("rows of file " + path + " are not in the order of instrument and event time");
        }
    }

    private SortedRows(Path path, boolean inMemory, TableReader reader) {
        this.path = path;
        this.inMemory = inMemory;
        this.reader = reader;
    }

    /**
     * Opens a file.
     *
     * @param inMemory whether to read and sort all of it first; else {@link #next} fails if it is not sorted
     */
    static SortedRows open(Path path, boolean inMemory) throws IOException {
        return new SortedRows(path, inMemory, TableReader.open(FlinkInputFile.of(path)));
    }

    /** The next row, or null at the end. */
    @Nullable
    Row next() throws IOException {
        if (inMemory) {
            return nextSorted();
        }
        Row row = read();
        if (row != null && last != null && row.compareTo(last) < 0) {
            throw new NotSortedException(path);
        }
        last = row;
        return row;
    }

    @Nullable
    private Row nextSorted() throws IOException {
        if (sorted == null) {
            List<Row> rows = new ArrayList<>();
            for (Row row = read(); row != null; row = read()) {
                rows.add(row);
            }
            // Keeps rows of one moment in the order of the file.
            rows.sort(Comparator.naturalOrder());
            sorted = rows.iterator();
        }
        return sorted.hasNext() ? sorted.next() : null;
    }

    @Nullable
    private Row read() throws IOException {
        ArchivedEvent row = reader.next();
        if (row == null) {
            return null;
        }
        if (!row.topic().equals(topic)) {
            topic = row.topic();
            topicBytes = StoredEvent.topicBytes(topic);
        }
        EventView event = row.event();
        byte[] message = row.message();
        byte[] value = StoredEvent.encode(message, 0, message.length, row.ingestTimeNs(), topicBytes, row.partition(), row.offset());
        if (!event.hasInstrument()) {
            return new Row(true, event.routeKey().getBytes(StandardCharsets.UTF_8), event.eventTime(), value);
        }
        Field instrument = reader.recordType().instrument();
        int offset = event.textOffset(instrument);
        return new Row(false, Arrays.copyOfRange(event.array(), offset, offset + event.textLength(instrument)), event.eventTime(), value);
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
