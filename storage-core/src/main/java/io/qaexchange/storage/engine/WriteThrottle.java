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
 * Keeps writes from outrunning flushes and compactions. Looked at before each write. While the write fits into the memory that the active
 * memtable has, that costs a comparison. Where the memtable takes another chunk, the writer may pause; where it is full, it is frozen,
 * after a stall if too many are frozen already or level 0 is too deep.
 *
 * <p>The pauses are there so that the stall is not: once as many memtables are frozen as may be, the space that is left in the active one
 * is spread over the time until the flush at hand will end ({@link FlushEstimate}). A deep level 0 costs a pause per memtable, spread over
 * its chunks. Pauses are saved up until they are worth the timer, and are at most {@value #LONGEST_PAUSE_NANOS} ns each.
 *
 * <p>Threads: the writer's.
 */
final class WriteThrottle implements WritePath.MemtableSpace {
    private static final long LEVEL0_PAUSE_NANOS = 20_000_000;
    private static final long SHORTEST_PAUSE_NANOS = 500_000;
    private static final long LONGEST_PAUSE_NANOS = 10_000_000;

    private final StoreOptions options;
    private final StoreState state;
    private final Counters counters;
    private final FlushScheduler flushes;
    private final CompactionScheduler compactions;
    private final StoreHealth.Waiting freeze;

    /** Depth of level 0 when the active memtable began. */
    private int level0Depth;
    private long lastChunkNanos;
    private long owedNanos;
    /** Sums of the pauses since the last freeze, for their event. */
    private long pausedNanos;
    private StallReason pausedFor;

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
            return slowDown(active, more);
        }
        long started = System.nanoTime();
        reportPauses();
        awaitFlushes();
        freeze.run();
        awaitCompactions();
        lastChunkNanos = System.nanoTime();
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

    private void awaitCompactions() throws IOException {
        int depth = compactions.level0Depth();
        if (depth >= options.level0StopDepth()) {
            long started = System.nanoTime();
            compactions.awaitLevel0Below(options.level0StopDepth());
            waited(StallReason.LEVEL0_STOP, depth, options.level0StopDepth(), started, StoreMetric.STALL_LEVEL0_COUNT, StoreMetric.STALL_LEVEL0_MICROS);
            depth = compactions.level0Depth();
        }
        level0Depth = depth;
    }

    /** The active memtable takes another chunk. @return nanoseconds paused */
    private long slowDown(Memtable active, long chunkBytes) {
        long now = System.nanoTime();
        long sinceChunk = now - lastChunkNanos;
        lastChunkNanos = now;
        long forFlush = 0;
        if (state.frozenCount() >= options.maxFrozenMemtables()) {
            long left = Math.min(options.memtableBytes() - active.memoryBytes(), options.memoryPool().budgetBytes() - options.memoryPool().usedBytes());
            forFlush = owed(chunkBytes, left, flushes.remainingNanos(), sinceChunk);
        }
        long forLevel0 = 0;
        if (level0Depth >= options.level0SlowdownDepth()) {
            forLevel0 = LEVEL0_PAUSE_NANOS * (level0Depth - options.level0SlowdownDepth() + 1) * chunkBytes / options.memtableBytes();
        }
        owedNanos += Math.max(forFlush, forLevel0);
        if (owedNanos < SHORTEST_PAUSE_NANOS) {
            return 0;
        }
        LockSupport.parkNanos(Math.min(owedNanos, LONGEST_PAUSE_NANOS));
        long paused = System.nanoTime() - now;
        owedNanos = Math.max(0, Math.min(owedNanos, LONGEST_PAUSE_NANOS) - paused);
        lastChunkNanos = now + paused;
        pausedNanos += paused;
        pausedFor = forFlush >= forLevel0 ? StallReason.MEMTABLES_FILLING : StallReason.LEVEL0_SLOWDOWN;
        counters.increment(StoreMetric.SLOWDOWN_COUNT);
        counters.add(StoreMetric.SLOWDOWN_MICROS, paused / 1000);
        return paused;
    }

    /**
     * How long a writer should pause before it fills a chunk, so that the space that is left lasts until the flush ends.
     *
     * @param spentNanos since the chunk before was taken
     */
    static long owed(long chunkBytes, long leftBytes, long flushNanos, long spentNanos) {
        double share = Math.min(1, chunkBytes / (double) Math.max(chunkBytes, leftBytes));
        return Math.max(0, (long) (flushNanos * share) - spentNanos);
    }

    /** One event for all pauses of a memtable. */
    private void reportPauses() {
        if (pausedNanos > 0) {
            boolean level0 = pausedFor == StallReason.LEVEL0_SLOWDOWN;
            options.listener().on(new StallEvent(pausedFor, level0 ? level0Depth : state.frozenBytes(),
                    level0 ? options.level0SlowdownDepth() : options.memtableBytes(), Duration.ofNanos(pausedNanos)));
        }
        pausedNanos = 0;
        owedNanos = 0;
    }

    private void waited(StallReason reason, long found, long limit, long startedNanos, StoreMetric count, StoreMetric micros) {
        Duration took = JobContext.since(startedNanos);
        counters.increment(count);
        counters.add(micros, took.toNanos() / 1000);
        options.listener().on(new StallEvent(reason, found, limit, took));
    }
}
