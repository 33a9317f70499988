package io.qaexchange.job.query.sql;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.arrow.ArrowBatch;
import io.qaexchange.job.query.arrow.OneBatchReader;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.parquet.column.ParquetTable;
import io.qaexchange.parquet.column.RowColumn;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * Hot rows as tables in DuckDB's memory, in schema {@value #SCHEMA}: of the tables, columns and rows that a query asks for, nothing else.
 * They go there as Arrow vectors, a batch at a time.
 *
 * <p>One thread. Memory: the rows, as DuckDB keeps them, and a batch of each table.
 */
final class HotTables {

    static final String SCHEMA = "hot";

    private static final int BATCH_ROWS = 16_384;
    private static final int MONEY_SCALE = 6;
    /** The columns of each table that a view needs: its first one, and the one that {@code date} comes from. */
    static final Set<String> ALWAYS = Set.of(ParquetTable.EVENT_TIME, TableColumns.TRADING_DAY);

    private final DuckDBConnection connection;
    private int streams;

    HotTables(Connection connection) throws SQLException {
        this.connection = connection.unwrap(DuckDBConnection.class);
    }

    /** Loads the rows that may be seen; the answer is how many each table has, for those that have some. */
    Map<String, Long> load(RowSource source, Map<String, TableRead> reads, RowAccess access) throws Exception {
        Map<String, Long> loaded = loadEvents(source, reads, access);
        if (reads.keySet().stream().anyMatch(table -> LedgerTable.find(table) != null)) {
            loaded.putAll(loadLedger(source.hotLedgerRows().stream().filter(access::allows).toList(), reads));
        }
        return loaded;
    }

    /** Makes a table of rows that are read while a query shows them. */
    void show(HotRowStream stream, String table) throws SQLException {
        String name = "arrow_stream_" + streams++;
        stream.register(connection, name);
        Map<String, String> types = TableColumns.of(table);
        execute(stream.schema().getFields().stream().map(field -> "CAST(" + SqlText.name(field.getName()) + " AS " + types.get(field.getName()) + ") AS "
                + SqlText.name(field.getName())).collect(Collectors.joining(", ", "CREATE VIEW " + SCHEMA + '.' + SqlText.name(table) + " AS SELECT ", " FROM " + name)));
    }

    private Map<String, Long> loadEvents(RowSource source, Map<String, TableRead> reads, RowAccess access) throws Exception {
        Map<RecordType, RowFilter> wanted = new HashMap<>();
        reads.forEach((table, read) -> {
            RecordType type = EventSchema.get().findTable(table);
            if (type != null) {
                wanted.put(type, read.rows().and(access.filter(type)));
            }
        });
        Map<RecordType, Batches> batches = new HashMap<>();
        try (BufferAllocator allocator = new RootAllocator()) {
            try {
                source.forEachHotRow(new HotFilter(wanted), (routeKey, stored) -> {
                    if (!access.allows(stored.event())) {
                        return;
                    }
                    RecordType type = stored.event().recordType();
                    Batches ofTable = batches.get(type);
                    if (ofTable == null) {
                        ofTable = new Batches(type, reads.get(type.table()), allocator);
                        batches.put(type, ofTable);
                    }
                    ofTable.batch.add(stored, source.instruments().tradingDay(stored.event()));
                    if (ofTable.batch.rows() == BATCH_ROWS) {
                        ofTable.insert();
                    }
                });
                for (Batches ofTable : batches.values()) {
                    ofTable.insert();
                }
            } finally {
                batches.values().forEach(ofTable -> ofTable.batch.close());
            }
        }
        Map<String, Long> loaded = new HashMap<>();
        batches.forEach((type, ofTable) -> loaded.put(type.table(), ofTable.rows));
        return loaded;
    }

    /** Rows of one table on their way. */
    private final class Batches {
        private final String table;
        private final BufferAllocator allocator;
        private final ArrowBatch batch;
        private final String columns;
        private long rows;

        Batches(RecordType type, TableRead read, BufferAllocator allocator) throws SQLException {
            this.table = SCHEMA + '.' + SqlText.name(type.table());
            this.allocator = allocator;
            this.batch = new ArrowBatch(type, allocator, column -> ALWAYS.contains(column) || read.hasColumn(column));
            Map<String, String> types = TableColumns.of(type.table());
            this.columns = batch.root().getSchema().getFields().stream().map(field -> SqlText.name(field.getName())).collect(Collectors.joining(", "));
            execute(batch.root().getSchema().getFields().stream().map(field -> SqlText.name(field.getName()) + ' ' + types.get(field.getName()))
                    .collect(Collectors.joining(", ", "CREATE TABLE " + table + " (", ")")));
        }

        void insert() throws SQLException {
            rows += batch.rows();
            batch.complete();
            String stream = "arrow_stream_" + streams++;
            try (ArrowArrayStream exported = ArrowArrayStream.allocateNew(allocator);
                    OneBatchReader reader = new OneBatchReader(allocator, batch.root())) {
                Data.exportArrayStream(allocator, reader, exported);
                connection.registerArrowStream(stream, exported);
                execute("INSERT INTO " + table + " SELECT " + columns + " FROM " + stream);
                execute("DROP VIEW IF EXISTS " + stream);
            } catch (java.io.IOException e) {
                throw new SQLException("hot rows of " + table + " cannot be handed over: " + e.getMessage(), e);
            }
            batch.clear();
        }
    }

    private Map<String, Long> loadLedger(List<LedgerRow> rows, Map<String, TableRead> reads) throws SQLException {
        Map<LedgerTable, List<LedgerRow>> byTable = rows.stream()
                .filter(row -> reads.containsKey(row.table().table()) && reads.get(row.table().table()).rows().hasDay(row.tradingDay()))
                .collect(Collectors.groupingBy(LedgerRow::table));
        for (Map.Entry<LedgerTable, List<LedgerRow>> entry : byTable.entrySet()) {
            loadLedger(entry.getKey(), entry.getValue());
        }
        Map<String, Long> loaded = new HashMap<>();
        byTable.forEach((table, some) -> loaded.put(table.table(), (long) some.size()));
        return loaded;
    }

    /** Times go through a table of numbers, as the appender has no nanoseconds. */
    private void loadLedger(LedgerTable table, List<LedgerRow> rows) throws SQLException {
        String raw = table.table() + "_raw";
        execute(table.allColumns().stream().map(column -> SqlText.name(column.name()) + ' ' + switch (column.kind()) {
            case TIME_NS, TIME_US -> "BIGINT";
            default -> TableColumns.of(table.table()).get(column.name());
        }).collect(Collectors.joining(", ", "CREATE TABLE " + SCHEMA + '.' + SqlText.name(raw) + " (", ")")));
        try (DuckDBAppender appender = connection.createAppender(SCHEMA, raw)) {
            for (LedgerRow row : rows) {
                appender.beginRow();
                for (int i = 0; i < row.values().length; i++) {
                    append(appender, table.allColumns().get(i), row.values()[i]);
                }
                appender.endRow();
            }
            appender.flush();
        }
        execute(table.allColumns().stream().map(column -> switch (column.kind()) {
            case TIME_NS -> "make_timestamp_ns(" + SqlText.name(column.name()) + ")::TIMESTAMPTZ_NS AS " + SqlText.name(column.name());
            case TIME_US -> "make_timestamp(" + SqlText.name(column.name()) + ")::TIMESTAMPTZ AS " + SqlText.name(column.name());
            default -> SqlText.name(column.name());
        }).collect(Collectors.joining(", ", "CREATE VIEW " + SCHEMA + '.' + SqlText.name(table.table()) + " AS SELECT ",
                " FROM " + SCHEMA + '.' + SqlText.name(raw))));
    }

    private static void append(DuckDBAppender appender, RowColumn column, Object value) throws SQLException {
        if (value == null) {
            appender.appendNull();
            return;
        }
        switch (column.kind()) {
            case INT -> appender.append((int) (Integer) value);
            case LONG, TIME_NS, TIME_US -> appender.append((long) (Long) value);
            case DOUBLE -> appender.append((double) (Double) value);
            case TEXT -> appender.append((String) value);
            case MONEY -> appender.append(BigDecimal.valueOf((Long) value, MONEY_SCALE));
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
