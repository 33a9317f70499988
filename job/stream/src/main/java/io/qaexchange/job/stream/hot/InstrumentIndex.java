package io.qaexchange.job.stream.hot;

import io.qaexchange.job.model.store.EventStoreState;
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
 * checkpoint. So an event costs no state access for it, and an archiving check none either.
 *
 * <p>Memory: about 200 bytes for each route key ever seen. One thread.
 */
public final class InstrumentIndex {

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> stored;
    private final Map<String, InstrumentState> states = new HashMap<>();
    private final List<String> changed = new ArrayList<>();

    private InstrumentIndex(KeyedStateBackend<String> backend, ValueState<byte[]> stored) {
        this.backend = backend;
        this.stored = stored;
    }

    /** Reads the states of all route keys. */
    public static InstrumentIndex load(KeyedStateBackend<String> backend, ValueState<byte[]> stored) throws IOException {
        InstrumentIndex index = new InstrumentIndex(backend, stored);
        List<String> routeKeys = new ArrayList<>();
        try (Stream<String> keys = backend.getKeys(EventStoreState.INSTRUMENT, VoidNamespace.INSTANCE)) {
            keys.forEach(routeKeys::add);
        }
        for (String routeKey : routeKeys) {
            backend.setCurrentKey(routeKey);
            index.states.put(routeKey, InstrumentState.fromBytes(stored.value()));
        }
        return index;
    }

    /** The state of a route key, about to be changed. */
    public InstrumentState change(String routeKey) {
        InstrumentState state = states.get(routeKey);
        if (state == null) {
            state = new InstrumentState();
            states.put(routeKey, state);
        }
        if (!state.changed) {
            state.changed = true;
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

    /** Writes what has changed to the keyed state. */
    public void flush() throws IOException {
        for (String routeKey : changed) {
            backend.setCurrentKey(routeKey);
            InstrumentState state = states.get(routeKey);
            stored.update(state.toBytes());
            state.changed = false;
        }
        changed.clear();
    }
}
