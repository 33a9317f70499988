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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.annotation.Nullable;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/**
 * Runs a query and writes its rows, as they come: no form holds more than a batch of them.
 *
 * <p>The query becomes a view whose columns have numbers for names, whatever it calls them and however its text ends. Around it DuckDB
 * itself makes texts of the values, and a JSON object of each row: they are the same in every zone and locale, and nested values keep their form.
 *
 * <p>One thread; for one query.
 */
public final class ResultWriter {

    private static final String VIEW = "qaexchange_answer";
    private static final long ARROW_BATCH_ROWS = 16_384;
    /** As many as DuckDB computes at once. */
    private static final long TEXT_BATCH_ROWS = 2_048;

    private final SqlTables tables;
    private final Connection connection;
    @Nullable
    private final Path answers;
    private final SqlQuery query;
    private final List<String> labels;
    private final List<String> types;

    private ResultWriter(SqlTables tables, SqlQuery query, List<String> labels, List<String> types) {
        this.tables = tables;
        this.connection = tables.connection();
        this.answers = tables.answers();
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
        if (tables.showsRowsAsTheyAre()) {
            labels.addAll(query.passing().columns());
            labels.forEach(column -> types.add(SqlTables.columns(query.passing().table()).get(column)));
            return new ResultWriter(tables, query, labels, types);
        }
        try (PreparedStatement statement = connection.prepareStatement(query.text())) {
            ResultSetMetaData columns = statement.getMetaData();
            for (int c = 1; c <= columns.getColumnCount(); c++) {
                labels.add(columns.getColumnLabel(c));
                types.add(columns.getColumnTypeName(c));
            }
        }
        return new ResultWriter(tables, query, labels, types);
    }

    /** As {@link #write(ResultFormat, OutputStream, RowLimit)}, however many rows there are. */
    public void write(ResultFormat format, OutputStream out) throws SQLException, IOException {
        write(format, out, new RowLimit(0));
    }

    /**
     * Writes all rows.
     *
     * @throws TooManyRowsException if there are more than the limit; of a Parquet file nothing was written then
     * @throws ReasonLostException if the query fails and the driver does not say why
     */
    public void write(ResultFormat format, OutputStream out, RowLimit limit) throws SQLException, IOException {
        if (query.explains() && !format.isText()) {
            throw new WrongSqlException("EXPLAIN gives text, so its formats are table, csv and json");
        }
        if (tables.showsRowsAsTheyAre() && format != ResultFormat.ARROW) {
            throw new IllegalStateException("rows that are shown as they are have no form but Arrow");
        }
        if (!query.explains() && !tables.showsRowsAsTheyAre()) {
            createView();
        }
        switch (format) {
            case TABLE -> new TableText(out).write(labels, rows(texts(), labels.size(), limit));
            case CSV -> new CsvText(out).write(labels, rows(texts(), labels.size(), limit));
            case JSON -> writeJson(new JsonText(out), limit);
            case PARQUET -> writeParquet(out, limit);
            case ARROW -> writeArrow(out, limit);
        }
        out.flush();
    }

    private void createView() throws SQLException {
        String columns = IntStream.range(0, labels.size()).mapToObj(ResultWriter::column).collect(Collectors.joining(", "));
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE OR REPLACE TEMP VIEW " + VIEW + "(" + columns + ") AS " + query.text());
        }
    }

    private void writeJson(JsonText json, RowLimit limit) throws SQLException, IOException {
        if (query.explains()) {
            json.writeTexts(unique(labels), rows(texts(), labels.size(), limit));
        } else {
            List<String> names = unique(labels);
            String fields = IntStream.range(0, names.size()).mapToObj(c -> SqlText.name(names.get(c)) + " := " + column(c)).collect(Collectors.joining(", "));
            json.writeObjects(rows("SELECT CAST(to_json(struct_pack(" + fields + ")) AS VARCHAR) AS object FROM " + VIEW, 1, limit));
        }
    }

    /** Rows of texts, to be closed by whoever reads them. */
    @FunctionalInterface
    interface TextRows {
        /** Runs the query. */
        void forEach(Visitor visitor) throws SQLException, IOException;

        /** Takes rows. */
        @FunctionalInterface
        interface Visitor {
            /** A row in UTF-8; null is NULL. The outer array is used again. */
            void accept(byte[][] values) throws IOException;
        }
    }

    private TextRows rows(String sql, int columns, RowLimit limit) {
        return visitor -> {
            try (Statement statement = connection.createStatement(); BufferAllocator allocator = new RootAllocator();
                    ArrowRows rows = rows(statement, sql, limit, allocator, TEXT_BATCH_ROWS)) {
                byte[][] values = new byte[columns][];
                while (rows.next()) {
                    List<FieldVector> vectors = rows.batch().getFieldVectors();
                    for (int row = 0; row < rows.batch().getRowCount(); row++) {
                        limit.add(1);
                        for (int c = 0; c < columns; c++) {
                            values[c] = ((VarCharVector) vectors.get(c)).get(row);
                        }
                        visitor.accept(values);
                    }
                }
            }
        };
    }

    /** The rows of a statement, which gives those of the query, in all its parts. */
    private ArrowRows rows(Statement statement, String sql, RowLimit limit, BufferAllocator allocator, long batchRows) throws SQLException {
        return query.explains() ? ArrowRows.of(statement, sql, allocator, batchRows) : tables.rows(query, statement, limit.bounded(sql), allocator, batchRows);
    }

    /** The query with its values as texts. */
    private String texts() {
        return query.explains() ? query.text()
                : IntStream.range(0, labels.size()).mapToObj(c -> "CAST(" + column(c) + " AS VARCHAR)").collect(Collectors.joining(", ", "SELECT ", " FROM " + VIEW));
    }

    private static String column(int index) {
        return "c" + (index + 1);
    }

    /** DuckDB writes Parquet to files only, so the result takes a way through one. */
    private void writeParquet(OutputStream out, RowLimit limit) throws SQLException, IOException {
        if (answers == null) {
            throw new IllegalStateException("the database has no folder for answers");
        }
        tables.join();
        Path file = Files.createTempFile(answers, "answer", ".parquet");
        try (Statement statement = connection.createStatement()) {
            limit.add(statement.executeLargeUpdate("COPY (" + limit.bounded(portable()) + ") TO " + SqlText.quote(file.toString()) + " (FORMAT parquet)"));
            Files.copy(file, out);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void writeArrow(OutputStream out, RowLimit limit) throws SQLException, IOException {
        try (Statement statement = connection.createStatement(); BufferAllocator allocator = new RootAllocator();
                ArrowRows rows = arrowRows(statement, limit, allocator);
                ArrowFileWriter writer = new ArrowFileWriter(rows.batch(), rows.reader(), Channels.newChannel(new Unclosed(out)))) {
            writer.start();
            while (rows.next()) {
                limit.add(rows.batch().getRowCount());
                writer.writeBatch();
            }
            writer.end();
        }
    }

    private ArrowRows arrowRows(Statement statement, RowLimit limit, BufferAllocator allocator) throws SQLException {
        return !tables.showsRowsAsTheyAre() ? rows(statement, portable(), limit, allocator, ARROW_BATCH_ROWS) : tables.rowsAsTheyAre(query, statement, () -> {
            createView();
            return limit.bounded(portable());
        }, ARROW_BATCH_ROWS);
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
