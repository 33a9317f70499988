package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.DataFile;
import java.util.List;

/**
 * Result of a run of the tiers, or its plan.
 *
 * @param copied files that are in the object store now
 * @param leaving files that readers take from there from now on; their local file goes when the grace time is over
 * @param deleted files whose local file was deleted
 * @param waiting files whose grace time is not over
 * @param kept files that are old enough and stay on the local disk, for a legal hold, a retained checkpoint, or since they were fetched
 * @param problems files that are left as they are, and why, one line each
 */
public record TierReport(List<DataFile> copied, List<DataFile> leaving, List<DataFile> deleted, List<DataFile> waiting, List<DataFile> kept,
        List<String> problems) {

    public TierReport {
        copied = List.copyOf(copied);
        leaving = List.copyOf(leaving);
        deleted = List.copyOf(deleted);
        waiting = List.copyOf(waiting);
        kept = List.copyOf(kept);
        problems = List.copyOf(problems);
    }
}
