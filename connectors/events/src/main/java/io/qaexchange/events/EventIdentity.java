package io.qaexchange.events;

import java.nio.charset.StandardCharsets;

/**
 * Identity of an event: route key, record type, event time, source and sequence.
 *
 * <p>Source and sequence come from the producer. If either is missing, both are taken from the position in Kafka: {@code topic-partition}
 * and offset. Then only redelivery by Kafka is recognised as a duplicate.
 *
 * @param routeKey instrument, or {@code @} and account
 * @param source the producer's name, or {@code topic-partition}
 */
public record EventIdentity(String routeKey, RecordType recordType, long eventTimeNs, String source, long sequence) {

    /** The identity of an event that arrived there. */
    public static EventIdentity of(EventView event, String topic, int partition, long offset) {
        boolean own = event.hasOwnIdentity();
        return new EventIdentity(event.routeKey(), event.recordType(), event.eventTime(),
                own ? event.source() : positionSource(topic, partition), own ? event.sequence() : offset);
    }

    /** The stored key ({@link EventKey}) of an event that arrived there; allocates the key only, if the event has its own identity. */
    public static byte[] key(EventView event, String topic, int partition, long offset) {
        RecordType type = event.recordType();
        if (event.hasOwnIdentity()) {
            long hash = EventKey.hash(event.array(), event.textOffset(type.source()), event.textLength(type.source()));
            return EventKey.encode(type.code(), event.eventTime(), hash, event.sequence());
        }
        return EventKey.encode(type.code(), event.eventTime(), hash(positionSource(topic, partition)), offset);
    }

    /** As {@link #key(EventView, String, int, long)}. */
    public static byte[] key(EventView event, Arrival arrival) {
        return key(event, arrival.topic(), arrival.partition(), arrival.offset());
    }

    /** The source of events that come without one. */
    public static String positionSource(String topic, int partition) {
        return topic + "-" + partition;
    }

    /** The stored key of this identity. */
    public byte[] key() {
        return EventKey.encode(recordType.code(), eventTimeNs, hash(source), sequence);
    }

    private static long hash(String source) {
        byte[] utf8 = source.getBytes(StandardCharsets.UTF_8);
        return EventKey.hash(utf8, 0, utf8.length);
    }

    @Override
    public String toString() {
        return routeKey + " " + recordType.table() + " " + eventTimeNs + " " + source + "#" + sequence;
    }
}
