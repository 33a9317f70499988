package io.qaexchange.job.model.live;

import java.io.Serializable;

/**
 * How far a subtask has read a Kafka partition.
 *
 * @param topic topic
 * @param partition partition
 * @param offset greatest offset of an event that the subtask has seen
 */
public record PartitionOffset(String topic, int partition, long offset) implements Serializable {
}
