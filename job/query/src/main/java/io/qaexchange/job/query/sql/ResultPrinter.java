package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prints the rows of a query. */
public enum ResultPrinter {
    /** Columns aligned, with a header. */
    TABLE {
        @Override
        public void print(ResultSet rows, PrintStream out) throws SQLException {
            ResultSetMetaData columns = rows.getMetaData();
            List<String[]> lines = new ArrayList<>();
            lines.add(new String[columns.getColumnCount()]);
            int[] widths = new int[columns.getColumnCount()];
            for (int c = 0; c < widths.length; c++) {
                lines.get(0)[c] = columns.getColumnLabel(c + 1);
            }
            while (rows.next()) {
                String[] line = new String[widths.length];
                for (int c = 0; c < widths.length; c++) {
                    line[c] = text(rows.getObject(c + 1));
                }
                lines.add(line);
            }
            for (String[] line : lines) {
                for (int c = 0; c < widths.length; c++) {
                    widths[c] = Math.max(widths[c], line[c].length());
                }
            }
            for (String[] line : lines) {
                StringBuilder text = new StringBuilder();
                for (int c = 0; c < widths.length; c++) {
                    text.append(c == 0 ? "" : "  ").append(line[c]).append(" ".repeat(widths[c] - line[c].length()));
                }
                out.println(text.toString().stripTrailing());
            }
        }
    },
    /** RFC 4180, with a header. */
    CSV {
        @Override
        public void print(ResultSet rows, PrintStream out) throws SQLException {
            ResultSetMetaData columns = rows.getMetaData();
            StringBuilder line = new StringBuilder();
            for (int c = 1; c <= columns.getColumnCount(); c++) {
                line.append(c == 1 ? "" : ",").append(quoted(columns.getColumnLabel(c)));
            }
            out.println(line);
            while (rows.next()) {
                line.setLength(0);
                for (int c = 1; c <= columns.getColumnCount(); c++) {
                    line.append(c == 1 ? "" : ",").append(quoted(text(rows.getObject(c))));
                }
                out.println(line);
            }
        }

        private String quoted(String text) {
            boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
            return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
        }
    },
    /** One JSON object per line. */
    JSON {
        @Override
        public void print(ResultSet rows, PrintStream out) throws SQLException, IOException {
            ObjectMapper json = new ObjectMapper();
            ResultSetMetaData columns = rows.getMetaData();
            Map<String, Object> row = new LinkedHashMap<>();
            while (rows.next()) {
                row.clear();
                for (int c = 1; c <= columns.getColumnCount(); c++) {
                    Object value = rows.getObject(c);
                    row.put(columns.getColumnLabel(c),
                            value == null || value instanceof Number || value instanceof Boolean ? value : text(value));
                }
                out.println(json.writeValueAsString(row));
            }
        }
    };

    /** Prints all rows. */
    public abstract void print(ResultSet rows, PrintStream out) throws SQLException, IOException;

    private static String text(Object value) {
        return value == null ? "" : value.toString();
    }
}
