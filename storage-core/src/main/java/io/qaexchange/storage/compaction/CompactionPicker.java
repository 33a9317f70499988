package io.qaexchange.storage.compaction;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Decides what to compact next. Pure: the same version gives the same plan. Thread-safe. */
public interface CompactionPicker {
    /**
     * @param busy ids of references that other jobs are working on
     * @param oldestSnapshot the oldest sequence number that is pinned; {@link Long#MAX_VALUE} if none is
     */
    Optional<CompactionPlan> pick(FamilyVersion family, Set<Long> busy, long oldestSnapshot);

    /** A compaction that makes reads cheaper where nothing is due yet, if there is one. */
    default Optional<CompactionPlan> pickForReads(FamilyVersion family, Set<Long> busy) {
        return Optional.empty();
    }

    /**
     * The plans for a user's request to compact a range; disjoint, each to be run once.
     *
     * @param mayExpire whether something may leave that is alone in its file
     */
    List<CompactionPlan> pickManual(FamilyVersion family, KeyRange range, boolean mayExpire);

    /** The scores behind the decision, a line each, highest first. */
    String explain(FamilyVersion family);
}
