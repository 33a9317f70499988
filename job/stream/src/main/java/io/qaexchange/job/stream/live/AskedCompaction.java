package io.qaexchange.job.stream.live;

import io.qaexchange.storage.error.StoreClosedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A compaction of rows that a subtask stores, which somebody asked for; on a thread of its own, one at a time. Thread-safe.
 */
final class AskedCompaction {

    private static final Logger LOG = LoggerFactory.getLogger(AskedCompaction.class);

    private final String name;
    private final Clock clock;
    /** Guarded by this; null while none runs. */
    private Thread thread;
    /** Guarded by this. */
    private Progress progress = new Progress(State.NONE, "", 0, 0, "");

    /** Compacts, until it is interrupted. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException;
    }

    /** How far it is. */
    enum State {
        NONE, RUNNING, DONE, CANCELLED, FAILED
    }

    /**
     * The last one.
     *
     * @param of the instrument whose rows are compacted; empty for all rows
     * @param startedMs ms since 1970; 0 if there was none
     * @param endedMs 0 while it runs
     * @param reason why it failed; empty if it did not
     */
    record Progress(State state, String of, long startedMs, long endedMs, String reason) {
    }

    AskedCompaction(String name, Clock clock) {
        this.name = name;
        this.clock = clock;
    }

    /**
     * Starts one.
     *
     * @param of the instrument whose rows are compacted; empty for all rows
     * @return false if one runs
     */
    synchronized boolean start(String of, Work work) {
        if (thread != null) {
            return false;
        }
        progress = new Progress(State.RUNNING, of, clock.millis(), 0, "");
        thread = new Thread(() -> run(work), name);
        thread.setDaemon(true);
        thread.start();
        return true;
    }

    /** Ends the one that runs, if any. */
    synchronized void cancel() {
        if (thread != null) {
            thread.interrupt();
        }
    }

    synchronized Progress progress() {
        return progress;
    }

    private void run(Work work) {
        try {
            work.run();
            end(State.DONE, "");
        } catch (InterruptedIOException e) {
            LOG.debug("{}: cancelled", name, e);
            end(State.CANCELLED, "");
        } catch (StoreClosedException e) {
            end(State.CANCELLED, e.getMessage());
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: failed", name, e);
            end(State.FAILED, e.toString());
        }
    }

    private synchronized void end(State state, String reason) {
        progress = new Progress(state, progress.of(), progress.startedMs(), clock.millis(), reason);
        thread = null;
    }
}
