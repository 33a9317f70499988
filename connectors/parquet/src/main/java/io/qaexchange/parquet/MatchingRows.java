package io.qaexchange.parquet;

import io.qaexchange.parquet.column.ParquetTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import javax.annotation.Nullable;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.internal.filter2.columnindex.RowRanges;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Which rows of a row group are wanted, found in the columns that decide it; so the other columns need be decoded for those rows only, and not for all rows of a page.
 * Immutable.
 */
final class MatchingRows {

    private static final String INSTRUMENT = "instrument";

    @Nullable
    private final Binary instrument;
    private final long fromNs;
    private final long toNs;
    @Nullable
    private final TableReader.Text text;
    @Nullable
    private final Binary textValue;

    /**
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     * @param text a value in a column of texts; null for all
     */
    MatchingRows(@Nullable String instrument, long fromNs, long toNs, @Nullable TableReader.Text text) {
        this.instrument = instrument == null ? null : Binary.fromString(instrument);
        this.fromNs = fromNs;
        this.toNs = toNs;
        this.text = text;
        this.textValue = text == null ? null : Binary.fromString(text.value());
    }

    /** For the statistics of row groups and pages. */
    FilterPredicate predicate() {
        FilterPredicate wanted = FilterApi.gtEq(FilterApi.longColumn(ParquetTable.EVENT_TIME), fromNs);
        if (toNs != Long.MAX_VALUE) {
            wanted = FilterApi.and(wanted, FilterApi.lt(FilterApi.longColumn(ParquetTable.EVENT_TIME), toNs));
        }
        if (instrument != null) {
            wanted = FilterApi.and(FilterApi.eq(FilterApi.binaryColumn(INSTRUMENT), instrument), wanted);
        }
        if (text != null) {
            wanted = FilterApi.and(FilterApi.eq(FilterApi.binaryColumn(text.column()), textValue), wanted);
        }
        return wanted;
    }

    /** The columns of a file that decide. */
    MessageType columns(MessageType schema) {
        Set<String> names = new LinkedHashSet<>(List.of(ParquetTable.EVENT_TIME));
        if (instrument != null) {
            names.add(INSTRUMENT);
        }
        if (text != null) {
            names.add(text.column());
        }
        return new MessageType(schema.getName(), names.stream().filter(schema::containsField).map(name -> (Type) schema.getType(name)).toList());
    }

    /**
     * The wanted rows of a row group.
     *
     * @param pages those pages of the {@link #columns} that may have some
     * @param rows number of rows of the row group
     */
    RowRanges in(PageReadStore pages, MessageType columns, String createdBy, long rows) {
        ColumnReadStoreImpl store = new ColumnReadStoreImpl(pages, new NoRecords(), columns, createdBy);
        List<Condition> conditions = new ArrayList<>();
        conditions.add(new Times(store.getColumnReader(columns.getColumnDescription(new String[] {ParquetTable.EVENT_TIME}))));
        if (instrument != null) {
            conditions.add(texts(store, columns, INSTRUMENT, instrument));
        }
        if (text != null) {
            conditions.add(texts(store, columns, text.column(), textValue));
        }
        PrimitiveIterator.OfLong numbers = pages.getRowIndexes().orElseGet(() -> LongStream.range(0, rows).iterator());
        Ranges found = new Ranges();
        while (numbers.hasNext()) {
            long row = numbers.nextLong();
            boolean matches = true;
            for (Condition condition : conditions) {
                matches &= condition.next();
            }
            if (matches) {
                found.add(row);
            }
        }
        return found.of(rows);
    }

    private static Condition texts(ColumnReadStoreImpl store, MessageType columns, String column, Binary wanted) {
        return columns.containsField(column) ? new Texts(store.getColumnReader(columns.getColumnDescription(new String[] {column})), wanted) : () -> false;
    }

    /** A condition on the next row. */
    @FunctionalInterface
    private interface Condition {
        boolean next();
    }

    private final class Times implements Condition {
        private final ColumnReader times;

        Times(ColumnReader times) {
            this.times = times;
        }

        @Override
        public boolean next() {
            boolean matches = times.getCurrentDefinitionLevel() == times.getDescriptor().getMaxDefinitionLevel() && times.getLong() >= fromNs
                    && (toNs == Long.MAX_VALUE || times.getLong() < toNs);
            times.consume();
            return matches;
        }
    }

    private record Texts(ColumnReader texts, Binary wanted) implements Condition {
        @Override
        public boolean next() {
            boolean matches = texts.getCurrentDefinitionLevel() == texts.getDescriptor().getMaxDefinitionLevel() && texts.getBinary().equals(wanted);
            texts.consume();
            return matches;
        }
    }

    /** Ranges of rows, as if each were a page: which is how the library makes them. */
    private static final class Ranges implements OffsetIndex {
        private long[] first = new long[4];
        private long[] last = new long[4];
        private int count;

        void add(long row) {
            if (count > 0 && last[count - 1] == row - 1) {
                last[count - 1] = row;
                return;
            }
            if (count == first.length) {
                first = Arrays.copyOf(first, 2 * count);
                last = Arrays.copyOf(last, 2 * count);
            }
            first[count] = row;
            last[count++] = row;
        }

        RowRanges of(long rows) {
            return RowRanges.create(rows, IntStream.range(0, count).iterator(), this);
        }

        @Override
        public int getPageCount() {
            return count;
        }

        @Override
        public long getFirstRowIndex(int range) {
            return first[range];
        }

        @Override
        public long getLastRowIndex(int range, long rows) {
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

    /** Columns are read one by one. */
    private static final class NoRecords extends GroupConverter {
        @Override
        public Converter getConverter(int column) {
            return new PrimitiveConverter() { };
        }

        @Override
        public void start() {
            throw new UnsupportedOperationException("no records are made");
        }

        @Override
        public void end() {
            throw new UnsupportedOperationException("no records are made");
        }
    }
}
