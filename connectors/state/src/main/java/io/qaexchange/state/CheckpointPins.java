package io.qaexchange.state;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import javax.annotation.Nullable;

/**
 * The state as of the last completed Flink checkpoints: a snapshot each, taken by the task thread at the barrier. A checkpoint that is not
 * complete yet is pinned and not handed out; one that another overtakes is let go.
 *
 * <p>Not thread-safe: guarded by the {@link StateReads} that owns it.
 */
final class CheckpointPins {
    private final NavigableMap<Long, SharedSnapshot> begun = new TreeMap<>();
    private final NavigableMap<Long, SharedSnapshot> completed = new TreeMap<>();
    private int kept;

    /** @param most completed checkpoints that are held; 0 for none */
    void keep(int most) {
        kept = most;
        trim();
    }

    boolean areKept() {
        return kept > 0;
    }

    /** Takes over a use of the snapshot. */
    void begin(long checkpointId, SharedSnapshot snapshot) {
        SharedSnapshot replaced = begun.put(checkpointId, snapshot);
        if (replaced != null) {
            replaced.release();
        }
    }

    void complete(long checkpointId) {
        NavigableMap<Long, SharedSnapshot> overtaken = begun.headMap(checkpointId, true);
        SharedSnapshot snapshot = overtaken.remove(checkpointId);
        overtaken.values().forEach(SharedSnapshot::release);
        overtaken.clear();
        if (snapshot != null) {
            completed.put(checkpointId, snapshot);
            trim();
        }
    }

    void abort(long checkpointId) {
        SharedSnapshot snapshot = begun.remove(checkpointId);
        if (snapshot != null) {
            snapshot.release();
        }
    }

    private void trim() {
        while (completed.size() > kept) {
            completed.pollFirstEntry().getValue().release();
        }
        if (kept == 0) {
            begun.values().forEach(SharedSnapshot::release);
            begun.clear();
        }
    }

    /** Null if that checkpoint is not held. */
    @Nullable
    SharedSnapshot find(long checkpointId) {
        return completed.get(checkpointId);
    }

    List<Long> held() {
        return new ArrayList<>(completed.keySet());
    }
}
