package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TimeZone;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.duckdb.DuckDBConnection;

/** Any value of any type goes through each form and back, whatever the machine's zone. */
class ResultWriterProperties {

    /** A type and the texts of its values. */
    record Column(String type, List<String> values) {
    }

    private static final TimeZone ZONE = TimeZone.getDefault();
    private Path folder;

    @BeforeProperty
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("answer");
        // A zone with summer time, where java.sql.Timestamp loses an hour.
        TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
    }

    @AfterProperty
    void removeFolder() throws IOException {
        TimeZone.setDefault(ZONE);
        try (Stream<Path> entries = Files.walk(folder)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        }
    }

    @Property(tries = 40, shrinking = net.jqwik.api.ShrinkingMode.OFF)
    void csv(@ForAll("columns") List<Column> columns) throws Exception {
        check(columns, ResultFormat.CSV, (connection, bytes) -> {
            Path file = Files.write(folder.resolve("answer.csv"), bytes);
            return "SELECT * FROM read_csv('" + file + "', header = true, all_varchar = true, nullstr = '', allow_quoted_nulls = false, delim = ',', "
                    + "quote = '\"', escape = '\"', strict_mode = true, new_line = '\\n', auto_detect = false, columns = "
                    + schema(columns, type -> "VARCHAR") + ")";
        });
    }

    @Property(tries = 40, shrinking = net.jqwik.api.ShrinkingMode.OFF)
    void json(@ForAll("columns") List<Column> columns) throws Exception {
        // DuckDB's reader of JSON rounds them; the text has all digits: QueryCommandTest.
        net.jqwik.api.Assume.that(columns.stream().noneMatch(column -> column.type().contains("DECIMAL(38")));
        check(columns, ResultFormat.JSON, (connection, bytes) -> {
            for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n")) {
                assertThat(new com.fasterxml.jackson.databind.ObjectMapper().readTree(line).isObject()).as(line).isTrue();
            }
            Path file = Files.write(folder.resolve("answer.json"), bytes);
            return "SELECT * FROM read_json('" + file + "', format = 'newline_delimited', columns = "
                    + schema(columns, type -> type.replace("BIT", "VARCHAR").replace("BLOB", "VARCHAR")) + ")";
        });
    }

    @Property(tries = 40, shrinking = net.jqwik.api.ShrinkingMode.OFF)
    void parquet(@ForAll("columns") List<Column> columns) throws Exception {
        check(columns, ResultFormat.PARQUET, (connection, bytes) ->
                "SELECT * FROM read_parquet('" + Files.write(folder.resolve("copy.parquet"), bytes) + "')");
    }

    @Property(tries = 40, shrinking = net.jqwik.api.ShrinkingMode.OFF)
    void arrow(@ForAll("columns") List<Column> columns) throws Exception {
        check(columns, ResultFormat.ARROW, (connection, bytes) -> {
            try (RootAllocator allocator = new RootAllocator();
                    ArrowFileReader reader = new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(bytes), allocator);
                    ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator)) {
                Data.exportArrayStream(allocator, reader, stream);
                connection.unwrap(DuckDBConnection.class).registerArrowStream("arrow_answer", stream);
                try (Statement statement = connection.createStatement()) {
                    statement.execute("CREATE TABLE copy AS SELECT * FROM arrow_answer");
                }
            }
            return "SELECT * FROM copy";
        });
    }

    @FunctionalInterface
    private interface Reader {
        /** SQL that reads the answer again. */
        String read(Connection connection, byte[] bytes) throws Exception;
    }

    private void check(List<Column> columns, ResultFormat format, Reader reader) throws Exception {
        String sql = sql(columns);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (SqlTables tables = SqlTables.create(folder)) {
            ResultWriter.of(tables, tables.parse(sql + " -- the end")).write(format, out);
        }
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            String read = reader.read(connection, out.toByteArray());
            String cast = IntStream.range(0, columns.size()).mapToObj(c -> "CAST(CAST(v" + c + " AS " + columns.get(c).type() + ") AS VARCHAR)")
                    .collect(Collectors.joining(", "));
            assertThat(rows(statement, "SELECT " + cast + " FROM (" + read + ")")).as(new String(out.toByteArray(), StandardCharsets.UTF_8))
                    .isEqualTo(rows(statement, "SELECT " + cast + " FROM (" + sql + ")"));
        }
    }

    private static List<List<String>> rows(Statement statement, String sql) throws SQLException {
        List<List<String>> rows = new ArrayList<>();
        try (ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int c = 1; c <= result.getMetaData().getColumnCount(); c++) {
                    row.add(result.getString(c));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static String schema(List<Column> columns, java.util.function.UnaryOperator<String> type) {
        return IntStream.range(0, columns.size()).mapToObj(c -> "v" + c + ": '" + type.apply(columns.get(c).type()).replace("'", "''") + "'")
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String sql(List<Column> columns) {
        int rows = columns.stream().mapToInt(column -> column.values().size()).min().orElseThrow();
        return IntStream.range(0, rows).mapToObj(row -> IntStream.range(0, columns.size())
                .mapToObj(c -> "CAST(" + columns.get(c).values().get(row) + " AS " + columns.get(c).type() + ") AS v" + c)
                .collect(Collectors.joining(", ", "SELECT ", ""))).collect(Collectors.joining(" UNION ALL ", "FROM (", ")"));
    }

    /** At least two columns: a line without any character would be one NULL. */
    @Provide
    Arbitrary<List<Column>> columns() {
        Arbitrary<Type> scalar = Arbitraries.oneOf(numbers(), texts(), times());
        Arbitrary<Type> any = Arbitraries.frequencyOf(net.jqwik.api.Tuple.of(4, scalar), net.jqwik.api.Tuple.of(3, scalar.map(Type::list)),
                net.jqwik.api.Tuple.of(2, scalar.flatMap(a -> scalar.map(b -> Type.struct(a, b)))),
                net.jqwik.api.Tuple.of(1, scalar.map(Type::list).map(Type::list)),
                net.jqwik.api.Tuple.of(1, scalar.flatMap(a -> scalar.map(b -> Type.struct(a, b).list()))),
                net.jqwik.api.Tuple.of(1, scalar.map(Type::map)));
        return any.flatMap(type -> type.values().list().ofSize(3).map(values -> new Column(type.name(), values))).list().ofMinSize(2).ofMaxSize(4);
    }

    /** A type and how its values are written in SQL. */
    record Type(String name, Arbitrary<String> values) {

        Type list() {
            return new Type(name + "[]", values.list().ofMaxSize(3).map(list -> "[" + String.join(", ", list) + "]").injectNull(0.1).map(Type::orNull));
        }

        static Type struct(Type a, Type b) {
            return new Type("STRUCT(\"a b\" " + a.name + ", c " + b.name + ")",
                    a.values.flatMap(x -> b.values.map(y -> "{'a b': " + x + "::" + a.name + ", 'c': " + y + "::" + b.name + "}")));
        }

        Type map() {
            return new Type("MAP(VARCHAR, " + name + ")", values.list().ofMaxSize(2).map(list -> IntStream.range(0, list.size())
                    .mapToObj(i -> "'k " + i + "': " + list.get(i) + "::" + name).collect(Collectors.joining(", ", "MAP {", "}"))));
        }

        private static String orNull(String value) {
            return value == null ? "NULL" : value;
        }
    }

    private static Arbitrary<Type> numbers() {
        return Arbitraries.of(
                type("BIGINT", Arbitraries.longs().map(l -> "'" + l + "'")),
                type("HUGEINT", Arbitraries.of("'99999999999999999999999999999999999999'", "'-99999999999999999999999999999999999999'", "'0'", "'-1'")),
                type("UBIGINT", Arbitraries.of("'18446744073709551615'", "'0'")),
                type("TINYINT", Arbitraries.of("'-128'", "'127'")),
                type("DECIMAL(38, 18)", Arbitraries.of("'12345678901234567890.123456789012345678'", "'-0.000000000000000001'", "'0'")),
                type("DECIMAL(20, 6)", Arbitraries.longs().between(-1_000_000, 1_000_000).map(l -> "'" + l + ".000001'")),
                type("DOUBLE", Arbitraries.doubles().map(d -> "'" + d + "'")),
                type("DOUBLE", Arbitraries.of("'NaN'", "'Infinity'", "'-Infinity'", "'-0.0'", "'5e-324'", "'1.7976931348623157e308'")),
                type("FLOAT", Arbitraries.of("'NaN'", "'-Infinity'", "'0.1'", "'3.4028235e38'")),
                type("BOOLEAN", Arbitraries.of("true", "false")));
    }

    private static Arbitrary<Type> texts() {
        return Arbitraries.of(
                type("VARCHAR", Arbitraries.strings().withChars("ab,\"'\\ \n\r\t{}[]:=é漢N").ofMaxLength(8)
                        .map(text -> "'" + text.replace("'", "''") + "'")),
                type("VARCHAR", Arbitraries.of("''", "'NULL'", "'null'", "'NaN'", "'Infinity'", "' a '", "'-'", "'\"'", "'😀'")),
                type("BLOB", Arbitraries.of("'ab'", "'\\x00\\xFF\\x5C'", "''", "'\\x22\\x0A'")),
                type("UUID", Arbitraries.of("'750b87be-b9c4-4dc3-829d-af51c38f753a'")),
                type("BIT", Arbitraries.of("'101'", "'0000000001'")),
                type("ENUM('BUY', 'sell it')", Arbitraries.of("'BUY'", "'sell it'")));
    }

    private static Arbitrary<Type> times() {
        return Arbitraries.of(
                type("TIMESTAMP", Arbitraries.of("'2026-03-08 02:30:00.000001'", "'1969-12-31 23:59:59.999999'", "'2026-11-01 01:30:00'")),
                type("TIMESTAMPTZ", Arbitraries.of("'2026-03-08 02:30:00.5+00'", "'2026-11-01 05:30:00+00'")),
                type("TIMESTAMP_NS", Arbitraries.of("'2026-03-08 02:30:00.123456789'", "'1969-12-31 23:59:59.999999999'")),
                type("TIMESTAMPTZ_NS", Arbitraries.of("'2026-03-08 02:30:00.123456789+00'")),
                type("TIMESTAMP_S", Arbitraries.of("'2026-03-08 02:30:00'")),
                type("DATE", Arbitraries.of("'2026-01-05'", "'0001-01-01'", "'1582-10-10'")),
                type("TIME", Arbitraries.of("'02:30:00.123456'", "'23:59:59.999999'", "'00:00:00'")),
                type("INTERVAL", Arbitraries.of("'1 month 2 days 00:00:03.5'", "'-3 days'", "'00:00:00'")));
    }

    private static Type type(String name, Arbitrary<String> values) {
        return new Type(name, values.injectNull(0.15).map(Type::orNull));
    }
}
