package io.qaexchange.job.server.session;

import java.util.regex.Pattern;

/** The SQLSTATE of a failure, the same at every door. Stateless. */
public final class FailureState {

    private static final Rule[] RULES = {
            rule("Parser Error|Parameter Not Allowed Error|(?s).*syntax error at", "42601"),
            rule("Binder Error: Ambiguous", "42702"),
            rule("Binder Error: (Referenced column|.*does not have a column named|.*not found in FROM clause)", "42703"),
            rule("Binder Error: (Referenced table|.*[Tt]able .* not found)", "42P01"),
            rule("Binder Error: (No function matches|.*[Ff]unction .*does not exist)", "42883"),
            rule("Binder Error: .*GROUP BY", "42803"),
            rule("Binder Error: (Cannot (compare|mix)|.*type)", "42804"),
            rule("Binder Error", "42000"),
            rule("Catalog Error: (Table|View) with name", "42P01"),
            rule("Catalog Error: (Scalar |Table |Aggregate |Macro )?(Function|Macro)", "42883"),
            rule("Catalog Error: Schema with name", "3F000"),
            rule("Catalog Error", "42704"),
            rule("Conversion Error: .*(out of range|overflow)", "22003"),
            rule("Conversion Error: .*(timestamp|date|time) field", "22007"),
            rule("Conversion Error", "22P02"),
            rule("Out of Range Error", "22003"),
            rule("Out of Memory Error: .*(max_temp_directory_size|temp)", "53100"),
            rule("(Out of Memory Error|.*failed to allocate)", "53200"),
            rule("INTERRUPT Error", "57014"),
            rule("Permission Error", "42501"),
            rule("Not implemented Error", "0A000"),
            rule("IO Error", "58030"),
            rule("(Invalid Input Error|Invalid Type Error)", "22023")};

    private record Rule(Pattern pattern, String sqlState) {
    }

    private FailureState() {
    }

    private static Rule rule(String pattern, String sqlState) {
        return new Rule(Pattern.compile(pattern), sqlState);
    }

    /** The state of a failure of some kind. */
    public static String of(FailureKind kind, String message) {
        return switch (kind) {
            case WRITES -> "25006";
            case ENDED -> "57014";
            case JOB_NOT_RUNNING -> "57P03";
            case NOT_HELD -> "72000";
            case TOO_MANY_ROWS -> "54000";
            case REFUSED -> "53000";
            case SQL -> ofDuckDb(message);
            case BAD_ARGUMENT -> "22023";
            case NO_USER -> "28000";
            case IO -> "58030";
            case INTERNAL -> "XX000";
        };
    }

    /** The state that a message of DuckDB, or of our own parser, stands for. */
    public static String ofDuckDb(String message) {
        for (Rule rule : RULES) {
            if (rule.pattern().matcher(message).lookingAt()) {
                return rule.sqlState();
            }
        }
        return message.startsWith("these are ") || message.startsWith("there is no query") ? "42601"
                : message.contains("has a parameter") ? "42P02" : "42000";
    }
}
