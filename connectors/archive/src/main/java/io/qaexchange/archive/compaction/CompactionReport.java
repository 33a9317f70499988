package io.qaexchange.archive.compaction;

import java.util.List;
import java.util.Locale;

/**
 * Result of a compaction.
 *
 * @param groups groups that became one file each
 * @param filesBefore files that became larger ones
 * @param bytesBefore their bytes
 * @param bytesAfter bytes of the files that stand for them
 * @param rows rows that were written again
 * @param left groups that were left as they are, and why, one line each
 */
public record CompactionReport(int groups, int filesBefore, long bytesBefore, long bytesAfter, long rows, List<String> left) {

    public CompactionReport {
        left = List.copyOf(left);
    }

    /** Files, bytes and rows in one line. */
    public String sentence() {
        return String.format(Locale.ROOT, "%,d files with %,d bytes became %,d files with %,d bytes; %,d rows", filesBefore, bytesBefore, groups, bytesAfter, rows);
    }
}
