package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import javax.annotation.Nullable;

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
 * @param minInstrument smallest instrument by the bytes of its UTF-8; null if not known
 * @param maxInstrument greatest instrument by the bytes of its UTF-8; null if not known
 * @param subtask event-store subtask that handed it over; {@link #NONE} for files of the ledger
 * @param ordinal its number among the files of that subtask in its epoch, in the order of hand-over; {@link #NONE} for files of the ledger
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataFile(String batchId, String table, String tradingDay, String path, long lengthBytes, long rows, long rawBytes,
        long minEventTimeNs, long maxEventTimeNs, String epoch, long checkpointId, @Nullable String minInstrument, @Nullable String maxInstrument,
        int subtask, long ordinal) {

    /** No subtask, no ordinal. */
    public static final int NONE = -1;

    /** A file of which neither instruments nor subtask are known. */
    public DataFile(String batchId, String table, String tradingDay, String path, long lengthBytes, long rows, long rawBytes,
            long minEventTimeNs, long maxEventTimeNs, String epoch, long checkpointId) {
        this(batchId, table, tradingDay, path, lengthBytes, rows, rawBytes, minEventTimeNs, maxEventTimeNs, epoch, checkpointId, null, null, NONE,
                NONE);
    }

    public DataFile {
        requireNonNull(batchId, "batchId");
        requireNonNull(table, "table");
        requireNonNull(tradingDay, "tradingDay");
        requireNonNull(path, "path");
        requireNonNull(epoch, "epoch");
    }
}
