package io.qaexchange.events.flink;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventKey;
import io.qaexchange.events.TextPool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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

    /** Writes route key, key, arrival and message. Route keys and topics that come again are the same Strings. */
    public static final class Serializer extends ImmutableSerializer<IncomingEvent> {
        private static final long serialVersionUID = 1L;
        private static final int POOLED_TEXTS = 8192;

        private transient TextPool texts;

        public Serializer() {
            super(IncomingEvent.class);
        }

        @Override
        public void serialize(IncomingEvent event, DataOutputView target) throws IOException {
            writeText(event.routeKey, target);
            target.write(event.key, 0, EventKey.LENGTH);
            target.writeLong(event.arrival.ingestTimeNs());
            writeText(event.arrival.topic(), target);
            target.writeInt(event.arrival.partition());
            target.writeLong(event.arrival.offset());
            target.writeInt(event.message.length);
            target.write(event.message);
        }

        @Override
        public IncomingEvent deserialize(DataInputView source) throws IOException {
            String routeKey = readText(source);
            byte[] key = new byte[EventKey.LENGTH];
            source.readFully(key);
            long ingestTimeNs = source.readLong();
            String topic = readText(source);
            int partition = source.readInt();
            long offset = source.readLong();
            byte[] message = new byte[source.readInt()];
            source.readFully(message);
            return new IncomingEvent(routeKey, key, message, new Arrival(ingestTimeNs, topic, partition, offset));
        }

        private static void writeText(String text, DataOutputView target) throws IOException {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            target.writeShort(utf8.length);
            target.write(utf8);
        }

        private String readText(DataInputView source) throws IOException {
            if (texts == null) {
                texts = new TextPool(POOLED_TEXTS);
            }
            byte[] utf8 = new byte[source.readUnsignedShort()];
            source.readFully(utf8);
            return texts.get(utf8, 0, utf8.length);
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
