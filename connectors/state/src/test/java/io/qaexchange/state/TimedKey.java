package io.qaexchange.state;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** A key of a test: a table, a time, a number; a bucket per table and hundred nanoseconds. */
record TimedKey(int table, long eventTimeNs, int number) implements OrderedKey<TimedKey> {
    static final int EVENT_TIME_FROM_END = 12;
    private static final long WIDTH = 100;

    @Override
    public long bucket() {
        return (long) table << 32 | bucketLowerTimeNs() / WIDTH;
    }

    @Override
    public long bucketLowerTimeNs() {
        return Math.floorDiv(eventTimeNs, WIDTH) * WIDTH;
    }

    @Override
    public long bucketUpperTimeNs() {
        return bucketLowerTimeNs() + WIDTH;
    }

    @Override
    public int compareTo(TimedKey other) {
        int order = Integer.compare(table, other.table);
        if (order == 0) {
            order = Long.compare(eventTimeNs, other.eventTimeNs);
        }
        return order != 0 ? order : Integer.compare(number, other.number);
    }

    static final class Serializer extends TypeSerializerSingleton<TimedKey> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean isImmutableType() {
            return true;
        }

        @Override
        public TimedKey createInstance() {
            return new TimedKey(0, 0, 0);
        }

        @Override
        public TimedKey copy(TimedKey from) {
            return from;
        }

        @Override
        public TimedKey copy(TimedKey from, TimedKey reuse) {
            return from;
        }

        @Override
        public int getLength() {
            return 13;
        }

        @Override
        public void serialize(TimedKey key, DataOutputView target) throws IOException {
            target.writeByte(key.table);
            target.writeLong(key.eventTimeNs ^ Long.MIN_VALUE);
            target.writeInt(key.number);
        }

        @Override
        public TimedKey deserialize(DataInputView source) throws IOException {
            return new TimedKey(source.readByte(), source.readLong() ^ Long.MIN_VALUE, source.readInt());
        }

        @Override
        public TimedKey deserialize(TimedKey reuse, DataInputView source) throws IOException {
            return deserialize(source);
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            target.write(source, getLength());
        }

        @Override
        public TypeSerializerSnapshot<TimedKey> snapshotConfiguration() {
            return new Snapshot();
        }
    }

    public static final class Snapshot extends SimpleTypeSerializerSnapshot<TimedKey> {
        public Snapshot() {
            super(Serializer::new);
        }
    }
}
