package io.qaexchange.kafka;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventKey;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * An accepted event on its way to the event store. Immutable; the bytes are not copied and must not be changed.
 *
 * @param routeKey what it is keyed by: the instrument, or {@code @} and the account
 * @param key stored key, {@link EventKey#LENGTH} bytes
 * @param message canonical bytes of the event
 * @param arrival where and when it arrived
 */
public record IncomingEvent(String routeKey, byte[] key, byte[] message, Arrival arrival) {

    public IncomingEvent {
        requireNonNull(routeKey, "routeKey");
        requireNonNull(key, "key");
        requireNonNull(message, "message");
        requireNonNull(arrival, "arrival");
    }

    /** Writes route key, key, arrival and message. */
    public static final class Serializer extends ImmutableSerializer<IncomingEvent> {
        private static final long serialVersionUID = 1L;

        private transient String lastTopic;

        public Serializer() {
            super(IncomingEvent.class);
        }

        @Override
        public void serialize(IncomingEvent event, DataOutputView target) throws IOException {
            target.writeUTF(event.routeKey);
            target.write(event.key, 0, EventKey.LENGTH);
            target.writeLong(event.arrival.ingestTimeNs());
            target.writeUTF(event.arrival.topic());
            target.writeInt(event.arrival.partition());
            target.writeLong(event.arrival.offset());
            target.writeInt(event.message.length);
            target.write(event.message);
        }

        @Override
        public IncomingEvent deserialize(DataInputView source) throws IOException {
            String routeKey = source.readUTF();
            byte[] key = new byte[EventKey.LENGTH];
            source.readFully(key);
            long ingestTimeNs = source.readLong();
            String topic = source.readUTF();
            if (topic.equals(lastTopic)) {
                topic = lastTopic;
            } else {
                lastTopic = topic;
            }
            int partition = source.readInt();
            long offset = source.readLong();
            byte[] message = new byte[source.readInt()];
            source.readFully(message);
            return new IncomingEvent(routeKey, key, message, new Arrival(ingestTimeNs, topic, partition, offset));
        }

        @Override
        public TypeSerializerSnapshot<IncomingEvent> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<IncomingEvent> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
