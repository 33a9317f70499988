package io.qaexchange.state;

import static java.util.Objects.requireNonNull;

import io.qaexchange.state.store.OrderedKeySerializer;
import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.BooleanSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/**
 * Names an {@link OrderedMapState} and says how it is stored.
 *
 * <p>Immutable.
 *
 * @param name state name, unique within the operator, part of savepoints
 * @param keySerializer writes keys as a fixed number of bytes that sort like the keys
 * @param valueSerializer writes values
 * @param eventTimeFromEnd where the 8-byte event time of a key begins, counted from the end of the serialized key
 * @param windowWidth event time that a backend should keep in one file
 */
public record OrderedMapStateDescriptor<K extends OrderedKey<K>, V>(
        String name, TypeSerializer<K> keySerializer, TypeSerializer<V> valueSerializer, int eventTimeFromEnd, Duration windowWidth)
        implements Serializable {

    public OrderedMapStateDescriptor {
        requireNonNull(name, "name");
        requireNonNull(keySerializer, "keySerializer");
        requireNonNull(valueSerializer, "valueSerializer");
        requireNonNull(windowWidth, "windowWidth");
        if (eventTimeFromEnd < Long.BYTES) {
            throw new IllegalArgumentException("eventTimeFromEnd must be at least 8: " + eventTimeFromEnd);
        }
    }

    /** The plain state that this one is registered as, on every backend: savepoints of one can be restored on the other. */
    MapStateDescriptor<K, V> rows() {
        return new MapStateDescriptor<>(name, new OrderedKeySerializer<>(keySerializer, eventTimeFromEnd, windowWidth.toNanos()), valueSerializer);
    }

    /** The plain state that lists the buckets of each key. */
    MapStateDescriptor<Long, Boolean> buckets() {
        return new MapStateDescriptor<>(name + "-buckets", LongSerializer.INSTANCE, BooleanSerializer.INSTANCE);
    }
}
