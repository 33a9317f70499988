package io.qaexchange.parquet;

import java.io.IOException;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import javax.annotation.Nullable;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.internal.filter2.columnindex.ColumnIndexFilter;
import org.apache.parquet.internal.filter2.columnindex.ColumnIndexStore;
import org.apache.parquet.schema.MessageType;

/**
 * Pages of some columns with some rows of a row group. Cursor: {@link #next} turns to a row that the pages give, wanted or not; whoever reads columns reads each of
 * them.
 *
 * <p>The library takes the last row that it was asked for for read already, once it looks for it and a page of a column ends before it; so it gives a value of another
 * row for it (parquet-java GH-3747, at least up to 1.19.0). So the last wanted row is never the last one that is asked for, or never the first one of a page.
 *
 * <p>One thread.
 */
final class SelectedPages {

    private final PageReadStore pages;
    /** Numbers of the rows that the pages give, at least up to the last wanted one. */
    private final PrimitiveIterator.OfLong given;
    private final PrimitiveIterator.OfLong wanted;
    private long number = -1;
    private long nextWanted;
    private boolean ended;

    private SelectedPages(PageReadStore pages, PrimitiveIterator.OfLong given, PrimitiveIterator.OfLong wanted) {
        this.pages = pages;
        this.given = given;
        this.wanted = wanted;
        this.nextWanted = wanted.nextLong();
    }

    /** The pages of columns in which a row group may have wanted rows, as far as their statistics tell; null if it has none. */
    @Nullable
    static SelectedPages read(ParquetFileReader file, int group, MessageType columns, MatchingRows wanted) throws IOException {
        file.setRequestedSchema(columns);
        return read(file, group, columns, RowSet.of(ColumnIndexFilter.calculateRowRanges(FilterCompat.get(wanted.predicate()), file.getColumnIndexStore(group),
                paths(columns), file.getRowGroups().get(group).getRowCount())));
    }

    private static Set<ColumnPath> paths(MessageType columns) {
        return columns.getColumns().stream().map(column -> ColumnPath.get(column.getPath())).collect(Collectors.toSet());
    }

    /** The pages of columns that have some rows; null for no rows. */
    @Nullable
    static SelectedPages read(ParquetFileReader file, int group, MessageType columns, RowSet wanted) throws IOException {
        if (wanted.rows() == 0) {
            return null;
        }
        file.setRequestedSchema(columns);
        long all = file.getRowGroups().get(group).getRowCount();
        if (wanted.rows() == all) {
            return all(file, group);
        }
        if (wanted.last() + 1 < all) {
            PageReadStore pages = file.readFilteredRowGroup(group, wanted.with(wanted.last() + 1).of(all));
            return new SelectedPages(pages, wanted.of(all).iterator(), wanted.of(all).iterator());
        }
        RowSet given = wanted.rows() == 1 ? wanted : wanted.with(all - 2);
        if (wanted.rows() > 1 && isAlone(all - 1, file.getColumnIndexStore(group), paths(columns))) {
            return new SelectedPages(file.readRowGroup(group), everyRow(all), wanted.of(all).iterator());
        }
        return new SelectedPages(file.readFilteredRowGroup(group, given.of(all)), given.of(all).iterator(), wanted.of(all).iterator());
    }

    /** All rows of a row group. */
    static SelectedPages all(ParquetFileReader file, int group) throws IOException {
        long all = file.getRowGroups().get(group).getRowCount();
        return new SelectedPages(file.readRowGroup(group), everyRow(all), everyRow(all));
    }

    private static PrimitiveIterator.OfLong everyRow(long rows) {
        return LongStream.range(0, rows).iterator();
    }

    /** Whether a page of a column has the last row of its row group alone. */
    private static boolean isAlone(long row, ColumnIndexStore indexes, Set<ColumnPath> paths) {
        for (ColumnPath path : paths) {
            OffsetIndex index = indexes.getOffsetIndex(path);
            if (index.getFirstRowIndex(index.getPageCount() - 1) == row) {
                return true;
            }
        }
        return false;
    }

    PageReadStore pages() {
        return pages;
    }

    /**
     * Turns to the next row that the pages give.
     *
     * @return false if all wanted rows have been given
     */
    boolean next() {
        if (number == nextWanted) {
            ended |= !wanted.hasNext();
            nextWanted = ended ? Long.MAX_VALUE : wanted.nextLong();
        }
        if (ended) {
            return false;
        }
        number = given.nextLong();
        return true;
    }

    /** The number of the row in its row group. */
    long number() {
        return number;
    }

    boolean isWanted() {
        return number == nextWanted;
    }
}
