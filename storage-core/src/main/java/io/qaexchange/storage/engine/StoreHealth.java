package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreEvent.FailureEvent;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.error.StoreClosedException;
import java.io.IOException;
import java.io.InterruptedIOException;

/**
 * Whether the store works: the failure that stopped it, and whether it is closing. A failure is final; nothing is tried again behind the
 * user's back.
 *
 * <p>Thread-safe. This object is also the lock of both schedulers, and the monitor on which threads wait for background work: whoever ends
 * a job calls {@link #changed}.
 */
final class StoreHealth {
    /** A wake-up that got lost would cost this and nothing else. */
    private static final long LONGEST_WAIT_MILLIS = 1000;

    private final StoreListener listener;
    /** Guarded by this. */
    private boolean closing;
    /** Set once, with the lock held; volatile, since every write looks at it without. */
    private volatile Throwable failure;

    StoreHealth(StoreListener listener) {
        this.listener = listener;
    }

    /** Work that may wait for other background work. */
    interface Waiting {
        void run() throws IOException;
    }

    /**
     * Stops the store. Later failures are added to the first.
     *
     * @param during what failed
     */
    void fail(String during, Throwable cause) {
        synchronized (this) {
            if (failure != null) {
                failure.addSuppressed(cause);
                return;
            }
            failure = cause;
            notifyAll();
        }
        listener.on(new FailureEvent(during, cause));
    }

    void throwIfFailed() throws StoreClosedException {
        Throwable now = failure;
        if (now != null) {
            throw new StoreClosedException("the store has stopped: " + now.getMessage(), now);
        }
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** The failure that stopped the store; null if there is none. */
    Throwable failure() {
        return failure;
    }

    /** From now on no job begins. */
    synchronized void close() {
        closing = true;
        notifyAll();
    }

    synchronized boolean isClosing() {
        return closing;
    }

    /** Whether a job may begin. */
    synchronized boolean isWorking() {
        return !closing && failure == null;
    }

    /** A job has ended, or may begin. */
    synchronized void changed() {
        notifyAll();
    }

    /** Waits for {@link #changed}. The caller holds the lock, and looks again afterwards. */
    synchronized void awaitChange() throws InterruptedIOException {
        try {
            wait(LONGEST_WAIT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the store's background work");
        }
    }

    /** Runs work to its end although the thread is interrupted, before or meanwhile; it may begin anew. The thread stays interrupted. */
    static void uninterrupted(Waiting work) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    work.run();
                    return;
                } catch (InterruptedIOException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            interruptAgain(interrupted);
        }
    }

    /**
     * A job may run on a caller's thread, but is the store's: it goes on where the thread is interrupted, and the flag, which was cleared
     * for it, is set again for the caller.
     */
    static void interruptAgain(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
