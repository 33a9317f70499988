package io.qaexchange.job.stream.live;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;

/**
 * Settings of live reads.
 *
 * @param enabled whether subtasks can be read while the job runs
 * @param ports ports of the endpoints: {@code 0} for any, or a range such as {@code 9300-9399}
 * @param heldCheckpoints completed Flink checkpoints whose state stays readable
 */
public record LiveOptions(boolean enabled, String ports, int heldCheckpoints) implements Serializable {

    /** No live reads. */
    public static final LiveOptions DISABLED = new LiveOptions(false, "0", 0);

    public LiveOptions {
        requireNonNull(ports, "ports");
    }
}
