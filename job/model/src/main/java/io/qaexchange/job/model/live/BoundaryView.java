package io.qaexchange.job.model.live;

import static java.util.Objects.requireNonNull;

import io.qaexchange.job.model.store.HotColdBoundary;
import java.util.Map;

/**
 * The hot/cold boundaries of a subtask at one moment, for readers on other threads.
 *
 * <p>The task thread publishes a view before the first write to the store that depends on it, and in the same step in which it hands files over.
 * So a reader that sees one view before and after it pins the store knows the boundaries of exactly the rows that it pinned.
 *
 * <p>Immutable.
 *
 * @param archiveEpoch archive epoch that the subtask runs in
 * @param handedOver ordinal of the last file that the subtask handed over in this epoch, 0 before the first
 * @param boundaries by route key; {@link HotColdBoundary#ALL_HOT} for those that are not here
 */
public record BoundaryView(String archiveEpoch, long handedOver, Map<String, HotColdBoundary> boundaries) {

    public BoundaryView {
        requireNonNull(archiveEpoch, "archiveEpoch");
        boundaries = Map.copyOf(boundaries);
    }

    /** The boundary of a route key. */
    public HotColdBoundary of(String routeKey) {
        return boundaries.getOrDefault(routeKey, HotColdBoundary.ALL_HOT);
    }
}
