package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.job.query.finance.Macros;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Refuses a query that names a file, or calls a function that may read one: queries read tables. What DuckDB itself would let through are the files of the
 * archive, whose rows are not all to be seen by everyone.
 *
 * <p>Table functions that are offered are named here; of any other it is not known what it reads. Stateless.
 */
final class FileReads {

    private static final Set<String> OFFERED = Set.of("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "summary",
            "icu_calendar_names", "pg_timezone_names", "bars", "kline");
    private static final Set<String> CATALOGUE_PREFIXES = Set.of("duckdb_", "pragma_");
    private static final Set<String> ENDINGS = Set.of("parquet", "csv", "tsv", "txt", "json", "jsonl", "ndjson", "gz", "zst", "arrow", "arrows", "db", "duckdb", "xlsx");
    private static final String BY_TEXT = "query";
    private static final String BY_NAME = "query_table";

    /** Reads the query in a text. */
    @FunctionalInterface
    interface Nested {
        void parse(String sql) throws SQLException;
    }

    private FileReads() {
    }

    /**
     * Goes through the tree of a query.
     *
     * @throws WrongSqlException if it names a file or may do so
     */
    static void refuse(JsonNode tree, Nested nested) throws SQLException {
        Set<String> own = new HashSet<>();
        collectNames(tree, own);
        refuse(tree, own, nested);
    }

    /** Names that the query gives to its own parts. */
    private static void collectNames(JsonNode node, Set<String> names) {
        node.path("cte_map").path("map").forEach(entry -> names.add(QueryParser.lower(entry.path("key"))));
        node.forEach(child -> collectNames(child, names));
    }

    private static void refuse(JsonNode node, Set<String> own, Nested nested) throws SQLException {
        switch (node.path("type").asText()) {
            case "BASE_TABLE" -> {
                refuseName(node.path("table_name").asText(), own);
                // DuckDB takes FROM x.parquet for a file too.
                if (!node.path("schema_name").asText().isEmpty() && ENDINGS.contains(QueryParser.lower(node.path("table_name")))) {
                    refuseName(node.path("schema_name").asText() + "." + node.path("table_name").asText(), own);
                }
            }
            // SHOW TABLES has a name in quotes.
            case "SHOW_REF" -> refuseName(node.path("table_name").asText().replace("\"", ""), own);
            case "TABLE_FUNCTION" -> refuseFunction(node.path("function"), own, nested);
            default -> {
                // Reads nothing itself.
            }
        }
        for (JsonNode child : node) {
            refuse(child, own, nested);
        }
    }

    private static void refuseName(String name, Set<String> own) throws WrongSqlException {
        boolean plain = name.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '_' || c == ' ' || c == '$' || c == '-');
        if (!plain && !own.contains(name.toLowerCase(Locale.ROOT))) {
            throw new WrongSqlException("Permission Error: SQL reads tables here, not files: there is no table \"" + name + "\"");
        }
    }

    private static void refuseFunction(JsonNode function, Set<String> own, Nested nested) throws SQLException {
        String name = QueryParser.lower(function.path("function_name"));
        if (OFFERED.contains(name) || CATALOGUE_PREFIXES.stream().anyMatch(name::startsWith) || Macros.isTable(name)) {
            return;
        }
        if (name.equals(BY_TEXT)) {
            nested.parse(text(function, 0, "a query in single quotes"));
        } else if (name.equals(BY_NAME)) {
            refuseName(text(function, 0, "the name of a table in single quotes"), own);
        } else {
            throw new WrongSqlException("Permission Error: SQL reads tables here, not files, and function " + name + " may read one: it is not offered");
        }
    }

    private static String text(JsonNode function, int argument, String what) throws WrongSqlException {
        JsonNode literal = function.path("arguments").path(argument).path("expression").path("literal");
        if (!literal.path("kind").asText().equals("STRING")) {
            throw new WrongSqlException("Permission Error: the argument of " + QueryParser.lower(function.path("function_name")) + " must be " + what);
        }
        return literal.path("text").asText();
    }
}
