package io.qaexchange.iceberg;

import java.util.List;

/**
 * Result of the comparison of the Iceberg tables with a version of the archive manifest: of their files, and of every figure that a reader plans by with
 * the file's footer.
 *
 * @param version version of the archive manifest
 * @param tables tables that were compared
 * @param files data files of their snapshots
 * @param rows rows of those files
 * @param problems what does not fit, one line each
 */
public record MirrorCheck(long version, int tables, long files, long rows, List<String> problems) {

    public MirrorCheck {
        problems = List.copyOf(problems);
    }

    /** Whether all of them fit. */
    public boolean holds() {
        return problems.isEmpty();
    }

    /** In one line. */
    public String toText() {
        return String.format("archive manifest version %,d: %,d tables with %,d files and %,d rows %s", version, tables, files, rows,
                holds() ? "show the same" : "do not all show the same");
    }
}
