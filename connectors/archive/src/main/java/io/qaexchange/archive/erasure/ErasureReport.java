package io.qaexchange.archive.erasure;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import java.util.List;
import java.util.Map;

/**
 * Result of an erasure, or its plan.
 *
 * @param erasure as it was asked for; as it was done, with version, files and rows
 * @param files files that have such rows
 * @param heldRows rows that stay, by the name of the legal hold
 */
public record ErasureReport(Erasure erasure, List<Concerned> files, Map<String, Long> heldRows) {

    /**
     * A file that has rows to erase.
     *
     * @param file as it was before
     * @param place where it is
     * @param rows rows that are erased
     * @param bytesAfter length of the file that stands for it; 0 if none does, -1 in a plan
     */
    public record Concerned(DataFile file, Place place, long rows, long bytesAfter) {
    }

    /** Where a file is. */
    public enum Place {
        /** In the table. */
        TABLE,
        /** In a branch that a restore abandoned. */
        SUPERSEDED,
        /** Part of a compacted file; a restore may take it again. */
        COMPACTED,
        /** On its way out of the archive already. */
        LEAVING
    }

    public ErasureReport {
        files = List.copyOf(files);
        heldRows = Map.copyOf(heldRows);
    }

    /** Rows of the tables, which a query showed before. */
    public long tableRows() {
        return files.stream().filter(file -> file.place() == Place.TABLE).mapToLong(Concerned::rows).sum();
    }

    /** Rows of all files. */
    public long rows() {
        return files.stream().mapToLong(Concerned::rows).sum();
    }

    /** Bytes of the files before. */
    public long bytes() {
        return files.stream().mapToLong(file -> file.file().lengthBytes()).sum();
    }
}
