package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * A batch that the job handed over, by itself in a file or one of several in a compacted file.
 *
 * @param batchId its identity; unique
 * @param epoch the epoch that committed it
 * @param checkpointId the first checkpoint that holds its hand-over
 * @param subtask event-store subtask that handed it over; {@link DataFile#NONE} for batches of the ledger
 * @param ordinal its number among the files of that subtask in its epoch; {@link DataFile#NONE} for batches of the ledger
 * @param rows number of rows
 * @param path where the job's sink committed it, relative to the archive's folder
 */
public record ArchivedBatch(String batchId, String epoch, long checkpointId, int subtask, long ordinal, long rows, String path) implements Serializable {

    private static final long serialVersionUID = 1L;

    public ArchivedBatch {
        requireNonNull(batchId, "batchId");
        requireNonNull(epoch, "epoch");
        requireNonNull(path, "path");
    }

    /** As this one, with another number of rows. */
    ArchivedBatch withRows(long others) {
        return new ArchivedBatch(batchId, epoch, checkpointId, subtask, ordinal, others, path);
    }
}
