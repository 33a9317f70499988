package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Kind;
import io.qaexchange.job.server.session.SqlTokens.Token;
import io.qaexchange.job.server.session.StatementShape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import javax.annotation.Nullable;

/**
 * A statement that was parsed, with the types of its parameters and columns.
 *
 * @param statement what it is
 * @param sql for DuckDB, with {@code $1} where a parameter is; empty if DuckDB does not run it
 * @param parameters types of its parameters
 * @param columns columns of its rows; null if it gives none
 */
record Prepared(ClientStatement statement, List<Token> sql, List<PgType.Described> parameters, @Nullable List<Column> columns) {

    /** Types that a parameter may have of which nothing tells the type, the likeliest first. */
    private static final List<PgType> GUESSES = List.of(PgType.TEXT, PgType.INT8, PgType.FLOAT8, PgType.TIMESTAMPTZ);

    /** A statement that DuckDB does not run. */
    static Prepared of(ClientStatement statement) {
        return new Prepared(statement, List.of(), List.of(), null);
    }

    /**
     * Prepares a query.
     *
     * @param declared types that the client named, by parameter; 0 where it named none
     */
    static Prepared of(ClientStatement statement, String sql, int[] declared, SqlSession session) throws Exception {
        List<Token> tokens = SqlTokens.of(sql);
        int count = SqlTokens.parameters(tokens);
        if (count > declared.length && count > Short.MAX_VALUE) {
            throw new PgException(SqlState.LIMIT, "a statement has at most " + Short.MAX_VALUE + " parameters");
        }
        if (tokens.stream().anyMatch(token -> token.kind() == Kind.PARAMETER && SqlTokens.number(token) == 0)) {
            throw new PgException(SqlState.UNDEFINED_PARAMETER, "there is no parameter $0");
        }
        List<PgType.Described> parameters = new ArrayList<>();
        if (count == 0) {
            StatementShape shape = session.describe(sql);
            for (int oid : declared) {
                parameters.add(PgType.ofParameter(oid, StatementShape.UNKNOWN));
            }
            return new Prepared(statement, tokens, parameters, shape.columns());
        }
        StatementShape shape = session.describe(replace(tokens, number -> typed(number, declared, null)));
        PgType guess = null;
        if (shape.columns() == null) {
            guess = guess(tokens, declared, shape, session);
            PgType guessed = guess;
            List<String> inferred = shape.parameters();
            shape = session.describe(replace(tokens, number -> typed(number, declared, isUnknown(inferred, number) ? guessed : null)));
        }
        for (int i = 0; i < Math.max(count, declared.length); i++) {
            String inferred = i < count ? shape.parameters().get(i) : StatementShape.UNKNOWN;
            parameters.add(PgType.ofParameter(i < declared.length ? declared[i] : 0, inferred));
        }
        List<Column> columns = shape.columns();
        if (columns == null) {
            // DuckDB has not made up its mind about a type: with values it must.
            columns = session.describe(replace(tokens, number -> "CAST(NULL AS " + parameters.get(number - 1).duckDb() + ")")).columns();
        }
        return new Prepared(statement, tokens, parameters, columns);
    }

    private static boolean isUnknown(List<String> inferred, int number) {
        return inferred.get(number - 1).equals(StatementShape.UNKNOWN);
    }

    /** A type for all parameters of which nothing tells the type, with which the statement can be understood. */
    private static PgType guess(List<Token> tokens, int[] declared, StatementShape shape, SqlSession session) throws Exception {
        Exception first = null;
        for (PgType guess : GUESSES) {
            try {
                session.describe(replace(tokens, number -> typed(number, declared, isUnknown(shape.parameters(), number) ? guess : null)));
                return guess;
            } catch (java.sql.SQLException e) {
                first = first == null ? e : first;
            }
        }
        throw first;
    }

    /** A parameter, cast to the type that it is known to have. */
    private static String typed(int number, int[] declared, @Nullable PgType guess) {
        int oid = number <= declared.length ? declared[number - 1] : 0;
        PgType.Described type = PgType.ofParameter(oid, StatementShape.UNKNOWN);
        if (oid != 0 && (type.array() || !type.element().isText())) {
            return "CAST($" + number + " AS " + type.duckDb() + ")";
        }
        return guess == null ? "$" + number : "CAST($" + number + " AS " + guess.duckDb() + ")";
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
