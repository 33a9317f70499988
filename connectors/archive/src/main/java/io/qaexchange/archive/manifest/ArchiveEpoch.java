package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import javax.annotation.Nullable;

/**
 * One run of the job from a start or restore to the next.
 *
 * @param id unique: the Flink job and the checkpoint it started from
 * @param parent the epoch that took the restored checkpoint, null for a job that started empty
 * @param restoredCheckpointId the checkpoint it started from, 0 for a job that started empty
 * @param jobId the Flink job
 * @param startedAtMs when, ms since 1970
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ArchiveEpoch(String id, @Nullable String parent, long restoredCheckpointId, String jobId, long startedAtMs) {

    public ArchiveEpoch {
        requireNonNull(id, "id");
        requireNonNull(jobId, "jobId");
    }

    /** The id of the epoch that a job begins when it starts from a checkpoint, 0 for none. */
    public static String idOf(String jobId, long restoredCheckpointId) {
        return jobId + "-" + restoredCheckpointId;
    }
}
