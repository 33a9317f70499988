package io.qaexchange.storage.engine;

import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/**
 * Writes the log behind the writer's back: when enough records wait, or when the oldest has waited long enough, also if no further
 * write ever comes.
 */
final class WalThread implements Runnable {
    private final WalWriter wal;
    private final boolean sync;
    private final long intervalNanos;
    private final int records;
    private final BiConsumer<String, Throwable> onFailure;
    private final Thread thread;
    /** Volatile: set by the writer, cleared by the thread. */
    private volatile boolean due;
    private volatile boolean stopped;

    /** @param sync whether to sync what was written (group commit) */
    WalThread(String name, WalWriter wal, boolean sync, long intervalMillis, int records, BiConsumer<String, Throwable> onFailure) {
        this.wal = wal;
        this.sync = sync;
        intervalNanos = TimeUnit.MILLISECONDS.toNanos(intervalMillis);
        this.records = records;
        this.onFailure = onFailure;
        thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** A first record waits, or a full batch does. */
    void signal() {
        due = true;
        LockSupport.unpark(thread);
    }

    @Override
    public void run() {
        try {
            while (!stopped) {
                while (!due && !stopped) {
                    LockSupport.park(this);
                    // Nobody has reason to interrupt this thread; with the flag set it would not wait any more.
                    Thread.interrupted();
                }
                waitForBatch();
                due = false;
                wal.drain(sync);
            }
        } catch (IOException | RuntimeException | Error e) {
            if (!stopped) {
                onFailure.accept("log", e);
            }
        }
    }

    /** Until the interval has passed since the first record, or a batch is full. */
    private void waitForBatch() {
        long deadline = System.nanoTime() + intervalNanos;
        while (!stopped && wal.waitingRecords() < records) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            LockSupport.parkNanos(this, left);
            Thread.interrupted();
        }
    }

    /** Ends the thread; what is left is the closer's to write. */
    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
