package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Kind;
import io.qaexchange.job.server.session.SqlTokens.Token;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * Statements as clients write them, made into what DuckDB reads: tables may be named with catalogue and schema, as the metadata shows them, and
 * {@code ?} is the next of {@code $1}, {@code $2} and so on. Immutable.
 */
final class ClientSql {

    static final String CATALOGUE = "qaexchange";
    static final String SCHEMA = "public";

    private final Set<String> tables;

    ClientSql(List<String> tables) {
        this.tables = new HashSet<>(tables);
    }

    /** Reads a statement. */
    List<Token> read(String sql) {
        List<Token> from = SqlTokens.of(sql);
        List<Token> to = new ArrayList<>(from.size());
        int parameters = 0;
        for (int i = 0; i < from.size(); i++) {
            boolean begins = i == 0 || !from.get(i - 1).isSign(".");
            if (begins && isQualified(from, i, CATALOGUE) && isQualified(from, i + 2, SCHEMA) && isTable(from, i + 4)) {
                i += 4;
            } else if (begins && isQualified(from, i, SCHEMA) && isTable(from, i + 2)) {
                i += 2;
            }
            Token token = from.get(i);
            to.add(token.isSign("?") ? new Token(Kind.PARAMETER, "$" + ++parameters) : token);
        }
        return to;
    }

    private static boolean isQualified(List<Token> tokens, int at, String name) {
        return at + 1 < tokens.size() && name.equals(tokens.get(at).name()) && tokens.get(at + 1).isSign(".");
    }

    private boolean isTable(List<Token> tokens, int at) {
        return at < tokens.size() && tokens.get(at).name() != null && tables.contains(tokens.get(at).name());
    }

    /** The statement with something in the place of each parameter. */
    static String replace(List<Token> tokens, IntFunction<String> parameter) {
        StringBuilder text = new StringBuilder();
        for (Token token : tokens) {
            text.append(token.kind() == Kind.PARAMETER ? parameter.apply(SqlTokens.number(token)) : token.text());
        }
        return text.toString();
    }
}
