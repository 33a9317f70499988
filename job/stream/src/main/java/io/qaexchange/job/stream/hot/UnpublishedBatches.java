package io.qaexchange.job.stream.hot;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Tells batches that are on their way into the manifest from those that are stuck. A batch is handed over, committed with the next Flink checkpoint and
 * published after it; so some batches are always on their way in a healthy job. One that is not seen in the manifest {@value #CHECKPOINTS} complete
 * Flink checkpoints after it was handed over is unpublished: above 0 is an alarm. One thread.
 */
public final class UnpublishedBatches {

    /** One that commits the file, one after which it is published, and one of slack for reading the manifest. */
    static final int CHECKPOINTS = 3;

    private final Map<String, Long> firstSeen = new HashMap<>();
    private long completed;

    /**
     * A Flink checkpoint is complete.
     *
     * @param handedOver ids of all batches that are handed over and not seen in the manifest
     */
    public void checkpointComplete(Set<String> handedOver) {
        completed++;
        firstSeen.keySet().retainAll(handedOver);
        handedOver.forEach(batch -> firstSeen.putIfAbsent(batch, completed));
    }

    /** Batches were seen in the manifest. */
    public void published(Set<String> batches) {
        firstSeen.keySet().removeAll(batches);
    }

    /** Whether some batch may be in the manifest by now, so that it is worth reading. */
    public boolean isAnyDue() {
        return firstSeen.values().stream().anyMatch(seen -> completed - seen >= 1);
    }

    /** Batches that should have been published. */
    public long count() {
        return firstSeen.values().stream().filter(seen -> completed - seen >= CHECKPOINTS).count();
    }
}
