package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.HotColdBoundary;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;

/**
 * Brings the rows of one table that are in open ranges into files: those of a {@link KeyedTableRead} are read by the task thread in short steps, those of a
 * {@link PinnedTableRead} by the writer thread.
 *
 * <p>One thread, the task thread.
 */
interface TableRead {

    /**
     * An instrument that may have rows of the table in its open range.
     *
     * @param range nothing comes into it any more
     */
    record Source(String routeKey, HotColdBoundary.Range range) {
    }

    /** Gives the sources of a table one by one, in the order of the files. */
    interface Sources {
        /** @return null after the last one */
        @Nullable
        Source next();
    }

    /**
     * Goes on until about this moment.
     *
     * @param deadlineNs by {@link System#nanoTime}
     * @return the finished files to be, once nothing is left for the task thread to read; null before
     * @throws java.io.IOException if a file could not be written
     */
    @Nullable
    CompletableFuture<List<TableFiles.WrittenFile>> step(long deadlineNs) throws Exception;

    /** Done when the writer thread has gone on; null if {@link #step} need not wait for it. */
    @Nullable
    CompletableFuture<?> awaited();

    /** Frees what reading holds. */
    void close() throws java.io.IOException;
}
