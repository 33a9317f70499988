package io.qaexchange.archive.compaction;

import io.qaexchange.archive.manifest.DataFile;
import java.util.List;

/**
 * Files of one table and trading day that become one.
 *
 * @param table record type
 * @param tradingDay yyyy-mm-dd
 * @param files in the order of their hand-over
 */
public record CompactionGroup(String table, String tradingDay, List<DataFile> files) {

    public CompactionGroup {
        files = List.copyOf(files);
    }

    /** Bytes of the files. */
    public long bytes() {
        return files.stream().mapToLong(DataFile::lengthBytes).sum();
    }

    /** Rows of the files. */
    public long rows() {
        return files.stream().mapToLong(DataFile::rows).sum();
    }
}
