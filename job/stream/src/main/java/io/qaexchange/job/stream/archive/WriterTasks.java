package io.qaexchange.job.stream.archive;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Carries failures of files from the writer thread to the task thread. */
final class WriterTasks {

    private WriterTasks() {
    }

    /** Runs work of the writer thread. */
    static <T> T unchecked(Callable<T> work) {
        try {
            return work.call();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("reading rows failed: " + e.getMessage(), e);
        }
    }

    /** The result of work that is done. @throws IOException if it failed with one */
    static <T> T result(CompletableFuture<T> done) throws IOException {
        try {
            return done.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            throw e;
        }
    }
}
