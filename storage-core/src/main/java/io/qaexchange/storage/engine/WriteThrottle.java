package io.qaexchange.storage.engine;

import io.qaexchange.storage.StallReason;
import io.qaexchange.storage.StoreEvent.StallEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps writes from outrunning flushes and compactions. Looked at before each write. While the write fits into the memory that the active
 * memtable has, that costs a comparison. Where the memtable takes another chunk, the writer may pause; where it is full, it is frozen,
 * after a stall if too many are frozen already or level 0 is too deep.
 *
 * <p>The pauses are there so that the stall is not. While a flush is at hand, the space that is left in all memtables is spread over the time until it
 * will end ({@link FlushEstimate}): a writer that leaves enough space by then does not pause at all, and one that would not is held to the rate at which
 * flushes free space, from the beginning and not when space is short. A deep level 0 does the same: what may still be flushed into it is spread over the
 * compaction at hand.
 *
 * <p>Pauses are collected until they are worth the timer. They are at most {@value #LONGEST_PAUSE_NANOS} ns each, so that they are seen by few writes and
 * hurt none; only where space is nearly used up are they longer.
 *
 * <p>Threads: the writer's.
 */
final class WriteThrottle implements WritePath.MemtableSpace {
    /** Pauses of one memtable at the least depth of level 0 that slows writes. */
    private static final long LEVEL0_PAUSE_NANOS = 20_000_000;
    private static final long SHORTEST_PAUSE_NANOS = 500_000;
    private static final long LONGEST_PAUSE_NANOS = 4_000_000;
    /** One part in so many of a memtable is kept for flushes that are late. */
    private static final int NEARLY_FULL = 4;
    private static final long LONGEST_PAUSE_NEARLY_FULL_NANOS = 20_000_000;
    /** A writer that was late takes so much of that time back by pausing less. */
    private static final long LARGEST_CREDIT_NANOS = 10_000_000;
    /** Level 0 is looked at again after this many chunks while it slows writes. */
    private static final int CHUNKS_BETWEEN_LOOKS = 16;

    private final StoreOptions options;
    private final StoreState state;
    private final Counters counters;
    private final FlushScheduler flushes;
    private final CompactionScheduler compactions;
    private final StoreHealth.Waiting freeze;

    /** Depth of level 0 when the active memtable began, or later. */
    private int level0Depth;
    private int chunksSinceLook;
    /** When the next chunk may be taken, as the rate has it. */
    private long nextChunkNanos;
    /** Sums of the pauses since the last freeze, for their events. */
    private long pausedForFlushNanos;
    private long pausedForLevel0Nanos;

    /** @param freeze sets the active memtable aside, to be flushed */
    WriteThrottle(StoreOptions options, StoreState state, Counters counters, BackgroundJobs jobs, StoreHealth.Waiting freeze) {
        this.options = options;
        this.state = state;
        this.counters = counters;
        flushes = jobs.flushes();
        compactions = jobs.compactions();
        this.freeze = freeze;
        nextChunkNanos = System.nanoTime();
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
        chunksSinceLook = 0;
    }

    /** The active memtable takes another chunk. @return nanoseconds paused */
    private long slowDown(Memtable active, long chunkBytes) {
        long left = spaceLeft(active);
        double forFlush = flushes.isIdle() ? 0 : nanosPerByte(flushes.remainingNanos(), left, options.memtableBytes() / NEARLY_FULL, chunkBytes);
        double forLevel0 = level0NanosPerByte(active, chunkBytes);
        if (forFlush == 0 && forLevel0 == 0) {
            return 0;
        }
        long now = System.nanoTime();
        nextChunkNanos = Math.max(nextChunkNanos, now - LARGEST_CREDIT_NANOS) + (long) (chunkBytes * Math.max(forFlush, forLevel0));
        if (nextChunkNanos - now < SHORTEST_PAUSE_NANOS) {
            return 0;
        }
        long longest = left < options.memtableBytes() / NEARLY_FULL ? LONGEST_PAUSE_NEARLY_FULL_NANOS : LONGEST_PAUSE_NANOS;
        nextChunkNanos = Math.min(nextChunkNanos, now + longest);
        LockSupport.parkNanos(nextChunkNanos - now);
        long paused = System.nanoTime() - now;
        if (forFlush >= forLevel0) {
            pausedForFlushNanos += paused;
        } else {
            pausedForLevel0Nanos += paused;
            counters.add(StoreMetric.SLOWDOWN_LEVEL0_MICROS, paused / 1000);
        }
        counters.increment(StoreMetric.SLOWDOWN_COUNT);
        counters.add(StoreMetric.SLOWDOWN_MICROS, paused / 1000);
        return paused;
    }

    /** Bytes that can be written before a memtable must have been flushed. */
    private long spaceLeft(Memtable active) {
        long own = Math.max(0, options.maxFrozenMemtables() - state.frozenCount()) * options.memtableBytes()
                + Math.max(0, options.memtableBytes() - active.memoryBytes());
        MemoryPool pool = options.memoryPool();
        return Math.min(own, Math.max(0, pool.budgetBytes() - pool.usedBytes()));
    }

    /**
     * The least time per byte with which the space that is left lasts until more is freed. Some space is kept, in case that takes longer than is
     * guessed. Half of the kept space is spent next, and again half of the rest.
     *
     * @param nanos until then
     * @param leastBytes of space: what is about to be taken
     */
    static double nanosPerByte(long nanos, long leftBytes, long keptBytes, long leastBytes) {
        long spent = leftBytes > 2 * keptBytes ? leftBytes - keptBytes : leftBytes / 2;
        return nanos / (double) Math.max(leastBytes, spent);
    }

    private double level0NanosPerByte(Memtable active, long chunkBytes) {
        if (level0Depth < options.level0SlowdownDepth()) {
            return 0;
        }
        if (++chunksSinceLook >= CHUNKS_BETWEEN_LOOKS) {
            chunksSinceLook = 0;
            level0Depth = compactions.level0Depth();
        }
        long files = Math.max(0, options.level0StopDepth() - 1 - level0Depth);
        long left = files * options.memtableBytes() + Math.max(0, options.memtableBytes() - active.memoryBytes());
        double least = LEVEL0_PAUSE_NANOS * (double) Math.max(0, level0Depth - options.level0SlowdownDepth() + 1) / options.memtableBytes();
        return Math.max(least, nanosPerByte(compactions.level0RemainingNanos(), left, options.memtableBytes(), chunkBytes));
    }

    /** One event for all pauses of a memtable that have the same reason. */
    private void reportPauses() {
        if (pausedForFlushNanos > 0) {
            options.listener().on(new StallEvent(StallReason.MEMTABLES_FILLING, state.frozenBytes(), options.memtableBytes(),
                    Duration.ofNanos(pausedForFlushNanos)));
        }
        if (pausedForLevel0Nanos > 0) {
            options.listener().on(new StallEvent(StallReason.LEVEL0_SLOWDOWN, level0Depth, options.level0SlowdownDepth(),
                    Duration.ofNanos(pausedForLevel0Nanos)));
        }
        pausedForFlushNanos = 0;
        pausedForLevel0Nanos = 0;
    }

    private void waited(StallReason reason, long found, long limit, long startedNanos, StoreMetric count, StoreMetric micros) {
        Duration took = JobContext.since(startedNanos);
        counters.increment(count);
        counters.add(micros, took.toNanos() / 1000);
        options.listener().on(new StallEvent(reason, found, limit, took));
    }
}
