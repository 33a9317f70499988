package io.qaexchange.state.store;

import java.io.IOException;
import java.util.Objects;
import org.apache.flink.api.common.typeutils.CompositeTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * The serializer of an ordered state's keys: another serializer, and where the event time lies in what it writes. The latter is in the
 * serializer's snapshot, so that a restored state is kept by windows of event time before the job has registered it.
 *
 * <p>The name of its snapshot class stands in savepoints: class and package are never renamed.
 *
 * <p>Bytes are those of the other serializer. As thread-safe as that one.
 */
public final class OrderedKeySerializer<K> extends TypeSerializer<K> {
    private static final long serialVersionUID = 1L;

    private final TypeSerializer<K> keys;
    private final int eventTimeFromEnd;
    private final long windowNanos;

    /**
     * @param keys writes keys whose bytes sort like the keys
     * @param eventTimeFromEnd where the 8-byte event time begins, counted from the end of a key
     * @param windowNanos event time that is kept in one file
     */
    public OrderedKeySerializer(TypeSerializer<K> keys, int eventTimeFromEnd, long windowNanos) {
        this.keys = keys;
        this.eventTimeFromEnd = eventTimeFromEnd;
        this.windowNanos = windowNanos;
    }

    @Override
    public boolean isImmutableType() {
        return keys.isImmutableType();
    }

    @Override
    public TypeSerializer<K> duplicate() {
        TypeSerializer<K> duplicated = keys.duplicate();
        return duplicated == keys ? this : new OrderedKeySerializer<>(duplicated, eventTimeFromEnd, windowNanos);
    }

    @Override
    public K createInstance() {
        return keys.createInstance();
    }

    @Override
    public K copy(K from) {
        return keys.copy(from);
    }

    @Override
    public K copy(K from, K reuse) {
        return keys.copy(from, reuse);
    }

    @Override
    public int getLength() {
        return keys.getLength();
    }

    @Override
    public void serialize(K key, DataOutputView target) throws IOException {
        keys.serialize(key, target);
    }

    @Override
    public K deserialize(DataInputView source) throws IOException {
        return keys.deserialize(source);
    }

    @Override
    public K deserialize(K reuse, DataInputView source) throws IOException {
        return keys.deserialize(reuse, source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        keys.copy(source, target);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof OrderedKeySerializer<?> ordered && keys.equals(ordered.keys)
                && eventTimeFromEnd == ordered.eventTimeFromEnd && windowNanos == ordered.windowNanos;
    }

    @Override
    public int hashCode() {
        return Objects.hash(keys, eventTimeFromEnd, windowNanos);
    }

    @Override
    public TypeSerializerSnapshot<K> snapshotConfiguration() {
        return new Snapshot<>(this);
    }

    /** Serializer snapshot, version 1: eventTimeFromEnd i32, windowNanos i64, then the other serializer's. Read by Flink. */
    public static final class Snapshot<K> extends CompositeTypeSerializerSnapshot<K, OrderedKeySerializer<K>> {
        private static final int VERSION = 1;

        private int eventTimeFromEnd;
        private long windowNanos;

        /** For Flink, which then reads it. */
        public Snapshot() {
        }

        Snapshot(OrderedKeySerializer<K> serializer) {
            super(serializer);
            eventTimeFromEnd = serializer.eventTimeFromEnd;
            windowNanos = serializer.windowNanos;
        }

        int eventTimeFromEnd() {
            return eventTimeFromEnd;
        }

        long windowNanos() {
            return windowNanos;
        }

        @Override
        protected int getCurrentOuterSnapshotVersion() {
            return VERSION;
        }

        @Override
        protected void writeOuterSnapshot(DataOutputView out) throws IOException {
            out.writeInt(eventTimeFromEnd);
            out.writeLong(windowNanos);
        }

        @Override
        protected void readOuterSnapshot(int readOuterSnapshotVersion, DataInputView in, ClassLoader classLoader) throws IOException {
            eventTimeFromEnd = in.readInt();
            windowNanos = in.readLong();
        }

        @Override
        protected OuterSchemaCompatibility resolveOuterSchemaCompatibility(TypeSerializerSnapshot<K> oldSerializerSnapshot) {
            Snapshot<K> old = (Snapshot<K>) oldSerializerSnapshot;
            return old.eventTimeFromEnd == eventTimeFromEnd && old.windowNanos == windowNanos
                    ? OuterSchemaCompatibility.COMPATIBLE_AS_IS : OuterSchemaCompatibility.INCOMPATIBLE;
        }

        @Override
        protected TypeSerializer<?>[] getNestedSerializers(OrderedKeySerializer<K> serializer) {
            return new TypeSerializer<?>[] {serializer.keys};
        }

        @Override
        @SuppressWarnings("unchecked")
        protected OrderedKeySerializer<K> createOuterSerializerWithNestedSerializers(TypeSerializer<?>[] nested) {
            return new OrderedKeySerializer<>((TypeSerializer<K>) nested[0], eventTimeFromEnd, windowNanos);
        }
    }
}
