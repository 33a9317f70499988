package io.qaexchange.job.seam;

import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.ExchangeJob;
import io.qaexchange.job.StateBackendChoice;
import io.qaexchange.job.store.EventStoreState;
import io.qaexchange.job.store.InstrumentState;
import io.qaexchange.job.store.LateKey;
import io.qaexchange.job.store.StoredKey;
import io.qaexchange.kafka.DecodeFunction;
import io.qaexchange.parquet.sink.ArchiveSink;
import io.qaexchange.parquet.sink.PublisherState;
import java.io.IOException;
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
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.io.disk.iomanager.IOManager;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.runtime.state.OperatorStateHandle;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.state.api.runtime.OperatorIDGenerator;
import org.apache.flink.state.api.runtime.SavepointEnvironment;
import org.apache.flink.state.api.runtime.SavepointLoader;
import org.apache.flink.util.CloseableIterator;
import org.slf4j.LoggerFactory;

/**
 * Reads the exchange job's state from a checkpoint or savepoint, without a job: each subtask's state is restored into a state
 * backend of this process, one after the other, and read with the same classes that wrote it.
 *
 * <p>Memory: the state of one subtask, with the HashMap backend and canonical savepoints; little with the others.
 * <p>One thread.
 */
public final class CheckpointReader {

    private static final String KEYED = "keyed state of the event store";

    private final String path;
    private final CheckpointMetadata metadata;

    private CheckpointReader(String path, CheckpointMetadata metadata) {
        this.path = path;
        this.metadata = metadata;
    }

    /**
     * Opens a checkpoint or savepoint.
     *
     * @param path its folder
     * @throws IOException if there is none
     */
    public static CheckpointReader open(String path) throws IOException {
        return new CheckpointReader(path, SavepointLoader.loadSavepointMetadata(path));
    }

    /** Its number. */
    public long checkpointId() {
        return metadata.getCheckpointId();
    }

    /** The epoch of the archive that took it. */
    public String epoch() throws Exception {
        String uid = ExchangeJob.ARCHIVE_UID + ": " + ArchiveSink.PUBLISHER_UID;
        for (OperatorState operator : metadata.getOperatorStates()) {
            for (String epoch : listState(operator, PublisherState.EPOCH, Types.STRING)) {
                return epoch;
            }
        }
        throw new IOException(path + " is no checkpoint of the exchange job: it has no state of operator " + uid);
    }

    /** Messages that the job had consumed. */
    public long consumed() throws Exception {
        return decodeCounter(DecodeFunction.CONSUMED_STATE);
    }

    /** Messages that were refused because they were no events. */
    public long refused() throws Exception {
        return decodeCounter(DecodeFunction.REFUSED_STATE);
    }

    private long decodeCounter(String name) throws Exception {
        long sum = 0;
        for (Long part : listState(operator(ExchangeJob.DECODE_UID), name, Types.LONG)) {
            sum += part;
        }
        return sum;
    }

    /** The state of every instrument, by route key. */
    public Map<String, InstrumentState> instruments() throws Exception {
        Map<String, InstrumentState> instruments = new HashMap<>();
        forEachKey((routeKey, instrument, state) -> instruments.put(routeKey, instrument));
        return instruments;
    }

    /**
     * Visits every row that is hot in this checkpoint, as seen with an archive: what is not in one of its published batches.
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

    private interface KeyVisitor {
        void accept(String routeKey, InstrumentState instrument, EventStoreState state) throws Exception;
    }

    private void forEachKey(KeyVisitor visitor) throws Exception {
        OperatorState operator = operator(ExchangeJob.EVENT_STORE_UID);
        for (Map.Entry<Integer, OperatorSubtaskState> subtask : operator.getSubtaskStates().entrySet()) {
            for (KeyedStateHandle handle : subtask.getValue().getManagedKeyedState()) {
                visitKeys(operator, handle, visitor);
            }
        }
    }

    private void visitKeys(OperatorState operator, KeyedStateHandle handle, KeyVisitor visitor) throws Exception {
        SavepointEnvironment environment = environment(operator.getMaxParallelism());
        try (CloseableRegistry registry = new CloseableRegistry(); IOManager ioManager = environment.getIOManager()) {
            AbstractKeyedStateBackend<String> backend = backend(operator, handle, environment, registry);
            try {
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
            } finally {
                backend.dispose();
            }
        }
    }

    private static AbstractKeyedStateBackend<String> backend(OperatorState operator, KeyedStateHandle handle,
            SavepointEnvironment environment, CloseableRegistry registry) throws Exception {
        ClassLoader classLoader = CheckpointReader.class.getClassLoader();
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, backendOf(handle).flinkType());
        StateBackend stateBackend = StateBackendLoader.loadStateBackendFromConfig(configuration, classLoader,
                LoggerFactory.getLogger(CheckpointReader.class));
        KeyGroupRange range = handle.getKeyGroupRange();
        return (AbstractKeyedStateBackend<String>) stateBackend.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment,
                new JobID(), KEYED, StringSerializer.INSTANCE, operator.getMaxParallelism(), range, environment.getTaskKvStateRegistry(),
                TtlTimeProvider.DEFAULT, new UnregisteredMetricsGroup(), (name, value) -> { }, List.of(handle), registry, 1.0));
    }

    /** Which backend reads a handle: canonical savepoints and the heap's own checkpoints by heap, incremental ones by their writer. */
    private static StateBackendChoice backendOf(KeyedStateHandle handle) {
        if (!(handle instanceof IncrementalKeyedStateHandle incremental)) {
            return StateBackendChoice.HASHMAP;
        }
        boolean rocks = incremental instanceof org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle remote
                && remote.getPrivateState().stream().anyMatch(file -> file.getLocalPath().equals("CURRENT"));
        return rocks ? StateBackendChoice.ROCKSDB : StateBackendChoice.LSM;
    }

    private static SavepointEnvironment environment(int maxParallelism) {
        RuntimeUDFContext context = new RuntimeUDFContext(new TaskInfoImpl("checkpoint reader", maxParallelism, 0, 1, 0),
                CheckpointReader.class.getClassLoader(), new ExecutionConfig(), Map.of(), Map.of(),
                UnregisteredMetricsGroup.createOperatorMetricGroup());
        return new SavepointEnvironment.Builder(context, new ExecutionConfig(), maxParallelism).build();
    }

    private <T> List<T> listState(OperatorState operator, String name, TypeInformation<T> type) throws Exception {
        Collection<OperatorStateHandle> handles = new ArrayList<>();
        for (OperatorSubtaskState subtask : operator.getSubtaskStates().values()) {
            for (OperatorStateHandle handle : subtask.getManagedOperatorState()) {
                if (handle.getStateNameToPartitionOffsets().containsKey(name)) {
                    handles.add(handle);
                }
            }
        }
        List<T> values = new ArrayList<>();
        if (handles.isEmpty()) {
            return values;
        }
        try (CloseableRegistry registry = new CloseableRegistry()) {
            OperatorStateBackend backend = new DefaultOperatorStateBackendBuilder(CheckpointReader.class.getClassLoader(),
                    new ExecutionConfig(), false, handles, registry).build();
            try {
                backend.getListState(new ListStateDescriptor<>(name, type)).get().forEach(values::add);
            } finally {
                backend.dispose();
            }
        }
        return values;
    }

    private OperatorState operator(String uid) throws IOException {
        OperatorID id = OperatorIDGenerator.fromUid(uid);
        for (OperatorState operator : metadata.getOperatorStates()) {
            if (operator.getOperatorID().equals(id)) {
                return operator;
            }
        }
        throw new IOException(path + " is no checkpoint of the exchange job: it has no state of operator " + uid);
    }
}
