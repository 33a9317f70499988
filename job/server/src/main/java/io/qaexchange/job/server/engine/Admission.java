package io.qaexchange.job.server.engine;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Lets a number of queries run at once, whatever door they came through; a bounded number of others waits for a while. Thread-safe. */
public final class Admission {

    private final Semaphore running;
    private final int concurrency;
    private final int queue;
    private final long waitMs;
    private final AtomicInteger waiting = new AtomicInteger();

    /**
     * @param concurrency queries that run at once
     * @param queue queries that wait
     * @param waitMs for so long at most
     */
    public Admission(int concurrency, int queue, long waitMs) {
        this.running = new Semaphore(concurrency, true);
        this.concurrency = concurrency;
        this.queue = queue;
        this.waitMs = waitMs;
    }

    /** No place was given. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean queueFull;

        RefusedException(boolean queueFull, String message) {
            super(message);
            this.queueFull = queueFull;
        }

        /** Whether too many wait; else none became free in time. */
        public boolean isQueueFull() {
            return queueFull;
        }
    }

    /**
     * A query's place; close it when the query has ended.
     *
     * <p>One thread, but for {@link #rest}.
     */
    public final class Place implements AutoCloseable {
        private final AtomicBoolean held = new AtomicBoolean(true);

        private Place() {
        }

        /** Gives the place back for a while, because a client is waited for. */
        public void rest() {
            if (held.compareAndSet(true, false)) {
                running.release();
            }
        }

        /** Takes a place again. A query that has begun is not refused: it waits as long as it must. */
        public void resume() {
            if (!held.get()) {
                running.acquireUninterruptibly();
                held.set(true);
            }
        }

        @Override
        public void close() {
            rest();
        }
    }

    /**
     * Waits for a place, behind those that wait already.
     *
     * @throws RefusedException if too many wait, or no place is free in time
     */
    public Place enter() throws RefusedException {
        try {
            // Without a time, even one of 0, it would take the place of whoever waits.
            if (!running.tryAcquire(0, TimeUnit.MILLISECONDS)) {
                await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(false, "the server is being stopped");
        }
        return new Place();
    }

    private void await() throws RefusedException, InterruptedException {
        try {
            if (waiting.incrementAndGet() > queue) {
                throw new RefusedException(true, concurrency + " queries run and " + queue + " wait. Try again in a moment");
            }
            if (!running.tryAcquire(waitMs, TimeUnit.MILLISECONDS)) {
                throw new RefusedException(false, "no query ended within " + waitMs + " ms. Try again in a moment");
            }
        } finally {
            waiting.decrementAndGet();
        }
    }

    /** Queries that run now. */
    public int running() {
        return concurrency - running.availablePermits();
    }

    /** Queries that wait. */
    public int waiting() {
        return waiting.get();
    }

    /** Threads that stand in the queue, resuming ones included. */
    int queued() {
        return running.getQueueLength();
    }
}
