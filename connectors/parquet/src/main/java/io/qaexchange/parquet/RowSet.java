package io.qaexchange.parquet;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.internal.filter2.columnindex.RowRanges;

/** Rows of a row group, by their numbers from 0; each range of them as if it were a page, which is how the library makes {@link RowRanges}. One thread. */
final class RowSet implements OffsetIndex {

    private long[] first = new long[4];
    private long[] last = new long[4];
    private int ranges;
    private long rows;

    /** The rows of ranges. */
    static RowSet of(RowRanges source) {
        RowSet set = new RowSet();
        source.getRanges().forEach(range -> set.add(range.from, range.to));
        return set;
    }

    /** Adds a row after those that were added. */
    void add(long row) {
        add(row, row);
    }

    private void add(long from, long to) {
        rows += to - from + 1;
        if (ranges > 0 && last[ranges - 1] == from - 1) {
            last[ranges - 1] = to;
            return;
        }
        if (ranges == first.length) {
            first = Arrays.copyOf(first, 2 * ranges);
            last = Arrays.copyOf(last, 2 * ranges);
        }
        first[ranges] = from;
        last[ranges++] = to;
    }

    /** How many rows there are. */
    long rows() {
        return rows;
    }

    /** The number of the last row. */
    long last() {
        return last[ranges - 1];
    }

    /** These rows and another one, which may be one of them and lies behind all others but the last. */
    RowSet with(long row) {
        RowSet all = new RowSet();
        for (int i = 0; i < ranges - 1; i++) {
            all.add(first[i], last[i]);
        }
        if (row < first[ranges - 1]) {
            all.add(row);
        }
        all.add(first[ranges - 1], Math.max(last(), row == last() + 1 ? row : last()));
        return all;
    }

    /** The rows as the library has them. */
    RowRanges of(long rowsOfGroup) {
        return RowRanges.create(rowsOfGroup, IntStream.range(0, ranges).iterator(), this);
    }

    @Override
    public int getPageCount() {
        return ranges;
    }

    @Override
    public long getFirstRowIndex(int range) {
        return first[range];
    }

    @Override
    public long getLastRowIndex(int range, long rowsOfGroup) {
        return last[range];
    }

    @Override
    public long getOffset(int range) {
        throw new UnsupportedOperationException("a range of rows lies nowhere");
    }

    @Override
    public int getCompressedPageSize(int range) {
        throw new UnsupportedOperationException("a range of rows lies nowhere");
    }
}
