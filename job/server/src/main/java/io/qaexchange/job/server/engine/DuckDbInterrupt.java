package io.qaexchange.job.server.engine;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.locks.ReentrantLock;
import org.duckdb.DuckDBConnection;

/**
 * Interrupts whatever runs on a connection of DuckDB, from any thread.
 *
 * <p>{@code Statement.cancel()} of the driver ends what that very statement executes, and nothing while rows are fetched from it: another
 * statement of the connection cannot be cancelled by it. The driver's own interrupt is not public, so it is called by reflection, which
 * needs no option of Java's as the driver is in no module.
 *
 * <p>Stateless.
 */
final class DuckDbInterrupt {

    private static final Method INTERRUPT;
    /** The driver holds it while a connection is closed, and wants it held here. */
    private static final Field LOCK;

    static {
        try {
            INTERRUPT = DuckDBConnection.class.getDeclaredMethod("interrupt");
            INTERRUPT.setAccessible(true);
            LOCK = DuckDBConnection.class.getDeclaredField("connRefLock");
            LOCK.setAccessible(true);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of the DuckDB driver cannot interrupt a connection", e);
        }
    }

    private DuckDbInterrupt() {
    }

    /** Interrupts a connection; nothing if it is closed. */
    static void interrupt(Connection connection) {
        try {
            DuckDBConnection of = connection.unwrap(DuckDBConnection.class);
            ReentrantLock lock = (ReentrantLock) LOCK.get(of);
            lock.lock();
            try {
                if (!of.isClosed()) {
                    INTERRUPT.invoke(of);
                }
            } finally {
                lock.unlock();
            }
        } catch (SQLException | ReflectiveOperationException e) {
            throw new IllegalStateException("a query could not be interrupted", e);
        }
    }
}
