package io.qaexchange.events.flink;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventKey;
import io.qaexchange.events.TextPool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
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
 * @param origin key, headers and time of the message
 */
public record IncomingEvent(String routeKey, byte[] key, byte[] message, Arrival arrival, MessageOrigin origin) {

    public IncomingEvent {
        requireNonNull(routeKey, "routeKey");
        requireNonNull(key, "key");
        requireNonNull(message, "message");
        requireNonNull(arrival, "arrival");
        requireNonNull(origin, "origin");
    }

    /** An event of which nothing else is known. */
    public IncomingEvent(String routeKey, byte[] key, byte[] message, Arrival arrival) {
        this(routeKey, key, message, arrival, MessageOrigin.UNKNOWN);
    }

    /** Writes route key, key, arrival, message and origin. Route keys and topics that come again are the same Strings. */
    public static final class Serializer extends ImmutableSerializer<IncomingEvent> {
        private static final long serialVersionUID = 1L;
        private static final int POOLED_TEXTS = 8192;
        /** Most messages have their route key as key and no headers: then only their time is written. */
        private static final int KEYED_BY_ROUTE_KEY = 1;
        private static final int OTHER_ORIGIN = 2;

        private transient TextPool texts;

        public Serializer() {
            super(IncomingEvent.class);
        }

        @Override
        public void serialize(IncomingEvent event, DataOutputView target) throws IOException {
            byte[] routeKey = event.routeKey.getBytes(StandardCharsets.UTF_8);
            writeText(routeKey, target);
            writeOrigin(event.origin, routeKey, target);
            target.write(event.key, 0, EventKey.LENGTH);
            target.writeLong(event.arrival.ingestTimeNs());
            writeText(event.arrival.topic().getBytes(StandardCharsets.UTF_8), target);
            target.writeInt(event.arrival.partition());
            target.writeLong(event.arrival.offset());
            target.writeInt(event.message.length);
            target.write(event.message);
        }

        @Override
        public IncomingEvent deserialize(DataInputView source) throws IOException {
            byte[] routeKeyBytes = readBytes(source);
            String routeKey = text(routeKeyBytes);
            MessageOrigin origin = readOrigin(routeKeyBytes, source);
            byte[] key = new byte[EventKey.LENGTH];
            source.readFully(key);
            long ingestTimeNs = source.readLong();
            String topic = text(readBytes(source));
            int partition = source.readInt();
            long offset = source.readLong();
            byte[] message = new byte[source.readInt()];
            source.readFully(message);
            return new IncomingEvent(routeKey, key, message, new Arrival(ingestTimeNs, topic, partition, offset), origin);
        }

        private static void writeText(byte[] utf8, DataOutputView target) throws IOException {
            target.writeShort(utf8.length);
            target.write(utf8);
        }

        private static byte[] readBytes(DataInputView source) throws IOException {
            byte[] utf8 = new byte[source.readUnsignedShort()];
            source.readFully(utf8);
            return utf8;
        }

        private String text(byte[] utf8) {
            if (texts == null) {
                texts = new TextPool(POOLED_TEXTS);
            }
            return texts.get(utf8, 0, utf8.length);
        }

        private static void writeOrigin(MessageOrigin origin, byte[] routeKey, DataOutputView target) throws IOException {
            if (origin.headers().isEmpty() && Arrays.equals(origin.key(), routeKey)) {
                target.writeByte(KEYED_BY_ROUTE_KEY);
                target.writeLong(origin.timestampMs());
            } else {
                target.writeByte(OTHER_ORIGIN);
                origin.write(target);
            }
        }

        private static MessageOrigin readOrigin(byte[] routeKey, DataInputView source) throws IOException {
            return source.readByte() == KEYED_BY_ROUTE_KEY ? new MessageOrigin(routeKey, List.of(), source.readLong()) : MessageOrigin.read(source);
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
