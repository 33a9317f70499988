package io.qaexchange.state;

import java.io.IOException;
import java.util.Collection;
import java.util.List;

/** The state as of a Flink checkpoint was asked for, and the subtask does not hold that checkpoint, or no longer. */
public final class CheckpointNotHeldException extends IOException {
    private static final long serialVersionUID = 1L;

    private final List<Long> held;

    CheckpointNotHeldException(String operator, long checkpointId, Collection<Long> held) {
        super("operator " + operator + " does not hold its state as of checkpoint " + checkpointId + "; it holds "
                + (held.isEmpty() ? "no checkpoint" : "checkpoints " + held));
        this.held = List.copyOf(held);
    }

    /** The checkpoints that the subtask held then, in ascending order. */
    public List<Long> held() {
        return held;
    }
}
