package io.qaexchange.job.query.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/** Rows of system tables as tables in DuckDB's memory. One thread. */
final class SystemRows {

    private static final String TIME = "TIMESTAMP WITH TIME ZONE";

    private final DuckDBConnection connection;

    SystemRows(Connection connection) throws SQLException {
        this.connection = connection.unwrap(DuckDBConnection.class);
    }

    /**
     * Makes the view of a table. Times go through a table of numbers.
     *
     * @param rows by column, in the order of the table: Integer, Long, Double, Boolean, String or null
     */
    void load(SystemTable table, List<Object[]> rows) throws SQLException {
        String raw = table.table() + "_raw";
        execute(table.columns().entrySet().stream().map(column -> name(column) + ' ' + (column.getValue().equals(TIME) ? "BIGINT" : column.getValue()))
                .collect(Collectors.joining(", ", "CREATE TABLE " + HotTables.SCHEMA + '.' + raw + " (", ")")));
        try (DuckDBAppender appender = connection.createAppender(HotTables.SCHEMA, raw)) {
            for (Object[] row : rows) {
                if (row.length != table.columns().size()) {
                    throw new IllegalArgumentException("a row of " + table.table() + " has " + row.length + " values, not " + table.columns().size());
                }
                appender.beginRow();
                for (Object value : row) {
                    append(appender, value);
                }
                appender.endRow();
            }
            appender.flush();
        }
        execute(table.columns().entrySet().stream()
                .map(column -> column.getValue().equals(TIME) ? "make_timestamp(" + name(column) + ")::TIMESTAMPTZ AS " + name(column) : name(column))
                .collect(Collectors.joining(", ", "CREATE OR REPLACE VIEW " + table.table() + " AS SELECT ", " FROM " + HotTables.SCHEMA + '.' + raw)));
    }

    private static String name(Map.Entry<String, String> column) {
        return '"' + column.getKey() + '"';
    }

    private static void append(DuckDBAppender appender, Object value) throws SQLException {
        if (value == null) {
            appender.appendNull();
        } else if (value instanceof Integer number) {
            appender.append((int) number);
        } else if (value instanceof Long number) {
            appender.append((long) number);
        } else if (value instanceof Double number) {
            appender.append((double) number);
        } else if (value instanceof Boolean flag) {
            appender.append((boolean) flag);
        } else {
            appender.append((String) value);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
