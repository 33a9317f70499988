package io.qaexchange.job.seam;

import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.StateBackendChoice;
import io.qaexchange.job.store.EventStoreState;
import io.qaexchange.job.store.InstrumentState;
import io.qaexchange.job.store.LateKey;
import io.qaexchange.job.store.StoredKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.TaskInfoImpl;
import org.apache.flink.api.common.functions.util.RuntimeUDFContext;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.io.disk.iomanager.IOManager;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.state.api.runtime.SavepointEnvironment;
import org.apache.flink.util.CloseableIterator;
import org.slf4j.LoggerFactory;

/**
 * Reads the event store's keyed state from its handles: each is restored into a state backend of this process, one after the other, and
 * read with the same classes that wrote it.
 *
 * <p>Memory: the state of one handle, with the HashMap backend and canonical savepoints; little with the others.
 * <p>One thread.
 */
public final class EventStoreReader {

    private static final String OPERATOR = "event store reader";
    /** A file that every RocksDB has. */
    private static final String ROCKSDB_FILE = "CURRENT";

    private final Collection<? extends KeyedStateHandle> handles;
    private final int maxParallelism;

    /** A reader of these handles. */
    public EventStoreReader(Collection<? extends KeyedStateHandle> handles, int maxParallelism) {
        this.handles = List.copyOf(handles);
        this.maxParallelism = maxParallelism;
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
                    if (instrument.isHotEvent(key.recordCode(), instruments.tradingDay(stored.event()), key.eventTimeNs(), published)) {
                        visitor.accept(routeKey, stored);
                    }
                }
            }
            try (CloseableIterator<Map.Entry<LateKey, byte[]>> rows = state.late().range(null, null)) {
                while (rows.hasNext()) {
                    Map.Entry<LateKey, byte[]> row = rows.next();
                    stored.wrap(row.getValue());
                    LateKey key = row.getKey();
                    if (instrument.isHotLate(key.generation(), key.key().recordCode(), instruments.tradingDay(stored.event()), published)) {
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

    /** Works with a restored backend. */
    interface BackendUser {
        void accept(AbstractKeyedStateBackend<String> backend) throws Exception;
    }

    private interface KeyVisitor {
        void accept(String routeKey, InstrumentState instrument, EventStoreState state) throws Exception;
    }

    private void forEachKey(KeyVisitor visitor) throws Exception {
        for (KeyedStateHandle handle : handles) {
            visitKeys(handle, visitor);
        }
    }

    private void visitKeys(KeyedStateHandle handle, KeyVisitor visitor) throws Exception {
        withBackend(handle, backend -> {
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

    /** Restores a handle into a backend for the time of the call. */
    void withBackend(KeyedStateHandle handle, BackendUser user) throws Exception {
        SavepointEnvironment environment = environment();
        try (CloseableRegistry registry = new CloseableRegistry(); IOManager ioManager = environment.getIOManager()) {
            AbstractKeyedStateBackend<String> backend = backend(handle, environment, registry);
            try {
                user.accept(backend);
            } finally {
                backend.dispose();
            }
        }
    }

    private AbstractKeyedStateBackend<String> backend(KeyedStateHandle handle, SavepointEnvironment environment,
            CloseableRegistry registry) throws Exception {
        ClassLoader classLoader = EventStoreReader.class.getClassLoader();
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, backendOf(handle).flinkType());
        StateBackend stateBackend = StateBackendLoader.loadStateBackendFromConfig(configuration, classLoader,
                LoggerFactory.getLogger(EventStoreReader.class));
        KeyGroupRange range = handle.getKeyGroupRange();
        return (AbstractKeyedStateBackend<String>) stateBackend.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment,
                new JobID(), OPERATOR, StringSerializer.INSTANCE, maxParallelism, range, environment.getTaskKvStateRegistry(),
                TtlTimeProvider.DEFAULT, new UnregisteredMetricsGroup(), (name, value) -> { }, List.of(handle), registry, 1.0));
    }

    /** Which backend reads a handle: canonical savepoints and the heap's own checkpoints by heap, incremental ones by their writer. */
    private static StateBackendChoice backendOf(KeyedStateHandle handle) {
        if (!(handle instanceof IncrementalKeyedStateHandle incremental)) {
            return StateBackendChoice.HASHMAP;
        }
        boolean rocks = incremental instanceof IncrementalRemoteKeyedStateHandle remote
                && remote.getPrivateState().stream().anyMatch(file -> file.getLocalPath().equals(ROCKSDB_FILE));
        return rocks ? StateBackendChoice.ROCKSDB : StateBackendChoice.LSM;
    }

    private SavepointEnvironment environment() {
        RuntimeUDFContext context = new RuntimeUDFContext(new TaskInfoImpl(OPERATOR, maxParallelism, 0, 1, 0),
                EventStoreReader.class.getClassLoader(), new ExecutionConfig(), Map.of(), Map.of(),
                UnregisteredMetricsGroup.createOperatorMetricGroup());
        return new SavepointEnvironment.Builder(context, new ExecutionConfig(), maxParallelism).build();
    }
}
