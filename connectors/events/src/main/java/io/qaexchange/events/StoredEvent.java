package io.qaexchange.events;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Stored value of an event: arrival header, then the accepted message. Numbers are little-endian.
 *
 * <pre>
 *   offset  size  field
 *        0     1  version of this header, 1
 *        1     8  ingest time, nanoseconds since 1970, UTC
 *        9     4  Kafka partition
 *       13     8  Kafka offset
 *       21     1  bytes of the topic, t
 *       22     t  topic, UTF-8
 *     22+t     …  the SBE message, to the end of the value
 * </pre>
 *
 * <p>Flyweight: wrap a value, then read it in place. Values with an unknown header version are refused. One thread.
 */
public final class StoredEvent {

    /** Header version that this build writes. */
    public static final int HEADER_VERSION = 1;

    private static final int INGEST_TIME_OFFSET = 1;
    private static final int PARTITION_OFFSET = 9;
    private static final int OFFSET_OFFSET = 13;
    private static final int TOPIC_LENGTH_OFFSET = 21;
    private static final int TOPIC_OFFSET = 22;
    private static final int MAX_TOPIC_BYTES = 255;

    private final EventView event = new EventView();
    /** The stored value is in these bytes, from there to there. */
    private byte[] value;
    private int begin;
    private int end;
    private int messageOffset;

    private byte[] topicBytes = {};
    private String topic = "";

    /** The value of a message that arrived there. */
    public static byte[] encode(byte[] message, Arrival arrival) {
        return encode(message, 0, message.length, arrival.ingestTimeNs(), topicBytes(arrival.topic()), arrival.partition(),
                arrival.offset());
    }

    /** The value of a message; the topic's bytes come from {@link #topicBytes}, once per topic. */
    public static byte[] encode(byte[] message, int offset, int length, long ingestTimeNs, byte[] topic, int partition,
            long kafkaOffset) {
        byte[] value = new byte[TOPIC_OFFSET + topic.length + length];
        value[0] = HEADER_VERSION;
        Bytes.putLong(value, INGEST_TIME_OFFSET, ingestTimeNs);
        Bytes.putInt(value, PARTITION_OFFSET, partition);
        Bytes.putLong(value, OFFSET_OFFSET, kafkaOffset);
        value[TOPIC_LENGTH_OFFSET] = (byte) topic.length;
        System.arraycopy(topic, 0, value, TOPIC_OFFSET, topic.length);
        System.arraycopy(message, offset, value, TOPIC_OFFSET + topic.length, length);
        return value;
    }

    /**
     * A topic's name as bytes for {@link #encode}.
     *
     * @throws IllegalArgumentException if it is longer than 255 bytes; Kafka allows 249
     */
    public static byte[] topicBytes(String topic) {
        byte[] utf8 = topic.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > MAX_TOPIC_BYTES) {
            throw new IllegalArgumentException("topic of " + utf8.length + " bytes, at most 255 are allowed");
        }
        return utf8;
    }

    /**
     * Whether two stored values are the same event: the message's bytes are equal, wherever and whenever they arrived.
     *
     * @throws MalformedEventException if one is no stored value
     */
    public static boolean sameEvent(byte[] a, byte[] b) {
        return Arrays.equals(a, messageOffset(a), a.length, b, messageOffset(b), b.length);
    }

    /** As {@link #sameEvent(byte[], byte[])}, for a message that is not stored yet. */
    public static boolean holds(byte[] value, byte[] message) {
        return Arrays.equals(value, messageOffset(value), value.length, message, 0, message.length);
    }

    /**
     * Where the message begins in a stored value; it goes to the value's end.
     *
     * @throws MalformedEventException if this is no stored value
     */
    public static int messageOffset(byte[] value) {
        return messageOffset(value, 0, value.length);
    }

    private static int messageOffset(byte[] bytes, int offset, int length) {
        if (length < TOPIC_OFFSET) {
            throw new MalformedEventException(RejectionReason.TRUNCATED, "stored value has " + length + " bytes");
        }
        if (bytes[offset] != HEADER_VERSION) {
            throw new MalformedEventException(RejectionReason.WRONG_VERSION,
                    "stored value has header version " + (bytes[offset] & 0xFF) + ", this build reads 1");
        }
        int message = TOPIC_OFFSET + (bytes[offset + TOPIC_LENGTH_OFFSET] & 0xFF);
        if (message > length) {
            throw new MalformedEventException(RejectionReason.TRUNCATED, "stored value ends within its topic");
        }
        return message;
    }

    /**
     * Moves to a stored value.
     *
     * @return this
     * @throws MalformedEventException if header or message are damaged or of an unknown version
     */
    public StoredEvent wrap(byte[] storedValue) {
        Objects.requireNonNull(storedValue, "storedValue");
        return wrap(storedValue, 0, storedValue.length);
    }

    /**
     * Moves to the stored value in {@code bytes[offset, offset + length)}, which must not change while the view is in use.
     *
     * @return this
     * @throws MalformedEventException if header or message are damaged or of an unknown version
     * @throws IndexOutOfBoundsException if the range is not inside the array
     */
    public StoredEvent wrap(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        value = null;
        int message = messageOffset(bytes, offset, length);
        event.wrap(bytes, offset + message, length - message);
        value = bytes;
        begin = offset;
        end = offset + length;
        messageOffset = message;
        return this;
    }

    /** The message, in place, until the next wrap. */
    public EventView event() {
        return event;
    }

    /** Nanoseconds since 1970, UTC. */
    public long ingestTimeNs() {
        return Bytes.getLong(value, begin + INGEST_TIME_OFFSET);
    }

    public int partition() {
        return Bytes.getInt(value, begin + PARTITION_OFFSET);
    }

    public long offset() {
        return Bytes.getLong(value, begin + OFFSET_OFFSET);
    }

    /** Kafka topic; the same String as long as the topic does not change. */
    public String topic() {
        if (!Arrays.equals(topicBytes, 0, topicBytes.length, value, begin + TOPIC_OFFSET, begin + messageOffset)) {
            topicBytes = Arrays.copyOfRange(value, begin + TOPIC_OFFSET, begin + messageOffset);
            topic = new String(topicBytes, StandardCharsets.UTF_8);
        }
        return topic;
    }

    public Arrival arrival() {
        return new Arrival(ingestTimeNs(), topic(), partition(), offset());
    }

    /** Where the message begins in the value. */
    public int messageOffset() {
        return messageOffset;
    }

    /** A copy of the message. */
    public byte[] message() {
        return Arrays.copyOfRange(value, begin + messageOffset, end);
    }

    /** The stored key, from the message and where it arrived. */
    public byte[] key() {
        return EventIdentity.key(event, topic(), partition(), offset());
    }
}
