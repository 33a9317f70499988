package io.qaexchange.storage.engine;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;

/** Threads that work through the parts of one merge. After a failure no further part is begun. Thread-safe. */
final class MergeCrew {
    // Guarded by this.
    private final Deque<MergeJob.Part> waiting;
    private int working;
    private Throwable failure;

    MergeCrew(Collection<MergeJob.Part> parts) {
        waiting = new ArrayDeque<>(parts);
    }

    /** Takes part after part until there are none. */
    void help() {
        for (MergeJob.Part part = next(); part != null; part = next()) {
            Throwable failed = null;
            try {
                part.run();
            } catch (Throwable e) {
                failed = e;
            }
            ended(failed);
        }
    }

    private synchronized MergeJob.Part next() {
        MergeJob.Part part = waiting.poll();
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

    /** Waits for the parts that others have begun. @throws IOException what the first part that failed threw */
    synchronized void awaitEnd() throws IOException {
        boolean interrupted = false;
        while (working > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The others write files of ours, and the merge is the store's, not this thread's: it goes on.
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
