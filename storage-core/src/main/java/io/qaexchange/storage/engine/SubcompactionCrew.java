package io.qaexchange.storage.engine;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** Threads that work through the subcompactions of one compaction. After a failure no further part is begun. Thread-safe. */
final class SubcompactionCrew {
    // Guarded by this.
    private final Deque<CompactionJob.Subcompaction> waiting;
    private int working;
    private Throwable failure;

    SubcompactionCrew(Collection<CompactionJob.Subcompaction> subcompactions) {
        waiting = new ArrayDeque<>(subcompactions);
    }

    /** Takes part after part until there are none. */
    void help() {
        for (CompactionJob.Subcompaction part = next(); part != null; part = next()) {
            Throwable failed = null;
            try {
                part.run();
            } catch (Throwable e) {
                failed = e;
            }
            ended(failed);
        }
    }

    private synchronized CompactionJob.Subcompaction next() {
        CompactionJob.Subcompaction part = waiting.poll();
        if (part != null) {
            working++;
        }
        return part;
    }

    private synchronized void ended(Throwable failed) {
        working--;
        if (failed != null) {
            waiting.clear();
            if (failure == null) {
                failure = failed;
            } else {
                failure.addSuppressed(failed);
            }
        }
        notifyAll();
    }

    /** Waits for the subcompactions that others have begun. @throws IOException what the first part that failed threw */
    synchronized void awaitEnd() throws IOException {
        boolean interrupted = false;
        while (working > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The others write files of ours, and the compaction is the store's, not this thread's: it goes on.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }
}
