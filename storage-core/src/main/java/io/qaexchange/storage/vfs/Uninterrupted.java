package io.qaexchange.storage.vfs;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Runs a piece of channel work to its end although the thread is interrupted, before or meanwhile; the thread stays interrupted. Work that was broken off
 * {@value #TRIES} times is done by a thread that nobody knows and so nobody interrupts: somebody may interrupt this one faster than it can do the work.
 * Stateless.
 */
final class Uninterrupted {
    static final int TRIES = 3;

    /** Opens its own channel, so that it can be run again from the beginning. */
    interface Work<T> {
        T run() throws IOException;
    }

    private Uninterrupted() {}

    static <T> T run(Work<T> work) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            for (int i = 0; i < TRIES; i++) {
                try {
                    return work.run();
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
            return onAnotherThread(work);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Waits for work that another thread does. The caller's flag is as it was, or set if the caller was interrupted meanwhile. */
    static <T> T onAnotherThread(Work<T> work) throws IOException {
        FutureTask<T> task = new FutureTask<>(work::run);
        Thread thread = new Thread(task, "uninterrupted-file-work");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException thrown(Throwable failure) {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return (IOException) failure;
    }
}
