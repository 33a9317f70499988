package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.query.finance.Bars;
import io.qaexchange.job.query.finance.Granularity;
import io.qaexchange.job.query.hot.RowFilter;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * A call of {@code bars(table, width, fill, since, until)} or {@code kline(table, period, …)} in a query. Its rows are made before the query runs, as a
 * table whose name takes the place of the call. Arguments are constants. Immutable.
 *
 * @param name name of the table with its rows
 * @param bars what it asks for
 * @param rows rows of the table that can matter
 */
record BarCall(String name, Bars bars, RowFilter rows) {

    static final String BARS = "bars";
    private static final String KLINE = "kline";
    private static final Set<String> NAMES = Set.of("fill", "since", "until");
    private static final Map<String, Long> UNITS = Map.of("to_seconds", 1L, "to_minutes", 60L, "to_hours", 3_600L, "to_days", 86_400L);
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    static boolean is(JsonNode node) {
        String function = QueryParser.lower(node.path("function").path("function_name"));
        return node.path("type").asText().equals("TABLE_FUNCTION") && (function.equals(BARS) || function.equals(KLINE));
    }

    /** A call as a table in FROM, for conditions on its result: those on the instrument may go below it. */
    static JsonNode asTable(JsonNode node) {
        ObjectNode table = node.deepCopy();
        String function = QueryParser.lower(node.path("function").path("function_name"));
        JsonNode argument = node.path("function").path("arguments").path(0).path("expression");
        String named = constantOrNull(argument);
        table.put("type", "BASE_TABLE").put("table_name", named == null ? "" : named.toLowerCase(Locale.ROOT));
        if (table.path("alias").asText().isEmpty()) {
            table.put("alias", function);
        }
        table.putNull("at_clause");
        return table;
    }

    /**
     * Reads a call.
     *
     * @param conditions rows that the query's conditions let through
     * @throws WrongSqlException saying which argument is wrong
     */
    static BarCall of(JsonNode node, String name, RowFilter conditions) throws WrongSqlException {
        JsonNode function = node.path("function");
        Bars bars = read(QueryParser.lower(function.path("function_name")), function.path("arguments"));
        return new BarCall(name, bars, conditions.and(RowFilter.ofTimes(bars.fromNs() == null ? Long.MIN_VALUE : bars.fromNs(),
                bars.toNs() == null ? Long.MAX_VALUE : bars.toNs() - 1)));
    }

    /** Puts the table with its rows into the tree. */
    void putInto(ObjectNode node) {
        String function = QueryParser.lower(node.path("function").path("function_name"));
        String alias = node.path("alias").asText();
        node.remove(List.of("function", "with_ordinality"));
        node.put("type", "BASE_TABLE").put("alias", alias.isEmpty() ? function : alias).put("schema_name", HotTables.SCHEMA).put("table_name", name)
                .put("catalog_name", "");
        node.putNull("at_clause");
        node.putObject("qualified_name").putArray("path").add(HotTables.SCHEMA).add(name);
    }

    private static Bars read(String function, JsonNode arguments) throws WrongSqlException {
        if (arguments.size() < 2 || !name(arguments.get(0)).isEmpty() || !name(arguments.get(1)).isEmpty()) {
            throw new WrongSqlException(function.equals(BARS)
                    ? "bars takes a table and a width, such as bars('trade', INTERVAL 1 minute), and then fill := 'none', since := and until :="
                    : "kline takes a table and a period code, such as kline('trade', 4), and then fill := 'none', since := and until :=");
        }
        try {
            Granularity width = function.equals(BARS) ? width(arguments.get(1).path("expression"))
                    : Granularity.ofPeriod(Long.parseLong(constant(arguments.get(1).path("expression"))));
            Bars.Fill fill = Bars.Fill.NONE;
            Long since = null;
            Long until = null;
            for (int i = 2; i < arguments.size(); i++) {
                String value = constant(arguments.get(i).path("expression"));
                switch (name(arguments.get(i))) {
                    case "fill" -> fill = fill(value);
                    case "since" -> since = time(value);
                    case "until" -> until = time(value);
                    default -> throw new IllegalArgumentException("argument " + (i + 1) + " is none of " + String.join(", ", new java.util.TreeSet<>(NAMES)));
                }
            }
            return new Bars(constant(arguments.get(0).path("expression")).toLowerCase(Locale.ROOT), width, null, since, until, fill);
        } catch (IllegalArgumentException e) {
            throw new WrongSqlException(function + ": " + e.getMessage());
        }
    }

    private static String name(JsonNode argument) {
        return argument.path("name").asText().toLowerCase(Locale.ROOT);
    }

    private static Bars.Fill fill(String text) {
        return Arrays.stream(Bars.Fill.values()).filter(value -> value.name().equalsIgnoreCase(text)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("fill \"" + text + "\" is none of none, previous, linear, null"));
    }

    private static long time(String text) {
        if (text.matches("-?\\d{1,19}")) {
            return Long.parseLong(text);
        }
        try {
            Instant time = OffsetDateTime.parse(text).toInstant();
            return Math.addExact(Math.multiplyExact(time.getEpochSecond(), NANOS_PER_SECOND), time.getNano());
        } catch (DateTimeException | ArithmeticException e) {
            throw new IllegalArgumentException("\"" + text + "\" is no time such as '2026-01-05T09:30:00Z', and no number of nanoseconds since 1970", e);
        }
    }

    private static Granularity width(JsonNode expression) {
        Long unit = expression.path("class").asText().equals("FUNCTION") ? UNITS.get(expression.path("function_name").asText()) : null;
        if (unit == null) {
            return Granularity.parse(constant(expression));
        }
        long seconds = Math.multiplyExact(Long.parseLong(constant(innermost(expression.path("arguments").path(0).path("expression")))), unit);
        return Granularity.parse(seconds == 86_400 ? "1d" : seconds + "s");
    }

    /** The constant within casts and the rounding that INTERVAL stands for. */
    private static JsonNode innermost(JsonNode expression) {
        return switch (expression.path("type").asText()) {
            case "OPERATOR_CAST" -> innermost(expression.path("child"));
            case "FUNCTION" -> expression.path("function_name").asText().equals("trunc") ? innermost(expression.path("arguments").path(0).path("expression"))
                    : expression;
            default -> expression;
        };
    }

    /** The text of a constant. */
    static String constant(JsonNode expression) {
        String found = constantOrNull(expression);
        if (found == null) {
            throw new IllegalArgumentException("an argument is no constant");
        }
        return found;
    }

    @Nullable
    static String constantOrNull(JsonNode expression) {
        return expression.path("class").asText().equals("CONSTANT") && expression.path("literal").path("text").isTextual()
                ? expression.path("literal").path("text").asText() : null;
    }
}
