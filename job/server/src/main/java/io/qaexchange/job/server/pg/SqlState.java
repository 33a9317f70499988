package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.FailureKind;
import java.util.regex.Pattern;

/** Codes of errors as PostgreSQL has them, and which one a failure gets. Stateless. */
final class SqlState {

    static final String PROTOCOL_VIOLATION = "08P01";
    static final String NOT_SUPPORTED = "0A000";
    static final String INVALID_TEXT = "22P02";
    static final String INVALID_BINARY = "22P03";
    static final String OUT_OF_RANGE = "22003";
    static final String INVALID_PARAMETER = "22023";
    static final String BAD_ENCODING = "22021";
    static final String READ_ONLY = "25006";
    static final String FAILED_TRANSACTION = "25P02";
    static final String NO_STATEMENT = "26000";
    static final String INVALID_AUTHORIZATION = "28000";
    static final String INVALID_PASSWORD = "28P01";
    static final String NO_PORTAL = "34000";
    static final String NO_DATABASE = "3D000";
    static final String SYNTAX = "42601";
    static final String UNDEFINED_TABLE = "42P01";
    static final String UNDEFINED_PARAMETER = "42P02";
    static final String DUPLICATE_CURSOR = "42P03";
    static final String DUPLICATE_STATEMENT = "42P05";
    static final String UNDEFINED_OBJECT = "42704";
    static final String TOO_MANY_CONNECTIONS = "53300";
    static final String LIMIT = "54000";
    static final String INSUFFICIENT_RESOURCES = "53000";
    static final String CANCELED = "57014";
    static final String SHUTDOWN = "57P01";
    static final String CANNOT_CONNECT_NOW = "57P03";
    static final String IO = "58030";
    static final String INTERNAL = "XX000";

    private static final Rule[] RULES = {
            rule("Parser Error|Parameter Not Allowed Error|(?s).*syntax error at", SYNTAX),
            rule("Binder Error: Ambiguous", "42702"),
            rule("Binder Error: (Referenced column|.*does not have a column named|.*not found in FROM clause)", "42703"),
            rule("Binder Error: (Referenced table|.*[Tt]able .* not found)", UNDEFINED_TABLE),
            rule("Binder Error: (No function matches|.*[Ff]unction .*does not exist)", "42883"),
            rule("Binder Error: .*GROUP BY", "42803"),
            rule("Binder Error: (Cannot (compare|mix)|.*type)", "42804"),
            rule("Binder Error", "42000"),
            rule("Catalog Error: (Table|View) with name", UNDEFINED_TABLE),
            rule("Catalog Error: (Scalar |Table |Aggregate |Macro )?(Function|Macro)", "42883"),
            rule("Catalog Error: Schema with name", "3F000"),
            rule("Catalog Error", UNDEFINED_OBJECT),
            rule("Conversion Error: .*(out of range|overflow)", OUT_OF_RANGE),
            rule("Conversion Error: .*(timestamp|date|time) field", "22007"),
            rule("Conversion Error", INVALID_TEXT),
            rule("Out of Range Error", OUT_OF_RANGE),
            rule("Out of Memory Error: .*(max_temp_directory_size|temp)", "53100"),
            rule("(Out of Memory Error|.*failed to allocate)", "53200"),
            rule("INTERRUPT Error", CANCELED),
            rule("Permission Error", "42501"),
            rule("Not implemented Error", NOT_SUPPORTED),
            rule("IO Error", IO),
            rule("(Invalid Input Error|Invalid Type Error)", INVALID_PARAMETER)};

    private record Rule(Pattern pattern, String sqlState) {
    }

    private SqlState() {
    }

    private static Rule rule(String pattern, String sqlState) {
        return new Rule(Pattern.compile(pattern), sqlState);
    }

    /** The error that a client is told of a failure. */
    static PgException of(Throwable failure, FailureKind kind) {
        if (failure instanceof PgException told) {
            return told;
        }
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return switch (kind) {
            case WRITES -> new PgException(READ_ONLY, message, null, failure);
            case ENDED -> new PgException(CANCELED, message, null, failure);
            case JOB_NOT_RUNNING -> new PgException(CANNOT_CONNECT_NOW, message, null, failure);
            case NOT_HELD -> new PgException("72000", message, null, failure);
            case REFUSED -> new PgException(INSUFFICIENT_RESOURCES, message, null, failure);
            case SQL -> ofDuckDb(message, failure);
            case BAD_ARGUMENT -> new PgException(INVALID_PARAMETER, message, null, failure);
            case IO -> new PgException(IO, message, null, failure);
            case INTERNAL -> new PgException(INTERNAL, "the server failed: " + failure, null, failure);
        };
    }

    private static PgException ofDuckDb(String message, Throwable failure) {
        String text = message.startsWith("java.sql.SQLException: ") ? message.substring("java.sql.SQLException: ".length()) : message;
        int end = text.indexOf('\n');
        String first = end < 0 ? text : text.substring(0, end);
        String rest = end < 0 ? "" : text.substring(end).strip();
        return new PgException(stateOf(text), first, rest.isEmpty() ? null : rest, failure);
    }

    static String stateOf(String message) {
        for (Rule rule : RULES) {
            if (rule.pattern().matcher(message).lookingAt()) {
                return rule.sqlState();
            }
        }
        return message.startsWith("these are ") || message.startsWith("there is no query") ? SYNTAX
                : message.contains("has a parameter") ? UNDEFINED_PARAMETER : "42000";
    }
}
