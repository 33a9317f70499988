package io.qaexchange.job.stream.hot;

import io.qaexchange.job.model.live.BoundaryView;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.InstrumentState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;

/**
 * The {@link InstrumentState} of every route key of this subtask, in memory; changes are written to the keyed state before each
 * checkpoint. So neither an event nor a look at what has aged costs a state access for it.
 *
 * <p>Memory: about 200 bytes for each route key ever seen. One thread, but for {@link #view} and {@link #statistics}, which any thread may call.
 */
public final class InstrumentIndex {

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> stored;
    private final String archiveEpoch;
    private final Map<String, InstrumentState> states = new HashMap<>();
    private final List<String> changed = new ArrayList<>();
    /** Written by the task thread only; volatile so that a reader sees a whole view, and no older one than the store's writes after it. */
    private volatile BoundaryView view;
    /** Made by the task thread at each barrier. */
    private volatile List<InstrumentStatistics> statistics = List.of();

    private InstrumentIndex(KeyedStateBackend<String> backend, ValueState<byte[]> stored, String archiveEpoch) {
        this.backend = backend;
        this.stored = stored;
        this.archiveEpoch = archiveEpoch;
    }

    /** Reads the states of all route keys. */
    public static InstrumentIndex load(KeyedStateBackend<String> backend, ValueState<byte[]> stored, String archiveEpoch) throws IOException {
        InstrumentIndex index = new InstrumentIndex(backend, stored, archiveEpoch);
        List<String> routeKeys = new ArrayList<>();
        try (Stream<String> keys = backend.getKeys(EventStoreState.INSTRUMENT, VoidNamespace.INSTANCE)) {
            keys.forEach(routeKeys::add);
        }
        for (String routeKey : routeKeys) {
            backend.setCurrentKey(routeKey);
            index.states.put(routeKey, InstrumentState.fromBytes(stored.value()));
        }
        index.publish(0);
        index.publishStatistics();
        return index;
    }

    /** The state of a route key, about to be changed. */
    public InstrumentState change(String routeKey) {
        InstrumentState state = states.get(routeKey);
        if (state == null) {
            state = new InstrumentState();
            states.put(routeKey, state);
        }
        if (state.markChanged()) {
            changed.add(routeKey);
        }
        return state;
    }

    /** The state of a route key; null if it has none. */
    public InstrumentState get(String routeKey) {
        return states.get(routeKey);
    }

    public Collection<Map.Entry<String, InstrumentState>> entries() {
        return states.entrySet();
    }

    public Collection<InstrumentState> states() {
        return states.values();
    }

    /** Shows the boundaries as they are to readers on other threads: in the step that changed them, before anything else is written. */
    public void publish() {
        publish(view.handedOver());
    }

    /**
     * As {@link #publish()}, in the step that handed files over.
     *
     * @param handedOver ordinal of the last of them
     */
    public void publish(long handedOver) {
        Map<String, HotColdBoundary> boundaries = new HashMap<>();
        states.forEach((routeKey, state) -> {
            if (!state.boundary().equals(HotColdBoundary.ALL_HOT)) {
                boundaries.put(routeKey, state.boundary());
            }
        });
        view = new BoundaryView(archiveEpoch, handedOver, boundaries);
    }

    /** Shows the numbers of all route keys, as they are now, to readers on other threads. */
    public void publishStatistics() {
        List<InstrumentStatistics> all = new ArrayList<>(states.size());
        states.forEach((routeKey, state) -> all.add(InstrumentStatistics.of(routeKey, state)));
        statistics = all;
    }

    /** The numbers of all route keys as they were shown last; nobody changes the list. */
    public List<InstrumentStatistics> statistics() {
        return statistics;
    }

    /** The boundaries as they were shown last. */
    public BoundaryView view() {
        return view;
    }

    /** Writes the changed states to the keyed state. */
    public void flush() throws IOException {
        for (String routeKey : changed) {
            backend.setCurrentKey(routeKey);
            InstrumentState state = states.get(routeKey);
            stored.update(state.toBytes());
            state.markStored();
        }
        changed.clear();
    }
}
