package io.qaexchange.archive.retention;

import java.util.Set;

/**
 * A Flink checkpoint or savepoint from which the job may be restored.
 *
 * @param name for messages
 * @param epoch archive epoch that took it
 * @param checkpointId its number
 * @param uncommitted names of files that a restore commits again
 */
public record RetainedCheckpoint(String name, String epoch, long checkpointId, Set<String> uncommitted) {

    public RetainedCheckpoint {
        uncommitted = Set.copyOf(uncommitted);
    }
}
