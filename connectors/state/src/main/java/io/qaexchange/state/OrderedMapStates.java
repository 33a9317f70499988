package io.qaexchange.state;

import org.apache.flink.runtime.state.KeyedStateBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gives an {@link OrderedMapState} on any keyed state backend. */
public final class OrderedMapStates {

    private static final Logger LOG = LoggerFactory.getLogger(OrderedMapStates.class);

    private OrderedMapStates() {
    }

    /**
     * The ordered state of a backend: its own if it is an {@link OrderedStateBackend}, else a {@link BucketedMapState} over its map
     * state, with a warning in the log. Descriptors with time-to-live do not exist here, and latency tracking and the like do not wrap
     * a backend's own ordered state.
     *
     * @throws Exception as {@link OrderedStateBackend#orderedMapState}
     */
    public static <K extends OrderedKey<K>, V> OrderedMapState<K, V> open(
            KeyedStateBackend<?> backend, OrderedMapStateDescriptor<K, V> descriptor) throws Exception {
        if (backend instanceof OrderedStateBackend ordered) {
            return ordered.orderedMapState(descriptor);
        }
        LOG.warn("state backend {} keeps no order: state {} is kept as a map per bucket, and scans sort one bucket at a time",
                backend.getClass().getSimpleName(), descriptor.name());
        return BucketedMapState.open(backend, descriptor);
    }
}
