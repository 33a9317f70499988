package io.qaexchange.storage.engine;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreEvent.FlushEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.engine.StoreState.LoggedMemtable;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.util.List;

/**
 * Flushes frozen memtables: one flush at a time. It takes the oldest ones, at most half of what may be frozen, so that there is space for a writer while it
 * runs: memory is given back when a flush ends, and not before.
 *
 * <p>Threads: any thread may {@link #kick}. A flush runs on a thread of its own, which no compaction can keep busy; with a caller's executor, there, or on a
 * writer that would otherwise wait for it. Guarded by the {@link StoreHealth}.
 */
final class FlushScheduler {
    private final JobContext context;
    private final StoreState state;
    private final StoreHealth health;
    private final WalWriter wal;
    private final ObsoleteFiles obsolete;
    private final Runnable afterFlush;
    private final FlushEstimate estimate = new FlushEstimate();

    // Guarded by health.
    private boolean queued;
    private boolean paused;

    /**
     * @param wal null without a log
     * @param afterFlush called when a flush has ended, on its thread
     */
    FlushScheduler(JobContext context, WalWriter wal, ObsoleteFiles obsolete, Runnable afterFlush) {
        this.context = context;
        state = context.state();
        health = context.health();
        this.wal = wal;
        this.obsolete = obsolete;
        this.afterFlush = afterFlush;
    }

    /** Starts a flush if one is due and none is under way. */
    void kick() {
        synchronized (health) {
            if (!mayBegin() || queued || state.frozenCount() == 0 || state.isFlushClaimed()) {
                return;
            }
            queued = true;
        }
        context.flushExecutor().execute(() -> {
            synchronized (health) {
                queued = false;
            }
            flushIfDue();
        });
    }

    /** With the lock held. */
    private boolean mayBegin() {
        return !paused && health.isWorking();
    }

    /**
     * Flushes what is frozen, on this thread.
     *
     * @return false if there was nothing to do, or another thread is at it
     */
    boolean flushIfDue() {
        List<LoggedMemtable> claimed;
        synchronized (health) {
            if (!mayBegin()) {
                return false;
            }
            claimed = state.claimFlush(Math.max(1, (context.options().maxFrozenMemtables() + 1) / 2));
        }
        if (claimed.isEmpty()) {
            return false;
        }
        boolean interrupted = Thread.interrupted();
        estimate.begin(claimed.stream().mapToLong(memtable -> memtable.memtable().memoryBytes()).sum(), System.nanoTime());
        try {
            flush(claimed);
        } catch (Throwable e) {
            health.fail("flush", e);
        } finally {
            estimate.end(System.nanoTime());
            state.unclaimFlush();
            health.changed();
            StoreHealth.interruptAgain(interrupted);
        }
        afterFlush.run();
        return true;
    }

    private void flush(List<LoggedMemtable> claimed) throws IOException {
        long started = System.nanoTime();
        if (wal != null) {
            // Rows in the files must not be more durable than those before them in the log.
            wal.drain(true);
        }
        List<Memtable> memtables = claimed.stream().map(LoggedMemtable::memtable).toList();
        FlushJob job = new FlushJob(memtables, state.version(), context.snapshots().sequences(), context.flushTarget(),
                state.versions()::nextReferenceId, context.expiries(), estimate::progress);
        VersionEdit edit = new VersionEdit();
        job.run(edit);
        estimate.written(System.nanoTime());
        context.syncDirectory();
        Version version = state.installFlush(claimed, edit, context.snapshots().sequences());
        context.counters().increment(StoreMetric.FLUSHES);
        context.counters().add(StoreMetric.FLUSH_BYTES, job.bytes());
        deleteOldSegments(version);
        context.listener().on(new FlushEvent(claimed.size(), edit.added().size(), job.bytes(), version.flushedSequence(), JobContext.since(started)));
    }

    private void deleteOldSegments(Version version) throws IOException {
        if (context.options().durability() == Durability.NO_LOG) {
            return;
        }
        for (String name : context.options().vfs().list(context.directory())) {
            if (FileNames.isWal(name) && FileNames.number(name).getAsLong() < version.oldestSegment()) {
                obsolete.delete(context.directory().resolve(name));
            }
        }
    }

    /** Waits until at most {@code count} memtables are frozen; with a caller's executor, flushes them if nobody else does. */
    void awaitFrozenAtMost(int count) throws IOException {
        while (state.frozenCount() > count) {
            health.throwIfFailed();
            if (context.hasOwnThreads()) {
                kick();
            } else if (flushIfDue()) {
                continue;
            }
            synchronized (health) {
                if (state.frozenCount() > count && (state.isFlushClaimed() || queued || paused)) {
                    health.awaitChange();
                }
            }
        }
        health.throwIfFailed();
    }

    /** Waits until no memtable is frozen any more, also on an interrupted thread, which stays interrupted. */
    void awaitFlushed() throws IOException {
        StoreHealth.uninterrupted(() -> awaitFrozenAtMost(0));
    }

    /** Until some of the frozen memtables are flushed, as far as can be guessed; 0 if it cannot. */
    long remainingNanos() {
        return estimate.remainingNanos(state.frozenBytes(), System.nanoTime());
    }

    /** Whether nothing is to be flushed. */
    boolean isIdle() {
        return state.frozenCount() == 0 && !state.isFlushClaimed();
    }

    /** Whether a flush is under way, or has to wait until {@link #whilePaused} ends. */
    boolean isBusy() {
        synchronized (health) {
            return state.isFlushClaimed() || paused;
        }
    }

    /** Runs something while no flush is under way and none may begin. */
    void whilePaused(StoreHealth.Waiting work) throws IOException {
        synchronized (health) {
            while (paused) {
                health.awaitChange();
            }
            health.throwIfFailed();
            paused = true;
        }
        try {
            synchronized (health) {
                while (state.isFlushClaimed()) {
                    health.awaitChange();
                }
            }
            work.run();
        } finally {
            synchronized (health) {
                paused = false;
                health.changed();
            }
            kick();
        }
    }
}
