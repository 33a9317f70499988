package io.qaexchange.job.query.hot;

import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.util.CloseableIterator;

/**
 * Reads the event store's keyed state from its handles, with the same classes that wrote it.
 *
 * <p>One thread. Memory: see {@link RestoredBackends}.
 */
public final class EventStoreReader {

    private final RestoredBackends backends;

    /** A reader of these handles. */
    public EventStoreReader(Collection<? extends KeyedStateHandle> handles, int maxParallelism) {
        this.backends = new RestoredBackends(handles, maxParallelism);
    }

    /** The state of every instrument, by route key. */
    public Map<String, InstrumentState> instruments() throws Exception {
        Map<String, InstrumentState> instruments = new HashMap<>();
        forEachKey((routeKey, instrument, state) -> instruments.put(routeKey, instrument));
        return instruments;
    }

    /**
     * Visits every row that is hot, as seen with an archive: what is not in one of its published batches.
     *
     * @param published batches that the reader takes from the archive
     * @param instruments as the job had them
     */
    public void forEachHotRow(Set<String> published, Instruments instruments, HotRow visitor) throws Exception {
        StoredEvent stored = new StoredEvent();
        forEachKey((routeKey, instrument, state) -> {
            try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().range(null, null)) {
                while (rows.hasNext()) {
                    Map.Entry<StoredKey, byte[]> row = rows.next();
                    stored.wrap(row.getValue());
                    StoredKey key = row.getKey();
                    if (instrument.boundary().isHotEvent(key.recordCode(), instruments.tradingDay(stored.event()), key.eventTimeNs(), published)) {
                        visitor.accept(routeKey, stored);
                    }
                }
            }
            try (CloseableIterator<Map.Entry<LateKey, byte[]>> rows = state.late().range(null, null)) {
                while (rows.hasNext()) {
                    Map.Entry<LateKey, byte[]> row = rows.next();
                    stored.wrap(row.getValue());
                    LateKey key = row.getKey();
                    if (instrument.boundary().isHotLate(key.generation(), key.key().recordCode(), instruments.tradingDay(stored.event()), published)) {
                        visitor.accept(routeKey, stored);
                    }
                }
            }
        });
    }

    /** Visits every row that the state holds, published or not. */
    public void forEachStoredRow(HotRow visitor) throws Exception {
        StoredEvent stored = new StoredEvent();
        forEachKey((routeKey, instrument, state) -> {
            try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().range(null, null)) {
                while (rows.hasNext()) {
                    visitor.accept(routeKey, stored.wrap(rows.next().getValue()));
                }
            }
            try (CloseableIterator<Map.Entry<LateKey, byte[]>> rows = state.late().range(null, null)) {
                while (rows.hasNext()) {
                    visitor.accept(routeKey, stored.wrap(rows.next().getValue()));
                }
            }
        });
    }

    private interface KeyVisitor {
        void accept(String routeKey, InstrumentState instrument, EventStoreState state) throws Exception;
    }

    private void forEachKey(KeyVisitor visitor) throws Exception {
        backends.forEach(backend -> {
            EventStoreState state = EventStoreState.open(backend);
            List<String> routeKeys = new ArrayList<>();
            try (Stream<String> keys = backend.getKeys(EventStoreState.INSTRUMENT, VoidNamespace.INSTANCE)) {
                keys.forEach(routeKeys::add);
            }
            routeKeys.sort(null);
            for (String routeKey : routeKeys) {
                backend.setCurrentKey(routeKey);
                visitor.accept(routeKey, InstrumentState.fromBytes(state.instrument().value()), state);
            }
        });
    }
}
