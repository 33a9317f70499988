package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.ReadMoment;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlSessions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import javax.annotation.Nullable;
import org.apache.arrow.flight.BackpressureStrategy;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A statement that runs and whose batches go to a client as it takes them: a batch is computed once gRPC has room for it. The level and the cut of the rows
 * are in the metadata of the schema that comes before them.
 *
 * <p>Threads: {@link #run} on its own; {@link #cancel} from any.
 */
final class AnswerStream implements Runnable {

    static final String LEVEL = "qaexchange.level";
    static final String PINNED_FROM = "qaexchange.pinned-from";
    static final String PINNED_TO = "qaexchange.pinned-to";
    static final String OFFSETS = "qaexchange.offsets";
    static final String MANIFEST_VERSION = "qaexchange.manifest-version";
    /** Sentences about the rows, a line each. */
    static final String NOTICES = "qaexchange.notices";

    private static final Logger LOG = LoggerFactory.getLogger(AnswerStream.class);
    /** A client that takes nothing for so long gives its place among the running queries back. */
    private static final long SLOW_MS = 1_000;

    private final SqlSessions sessions;
    private final String user;
    @Nullable
    private final String session;
    private final QueryTicket ticket;
    private final BufferAllocator allocator;
    private final ServerStreamListener listener;
    private final long slowestMs;
    private final Room room = new Room();
    /** Guarded by this. */
    private Answer answer;
    /** Guarded by this: why it is to end; null if it is not. */
    private String cancelled;

    /**
     * @param session name of a session whose live reads do not go back; null for none
     * @param slowestMs how long the client may take nothing before the stream ends
     */
    AnswerStream(SqlSessions sessions, String user, @Nullable String session, QueryTicket ticket, BufferAllocator allocator, ServerStreamListener listener, long slowestMs) {
        this.sessions = sessions;
        this.user = user;
        this.session = session;
        this.ticket = ticket;
        this.allocator = allocator;
        this.listener = listener;
        this.slowestMs = slowestMs;
    }

    /** Waits until gRPC takes another batch. */
    private final class Room extends BackpressureStrategy.CallbackBackpressureStrategy {
        @Override
        protected void cancelCallback() {
            super.cancelCallback();
            cancel("the client has ended the call");
        }
    }

    UUID id() {
        return ticket.id();
    }

    String user() {
        return user;
    }

    /** Gets to know when the client cancels; before {@link #run}, on the thread of the call. */
    void register() {
        room.register(listener);
    }

    @Override
    public void run() {
        try (SqlSession mine = sessions.open(user, session); Answer opened = mine.open(ticket.sql(), ticket.level())) {
            open(opened);
            opened.start();
            send(opened, mine);
            listener.completed();
        } catch (Throwable e) {
            RuntimeException told = FlightErrors.of(e, sessions.kindOf(e));
            if (told instanceof org.apache.arrow.flight.FlightRuntimeException flight && flight.status().code() == CallStatus.INTERNAL.code()) {
                LOG.error("a statement of {} failed", user, e);
            }
            listener.error(told);
        }
    }

    private synchronized void open(Answer opened) {
        answer = opened;
        if (cancelled != null) {
            opened.cancel(cancelled);
        }
    }

    private void send(Answer from, SqlSession session) throws Exception {
        Schema schema = new Schema(Prepared.schema(from.columns(), session).getFields(), metadata(from.moment()));
        VectorSchemaRoot batch = from.next();
        if (batch == null) {
            try (VectorSchemaRoot none = VectorSchemaRoot.create(schema, allocator)) {
                listener.start(none);
            }
            return;
        }
        // The same vectors with the names that the columns have: DuckDB's have numbers, since names may be there twice.
        VectorSchemaRoot named = new VectorSchemaRoot(schema, batch.getFieldVectors(), batch.getRowCount());
        // Each batch has buffers of its own, which nobody writes to again.
        listener.setUseZeroCopy(true);
        listener.start(named);
        while (batch != null) {
            if (!waitForRoom(from)) {
                return;
            }
            named.setRowCount(batch.getRowCount());
            listener.putNext();
            batch = from.next();
        }
    }

    /** @return false if there is nobody any more who would take a batch */
    private boolean waitForRoom(Answer from) {
        long waitedMs = 0;
        while (true) {
            switch (room.waitForListener(SLOW_MS)) {
                case READY -> {
                    if (waitedMs > 0) {
                        from.resume();
                    }
                    return true;
                }
                case CANCELLED -> {
                    return false;
                }
                default -> {
                    if (waitedMs == 0) {
                        from.rest();
                    }
                    waitedMs += SLOW_MS;
                    if (waitedMs >= slowestMs) {
                        throw FlightErrors.with(CallStatus.TIMED_OUT, "57014", "the client has taken nothing for " + slowestMs / 1_000 + " s").toRuntimeException();
                    }
                }
            }
        }
    }

    /** The moment that the rows are as of, by name of each part. */
    static Map<String, String> metadata(@Nullable ReadMoment moment) {
        Map<String, String> metadata = new LinkedHashMap<>();
        if (moment != null) {
            metadata.put(LEVEL, moment.level());
            metadata.put(MANIFEST_VERSION, Long.toString(moment.manifestVersion()));
            if (moment.pinnedToMs() > 0) {
                metadata.put(PINNED_FROM, Instant.ofEpochMilli(moment.pinnedFromMs()).toString());
                metadata.put(PINNED_TO, Instant.ofEpochMilli(moment.pinnedToMs()).toString());
                metadata.put(OFFSETS, moment.offsets());
            }
            if (!moment.notices().isEmpty()) {
                metadata.put(NOTICES, String.join("\n", moment.notices()));
            }
        }
        return metadata;
    }

    /** Ends it. */
    synchronized void cancel(String reason) {
        if (cancelled == null) {
            cancelled = reason;
            if (answer != null) {
                answer.cancel(reason);
            }
        }
    }
}
