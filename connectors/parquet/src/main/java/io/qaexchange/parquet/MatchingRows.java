package io.qaexchange.parquet;

import io.qaexchange.parquet.column.ParquetTable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Which rows of a row group are wanted, found in the columns that decide it; so the other columns need be decoded for those rows only, and not for all rows of a page.
 * Immutable.
 */
final class MatchingRows {

    static final String INSTRUMENT = "instrument";

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
     * @param some those pages of the {@link #columns} that may have some
     */
    RowSet in(SelectedPages some, MessageType columns, String createdBy) {
        ColumnReadStoreImpl store = new ColumnReadStoreImpl(some.pages(), new NoRecords(), columns, createdBy);
        List<Condition> conditions = new ArrayList<>();
        conditions.add(new Times(store.getColumnReader(columns.getColumnDescription(new String[] {ParquetTable.EVENT_TIME}))));
        if (instrument != null) {
            conditions.add(texts(store, columns, INSTRUMENT, instrument));
        }
        if (text != null) {
            conditions.add(texts(store, columns, text.column(), textValue));
        }
        RowSet found = new RowSet();
        while (some.next()) {
            boolean matches = true;
            for (Condition condition : conditions) {
                matches &= condition.next();
            }
            if (matches) {
                found.add(some.number());
            }
        }
        return found;
    }

    /** Whether rows of an event time are wanted. */
    boolean hasTime(long timeNs) {
        return timeNs >= fromNs && (toNs == Long.MAX_VALUE || timeNs < toNs);
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
            boolean matches = times.getCurrentDefinitionLevel() == times.getDescriptor().getMaxDefinitionLevel() && hasTime(times.getLong());
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
}
