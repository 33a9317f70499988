package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.annotation.Nullable;

/**
 * Whether a statement shows a table row by row: each row of the answer is made of one row of the table and of nothing else, neither of other rows nor of the clock. So
 * the statement may run over some of the rows, and then over the others. Reads DuckDB's tree of the statement; what it does not know does not show row by row.
 *
 * <p>One thread.
 */
final class RowByRow {

    /** Expressions that make a value of the values of one row, and that no macro is behind. */
    private static final Set<String> OF_A_ROW = Set.of("STAR", "COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "BETWEEN", "OPERATOR", "CAST", "TYPE");
    /** Expressions of the list of columns. */
    private static final Set<String> SHOWN = Set.of("STAR", "COLUMN_REF", "CONSTANT");
    private static final String CLASS = "class";
    private static final String LISTS = "[]";
    private static final String NANOS = "_ns";

    private final Set<String> tables;
    private final JsonNode statement;
    private final JsonNode select;
    private final JsonNode from;

    RowByRow(Set<String> tables, JsonNode statement) {
        this.tables = tables;
        this.statement = statement;
        this.select = statement.path("node");
        this.from = select.path("from_table");
    }

    /** The table that a query reads once and shows row by row, in any order; of none is said afterwards that it has no such row. */
    @Nullable
    SqlQuery.Passing passing() {
        String table = shownTable();
        long most = most();
        boolean once = statement.findValues("type").stream().filter(type -> type.asText().equals("BASE_TABLE")).count() == 1;
        // The schema of hot rows has no others.
        boolean all = !QueryParser.lower(from.path("schema_name")).equals(HotTables.SCHEMA);
        return table == null || !once || !all || most < 0 || !isOfARow(select.path("where_clause"), table) ? null : new SqlQuery.Passing(table, most, columnsAsTheyAre(table));
    }

    /** The columns of a query that shows all rows, and columns as they are, each once; null if it does something else. */
    @Nullable
    private List<String> columnsAsTheyAre(String table) {
        if (!select.path("where_clause").isNull() || !from.path("schema_name").asText().isEmpty() || !from.path("catalog_name").asText().isEmpty()
                || !from.path("column_name_alias").isEmpty() || !from.path("at_clause").isNull()) {
            return null;
        }
        Map<String, String> types = TableColumns.withDate(table);
        JsonNode list = select.path("select_list");
        List<String> columns = new ArrayList<>();
        if (list.size() == 1 && isPlainStar(list.get(0))) {
            columns.addAll(types.keySet());
        } else {
            for (JsonNode column : list) {
                boolean plain = column.path(CLASS).asText().equals("COLUMN_REF") && column.path("alias").asText().isEmpty() && column.path("column_names").size() == 1;
                columns.add(plain ? column.path("column_names").get(0).asText() : "");
            }
        }
        boolean known = columns.stream().allMatch(column -> types.containsKey(column) && !types.get(column).endsWith(LISTS));
        return known && columns.stream().distinct().count() == columns.size() ? List.copyOf(columns) : null;
    }

    private static boolean isPlainStar(JsonNode star) {
        return star.path(CLASS).asText().equals("STAR") && star.path("expr").isNull() && !star.path("columns").asBoolean()
                && Stream.of("relation_name", "alias").allMatch(name -> star.path(name).asText().isEmpty())
                && Stream.of("exclude_list", "replace_list", "rename_list", "qualified_exclude_list").allMatch(name -> star.path(name).isEmpty());
    }

    /** The rows that a query has at most; -1 if something other than a plain number limits or orders them. */
    private long most() {
        JsonNode modifiers = select.path("modifiers");
        if (modifiers.isEmpty()) {
            return Long.MAX_VALUE;
        }
        JsonNode modifier = modifiers.get(0);
        JsonNode limit = modifier.path("limit").path("literal");
        boolean plain = modifiers.size() == 1 && modifier.path("limit_type").asText().equals("ROW_COUNT") && modifier.path("offset").isNull()
                && limit.path("kind").asText().equals("INTEGER") && limit.path("text").asText().matches("\\d{1,18}");
        return plain ? limit.path("text").asLong() : -1;
    }

    /** Whether an expression, with all that is in it, looks at the columns of one row. */
    private boolean isOfARow(JsonNode expression, String table) {
        boolean known = expression.findValues(CLASS).stream().allMatch(name -> OF_A_ROW.contains(name.asText()));
        return known && expression.findValues("column_names").stream().allMatch(name -> isColumn(name, table));
    }

    /** Whether a name is a column's: {@code current_date} and others of the clock and the session look like one in the tree. */
    private boolean isColumn(JsonNode names, String table) {
        Set<String> known = new HashSet<>(Set.of(table, QueryParser.lower(from.path("alias"))));
        TableColumns.withDate(table).keySet().forEach(column -> known.addAll(List.of(column, column + NANOS)));
        from.path("column_name_alias").forEach(alias -> known.add(QueryParser.lower(alias)));
        select.path("select_list").forEach(column -> known.add(QueryParser.lower(column.path("alias"))));
        return !names.isEmpty() && known.contains(QueryParser.lower(names.get(names.size() - 1)));
    }

    /** The table of which a query shows every row, in some order; null if it does something else. */
    @Nullable
    String wholeTable() {
        for (JsonNode modifier : select.path("modifiers")) {
            if (!modifier.path("type").asText().equals("ORDER_MODIFIER")) {
                return null;
            }
        }
        return select.path("where_clause").isNull() ? shownTable() : null;
    }

    /** The table whose rows a query shows, each as a row, but for its conditions, order and limits. */
    @Nullable
    private String shownTable() {
        String table = QueryParser.lower(from.path("table_name"));
        boolean plain = select.path("type").asText().equals("SELECT_NODE") && from.path("type").asText().equals("BASE_TABLE")
                && Stream.of("group_expressions", "group_sets").allMatch(name -> select.path(name).isEmpty())
                && select.path("aggregate_handling").asText().equals("STANDARD_HANDLING")
                && Stream.of("having", "qualify", "sample").allMatch(name -> select.path(name).isNull())
                && from.path("sample").isNull() && select.path("cte_map").path("map").isEmpty() && tables.contains(table) && SystemTable.find(table) == null;
        if (!plain) {
            return null;
        }
        for (JsonNode column : select.path("select_list")) {
            if (!SHOWN.contains(column.path(CLASS).asText()) || !isOfARow(column, table)) {
                return null;
            }
        }
        return table;
    }
}
