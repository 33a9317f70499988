package io.qaexchange.job.table;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.parquet.column.ParquetTable;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * The columns of a table in Flink SQL: those of the archive's files, {@code date}, and the nanoseconds of both times as numbers. Immutable.
 */
final class UnionColumns {

    static final String DATE = "date";
    static final String EVENT_TIME_NS = "event_time_ns";

    private static final String INGEST_TIME_NS = "ingest_time_ns";
    private static final long NANOS_PER_MICRO = 1_000L;
    private static final long NANOS_PER_MILLI = 1_000_000L;

    private final RecordType type;
    private final Map<String, UnionColumn> columns = new LinkedHashMap<>();

    /** A row as the columns see it. One thread. */
    static final class Row {
        final StoredEvent stored = new StoredEvent();
        EventView event;
        /** Null if the event has an identity of its own. */
        @Nullable
        EventIdentity identity;
        int tradingDay;
    }

    /** Takes the value of a column from a row, as Flink's internal data structures have it; null for null. */
    interface Value {
        @Nullable
        Object of(Row row);
    }

    /** A column. */
    record UnionColumn(DataType dataType, Value value) {
    }

    private UnionColumns(RecordType type) {
        this.type = type;
        for (Field field : type.fields()) {
            columns.put(field.name(), column(type, field));
            if (field == type.eventTime()) {
                columns.put(ParquetTable.EVENT_TIME_US, new UnionColumn(DataTypes.TIMESTAMP_LTZ(6),
                        row -> time(Math.floorDiv(row.event.eventTime(), NANOS_PER_MICRO) * NANOS_PER_MICRO)));
                columns.put(EVENT_TIME_NS, new UnionColumn(DataTypes.BIGINT(), row -> row.event.eventTime()));
            }
        }
        columns.put(ParquetTable.INGEST_TIME, new UnionColumn(DataTypes.TIMESTAMP_LTZ(9), row -> time(row.stored.ingestTimeNs())));
        columns.put(INGEST_TIME_NS, new UnionColumn(DataTypes.BIGINT(), row -> row.stored.ingestTimeNs()));
        columns.put(ParquetTable.KAFKA_TOPIC, new UnionColumn(DataTypes.STRING(), row -> StringData.fromString(row.stored.topic())));
        columns.put(ParquetTable.KAFKA_PARTITION, new UnionColumn(DataTypes.INT(), row -> row.stored.partition()));
        columns.put(ParquetTable.KAFKA_OFFSET, new UnionColumn(DataTypes.BIGINT(), row -> row.stored.offset()));
        columns.put(DATE, new UnionColumn(DataTypes.DATE(), row -> (int) TradingDay.toDate(row.tradingDay).toEpochDay()));
    }

    static UnionColumns of(RecordType type) {
        return new UnionColumns(type);
    }

    private static UnionColumn column(RecordType type, Field field) {
        if (field == type.eventTime()) {
            return new UnionColumn(DataTypes.TIMESTAMP_LTZ(9), row -> time(row.event.eventTime()));
        }
        if (field == type.tradingDay()) {
            return new UnionColumn(DataTypes.INT(), row -> row.tradingDay);
        }
        Value value = row -> row.event.isNull(field) ? null : value(row.event, field);
        if (field == type.source()) {
            value = row -> row.identity == null ? value(row.event, field) : StringData.fromString(row.identity.source());
        } else if (field == type.sequence()) {
            value = row -> row.identity == null ? row.event.sequence() : row.identity.sequence();
        }
        return new UnionColumn(dataType(field), value);
    }

    private static DataType dataType(Field field) {
        return switch (field.kind()) {
            case LONG -> DataTypes.BIGINT();
            case INT -> DataTypes.INT();
            case DOUBLE -> DataTypes.DOUBLE();
            case STRING, ENUM -> DataTypes.STRING();
            case LEVELS -> DataTypes.ARRAY(DataTypes.ROW(DataTypes.FIELD("price", DataTypes.DOUBLE()), DataTypes.FIELD("volume", DataTypes.DOUBLE())));
        };
    }

    private static Object value(EventView event, Field field) {
        return switch (field.kind()) {
            case LONG -> event.getLong(field);
            case INT -> event.getInt(field);
            case DOUBLE -> event.getDouble(field);
            case STRING -> StringData.fromString(event.getString(field));
            case ENUM -> StringData.fromString(field.enumName(event.getEnumCode(field)));
            case LEVELS -> {
                Object[] levels = new Object[event.levelCount(field)];
                for (int level = 0; level < levels.length; level++) {
                    levels[level] = GenericRowData.of(event.levelPrice(field, level), event.levelVolume(field, level));
                }
                yield new GenericArrayData(levels);
            }
        };
    }

    private static TimestampData time(long ns) {
        return TimestampData.fromEpochMillis(Math.floorDiv(ns, NANOS_PER_MILLI), (int) Math.floorMod(ns, NANOS_PER_MILLI));
    }

    UnionColumn column(String name) {
        return columns.get(name);
    }

    /**
     * Checks a column that a user declared.
     *
     * @throws ValidationException saying which columns there are, or which type it has
     */
    void check(String name, LogicalType declared) {
        UnionColumn column = columns.get(name);
        if (column == null) {
            throw new ValidationException("table " + type.table() + " has no column " + name + hint(name, columns.keySet())
                    + " Declare some or all of: " + declaration());
        }
        LogicalType own = column.dataType().getLogicalType();
        if (!own.copy(true).equals(declared.copy(true))) {
            throw new ValidationException("column " + name + " of table " + type.table() + " is " + own.asSummaryString() + ", not "
                    + declared.asSummaryString() + ". Declare some or all of: " + declaration());
        }
    }

    /** Ends a sentence with names that are near, if there are any. */
    static String hint(String name, Collection<String> known) {
        String hint = NearNames.hint(name, known);
        return hint.isEmpty() ? "." : hint;
    }

    /** All columns as CREATE TABLE wants them. */
    String declaration() {
        StringBuilder text = new StringBuilder();
        columns.forEach((name, column) -> text.append(text.isEmpty() ? "" : ", ").append('`').append(name).append("` ")
                .append(column.dataType().getLogicalType().asSummaryString()));
        return text.toString();
    }
}
