package io.qaexchange.job.query.sql;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.finance.Macros;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/** A macro of {@link Macros} in FROM, with the tables that it reads. Immutable. */
final class MacroCall {

    private final JsonNode node;
    private final String name;
    private final List<String> read = new ArrayList<>();
    private final List<String> named;

    /**
     * @param tables names of all tables
     * @throws WrongSqlException if it does not say which tables it reads
     */
    MacroCall(JsonNode node, Set<String> tables) throws WrongSqlException {
        this.node = node;
        this.name = function(node);
        this.named = Macros.reads(name);
        int tableArguments = Macros.namedTables(name);
        for (int i = 0; i < tableArguments; i++) {
            read.add(table(i, tables));
        }
        if (tableArguments == 0) {
            read.addAll(named);
        }
    }

    static boolean is(JsonNode node) {
        return node.path("type").asText().equals("TABLE_FUNCTION") && Macros.isTable(function(node));
    }

    private static String function(JsonNode node) {
        return QueryParser.lower(node.path("function").path("function_name"));
    }

    private String table(int index, Set<String> tables) throws WrongSqlException {
        JsonNode literal = argument(index).path("literal");
        if (!literal.path("kind").asText().equals("STRING")) {
            throw new WrongSqlException(Macros.signature(name) + ": argument " + (index + 1) + " is the name of a table in single quotes, such as 'trade'");
        }
        String table = QueryParser.lower(literal.path("text"));
        Set<String> allowed = named.isEmpty() ? tables : Set.copyOf(named);
        if (!allowed.contains(table)) {
            throw new WrongSqlException(Macros.signature(name) + ": \"" + table + "\" is none of the tables that it reads: " + String.join(", ",
                    allowed.stream().sorted().toList()) + NearNames.hint(table, allowed));
        }
        return table;
    }

    private JsonNode argument(int index) {
        return node.path("function").path("arguments").path(index).path("expression");
    }

    String name() {
        return name;
    }

    /** Tables whose rows it reads. */
    List<String> read() {
        return read;
    }

    /** Tables that it names, whether it reads rows of them or not. */
    List<String> named() {
        return named;
    }

    /** The instrument that it is called with; null if it is not called with one. */
    @Nullable
    String instrument() {
        JsonNode literal = argument(0).path("literal");
        return name.equals("book_at") && literal.path("kind").asText().equals("STRING") ? literal.path("text").asText() : null;
    }

    /** This as a table in FROM, for conditions on its result. */
    JsonNode asTable() {
        ObjectNode table = node.deepCopy();
        table.put("type", "BASE_TABLE");
        table.put("table_name", read.get(0));
        if (table.path("alias").asText().isEmpty()) {
            table.put("alias", name);
        }
        table.putNull("at_clause");
        return table;
    }
}
