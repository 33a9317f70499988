package io.qaexchange.job.server.http;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets so many queries run at once; a bounded number of others waits for a while. Thread-safe.
 */
final class Admission {

    private final Semaphore running;
    private final int concurrency;
    private final int queue;
    private final long waitMs;
    private final AtomicInteger waiting = new AtomicInteger();

    Admission(int concurrency, int queue, long waitMs) {
        this.running = new Semaphore(concurrency, true);
        this.concurrency = concurrency;
        this.queue = queue;
        this.waitMs = waitMs;
    }

    /** A query's place; close it when the query has ended. */
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Waits for a place.
     *
     * @throws Problem 429 if too many wait, 503 if no place is free in time
     */
    Place enter() {
        if (!running.tryAcquire()) {
            if (waiting.incrementAndGet() > queue) {
                waiting.decrementAndGet();
                throw new Problem(429, "too-many-queries", concurrency + " queries run and " + queue + " wait. Try again in a moment");
            }
            try {
                if (!running.tryAcquire(waitMs, TimeUnit.MILLISECONDS)) {
                    throw new Problem(503, "no-place-free", "no query ended within " + waitMs + " ms. Try again in a moment");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Problem(503, "stopping", "the server is being stopped");
            } finally {
                waiting.decrementAndGet();
            }
        }
        return running::release;
    }

    int running() {
        return concurrency - running.availablePermits();
    }

    int waiting() {
        return waiting.get();
    }
}
