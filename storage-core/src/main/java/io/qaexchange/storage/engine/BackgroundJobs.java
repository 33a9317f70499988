package io.qaexchange.storage.engine;

import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Flushes and compactions together: starts what is due of either, waits for both. Thread-safe. */
final class BackgroundJobs {
    private static final long SHORTEST_LOOK_MILLIS = 1_000;
    private static final long LONGEST_LOOK_MILLIS = 60_000;

    private final StoreState state;
    private final StoreHealth health;
    private final FlushScheduler flushes;
    private final CompactionScheduler compactions;

    /** @param wal null without a log */
    BackgroundJobs(JobContext context, WalWriter wal, ObsoleteFiles obsolete) {
        state = context.state();
        health = context.health();
        compactions = new CompactionScheduler(context);
        flushes = new FlushScheduler(context, wal, obsolete, this::kick);
    }

    FlushScheduler flushes() {
        return flushes;
    }

    CompactionScheduler compactions() {
        return compactions;
    }

    /** Starts whatever is due and not under way. */
    void kick() {
        flushes.kick();
        compactions.kick();
    }

    /**
     * From now on looks for expired files from time to time, also if nothing is ever written again: twenty times in the shortest life of
     * a family's values, but not more often than every second and not more seldom than every minute. A family created later, or given
     * another time to live, counts from the next look on.
     *
     * @param timer a delayed task of it does nothing once the store closes
     */
    void lookForExpired(ScheduledExecutorService timer) {
        long delay = Math.max(SHORTEST_LOOK_MILLIS, Math.min(LONGEST_LOOK_MILLIS, shortestLifeMillis() / 20));
        synchronized (health) {
            // After the close the timer takes no more.
            if (health.isClosing()) {
                return;
            }
            timer.schedule(() -> {
                if (shortestLifeMillis() != Long.MAX_VALUE) {
                    kick();
                }
                lookForExpired(timer);
            }, delay, TimeUnit.MILLISECONDS);
        }
    }

    /** {@link Long#MAX_VALUE} if nothing expires. */
    private long shortestLifeMillis() {
        long shortest = Long.MAX_VALUE;
        for (FamilyVersion family : state.version().families()) {
            long life = family.family().options().timeToLiveMillis();
            shortest = life == 0 ? shortest : Math.min(shortest, life);
        }
        return shortest;
    }

    /** Waits until nothing is due. A caller's own executor is helped along. */
    void awaitIdle() throws IOException {
        while (true) {
            if (flushes.flushIfDue()) {
                continue;
            }
            compactions.runWhileDue();
            synchronized (health) {
                health.throwIfFailed();
                if (health.isClosing() || flushes.isIdle() && compactions.isIdle()) {
                    return;
                }
                if (flushes.isBusy() || compactions.isBusy()) {
                    health.awaitChange();
                }
            }
        }
    }

    /** Runs something while neither a flush nor a compaction is under way and none may begin. */
    void whilePaused(StoreHealth.Waiting work) throws IOException {
        compactions.whilePaused(() -> flushes.whilePaused(work));
    }

    /** No new jobs; waits for those under way, which give up at their next pause. */
    void stop() {
        boolean interrupted = false;
        synchronized (health) {
            health.close();
            while (compactions.isRunning() || state.isFlushClaimed()) {
                try {
                    health.wait(1000);
                } catch (InterruptedException e) {
                    // Memory and mappings are given back next, which nobody may be reading then.
                    interrupted = true;
                }
            }
        }
        StoreHealth.interruptAgain(interrupted);
    }
}
