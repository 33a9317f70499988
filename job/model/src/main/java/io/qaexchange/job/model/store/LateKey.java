package io.qaexchange.job.model.store;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.state.OrderedKey;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Key of a late event: its generation, then its {@link StoredKey}. A generation is closed when the archive watermark moves, and never changes
 * afterwards. Its bucket is the generation.
 *
 * @param generation from 1
 * @param key the event's key
 */
public record LateKey(int generation, StoredKey key) implements OrderedKey<LateKey> {

    /** The lowest key of a generation. */
    public static LateKey lowest(int generation) {
        return new LateKey(generation, StoredKey.lowest(0, Long.MIN_VALUE));
    }

    /** The lowest key of a record type in a generation. */
    public static LateKey lowest(int generation, int recordCode) {
        return new LateKey(generation, StoredKey.lowest(recordCode, Long.MIN_VALUE));
    }

    @Override
    public long bucket() {
        return generation;
    }

    @Override
    public long bucketLowerTimeNs() {
        return Long.MIN_VALUE;
    }

    @Override
    public long bucketUpperTimeNs() {
        return Long.MAX_VALUE;
    }

    @Override
    public long eventTimeNs() {
        return key.eventTimeNs();
    }

    @Override
    public int compareTo(LateKey other) {
        int order = Integer.compare(generation, other.generation);
        return order != 0 ? order : key.compareTo(other.key);
    }

    /** Writes the generation, 4 bytes big-endian, then the 25 bytes of the key. */
    public static final class Serializer extends ImmutableSerializer<LateKey> {
        private static final long serialVersionUID = 1L;

        public Serializer() {
            super(LateKey.class);
        }

        @Override
        public int getLength() {
            return Integer.BYTES + EventKey.LENGTH;
        }

        @Override
        public void serialize(LateKey key, DataOutputView target) throws IOException {
            target.writeInt(key.generation);
            key.key.write(target);
        }

        @Override
        public LateKey deserialize(DataInputView source) throws IOException {
            return new LateKey(source.readInt(), StoredKey.read(source));
        }

        @Override
        public TypeSerializerSnapshot<LateKey> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<LateKey> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
