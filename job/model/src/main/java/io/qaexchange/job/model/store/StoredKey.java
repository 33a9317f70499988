package io.qaexchange.job.model.store;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.state.OrderedKey;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Key of an event among those of its instrument, as {@link EventKey} lays it out: ordered by record type, event time, source hash
 * (unsigned) and sequence. Its bucket is the record type and the hour of its event time.
 *
 * @param recordCode code of the record type, 1 to 127
 * @param eventTimeNs event time, ns since 1970
 * @param sourceHash hash of the source
 * @param sequence number given by the source
 */
public record StoredKey(int recordCode, long eventTimeNs, long sourceHash, long sequence) implements OrderedKey<StoredKey> {

    /** Width of a bucket. */
    public static final long HOUR_NS = TimeUnit.HOURS.toNanos(1);

    private static final int CODE_SHIFT = 56;

    /** The key that these bytes are. */
    public static StoredKey of(byte[] key) {
        return new StoredKey(EventKey.recordCode(key), EventKey.eventTime(key), EventKey.sourceHash(key), EventKey.sequence(key));
    }

    /** The lowest key of a record type at or after a time. */
    public static StoredKey lowest(int recordCode, long eventTimeNs) {
        return new StoredKey(recordCode, eventTimeNs, 0, Long.MIN_VALUE);
    }

    /** The key's bytes. */
    public byte[] toBytes() {
        return EventKey.encode(recordCode, eventTimeNs, sourceHash, sequence);
    }

    @Override
    public long bucket() {
        return (long) recordCode << CODE_SHIFT | Math.floorDiv(eventTimeNs, HOUR_NS);
    }

    @Override
    public long bucketLowerTimeNs() {
        return Math.floorDiv(eventTimeNs, HOUR_NS) * HOUR_NS;
    }

    @Override
    public long bucketUpperTimeNs() {
        return bucketLowerTimeNs() + HOUR_NS;
    }

    @Override
    public int compareTo(StoredKey other) {
        int order = Integer.compare(recordCode, other.recordCode);
        return order != 0 ? order : compareWithinTable(other);
    }

    /** Order by time, source and sequence: the order of rows of one instrument in a file. */
    public int compareWithinTable(StoredKey other) {
        int order = Long.compare(eventTimeNs, other.eventTimeNs);
        if (order == 0) {
            order = Long.compareUnsigned(sourceHash, other.sourceHash);
        }
        return order != 0 ? order : Long.compare(sequence, other.sequence);
    }

    void write(DataOutputView target) throws IOException {
        target.writeByte(recordCode);
        target.writeLong(eventTimeNs ^ Long.MIN_VALUE);
        target.writeLong(sourceHash);
        target.writeLong(sequence ^ Long.MIN_VALUE);
    }

    static StoredKey read(DataInputView source) throws IOException {
        return new StoredKey(source.readByte(), source.readLong() ^ Long.MIN_VALUE, source.readLong(),
                source.readLong() ^ Long.MIN_VALUE);
    }

    /** Writes the 25 bytes of {@link EventKey}. */
    public static final class Serializer extends ImmutableSerializer<StoredKey> {
        private static final long serialVersionUID = 1L;

        public Serializer() {
            super(StoredKey.class);
        }

        @Override
        public int getLength() {
            return EventKey.LENGTH;
        }

        @Override
        public void serialize(StoredKey key, DataOutputView target) throws IOException {
            key.write(target);
        }

        @Override
        public StoredKey deserialize(DataInputView source) throws IOException {
            return read(source);
        }

        @Override
        public TypeSerializerSnapshot<StoredKey> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    /** Serializer snapshot; read by Flink. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<StoredKey> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
