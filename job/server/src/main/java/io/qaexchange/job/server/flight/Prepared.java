package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Kind;
import io.qaexchange.job.server.session.SqlTokens.Token;
import io.qaexchange.job.server.session.StatementShape;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A statement that was looked at.
 *
 * @param sql for DuckDB, with {@code $1} where a parameter is
 * @param parameters fields of its parameters
 * @param rows schema of its rows; with parameters, as far as it is known without their values
 */
record Prepared(List<Token> sql, Schema parameters, Schema rows) {

    /** Types that a parameter may have of which nothing tells the type, the likeliest first. */
    private static final List<String> GUESSES = List.of("VARCHAR", "BIGINT", "DOUBLE", "TIMESTAMPTZ");
    private static final int MAX_PARAMETERS = Short.MAX_VALUE;

    static Prepared of(List<Token> tokens, SqlSession session) throws Exception {
        int count = SqlTokens.parameters(tokens);
        if (count > MAX_PARAMETERS) {
            throw CallStatus.INVALID_ARGUMENT.withDescription("a statement has at most " + MAX_PARAMETERS + " parameters").toRuntimeException();
        }
        if (tokens.stream().anyMatch(token -> token.kind() == Kind.PARAMETER && SqlTokens.number(token) == 0)) {
            throw FlightErrors.with(CallStatus.INVALID_ARGUMENT, "42P02", "there is no parameter $0").toRuntimeException();
        }
        StatementShape shape = session.describe(SqlTokens.join(tokens));
        List<String> types = new ArrayList<>(shape.parameters());
        if (types.contains(StatementShape.UNKNOWN)) {
            String guess = shape.columns() == null ? guess(tokens, types, session) : GUESSES.get(0);
            types.replaceAll(type -> type.equals(StatementShape.UNKNOWN) ? guess : type);
        }
        List<Column> columns = shape.columns();
        if (columns == null) {
            // DuckDB has not made up its mind about a type: with values it must.
            columns = session.describe(ClientSql.replace(tokens, number -> "CAST(NULL AS " + types.get(number - 1) + ")")).columns();
        }
        return new Prepared(List.copyOf(tokens), parameters(types, session), schema(columns, session));
    }

    /** A type for all parameters of which nothing tells the type, with which the statement can be understood. */
    private static String guess(List<Token> tokens, List<String> types, SqlSession session) throws Exception {
        SQLException first = null;
        for (String guess : GUESSES) {
            try {
                session.describe(ClientSql.replace(tokens, number -> "CAST($" + number + " AS "
                        + (types.get(number - 1).equals(StatementShape.UNKNOWN) ? guess : types.get(number - 1)) + ")"));
                return guess;
            } catch (SQLException e) {
                first = first == null ? e : first;
            }
        }
        throw first;
    }

    /**
     * Times are described in milliseconds, whatever they are compared with: Arrow's JDBC driver writes milliseconds into a field of any unit. Values are taken
     * in the unit that they come in.
     */
    private static Schema parameters(List<String> types, SqlSession session) throws SQLException {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            Field field = session.field(new Column("$" + (i + 1), types.get(i)));
            fields.add(field.getType() instanceof ArrowType.Timestamp time
                    ? new Field(field.getName(), FieldType.nullable(new ArrowType.Timestamp(TimeUnit.MILLISECOND, time.getTimezone())), null) : field);
        }
        return new Schema(fields);
    }

    /** The schema of rows with some columns. */
    static Schema schema(@Nullable List<Column> columns, SqlSession session) throws SQLException {
        List<Field> fields = new ArrayList<>();
        for (Column column : columns == null ? List.<Column>of() : columns) {
            fields.add(session.field(column));
        }
        return new Schema(fields);
    }

    /** How many parameters it has. */
    int count() {
        return SqlTokens.parameters(sql);
    }

    /** The statement with constants for its parameters. */
    String with(List<String> constants) {
        return ClientSql.replace(sql, number -> constants.get(number - 1));
    }

    @Override
    public String toString() {
        return sql.stream().map(Token::text).collect(Collectors.joining());
    }
}
