package io.qaexchange.storage.engine;

import io.qaexchange.storage.checkpoint.JobPart;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that work through the parts of one job: the subcompactions of a compaction, the log pieces of a checkpoint. After a failure no further part is
 * begun. Thread-safe.
 */
final class JobCrew {
    private static final Logger LOG = LoggerFactory.getLogger(JobCrew.class);

    // Guarded by this.
    private final Deque<JobPart> waiting;
    private int working;
    private Throwable failure;

    private JobCrew(Collection<? extends JobPart> parts) {
        waiting = new ArrayDeque<>(parts);
    }

    /**
     * This thread works through the parts, helped by the threads of an executor that are free before it is done. One that comes too late finds nothing to
     * do, so nobody waits for a thread that never comes.
     */
    static void runTogether(Collection<? extends JobPart> parts, Executor executor) throws IOException {
        JobCrew crew = new JobCrew(parts);
        try {
            for (int i = 1; i < parts.size(); i++) {
                executor.execute(crew::help);
            }
        } catch (RejectedExecutionException e) {
            // The store has closed, and its threads with it, while somebody still writes a checkpoint of it: this thread does all.
            LOG.debug("no thread helps with {} parts", parts.size(), e);
        }
        crew.help();
        crew.awaitEnd();
    }

    /** Takes part after part until there are none. */
    private void help() {
        for (JobPart part = next(); part != null; part = next()) {
            Throwable failed = null;
            try {
                part.run();
            } catch (Throwable e) {
                failed = e;
            }
            ended(failed);
        }
    }

    private synchronized JobPart next() {
        JobPart part = waiting.poll();
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
    private synchronized void awaitEnd() throws IOException {
        boolean interrupted = false;
        while (working > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The others write files of ours, and the job is the store's, not this thread's: it goes on.
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
