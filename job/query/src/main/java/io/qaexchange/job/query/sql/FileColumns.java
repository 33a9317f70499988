package io.qaexchange.job.query.sql;

import io.qaexchange.job.query.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The columns of archived files. Files that have the same are read by one scan, which looks at the first of them when it is planned; DuckDB's
 * {@code union_by_name} would open all of them, and again each time that a statement is prepared.
 *
 * <p>A file is looked at once: what an archive manifest names never changes. Thread-safe.
 */
final class FileColumns {

    /** More files are forgotten, those first that were not asked for the longest. */
    private static final int MOST = 200_000;

    private final Map<String, Columns> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Columns> eldest) {
            return size() > MOST;
        }
    };
    /** The same columns of many files are one object. */
    private final Map<Columns, Columns> distinct = new HashMap<>();

    /**
     * The columns of a file.
     *
     * @param schema names and types of its columns, whatever their order
     * @param hasTradingDay whether {@value TableColumns#TRADING_DAY} is one of them
     */
    record Columns(String schema, boolean hasTradingDay) {
    }

    /**
     * The columns of each of some files.
     *
     * @throws SQLException if one of them cannot be read
     */
    Map<String, Columns> of(Connection connection, Collection<String> paths) throws SQLException {
        Map<String, Columns> found = new HashMap<>();
        synchronized (this) {
            for (String path : paths) {
                Columns columns = known.get(path);
                if (columns != null) {
                    found.put(path, columns);
                }
            }
        }
        List<String> open = paths.stream().filter(path -> !found.containsKey(path)).toList();
        if (!open.isEmpty()) {
            Map<String, Columns> read = read(connection, open);
            synchronized (this) {
                read.forEach((path, columns) -> {
                    Columns one = distinct.computeIfAbsent(columns, same -> same);
                    known.put(path, one);
                    found.put(path, one);
                });
            }
        }
        return found;
    }

    private static Map<String, Columns> read(Connection connection, List<String> paths) throws SQLException {
        String files = paths.stream().map(path -> SqlText.quote(SqlDatabase.pattern(path))).collect(Collectors.joining(", ", "[", "]"));
        Map<String, Columns> read = new HashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT file_name, string_agg(concat_ws(' ', name, type, converted_type, logical_type, repetition_type, num_children), chr(10) "
                        + "ORDER BY concat_ws(' ', name, type, converted_type, logical_type, repetition_type, num_children)), bool_or(name = " + SqlText.quote(TableColumns.TRADING_DAY)
                        + ") FROM parquet_schema(" + files + ") GROUP BY file_name")) {
            while (rows.next()) {
                read.put(rows.getString(1), new Columns(rows.getString(2), rows.getBoolean(3)));
            }
        }
        for (String path : paths) {
            if (!read.containsKey(path)) {
                throw new SQLException("IO Error: DuckDB tells no columns of file " + path);
            }
        }
        return read;
    }
}
