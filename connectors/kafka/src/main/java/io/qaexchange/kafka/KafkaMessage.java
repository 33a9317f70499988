package io.qaexchange.kafka;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.events.flink.MessageOrigin;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A Kafka message with its position. Immutable; the bytes are not copied and must not be changed.
 *
 * @param topic topic name
 * @param partition partition number
 * @param offset offset in the partition
 * @param origin its key, headers and time
 * @param value the message, empty for a tombstone
 */
public record KafkaMessage(String topic, int partition, long offset, MessageOrigin origin, byte[] value) {

    public KafkaMessage {
        requireNonNull(topic, "topic");
        requireNonNull(origin, "origin");
        requireNonNull(value, "value");
    }

    /** A message without key and headers. */
    public KafkaMessage(String topic, int partition, long offset, long timestampMs, byte[] value) {
        this(topic, partition, offset, new MessageOrigin(null, List.of(), timestampMs), value);
    }

    /** Kafka's record time, ms since 1970. */
    public long timestampMs() {
        return origin.timestampMs();
    }

    /** {@code topic-partition@offset}, for logs and dead letters. */
    public String position() {
        return topic + "-" + partition + "@" + offset;
    }

    /** Writes topic, partition, offset, origin and value with its length. */
    public static final class Serializer extends ImmutableSerializer<KafkaMessage> {
        private static final long serialVersionUID = 1L;

        public Serializer() {
            super(KafkaMessage.class);
        }

        @Override
        public void serialize(KafkaMessage message, DataOutputView target) throws IOException {
            target.writeUTF(message.topic);
            target.writeInt(message.partition);
            target.writeLong(message.offset);
            message.origin.write(target);
            target.writeInt(message.value.length);
            target.write(message.value);
        }

        @Override
        public KafkaMessage deserialize(DataInputView source) throws IOException {
            String topic = source.readUTF();
            int partition = source.readInt();
            long offset = source.readLong();
            MessageOrigin origin = MessageOrigin.read(source);
            byte[] value = new byte[source.readInt()];
            source.readFully(value);
            return new KafkaMessage(topic, partition, offset, origin, value);
        }

        @Override
        public TypeSerializerSnapshot<KafkaMessage> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<KafkaMessage> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
