package io.qaexchange.job.query.live;

import io.qaexchange.job.model.live.PartitionOffset;
import java.util.List;

/**
 * How far a subtask had read when it was pinned. Immutable.
 *
 * @param incarnation random number of its attempt
 * @param offsets by partition the greatest offset whose event it had stored
 */
public record SubtaskProgress(int subtask, long incarnation, List<PartitionOffset> offsets) {

    public SubtaskProgress {
        offsets = List.copyOf(offsets);
    }
}
