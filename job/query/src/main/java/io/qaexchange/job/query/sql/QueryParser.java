package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.query.finance.Macros;
import io.qaexchange.parquet.column.ParquetTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * Reads a query with DuckDB's own parser, before anything is done: one statement that only reads is taken, everything else refused with a
 * sentence. From the tree it takes the tables that the query reads, their columns and conditions on instrument and time.
 *
 * <p>One thread.
 */
final class QueryParser {

    private static final String NANOS = "_ns";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ALLOWED = "SELECT, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN of one of them";
    /** EXPLAIN with its options, which comments may precede. What follows is parsed, so this decides about one word only. */
    private static final Pattern EXPLAIN = Pattern.compile("(?is)^((?:\\s|--[^\\n]*(?:\\n|$)|/\\*.*?\\*/)*)EXPLAIN\\b(\\s*\\([^)]*\\)|\\s+ANALYZE\\b)?");
    /** Table functions that read tables whose names stand in a text. */
    private static final Set<String> READ_BY_TEXT = Set.of("query", "query_table", "json_execute_serialized_sql");

    private static final String CLASS = "class";

    private final Connection connection;
    private final Set<String> tables;

    QueryParser(Connection connection, Set<String> tables) {
        this.connection = connection;
        this.tables = tables;
    }

    /**
     * Reads a query.
     *
     * @throws WrongSqlException if it may not be run
     */
    SqlQuery parse(String sql) throws SQLException {
        return parse(sql, true);
    }

    /** Reads a query that may call functions of a catalogue; for a database that may open no file. */
    SqlQuery parseCatalogue(String sql) throws SQLException {
        return parse(sql, false);
    }

    private SqlQuery parse(String sql, boolean tablesOnly) throws SQLException {
        Matcher explain = EXPLAIN.matcher(sql);
        boolean explains = explain.find();
        JsonNode tree = tree(explains ? sql.substring(explain.end()) : sql);
        JsonNode statements = tree.get("statements");
        if (statements.isEmpty()) {
            throw new WrongSqlException("there is no query in it");
        }
        if (statements.size() > 1) {
            throw new WrongSqlException("these are " + statements.size() + " statements; one is run at a time");
        }
        JsonNode statement = statements.get(0);
        if (!statement.path("named_param_map").isEmpty()) {
            throw new WrongSqlException("the query has a parameter (? or $…), and no value can be given for one; write the value");
        }
        if (tablesOnly) {
            FileReads.refuse(statement, this::parse);
        }
        Map<String, TableRead> reads = new HashMap<>();
        Conditions conditions = new Conditions(connection, tables);
        if (readsByText(statement)) {
            // A system table is asked for by its name: what is behind it may not be there.
            tables.stream().filter(table -> SystemTable.find(table) == null || sql.toLowerCase(Locale.ROOT).contains(table))
                    .forEach(table -> reads.put(table, TableRead.ALL));
        } else {
            Set<String> columns = columns(statement);
            conditions.collect(statement.get("node"));
            Set<String> named = conditions.withMacros() ? columnsOfMacros(conditions.macros(), columns) : columns;
            conditions.rows().forEach((table, rows) -> reads.put(table, new TableRead(named, rows, named != null && conditions.withMacros())));
        }
        List<BarCall> bars = conditions.bars();
        String text = bars.isEmpty() ? sql : (explains ? sql.substring(0, explain.end()) + " " : "") + text(tree);
        boolean byText = readsByText(statement);
        RowByRow rows = new RowByRow(tables, statement);
        SqlQuery.Passing passing = explains || byText ? null : rows.passing();
        return new SqlQuery(text, explains, reads, conditions.instruments(), bars, byText ? Set.of() : conditions.barsOnly(), rows.wholeTable(),
                passing == null || conditions.instruments().containsKey(passing.table()) ? null : passing);
    }

    /** The columns that macros need and those that their callers name; null if that may be any. */
    @Nullable
    private static Set<String> columnsOfMacros(Set<String> macros, @Nullable Set<String> named) {
        if (named == null || macros.stream().anyMatch(macro -> Macros.columns(macro) == null)) {
            return null;
        }
        Set<String> columns = new HashSet<>(named);
        macros.forEach(macro -> columns.addAll(Macros.columns(macro)));
        return columns;
    }

    /** The text of a tree. */
    private String text(JsonNode tree) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT json_deserialize_sql(?::JSON)")) {
            statement.setString(1, tree.toString());
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }

    private JsonNode tree(String sql) throws SQLException {
        JsonNode tree;
        try (PreparedStatement statement = connection.prepareStatement("SELECT json_serialize_sql(?)::VARCHAR")) {
            statement.setString(1, sql);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                tree = JSON.readTree(rows.getString(1));
            }
        } catch (JsonProcessingException e) {
            throw new SQLException("DuckDB's tree of the query cannot be read: " + e.getOriginalMessage(), e);
        }
        if (!tree.path("error").asBoolean()) {
            return tree;
        }
        if ("parser".equals(tree.path("error_type").asText())) {
            throw new WrongSqlException("Parser Error: " + tree.path("error_message").asText() + place(sql, tree.path("position").asText("")));
        }
        throw new WrongSqlException("the statement does more than read, and is not run: only " + ALLOWED
                + " is (PIVOT needs its values: ON … IN (…))");
    }

    /** The line that a parser's message is about, with a mark below. */
    private static String place(String sql, String position) {
        if (!position.matches("\\d+")) {
            return "";
        }
        byte[] utf8 = sql.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        int at = new String(utf8, 0, Math.min(Integer.parseInt(position), utf8.length), java.nio.charset.StandardCharsets.UTF_8).length();
        int from = sql.lastIndexOf('\n', at - 1) + 1;
        int end = sql.indexOf('\n', at);
        String label = "LINE " + (sql.substring(0, from).chars().filter(c -> c == '\n').count() + 1) + ": ";
        return "\n" + label + sql.substring(from, end < 0 ? sql.length() : end) + "\n" + " ".repeat(label.length() + at - from) + "^";
    }

    private static boolean readsByText(JsonNode node) {
        if (node.path(CLASS).asText().equals("FUNCTION") && READ_BY_TEXT.contains(node.path("function_name").asText().toLowerCase(Locale.ROOT))) {
            return true;
        }
        for (JsonNode child : node) {
            if (readsByText(child)) {
                return true;
            }
        }
        return false;
    }

    /** Every name that may be a column's; null if the query asks for columns without naming them. */
    private static Set<String> columns(JsonNode statement) {
        Names names = new Names(new HashSet<>(), new HashSet<>(), new HashSet<>(), new HashSet<>());
        boolean all = names.collect(statement);
        // SELECT t FROM trade t is a struct of all columns, and so is the row that an as-of join has found.
        return all || names.ended.contains(Macros.FOUND) || names.tables.stream().anyMatch(names.alone::contains) ? null : withNanos(names.parts);
    }

    /** Some clients see event_time to the microsecond, which is column event_time_us, and nanoseconds as event_time_ns, which is event_time. */
    private static Set<String> withNanos(Set<String> names) {
        Set<String> columns = new HashSet<>(names);
        for (String name : names) {
            if (name.endsWith(NANOS)) {
                columns.add(name.substring(0, name.length() - NANOS.length()));
            }
        }
        if (columns.contains(ParquetTable.EVENT_TIME)) {
            columns.add(ParquetTable.EVENT_TIME_US);
        }
        return columns;
    }

    /**
     * Names in a query.
     *
     * @param parts of columns; trade.price is a column of a table, or a field of a column
     * @param alone columns without a qualifier
     * @param ended last parts of columns
     * @param tables tables and their aliases
     */
    private record Names(Set<String> parts, Set<String> alone, Set<String> ended, Set<String> tables) {

        /** Takes the names below a node; true if it asks for columns without naming them. */
        boolean collect(JsonNode node) {
            boolean all = switch (node.path(CLASS).asText()) {
                case "STAR" -> true;
                case "COLUMN_REF" -> {
                    JsonNode names = node.path("column_names");
                    names.forEach(part -> parts.add(lower(part)));
                    ended.add(lower(names.get(names.size() - 1)));
                    if (names.size() == 1) {
                        alone.add(lower(names.get(0)));
                    }
                    yield false;
                }
                default -> collectTable(node);
            };
            for (JsonNode child : node) {
                all |= collect(child);
            }
            return all;
        }

        private boolean collectTable(JsonNode node) {
            switch (node.path("type").asText()) {
                case "BASE_TABLE" -> {
                    tables.add(lower(node.path("table_name")));
                    tables.add(lower(node.path("alias")));
                    return !node.path("column_name_alias").isEmpty();
                }
                case "JOIN" -> {
                    node.path("using_columns").forEach(column -> parts.add(lower(column)));
                    return node.path("ref_type").asText().equals("NATURAL");
                }
                case "PIVOT" -> {
                    return true;
                }
                default -> {
                    return false;
                }
            }
        }
    }

    static String lower(JsonNode text) {
        return text.asText().toLowerCase(Locale.ROOT);
    }
}
