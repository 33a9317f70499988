package io.qaexchange.job.server.flight;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.qaexchange.job.server.session.SqlSessions;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PollInfo;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.SchemaResult;
import org.apache.arrow.flight.Ticket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a told error of whatever goes wrong in a producer: the library's own reading of messages ends in all kinds of exceptions, and in errors, if a client
 * sends what is none.
 *
 * <p>Thread-safe if the producer is.
 */
final class GuardedProducer implements FlightProducer {

    private static final Logger LOG = LoggerFactory.getLogger(GuardedProducer.class);

    private final FlightProducer producer;
    private final SqlSessions sessions;

    GuardedProducer(FlightProducer producer, SqlSessions sessions) {
        this.producer = producer;
        this.sessions = sessions;
    }

    @FunctionalInterface
    private interface Call<R> {
        R run();
    }

    private <R> R told(Call<R> call) {
        try {
            return call.run();
        } catch (Throwable e) {
            throw told(e);
        }
    }

    private void told(StreamListener<?> listener, Runnable call) {
        try {
            call.run();
        } catch (Throwable e) {
            listener.onError(told(e));
        }
    }

    /** A listener whose client is told errors. */
    private <R> StreamListener<R> telling(StreamListener<R> listener) {
        return new StreamListener<>() {
            @Override
            public void onNext(R result) {
                listener.onNext(result);
            }

            @Override
            public void onError(Throwable failure) {
                listener.onError(told(failure));
            }

            @Override
            public void onCompleted() {
                listener.onCompleted();
            }
        };
    }

    private FlightRuntimeException told(Throwable failure) {
        if (isMalformed(failure)) {
            return CallStatus.INVALID_ARGUMENT.withDescription("the request is not understood: " + failure.getMessage()).withCause(failure).toRuntimeException();
        }
        if (failure instanceof UnsupportedOperationException) {
            return CallStatus.UNIMPLEMENTED.withDescription("this server does not do that").withCause(failure).toRuntimeException();
        }
        FlightRuntimeException told = FlightErrors.of(failure, sessions.kindOf(failure));
        if (told.status().code() == CallStatus.INTERNAL.code()) {
            LOG.error("a call failed", failure);
        }
        return told;
    }

    /** Whether protobuf could not read a message; the library wraps that in whatever is at hand. */
    private static boolean isMalformed(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof InvalidProtocolBufferException) {
                return true;
            }
        }
        return failure instanceof AssertionError && failure.getMessage() != null && failure.getMessage().contains("rotocol message");
    }

    @Override
    public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
        try {
            // The producer itself would send the failure as it is, which nobody understands.
            Any.parseFrom(ticket.getBytes());
            producer.getStream(context, ticket, listener);
        } catch (Throwable e) {
            listener.error(told(e));
        }
    }

    @Override
    public void listFlights(CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
        listener.onError(CallStatus.UNIMPLEMENTED.withDescription("there are no flights to list: this is Flight SQL, ask for a statement").toRuntimeException());
    }

    @Override
    public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
        return told(() -> producer.getFlightInfo(context, descriptor));
    }

    @Override
    public PollInfo pollFlightInfo(CallContext context, FlightDescriptor descriptor) {
        return told(() -> producer.pollFlightInfo(context, descriptor));
    }

    @Override
    public SchemaResult getSchema(CallContext context, FlightDescriptor descriptor) {
        return told(() -> producer.getSchema(context, descriptor));
    }

    @Override
    public Runnable acceptPut(CallContext context, FlightStream values, StreamListener<PutResult> listener) {
        Runnable put = told(() -> producer.acceptPut(context, values, listener));
        return () -> told(listener, put);
    }

    @Override
    public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
        told(listener, () -> producer.doAction(context, action, telling(listener)));
    }

    @Override
    public void listActions(CallContext context, StreamListener<ActionType> listener) {
        told(listener, () -> producer.listActions(context, listener));
    }
}
