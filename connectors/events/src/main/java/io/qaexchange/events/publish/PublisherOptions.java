package io.qaexchange.events.publish;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Settings of an {@link EventPublisher}. Immutable; each {@code with…} gives a changed copy.
 *
 * @param topic Kafka topic of the events
 * @param name begins the name of the source of events that come without one; the publisher adds a random part, so that the numbers of
 *        two runs never meet
 * @param ringBytes size of the ring buffer between engine and sender, a power of two of at least 64 KiB; default 16 MiB, about 100,000
 *        events. Larger bridges longer pauses of the broker, smaller stays in the processor's cache
 * @param batchRecords most events that are sent together; default 100
 * @param batchMs longest time, in milliseconds, that an event waits for others; default 10. 0: none
 * @param kafka properties of the Kafka producer ({@code bootstrap.servers}, security, …)
 */
public record PublisherOptions(String topic, String name, int ringBytes, int batchRecords, int batchMs, Map<String, Object> kafka) {

    private static final int MIN_RING_BYTES = 64 << 10;
    private static final int MAX_NAME_LENGTH = 64;

    public PublisherOptions {
        Objects.requireNonNull(topic, "topic");
        Objects.requireNonNull(name, "name");
        kafka = Map.copyOf(kafka);
        check(!topic.isEmpty(), "topic must not be empty");
        check(!name.isEmpty() && name.length() <= MAX_NAME_LENGTH, "name must have 1 to 64 characters");
        check(ringBytes >= MIN_RING_BYTES && Integer.bitCount(ringBytes) == 1,
                "ringBytes must be a power of two of at least 65536, not " + ringBytes);
        check(batchRecords >= 1, "batchRecords must be at least 1, not " + batchRecords);
        check(batchMs >= 0, "batchMs must be at least 0, not " + batchMs);
        Object idempotence = kafka.get("enable.idempotence");
        check(idempotence == null || Boolean.parseBoolean(idempotence.toString()),
                "enable.idempotence must be true: otherwise a retry may duplicate or reorder events");
    }

    /** Defaults for a topic and a broker. */
    public static PublisherOptions of(String topic, String bootstrapServers) {
        return new PublisherOptions(topic, "publisher", 16 << 20, 100, 10, Map.of("bootstrap.servers", bootstrapServers));
    }

    public PublisherOptions withName(String newName) {
        return new PublisherOptions(topic, newName, ringBytes, batchRecords, batchMs, kafka);
    }

    public PublisherOptions withRingBytes(int newRingBytes) {
        return new PublisherOptions(topic, name, newRingBytes, batchRecords, batchMs, kafka);
    }

    public PublisherOptions withBatch(int records, int milliseconds) {
        return new PublisherOptions(topic, name, ringBytes, records, milliseconds, kafka);
    }

    /** One more property of the Kafka producer. */
    public PublisherOptions withKafka(String key, Object value) {
        Map<String, Object> properties = new HashMap<>(kafka);
        properties.put(key, value);
        return new PublisherOptions(topic, name, ringBytes, batchRecords, batchMs, properties);
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
