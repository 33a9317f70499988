package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.query.hot.RowFilter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.annotation.Nullable;

/**
 * Takes from the tree of a query which rows of each table can matter: conditions of WHERE that compare instrument, event time or trading
 * day with constants, where the mapping to a table is plain. Anything else takes all rows; the conditions stay in the query, so too many
 * rows change no answer.
 *
 * <p>A condition in WHERE refuses NULL, so it may go below inner and outer joins; below ASOF and positional joins it may not, where a row
 * that is missing changes the partner of others. A table that is read twice takes the rows of both.
 *
 * <p>One thread.
 */
final class Conditions {

    private static final long WIDER_NS = 1_000_000;
    private static final Set<String> TIMES = Set.of("event_time", "event_time_us");
    private static final Set<String> TIME_TYPES = Set.of("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMPTZ_NS",
            "TIMESTAMP_MS", "TIMESTAMP_S", "DATE", "DATETIME");

    private final Connection connection;
    private final Set<String> tables;
    private final Map<String, RowFilter> rows = new HashMap<>();
    private final Map<String, Set<String>> instruments = new HashMap<>();
    private final List<BarCall> bars = new ArrayList<>();
    /** Tables of which the query itself sees rows, and not only bars. */
    private final Set<String> shown = new HashSet<>();
    /** Names of macros and of functions that give bars. */
    private final Set<String> macros = new HashSet<>();

    Conditions(Connection connection, Set<String> tables) {
        this.connection = connection;
        this.tables = tables;
    }

    /** The tables that the query reads, with the rows that can matter. */
    Map<String, RowFilter> rows() {
        return rows;
    }

    /** The instruments that the query asks for by name, by table. */
    Map<String, Set<String>> instruments() {
        return instruments;
    }

    /** Goes through a tree. */
    void collect(JsonNode node) throws SQLException {
        if (node.path("type").asText().equals("SELECT_NODE")) {
            collectSelect(node);
            return;
        }
        if (node.path("type").asText().equals("SHOW_REF") && node.path("show_type").asText().equals("DESCRIBE")) {
            return;
        }
        if (node.path("type").asText().equals("BASE_TABLE")) {
            add(node, RowFilter.ALL);
        }
        if (BarCall.is(node)) {
            addBars((ObjectNode) node, RowFilter.ALL);
        } else if (MacroCall.is(node)) {
            addMacro(new MacroCall(node, tables), RowFilter.ALL);
        }
        for (JsonNode child : node) {
            collect(child);
        }
    }

    private void collectSelect(JsonNode select) throws SQLException {
        List<JsonNode> sources = new ArrayList<>();
        boolean plain = flatten(select.path("from_table"), sources);
        for (JsonNode source : sources) {
            if (source.path("type").asText().equals("BASE_TABLE")) {
                add(source, plain ? filter(source, select.path("where_clause"), sources.size() == 1) : RowFilter.ALL);
            } else if (BarCall.is(source)) {
                JsonNode table = BarCall.asTable(source);
                RowFilter rows = plain ? filter(table, select.path("where_clause"), sources.size() == 1) : RowFilter.ALL;
                addBars((ObjectNode) source, rows.instruments() == null ? RowFilter.ALL : RowFilter.ofInstruments(rows.instruments()));
            } else if (MacroCall.is(source)) {
                MacroCall call = new MacroCall(source, tables);
                RowFilter rows = plain ? filter(call.asTable(), select.path("where_clause"), sources.size() == 1) : RowFilter.ALL;
                addMacro(call, rows.instruments() == null ? RowFilter.ALL : RowFilter.ofInstruments(rows.instruments()));
            } else {
                collect(source);
            }
        }
        for (var fields = select.fields(); fields.hasNext();) {
            var field = fields.next();
            if (field.getKey().equals("from_table")) {
                collectJoinConditions(field.getValue());
            } else {
                collect(field.getValue());
            }
        }
    }

    /** Takes the tables of a FROM; false if a condition of WHERE must not go below its joins. */
    private static boolean flatten(JsonNode from, List<JsonNode> sources) {
        if (!from.path("type").asText().equals("JOIN")) {
            sources.add(from);
            return true;
        }
        boolean left = flatten(from.path("left"), sources);
        boolean right = flatten(from.path("right"), sources);
        return left && right && Set.of("REGULAR", "CROSS", "NATURAL").contains(from.path("ref_type").asText());
    }

    private void collectJoinConditions(JsonNode from) throws SQLException {
        if (from.path("type").asText().equals("JOIN")) {
            collect(from.path("condition"));
            collectJoinConditions(from.path("left"));
            collectJoinConditions(from.path("right"));
        }
    }

    private void add(JsonNode table, RowFilter filter) {
        String name = QueryParser.lower(table.path("table_name"));
        if (tables.contains(name)) {
            rows.merge(name, filter, RowFilter::or);
            shown.add(name);
        }
    }

    /** All rows of an instrument make up a row of a macro, so of conditions on its result only those on the instrument go below it. */
    private void addMacro(MacroCall call, RowFilter filter) {
        RowFilter own = call.instrument() == null ? filter : filter.and(RowFilter.ofInstruments(Set.of(call.instrument())));
        call.read().forEach(table -> rows.merge(table, own, RowFilter::or));
        shown.addAll(call.read());
        call.named().forEach(table -> rows.merge(table, RowFilter.ofTimes(Long.MAX_VALUE, Long.MIN_VALUE), (known, none) -> known));
        macros.add(call.name());
    }

    /** Takes the rows that bars are made of, and puts a table with the bars in the place of the call. */
    private void addBars(ObjectNode node, RowFilter filter) throws SQLException {
        BarCall call = BarCall.of(node, "bars_" + (bars.size() + 1), filter);
        bars.add(call);
        rows.merge(call.bars().table(), call.rows(), RowFilter::or);
        call.putInto(node);
        macros.add(BarCall.BARS);
    }

    /** Calls whose rows are made before the query runs; tables stand in their place in the tree now. */
    List<BarCall> bars() {
        return bars;
    }

    /** Tables of which only bars are wanted. */
    Set<String> barsOnly() {
        return bars.stream().map(call -> call.bars().table()).filter(table -> !shown.contains(table)).collect(Collectors.toSet());
    }

    /** Whether a macro reads, which may read any column. */
    boolean withMacros() {
        return !macros.isEmpty();
    }

    /** Names of the macros that read. */
    Set<String> macros() {
        return macros;
    }

    private RowFilter filter(JsonNode table, JsonNode where, boolean alone) throws SQLException {
        boolean changed = !table.path("column_name_alias").isEmpty() || !table.path("sample").isNull() || !table.path("at_clause").isNull();
        if (changed || where.isNull() || where.isMissingNode() || !tables.contains(QueryParser.lower(table.path("table_name")))) {
            return RowFilter.ALL;
        }
        RowFilter filter = RowFilter.ALL;
        for (JsonNode condition : conjuncts(where)) {
            RowFilter part = filter(new Source(table, alone), condition);
            filter = part == null ? filter : filter.and(part);
        }
        return filter;
    }

    private static List<JsonNode> conjuncts(JsonNode where) {
        List<JsonNode> all = new ArrayList<>();
        if (where.path("type").asText().equals("CONJUNCTION_AND")) {
            where.path("children").forEach(child -> all.addAll(conjuncts(child)));
        } else {
            all.add(where);
        }
        return all;
    }

    /** Rows that a condition lets through; null if it says nothing here. */
    @Nullable
    private RowFilter filter(Source source, JsonNode condition) throws SQLException {
        switch (condition.path("type").asText()) {
            case "COMPARE_EQUAL", "COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO", "COMPARE_LESSTHAN", "COMPARE_LESSTHANOREQUALTO" -> {
                String comparison = condition.path("type").asText();
                String column = source.column(condition.path("left"));
                if (column != null) {
                    return compared(source, column, comparison, condition.path("right"));
                }
                column = source.column(condition.path("right"));
                return column == null ? null : compared(source, column, mirrored(comparison), condition.path("left"));
            }
            case "COMPARE_BETWEEN" -> {
                String column = source.column(condition.path("input"));
                if (column == null) {
                    return null;
                }
                RowFilter from = compared(source, column, "COMPARE_GREATERTHANOREQUALTO", condition.path("lower"));
                RowFilter to = compared(source, column, "COMPARE_LESSTHANOREQUALTO", condition.path("upper"));
                return from == null ? to : to == null ? from : from.and(to);
            }
            case "COMPARE_IN" -> {
                return in(source, condition.path("children"));
            }
            default -> {
                return null;
            }
        }
    }

    private static String mirrored(String comparison) {
        return comparison.contains("GREATER") ? comparison.replace("GREATER", "LESS") : comparison.replace("LESS", "GREATER");
    }

    @Nullable
    private RowFilter in(Source source, JsonNode children) throws SQLException {
        String column = source.column(children.path(0));
        if (column == null) {
            return null;
        }
        RowFilter any = null;
        for (int i = 1; i < children.size(); i++) {
            RowFilter one = compared(source, column, "COMPARE_EQUAL", children.get(i));
            if (one == null) {
                return null;
            }
            any = any == null ? one : any.or(one);
        }
        return any;
    }

    @Nullable
    private RowFilter compared(Source source, String column, String comparison, JsonNode value) throws SQLException {
        String literal = literal(value);
        if (literal == null) {
            return null;
        }
        if (column.equals("instrument")) {
            if (!comparison.equals("COMPARE_EQUAL") || !value.path("class").asText().equals("CONSTANT")) {
                return null;
            }
            instruments.computeIfAbsent(source.name(), name -> new HashSet<>()).add(literal);
            return RowFilter.ofInstruments(Set.of(literal));
        }
        boolean number = value.path("literal").path("kind").asText().equals("INTEGER");
        if (TIMES.contains(column) && !number) {
            Long ns = evaluate("epoch_ns(CAST(CAST(? AS " + timeType(value, "TIMESTAMPTZ_NS") + ") AS TIMESTAMPTZ_NS))", literal);
            return ns == null ? null : switch (comparison) {
                case "COMPARE_EQUAL" -> RowFilter.ofTimes(less(ns), more(ns));
                case "COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO" -> RowFilter.ofTimes(less(ns), Long.MAX_VALUE);
                default -> RowFilter.ofTimes(Long.MIN_VALUE, more(ns));
            };
        }
        // trading_day is a number, date a date; other pairs DuckDB refuses or converts.
        if (!(column.equals("trading_day") ? number : column.equals("date") && !number)) {
            return null;
        }
        Long day = number ? evaluate("CAST(? AS BIGINT)", literal)
                : evaluate("CAST(strftime(CAST(CAST(? AS " + timeType(value, "DATE") + ") AS DATE), '%Y%m%d') AS BIGINT)", literal);
        return day == null || day != day.intValue() ? null : switch (comparison) {
            case "COMPARE_EQUAL" -> RowFilter.ofDays(day.intValue(), day.intValue());
            case "COMPARE_GREATERTHAN", "COMPARE_GREATERTHANOREQUALTO" -> RowFilter.ofDays(day.intValue(), Integer.MAX_VALUE);
            default -> RowFilter.ofDays(Integer.MIN_VALUE, day.intValue());
        };
    }

    /** Comparisons of nanoseconds with microseconds round; a little more costs nothing. */
    private static long less(long ns) {
        return ns < Long.MIN_VALUE + WIDER_NS ? Long.MIN_VALUE : ns - WIDER_NS;
    }

    private static long more(long ns) {
        return ns > Long.MAX_VALUE - WIDER_NS ? Long.MAX_VALUE : ns + WIDER_NS;
    }

    /** The text of a constant, or of a constant that is cast to a time; null for other expressions. */
    @Nullable
    private static String literal(JsonNode value) {
        boolean cast = value.path("type").asText().equals("OPERATOR_CAST");
        if (cast && !TIME_TYPES.contains(value.path("type_expr").path("type_name").asText().toUpperCase(java.util.Locale.ROOT))) {
            return null;
        }
        JsonNode literal = (cast ? value.path("child") : value).path("literal");
        String kind = literal.path("kind").asText();
        return kind.equals("STRING") || kind.equals("INTEGER") && !cast ? literal.path("text").asText() : null;
    }

    private static String timeType(JsonNode value, String column) {
        return value.path("type").asText().equals("OPERATOR_CAST")
                ? value.path("type_expr").path("type_name").asText().toUpperCase(java.util.Locale.ROOT) : column;
    }

    /** DuckDB's own reading of a constant; null if it cannot read it, which the query will say better. */
    @Nullable
    private Long evaluate(String expression, String constant) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT TRY(" + expression + ")")) {
            statement.setString(1, constant);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                long value = rows.getLong(1);
                return rows.wasNull() ? null : value;
            }
        }
    }

    /** A table in FROM. */
    private record Source(JsonNode table, boolean alone) {

        String name() {
            return QueryParser.lower(table.path("table_name"));
        }

        /** The column of this table that an expression is; null if it is none, or perhaps another table's. */
        @Nullable
        String column(JsonNode expression) {
            JsonNode parts = expression.path("column_names");
            if (!expression.path("class").asText().equals("COLUMN_REF") || parts.size() > 2) {
                return null;
            }
            String column = QueryParser.lower(parts.get(parts.size() - 1));
            String alias = QueryParser.lower(table.path("alias"));
            boolean own = parts.size() == 1 ? alone : QueryParser.lower(parts.get(0)).equals(alias.isEmpty() ? name() : alias);
            return own && TableColumns.has(name(), column) ? column : null;
        }
    }
}
