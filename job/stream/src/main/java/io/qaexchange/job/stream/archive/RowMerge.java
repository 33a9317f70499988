package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import javax.annotation.Nullable;
import org.apache.flink.util.CloseableIterator;

/**
 * The rows of one instrument and record type that lie in a range of event times: its events and its late generations, merged in the order of
 * (event time, source hash, sequence).
 *
 * <p>One thread; {@link #close} frees what the backend holds for the scans.
 */
final class RowMerge implements AutoCloseable {

    /** The only scan, whose keys nobody needs; null if there are others to merge with. */
    @Nullable
    private CloseableIterator<byte[]> alone;
    private final List<CloseableIterator<?>> scans = new ArrayList<>();
    private final PriorityQueue<Cursor> cursors = new PriorityQueue<>();

    /** A scan and its next row. */
    private static final class Cursor implements Comparable<Cursor> {
        private final CloseableIterator<? extends Map.Entry<?, byte[]>> scan;
        private StoredKey key;
        private byte[] value;

        Cursor(CloseableIterator<? extends Map.Entry<?, byte[]>> scan) {
            this.scan = scan;
        }

        boolean advance() {
            if (!scan.hasNext()) {
                return false;
            }
            Map.Entry<?, byte[]> row = scan.next();
            key = row.getKey() instanceof LateKey late ? late.key() : (StoredKey) row.getKey();
            value = row.getValue();
            return true;
        }

        @Override
        public int compareTo(Cursor other) {
            return key.compareWithinTable(other.key);
        }
    }

    private RowMerge() {
    }

    static RowMerge open(RowSource source, int recordCode, HotColdBoundary.Range range) throws Exception {
        RowMerge merge = new RowMerge();
        StoredKey from = StoredKey.lowest(recordCode, range.fromNs());
        StoredKey to = StoredKey.lowest(recordCode, range.toNs());
        if (range.lateTo() < range.lateFrom()) {
            merge.alone = source.values(from, to);
            merge.scans.add(merge.alone);
            return merge;
        }
        if (range.fromNs() < range.toNs()) {
            merge.add(source.events(from, to));
        }
        for (int generation = range.lateFrom(); generation <= range.lateTo(); generation++) {
            merge.add(source.late(LateKey.lowest(generation, recordCode), LateKey.lowest(generation, recordCode + 1)));
        }
        return merge;
    }

    private void add(CloseableIterator<? extends Map.Entry<?, byte[]>> scan) {
        scans.add(scan);
        Cursor cursor = new Cursor(scan);
        if (cursor.advance()) {
            cursors.add(cursor);
        }
    }

    /** The stored value of the next row, or null at the end. */
    byte[] next() {
        if (alone != null) {
            return alone.hasNext() ? alone.next() : null;
        }
        Cursor first = cursors.poll();
        if (first == null) {
            return null;
        }
        byte[] value = first.value;
        if (first.advance()) {
            cursors.add(first);
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        for (CloseableIterator<?> scan : scans) {
            try {
                scan.close();
            } catch (Exception e) {
                throw new IOException("closing a scan failed", e);
            }
        }
        cursors.clear();
        alone = null;
    }
}
