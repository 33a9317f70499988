package io.qaexchange.events.flink;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.util.OutputTag;

/**
 * A refused message, with the reason, its position in Kafka and its bytes. Immutable; the bytes are not copied.
 *
 * @param topic where the message lay: topic name
 * @param partition its partition
 * @param offset its offset
 * @param reason label of the reason, see {@code RejectionReason}
 * @param detail what was wrong, for a reader
 * @param value the message's bytes, unchanged; of an event that was decoded, its canonical bytes
 * @param origin key, headers and time of the message
 */
public record DeadLetter(String topic, int partition, long offset, String reason, String detail, byte[] value, MessageOrigin origin) {

    /** Side output of every operator that refuses messages. */
    public static final OutputTag<DeadLetter> OUTPUT = new OutputTag<>("dead-letters", new Serializer().typeInformation());

    public DeadLetter {
        requireNonNull(topic, "topic");
        requireNonNull(reason, "reason");
        requireNonNull(detail, "detail");
        requireNonNull(value, "value");
        requireNonNull(origin, "origin");
    }

    /** The letter about an event that was decoded and then refused. */
    public static DeadLetter about(IncomingEvent event, String reason, String detail) {
        return new DeadLetter(event.arrival().topic(), event.arrival().partition(), event.arrival().offset(), reason, detail, event.message(),
                event.origin());
    }

    /** {@code topic-partition@offset}: which message the letter is about. */
    public String position() {
        return topic + "-" + partition + "@" + offset;
    }

    /** Writes the fields in their order. */
    public static final class Serializer extends ImmutableSerializer<DeadLetter> {
        private static final long serialVersionUID = 1L;

        public Serializer() {
            super(DeadLetter.class);
        }

        @Override
        public void serialize(DeadLetter letter, DataOutputView target) throws IOException {
            target.writeUTF(letter.topic);
            target.writeInt(letter.partition);
            target.writeLong(letter.offset);
            target.writeUTF(letter.reason);
            target.writeUTF(letter.detail);
            target.writeInt(letter.value.length);
            target.write(letter.value);
            letter.origin.write(target);
        }

        @Override
        public DeadLetter deserialize(DataInputView source) throws IOException {
            String topic = source.readUTF();
            int partition = source.readInt();
            long offset = source.readLong();
            String reason = source.readUTF();
            String detail = source.readUTF();
            byte[] value = new byte[source.readInt()];
            source.readFully(value);
            return new DeadLetter(topic, partition, offset, reason, detail, value, MessageOrigin.read(source));
        }

        @Override
        public TypeSerializerSnapshot<DeadLetter> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<DeadLetter> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
