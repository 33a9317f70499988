package io.qaexchange.job.model.store;

import io.qaexchange.events.EventKey;
import io.qaexchange.state.OrderedMapState;
import io.qaexchange.state.OrderedMapStateDescriptor;
import io.qaexchange.state.OrderedMapStates;
import java.time.Duration;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;

/**
 * The keyed state of the event store, per route key: rows in {@code events} and {@code late}, and {@link InstrumentState}. The operator
 * and the readers of checkpoints open it in the same way.
 *
 * @param instrument bytes of {@link InstrumentState}
 * @param events rows by {@link StoredKey}, values as {@code StoredEvent}
 * @param late rows that arrived below the archive watermark
 */
public record EventStoreState(ValueState<byte[]> instrument, OrderedMapState<StoredKey, byte[]> events,
        OrderedMapState<LateKey, byte[]> late) {

    /** Name of the state that every route key has. */
    public static final String INSTRUMENT = "instrument";
    /** Name of the state of rows. */
    public static final String EVENTS = "events";
    /** Name of the state of late rows. */
    public static final String LATE = "late";

    private static final Duration WINDOW_WIDTH = Duration.ofHours(1);

    /** Opens the state on a backend. */
    public static EventStoreState open(KeyedStateBackend<String> backend) throws Exception {
        ValueState<byte[]> instrument = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>(INSTRUMENT, new StoredBytesSerializer()));
        OrderedMapState<StoredKey, byte[]> events = OrderedMapStates.open(backend, new OrderedMapStateDescriptor<>(EVENTS,
                new StoredKey.Serializer(), new StoredBytesSerializer(), EventKey.EVENT_TIME_FROM_END, WINDOW_WIDTH));
        OrderedMapState<LateKey, byte[]> late = OrderedMapStates.open(backend, new OrderedMapStateDescriptor<>(LATE,
                new LateKey.Serializer(), new StoredBytesSerializer(), EventKey.EVENT_TIME_FROM_END, WINDOW_WIDTH));
        return new EventStoreState(instrument, events, late);
    }
}
