package io.qaexchange.job.query.hot;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.RecordType;
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
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.annotation.Nullable;
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
        this.backends = new RestoredBackends(requireNonNull(handles, "handles"), maxParallelism);
    }

    /** The state of every instrument, by route key. */
    public Map<String, InstrumentState> instruments() throws Exception {
        Map<String, InstrumentState> instruments = new HashMap<>();
        forEachKey(routeKey -> true, (routeKey, instrument, state) -> instruments.put(routeKey, instrument));
        return instruments;
    }

    /** All keys of the state, in order. */
    public List<String> routeKeys() throws Exception {
        List<String> routeKeys = new ArrayList<>();
        forEachKey(routeKey -> true, (routeKey, instrument, state) -> routeKeys.add(routeKey));
        routeKeys.sort(null);
        return routeKeys;
    }

    /**
     * Visits every row that is hot, as seen with an archive: what is not in one of its published batches.
     *
     * @param published batches that the reader takes from the archive
     * @param instruments as the job had them
     */
    public void forEachHotRow(Set<String> published, Instruments instruments, HotRow visitor) throws Exception {
        forEachHotRow(published, instruments, HotFilter.ALL, visitor);
    }

    /** Visits the hot rows that a filter lets through; what it leaves out is not read as far as the order of keys allows. */
    public void forEachHotRow(Set<String> published, Instruments instruments, HotFilter filter, HotRow visitor) throws Exception {
        if (filter.isEmpty()) {
            return;
        }
        forEachKey(filter::hasRouteKey, (routeKey, instrument, state) -> {
            HotRows rows = new HotRows(routeKey, instrument, published, instruments, filter, visitor);
            if (filter.isAll()) {
                rows.visitEvents(state, null, null);
            } else {
                for (RecordType type : filter.tables().keySet()) {
                    RowFilter wanted = filter.find(type);
                    if (wanted.hasRouteKey(routeKey) && wanted.fromNs() <= wanted.toNs() && wanted.toNs() >= 0) {
                        rows.visitEvents(state, StoredKey.lowest(type.code(), Math.max(0, wanted.fromNs())), upper(type, wanted));
                    }
                }
            }
            rows.visitLate(state);
        });
    }

    /** The end of a table's range; no event is before 1970, so bounds are not either: their buckets would be. */
    @Nullable
    private static StoredKey upper(RecordType type, RowFilter wanted) {
        if (wanted.toNs() < Long.MAX_VALUE) {
            return StoredKey.lowest(type.code(), wanted.toNs() + 1);
        }
        return type.code() == Byte.MAX_VALUE ? null : StoredKey.lowest(type.code() + 1, 0);
    }

    /** The hot rows of one key. */
    private record HotRows(String routeKey, InstrumentState instrument, Set<String> published, Instruments instruments, HotFilter filter,
            HotRow visitor) {

        void visitEvents(EventStoreState state, StoredKey lower, StoredKey upper) throws Exception {
            StoredEvent stored = new StoredEvent();
            try (CloseableIterator<Map.Entry<StoredKey, byte[]>> rows = state.events().range(lower, upper)) {
                while (rows.hasNext()) {
                    Map.Entry<StoredKey, byte[]> row = rows.next();
                    stored.wrap(row.getValue());
                    StoredKey key = row.getKey();
                    int day = instruments.tradingDay(stored.event());
                    if (instrument.boundary().isHotEvent(key.recordCode(), day, key.eventTimeNs(), published) && isWanted(stored, key.eventTimeNs(), day)) {
                        visitor.accept(routeKey, stored);
                    }
                }
            }
        }

        void visitLate(EventStoreState state) throws Exception {
            StoredEvent stored = new StoredEvent();
            try (CloseableIterator<Map.Entry<LateKey, byte[]>> rows = state.late().range(null, null)) {
                while (rows.hasNext()) {
                    Map.Entry<LateKey, byte[]> row = rows.next();
                    stored.wrap(row.getValue());
                    LateKey key = row.getKey();
                    int day = instruments.tradingDay(stored.event());
                    if (instrument.boundary().isHotLate(key.generation(), key.key().recordCode(), day, published) && isWanted(stored, key.eventTimeNs(), day)) {
                        visitor.accept(routeKey, stored);
                    }
                }
            }
        }

        private boolean isWanted(StoredEvent stored, long eventTimeNs, int day) {
            RowFilter wanted = filter.find(stored.event().recordType());
            return wanted != null && wanted.hasRouteKey(routeKey) && wanted.hasTimes(eventTimeNs, eventTimeNs) && wanted.hasDay(day);
        }
    }

    /** Visits every row that the state holds, published or not. */
    public void forEachStoredRow(HotRow visitor) throws Exception {
        StoredEvent stored = new StoredEvent();
        forEachKey(routeKey -> true, (routeKey, instrument, state) -> {
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

    private void forEachKey(Predicate<String> wanted, KeyVisitor visitor) throws Exception {
        backends.forEach(backend -> {
            EventStoreState state = EventStoreState.open(backend);
            List<String> routeKeys = new ArrayList<>();
            try (Stream<String> keys = backend.getKeys(EventStoreState.INSTRUMENT, VoidNamespace.INSTANCE)) {
                keys.filter(wanted).forEach(routeKeys::add);
            }
            routeKeys.sort(null);
            for (String routeKey : routeKeys) {
                backend.setCurrentKey(routeKey);
                visitor.accept(routeKey, InstrumentState.fromBytes(state.instrument().value()), state);
            }
        });
    }
}
