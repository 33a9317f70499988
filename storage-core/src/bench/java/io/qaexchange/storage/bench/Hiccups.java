package io.qaexchange.storage.bench;

import java.util.concurrent.locks.LockSupport;

/**
 * Watches how long the machine keeps a thread of this process from running that wants to: a longest put that is not much longer says nothing about
 * the store. One thread of its own, from {@link #begin} to {@link #end}.
 */
final class Hiccups {
    private static final long STEP_NANOS = 1_000_000;

    private final Thread thread = new Thread(this::watch, "bench-hiccups");
    private volatile boolean stopped;
    private long longestNanos;

    static Hiccups begin() {
        Hiccups hiccups = new Hiccups();
        hiccups.thread.setDaemon(true);
        hiccups.thread.start();
        return hiccups;
    }

    private void watch() {
        long before = System.nanoTime();
        while (!stopped) {
            LockSupport.parkNanos(STEP_NANOS);
            long now = System.nanoTime();
            longestNanos = Math.max(longestNanos, now - before - STEP_NANOS);
            before = now;
        }
    }

    /** @return microseconds */
    double end() throws InterruptedException {
        stopped = true;
        thread.join();
        return longestNanos / 1e3;
    }
}
