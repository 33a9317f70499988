package io.qaexchange.state;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.api.common.typeutils.TypeSerializer;

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
}
