package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.session.FailureKind;
import io.qaexchange.job.server.session.FailureState;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightRuntimeException;

/** The error that a client is told of a failure: a status of Flight, a sentence, and the SQLSTATE as metadata {@value #SQLSTATE}. Stateless. */
final class FlightErrors {

    static final String SQLSTATE = "sqlstate";

    private static final String UNDEFINED_TABLE = "42P01";
    private static final String JAVA_PREFIX = "java.sql.SQLException: ";

    private FlightErrors() {
    }

    static FlightRuntimeException of(Throwable failure, FailureKind kind) {
        if (failure instanceof FlightRuntimeException told) {
            return told;
        }
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        String text = message.startsWith(JAVA_PREFIX) ? message.substring(JAVA_PREFIX.length()) : message;
        String state = FailureState.of(kind, text);
        CallStatus status = switch (kind) {
            case WRITES, BAD_ARGUMENT -> CallStatus.INVALID_ARGUMENT;
            case SQL -> state.equals(UNDEFINED_TABLE) ? CallStatus.NOT_FOUND : CallStatus.INVALID_ARGUMENT;
            case ENDED -> CallStatus.CANCELLED;
            case JOB_NOT_RUNNING, IO -> CallStatus.UNAVAILABLE;
            case NO_USER -> CallStatus.UNAUTHENTICATED;
            case NOT_HELD -> CallStatus.NOT_FOUND;
            case REFUSED, TOO_MANY_ROWS -> CallStatus.RESOURCE_EXHAUSTED;
            case INTERNAL -> CallStatus.INTERNAL;
        };
        return with(status, state, kind == FailureKind.INTERNAL ? "the server failed: " + failure : text).withCause(failure).toRuntimeException();
    }

    /** A status with a sentence and a state. */
    static CallStatus with(CallStatus status, String state, String text) {
        ErrorFlightMetadata metadata = new ErrorFlightMetadata();
        metadata.insert(SQLSTATE, state);
        return status.withDescription(text).withMetadata(metadata);
    }
}
