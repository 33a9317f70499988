package io.qaexchange.job.query.sql;

import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.export.Unclosed;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/**
 * Runs a query and writes its rows, as they come: no form holds more than a batch of them.
 *
 * <p>The query becomes a view whose columns have numbers for names, whatever it calls them and however its text ends. Around it DuckDB
 * itself makes texts and JSON of the values: they are the same in every zone and locale, and nested values keep their form.
 *
 * <p>One thread; for one query.
 */
public final class ResultWriter {

    private static final String VIEW = "qaexchange_answer";
    private static final long ARROW_BATCH_ROWS = 65_536;

    private final Connection connection;
    private final SqlQuery query;
    private final List<String> labels;
    private final List<String> types;

    private ResultWriter(Connection connection, SqlQuery query, List<String> labels, List<String> types) {
        this.connection = connection;
        this.query = query;
        this.labels = labels;
        this.types = types;
    }

    /**
     * Prepares a query.
     *
     * @throws SQLException if a name in it is not known, or types do not fit
     */
    public static ResultWriter of(SqlTables tables, SqlQuery query) throws SQLException {
        Connection connection = tables.connection();
        List<String> labels = new ArrayList<>();
        List<String> types = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query.text())) {
            ResultSetMetaData columns = statement.getMetaData();
            for (int c = 1; c <= columns.getColumnCount(); c++) {
                labels.add(columns.getColumnLabel(c));
                types.add(columns.getColumnTypeName(c));
            }
        }
        return new ResultWriter(connection, query, labels, types);
    }

    /**
     * Writes all rows.
     *
     * @param folder for a file that cannot be written in one go; DuckDB must be allowed to write there
     * @throws ReasonLostException if the query fails and the driver does not say why
     */
    public void write(ResultFormat format, OutputStream out, Path folder) throws SQLException, IOException {
        if (query.explains() && !format.isText()) {
            throw new WrongSqlException("EXPLAIN gives text, so its formats are table, csv and json");
        }
        if (!query.explains()) {
            String columns = IntStream.range(0, labels.size()).mapToObj(ResultWriter::column).collect(Collectors.joining(", "));
            try (Statement statement = connection.createStatement()) {
                statement.execute("CREATE OR REPLACE TEMP VIEW " + VIEW + "(" + columns + ") AS " + query.text());
            }
        }
        switch (format) {
            case TABLE -> new TableText(out).write(labels, rows(ResultWriter::asText));
            case CSV -> new CsvText(out).write(labels, rows(ResultWriter::asText));
            case JSON -> new JsonText(out).write(unique(labels), rows(ResultWriter::asJson), !query.explains());
            case PARQUET -> writeParquet(out, folder);
            case ARROW -> writeArrow(out);
        }
        out.flush();
    }

    /** Rows of texts, to be closed by whoever reads them. */
    @FunctionalInterface
    interface TextRows {
        /** Runs the query. */
        void forEach(Visitor visitor) throws SQLException, IOException;

        /** Takes rows. */
        @FunctionalInterface
        interface Visitor {
            /** A row; null is NULL. The array is used again. */
            void accept(String[] values) throws IOException;
        }
    }

    private TextRows rows(UnaryOperator<String> expression) {
        return visitor -> {
            String sql = query.explains() ? query.text() : select(expression);
            try (Statement statement = connection.createStatement(); ResultSet rows = ReasonLostException.execute(statement, sql)) {
                String[] values = new String[labels.size()];
                while (rows.next()) {
                    for (int c = 0; c < values.length; c++) {
                        values[c] = rows.getString(c + 1);
                    }
                    visitor.accept(values);
                }
            }
        };
    }

    private String select(UnaryOperator<String> expression) {
        return IntStream.range(0, labels.size()).mapToObj(c -> expression.apply(column(c))).collect(Collectors.joining(", ", "SELECT ", " FROM " + VIEW));
    }

    private static String asText(String column) {
        return "CAST(" + column + " AS VARCHAR)";
    }

    private static String asJson(String column) {
        return "CAST(to_json(" + column + ") AS VARCHAR)";
    }

    private static String column(int index) {
        return "c" + (index + 1);
    }

    /** DuckDB writes Parquet to files only, so the result takes a way through one. */
    private void writeParquet(OutputStream out, Path folder) throws SQLException, IOException {
        Path file = folder.resolve("answer.parquet");
        try (Statement statement = connection.createStatement()) {
            statement.execute("COPY (" + portable() + ") TO " + SqlText.quote(file.toString()) + " (FORMAT parquet)");
            Files.copy(file, out);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void writeArrow(OutputStream out) throws SQLException, IOException {
        try (Statement statement = connection.createStatement(); BufferAllocator allocator = new RootAllocator();
                ArrowRows rows = ArrowRows.of(statement, portable(), allocator, ARROW_BATCH_ROWS);
                ArrowFileWriter writer = new ArrowFileWriter(rows.batch(), rows.reader(), Channels.newChannel(new Unclosed(out)))) {
            writer.start();
            while (rows.next()) {
                writer.writeBatch();
            }
            writer.end();
        }
    }

    /** The query with names that are there once, and with values that files would round in a wider type. */
    private String portable() {
        List<String> names = unique(labels);
        return IntStream.range(0, names.size()).mapToObj(c -> {
            String type = PortableTypes.of(types.get(c));
            return (type.equals(types.get(c)) ? column(c) : "CAST(" + column(c) + " AS " + type + ")") + " AS " + SqlText.name(names.get(c));
        }).collect(Collectors.joining(", ", "SELECT ", " FROM " + VIEW));
    }

    /** Names of columns where each must be there once: the second a becomes a_1, as in DuckDB. */
    static List<String> unique(List<String> labels) {
        Set<String> taken = labels.stream().map(label -> label.toLowerCase(Locale.ROOT)).collect(Collectors.toCollection(HashSet::new));
        Set<String> used = new HashSet<>();
        List<String> names = new ArrayList<>();
        for (String label : labels) {
            String name = label;
            for (int i = 1; !used.add(name.toLowerCase(Locale.ROOT)); i++) {
                name = label + "_" + i;
                if (taken.contains(name.toLowerCase(Locale.ROOT))) {
                    name = label;
                }
            }
            names.add(name);
        }
        return names;
    }
}
