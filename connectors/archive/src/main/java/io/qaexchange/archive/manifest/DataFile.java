package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

/**
 * An archived file.
 *
 * @param batchId identity of the batch; unique
 * @param table record type
 * @param tradingDay trading day of its rows, yyyy-mm-dd
 * @param path where it lies, relative to the archive's folder, while it belongs to the archive
 * @param lengthBytes its length
 * @param rows number of rows
 * @param rawBytes stored bytes of its rows before they were converted
 * @param minEventTimeNs smallest event time
 * @param maxEventTimeNs greatest event time
 * @param epoch the epoch that committed it
 * @param checkpointId the first checkpoint that holds its hand-over
 */
public record DataFile(String batchId, String table, String tradingDay, String path, long lengthBytes, long rows, long rawBytes,
        long minEventTimeNs, long maxEventTimeNs, String epoch, long checkpointId) {

    public DataFile {
        requireNonNull(batchId, "batchId");
        requireNonNull(table, "table");
        requireNonNull(tradingDay, "tradingDay");
        requireNonNull(path, "path");
        requireNonNull(epoch, "epoch");
    }
}
