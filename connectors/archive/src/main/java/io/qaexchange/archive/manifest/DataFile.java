package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;
import java.util.List;
import java.util.function.Predicate;
import javax.annotation.Nullable;

/**
 * An archived file: one batch as the job wrote it, or a compacted file of several. Which readers may take a compacted file is decided by each
 * of its {@link #batches()}; its own epoch, checkpoint, subtask and ordinal are those of no batch.
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
 * @param sha256 SHA-256 of its bytes in hexadecimal digits; null if an older build published it
 * @param parts batches of a compacted file, whose id is not among them; null for a file as the job wrote it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataFile(String batchId, String table, String tradingDay, String path, long lengthBytes, long rows, long rawBytes,
        long minEventTimeNs, long maxEventTimeNs, String epoch, long checkpointId, @Nullable String minInstrument, @Nullable String maxInstrument,
        int subtask, long ordinal, @Nullable String sha256, @Nullable List<ArchivedBatch> parts) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** No subtask, no ordinal. */
    public static final int NONE = -1;

    /** A file of which neither instruments nor subtask are known. */
    public DataFile(String batchId, String table, String tradingDay, String path, long lengthBytes, long rows, long rawBytes,
            long minEventTimeNs, long maxEventTimeNs, String epoch, long checkpointId) {
        this(batchId, table, tradingDay, path, lengthBytes, rows, rawBytes, minEventTimeNs, maxEventTimeNs, epoch, checkpointId, null, null, NONE,
                NONE, null, null);
    }

    public DataFile {
        requireNonNull(batchId, "batchId");
        requireNonNull(table, "table");
        requireNonNull(tradingDay, "tradingDay");
        requireNonNull(path, "path");
        requireNonNull(epoch, "epoch");
        parts = parts == null ? null : List.copyOf(parts);
    }

    /** Whether it was made of other files. */
    @JsonIgnore
    public boolean isCompacted() {
        return parts != null;
    }

    /** The batches whose rows it has; itself for a file as the job wrote it. */
    public List<ArchivedBatch> batches() {
        return parts != null ? parts : List.of(new ArchivedBatch(batchId, epoch, checkpointId, subtask, ordinal, rows, path));
    }

    /** Which of its batches a condition holds for. */
    Share shareOf(Predicate<ArchivedBatch> condition) {
        List<ArchivedBatch> all = batches();
        int holds = 0;
        for (ArchivedBatch batch : all) {
            holds += condition.test(batch) ? 1 : 0;
        }
        return holds == all.size() ? Share.ALL : holds == 0 ? Share.NONE : Share.SOME;
    }

    /** As this one, with other batches. */
    DataFile withBatches(List<ArchivedBatch> others) {
        return new DataFile(batchId, table, tradingDay, path, lengthBytes, rows, rawBytes, minEventTimeNs, maxEventTimeNs, epoch, checkpointId,
                minInstrument, maxInstrument, subtask, ordinal, sha256, others);
    }

    /** As this one, at another place. */
    DataFile movedTo(String otherPath) {
        return new DataFile(batchId, table, tradingDay, otherPath, lengthBytes, rows, rawBytes, minEventTimeNs, maxEventTimeNs, epoch, checkpointId,
                minInstrument, maxInstrument, subtask, ordinal, sha256, parts);
    }

    /** How many of a file's batches a condition holds for. */
    enum Share {
        ALL, SOME, NONE
    }
}
