package io.qaexchange.job.server.engine;

import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.live.SubtaskProgress;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.annotation.Nullable;

/**
 * The offsets of each subtask that a client session has seen. Immutable.
 *
 * <p>While the subtasks are the same attempts, a later read has all that an earlier one had. After a failure they go on from a Flink checkpoint, with its
 * offsets. As many subtasks as before get the same events again, so each must have come as far as it was. After a change of parallelism only a checkpoint tells:
 * its barriers are aligned, so every event up to its offsets is in it.
 *
 * @param subtasks how far each was
 */
record SeenProgress(List<SubtaskProgress> subtasks) {

    /** Finds the offsets of the newest checkpoint that is held; none if there is no checkpoint. */
    @FunctionalInterface
    interface NewestCheckpoint {
        List<PartitionOffset> offsets() throws IOException;
    }

    SeenProgress {
        subtasks = List.copyOf(subtasks);
    }

    /**
     * Where a read is behind what was seen.
     *
     * @return such as "events-0 was seen up to offset 100, and is at 90"; null if it is not behind
     */
    @Nullable
    String behind(List<SubtaskProgress> now, NewestCheckpoint checkpoint) throws IOException {
        Map<Integer, SubtaskProgress> before = new HashMap<>();
        subtasks.forEach(of -> before.put(of.subtask(), of));
        if (before.size() == now.size() && now.stream().allMatch(of -> before.containsKey(of.subtask()))) {
            for (SubtaskProgress of : now) {
                SubtaskProgress seen = before.get(of.subtask());
                String behind = seen.incarnation() == of.incarnation() ? null : behind(greatest(List.of(seen)), greatest(List.of(of)));
                if (behind != null) {
                    return behind;
                }
            }
            return null;
        }
        return behind(greatest(subtasks), greatest(List.of(new SubtaskProgress(0, 0, checkpoint.offsets()))));
    }

    @Nullable
    private static String behind(Map<String, Long> seen, Map<String, Long> now) {
        for (Map.Entry<String, Long> partition : seen.entrySet()) {
            Long at = now.get(partition.getKey());
            if (at == null || at < partition.getValue()) {
                return partition.getKey() + " was seen up to offset " + partition.getValue() + ", and is " + (at == null ? "not read yet" : "at " + at);
            }
        }
        return null;
    }

    private static Map<String, Long> greatest(List<SubtaskProgress> subtasks) {
        Map<String, Long> greatest = new TreeMap<>();
        for (SubtaskProgress subtask : subtasks) {
            subtask.offsets().forEach(of -> greatest.merge(of.topic() + "-" + of.partition(), of.offset(), Math::max));
        }
        return greatest;
    }
}
