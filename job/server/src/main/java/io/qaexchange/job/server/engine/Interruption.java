package io.qaexchange.job.server.engine;

import io.qaexchange.job.query.sql.ReasonLostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/**
 * Ends what runs on a connection, now and until it is closed: DuckDB forgets an interrupt that comes just before a statement begins, so it is repeated.
 *
 * <p>Thread-safe.
 */
final class Interruption implements AutoCloseable {

    private static final long AGAIN_MS = 50;

    private final ScheduledExecutorService clock;
    /** Guarded by this. Null before there is one. */
    @Nullable
    private Connection connection;
    /** Guarded by this. */
    private String reason;
    /** Guarded by this. */
    private ScheduledFuture<?> again;
    /** Guarded by this. */
    private boolean closed;

    Interruption(ScheduledExecutorService clock) {
        this.clock = clock;
    }

    /** Statements on this connection are ended from now on, also if it was asked for before. */
    synchronized void attach(Connection to) {
        connection = to;
        if (reason != null && !closed) {
            interrupt();
        }
    }

    /** Ends it. The first reason counts. */
    synchronized void end(String because) {
        if (closed || reason != null) {
            return;
        }
        reason = because;
        if (connection != null) {
            interrupt();
        }
    }

    private void interrupt() {
        DuckDbInterrupt.interrupt(connection);
        again = clock.scheduleWithFixedDelay(() -> DuckDbInterrupt.interrupt(connection), AGAIN_MS, AGAIN_MS, TimeUnit.MILLISECONDS);
    }

    /** Why it was ended; null if nobody has. */
    @Nullable
    synchronized String reason() {
        return reason;
    }

    /** A failure of what ran, with its reason: that of whoever ended it, or the one that the driver lost. */
    SQLException failure(SQLException e) {
        if (reason() != null) {
            return new QueryEngine.EndedException(reason(), e);
        }
        if (!(e instanceof ReasonLostException lost)) {
            return e;
        }
        // Its time runs on while the reason is looked for.
        SQLException found = lost.reason(connection);
        return reason() == null ? found : new QueryEngine.EndedException(reason(), found);
    }

    /** Before the connection is closed. */
    @Override
    public synchronized void close() {
        closed = true;
        if (again != null) {
            again.cancel(false);
        }
    }
}
