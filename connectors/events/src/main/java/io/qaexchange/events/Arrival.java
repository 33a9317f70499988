package io.qaexchange.events;

import java.util.Objects;

/**
 * Where and when a message arrived.
 *
 * @param ingestTimeNs when the store took it, nanoseconds since 1970, UTC
 * @param topic Kafka topic, at most 249 characters as Kafka allows
 */
public record Arrival(long ingestTimeNs, String topic, int partition, long offset) {

    public Arrival {
        Objects.requireNonNull(topic, "topic");
    }
}
