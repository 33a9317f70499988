package io.qaexchange.job.stream.live;

import io.qaexchange.job.model.live.PartitionOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The greatest offset that a subtask has seen of each Kafka partition.
 *
 * <p>One writer, the task thread, and readers on any thread: an event costs one store without a fence. A reader may see offsets that are older
 * than the store that it pinned afterwards, never newer than the one it pins next.
 */
public final class SeenOffsets {

    private static final long NONE = -1;

    private final Map<String, AtomicLongArray> byTopic = new ConcurrentHashMap<>();
    private String lastTopic;
    private AtomicLongArray last;

    /** Notes an event. */
    public void saw(String topic, int partition, long offset) {
        AtomicLongArray offsets = topic.equals(lastTopic) ? last : byTopic.get(topic);
        if (offsets == null || partition >= offsets.length()) {
            offsets = grow(topic, offsets, partition + 1);
        }
        lastTopic = topic;
        last = offsets;
        if (offset > offsets.getPlain(partition)) {
            offsets.setOpaque(partition, offset);
        }
    }

    private AtomicLongArray grow(String topic, AtomicLongArray old, int length) {
        long[] values = new long[Math.max(length, old == null ? 0 : 2 * old.length())];
        Arrays.fill(values, NONE);
        for (int i = 0; old != null && i < old.length(); i++) {
            values[i] = old.getPlain(i);
        }
        AtomicLongArray grown = new AtomicLongArray(values);
        byTopic.put(topic, grown);
        return grown;
    }

    /** The offsets now. */
    public List<PartitionOffset> now() {
        List<PartitionOffset> all = new ArrayList<>();
        byTopic.forEach((topic, offsets) -> {
            for (int partition = 0; partition < offsets.length(); partition++) {
                long offset = offsets.getOpaque(partition);
                if (offset != NONE) {
                    all.add(new PartitionOffset(topic, partition, offset));
                }
            }
        });
        return all;
    }
}
