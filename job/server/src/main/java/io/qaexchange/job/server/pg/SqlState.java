package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.FailureKind;
import io.qaexchange.job.server.session.FailureState;

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
    static final String INTERNAL = "XX000";

    private SqlState() {
    }

    /** The error that a client is told of a failure. */
    static PgException of(Throwable failure, FailureKind kind) {
        if (failure instanceof PgException told) {
            return told;
        }
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        return switch (kind) {
            case SQL -> ofDuckDb(message, failure);
            case INTERNAL -> new PgException(INTERNAL, "the server failed: " + failure, null, failure);
            default -> new PgException(FailureState.of(kind, message), message, null, failure);
        };
    }

    private static PgException ofDuckDb(String message, Throwable failure) {
        String text = message.startsWith("java.sql.SQLException: ") ? message.substring("java.sql.SQLException: ".length()) : message;
        int end = text.indexOf('\n');
        String first = end < 0 ? text : text.substring(0, end);
        String rest = end < 0 ? "" : text.substring(end).strip();
        return new PgException(FailureState.ofDuckDb(text), first, rest.isEmpty() ? null : rest, failure);
    }
}
