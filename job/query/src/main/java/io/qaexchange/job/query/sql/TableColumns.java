package io.qaexchange.job.query.sql;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.parquet.column.ParquetTable;
import io.qaexchange.parquet.column.RowColumn;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Columns of the tables as DuckDB reads them from Parquet, with the column {@code date} that follows them; and those of system tables. Stateless. */
final class TableColumns {

    static final String DATE = "date";
    static final String TRADING_DAY = "trading_day";

    private static final String LEVELS = "STRUCT(price DOUBLE, volume DOUBLE)[]";
    private static final String TIME_NS = "TIMESTAMPTZ_NS";
    private static final String TIME_US = "TIMESTAMP WITH TIME ZONE";
    private static final Map<String, Map<String, String>> TABLES = tables();

    private TableColumns() {
    }

    private static Map<String, Map<String, String>> tables() {
        Map<String, Map<String, String>> tables = new LinkedHashMap<>();
        EventSchema.get().recordTypes().forEach(type -> tables.put(type.table(), columns(type)));
        for (LedgerTable table : LedgerTable.values()) {
            tables.put(table.table(), columns(table));
        }
        for (SystemTable table : SystemTable.values()) {
            tables.put(table.table(), table.columns());
        }
        return tables;
    }

    /** Names of all tables. */
    static Set<String> names() {
        return TABLES.keySet();
    }

    /** Types by name, in order, without {@value #DATE}. */
    static Map<String, String> of(String table) {
        return TABLES.get(table);
    }

    static boolean has(String table, String column) {
        return TABLES.containsKey(table) && (column.equals(DATE) && SystemTable.find(table) == null || TABLES.get(table).containsKey(column));
    }

    /** Types by name, in order, with {@value #DATE} if the table has trading days. */
    static Map<String, String> withDate(String table) {
        Map<String, String> columns = new LinkedHashMap<>(of(table));
        if (SystemTable.find(table) == null) {
            columns.put(DATE, "DATE");
        }
        return columns;
    }

    /** A SELECT of no row with all columns: it gives a view its columns whatever files there are. */
    static String emptySelect(String table) {
        return withDate(table).entrySet().stream().map(column -> "NULL::" + column.getValue() + " AS " + SqlText.name(column.getKey())).collect(Collectors.joining(", ", "SELECT ", " WHERE false"));
    }

    private static Map<String, String> columns(RecordType type) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (Field field : type.fields()) {
            if (field == type.eventTime()) {
                columns.put(ParquetTable.EVENT_TIME, TIME_NS);
                columns.put(ParquetTable.EVENT_TIME_US, TIME_US);
                continue;
            }
            columns.put(field.name(), switch (field.kind()) {
                case LONG -> "BIGINT";
                case INT -> "INTEGER";
                case DOUBLE -> "DOUBLE";
                case STRING, ENUM -> "VARCHAR";
                case LEVELS -> LEVELS;
            });
        }
        columns.put(ParquetTable.INGEST_TIME, TIME_NS);
        columns.put(ParquetTable.KAFKA_TOPIC, "VARCHAR");
        columns.put(ParquetTable.KAFKA_PARTITION, "INTEGER");
        columns.put(ParquetTable.KAFKA_OFFSET, "BIGINT");
        return columns;
    }

    private static Map<String, String> columns(LedgerTable table) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (RowColumn column : table.allColumns()) {
            columns.put(column.name(), switch (column.kind()) {
                case INT -> "INTEGER";
                case LONG -> "BIGINT";
                case DOUBLE -> "DOUBLE";
                case TEXT -> "VARCHAR";
                case MONEY -> "DECIMAL(20, 6)";
                case TIME_NS -> TIME_NS;
                case TIME_US -> TIME_US;
            });
        }
        return columns;
    }
}
