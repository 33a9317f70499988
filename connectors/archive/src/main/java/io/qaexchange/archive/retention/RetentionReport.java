package io.qaexchange.archive.retention;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.RetiredFile;
import java.util.List;

/**
 * What a run of the retention did, or would do.
 *
 * @param expired files whose rows left the archive
 * @param held files that are older than the policy and stay for a legal hold
 * @param deleted files that were deleted from the disk
 * @param waiting retired files whose grace time is not over
 * @param needed retired files that a retained checkpoint or a legal hold needs
 * @param unnamed paths of files that no manifest named and that were deleted
 * @param notes what the reader should know, one line each
 */
public record RetentionReport(List<DataFile> expired, List<DataFile> held, List<RetiredFile> deleted, List<RetiredFile> waiting,
        List<RetiredFile> needed, List<String> unnamed, List<String> notes) {

    public RetentionReport {
        expired = List.copyOf(expired);
        held = List.copyOf(held);
        deleted = List.copyOf(deleted);
        waiting = List.copyOf(waiting);
        needed = List.copyOf(needed);
        unnamed = List.copyOf(unnamed);
        notes = List.copyOf(notes);
    }
}
