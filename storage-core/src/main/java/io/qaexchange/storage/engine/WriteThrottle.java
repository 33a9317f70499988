package io.qaexchange.storage.engine;

import io.qaexchange.storage.StallReason;
import io.qaexchange.storage.StoreEvent.StallEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps writes from outrunning flushes and compactions. Looked at before each write: while the active memtable has space, that costs a
 * comparison; else the memtable is frozen, after a wait if too many are frozen already or level 0 is too deep.
 *
 * <p>Threads: the writer's.
 */
final class WriteThrottle implements WritePath.MemtableSpace {
    private static final long LEVEL0_PAUSE_NANOS = 20_000_000;

    private final StoreOptions options;
    private final StoreState state;
    private final Counters counters;
    private final FlushScheduler flushes;
    private final CompactionScheduler compactions;
    private final StoreHealth.Waiting freeze;

    /** @param freeze sets the active memtable aside, to be flushed */
    WriteThrottle(StoreOptions options, StoreState state, Counters counters, BackgroundJobs jobs, StoreHealth.Waiting freeze) {
        this.options = options;
        this.state = state;
        this.counters = counters;
        flushes = jobs.flushes();
        compactions = jobs.compactions();
        this.freeze = freeze;
    }

    @Override
    public long await(Memtable active, int operations, long bytes) throws IOException {
        long more = active.wouldTake(operations, bytes);
        if (more == 0 || active.isEmpty()) {
            return 0;
        }
        boolean full = active.memoryBytes() + more > options.memtableBytes();
        boolean poolFull = options.memoryPool().usedBytes() + more > options.memoryPool().budgetBytes();
        if (!full && !poolFull) {
            return 0;
        }
        long started = System.nanoTime();
        awaitFlushes();
        freeze.run();
        awaitCompactions();
        return Math.max(1, System.nanoTime() - started);
    }

    private void awaitFlushes() throws IOException {
        int frozen = state.frozenCount();
        if (frozen < options.maxFrozenMemtables()) {
            return;
        }
        long started = System.nanoTime();
        flushes.awaitFrozenAtMost(options.maxFrozenMemtables() - 1);
        waited(StallReason.FROZEN_MEMTABLES, frozen, options.maxFrozenMemtables(), started, StoreMetric.STALL_MEMTABLE_COUNT,
                StoreMetric.STALL_MEMTABLE_MICROS);
    }

    /** Level 0 too deep: first a pause per memtable, then a wait. */
    private void awaitCompactions() throws IOException {
        int depth = compactions.level0Depth();
        long started = System.nanoTime();
        if (depth >= options.level0StopDepth()) {
            compactions.awaitLevel0Below(options.level0StopDepth());
            waited(StallReason.LEVEL0_STOP, depth, options.level0StopDepth(), started, StoreMetric.STALL_LEVEL0_COUNT, StoreMetric.STALL_LEVEL0_MICROS);
        } else if (depth >= options.level0SlowdownDepth()) {
            LockSupport.parkNanos(LEVEL0_PAUSE_NANOS * (depth - options.level0SlowdownDepth() + 1));
            waited(StallReason.LEVEL0_SLOWDOWN, depth, options.level0SlowdownDepth(), started, StoreMetric.SLOWDOWN_COUNT, StoreMetric.SLOWDOWN_MICROS);
        }
    }

    private void waited(StallReason reason, long found, long limit, long startedNanos, StoreMetric count, StoreMetric micros) {
        Duration took = JobContext.since(startedNanos);
        counters.increment(count);
        counters.add(micros, took.toNanos() / 1000);
        options.listener().on(new StallEvent(reason, found, limit, took));
    }
}
