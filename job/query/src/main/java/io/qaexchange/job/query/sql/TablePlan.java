package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.query.hot.RowFilter;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Columns, rows and files of a table that a query reads, once its conditions were pushed down.
 *
 * @param table name of the table
 * @param columns columns that are read, in the order of the table; null for all
 * @param rows conditions that were pushed down; {@link RowFilter#ALL} if none was
 * @param hotRows rows that were loaded from the engine; -1 if they are read while the query shows them
 * @param read files that may have rows which are asked for
 * @param pruned files that have none, and why
 */
public record TablePlan(String table, @Nullable List<String> columns, RowFilter rows, long hotRows, List<DataFile> read, List<PrunedFile> pruned) {

    public TablePlan {
        columns = columns == null ? null : List.copyOf(columns);
        read = List.copyOf(read);
        pruned = List.copyOf(pruned);
    }

    /** A file that is not opened. */
    public record PrunedFile(DataFile file, Reason reason) {
    }

    /** Why a file is not opened. */
    public enum Reason {
        /** It is of another trading day. */
        DAY,
        /** All its event times are outside. */
        TIME,
        /** It cannot have any of the instruments. */
        INSTRUMENT
    }
}
