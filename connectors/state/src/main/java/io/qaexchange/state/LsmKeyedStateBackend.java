package io.qaexchange.state;

import io.qaexchange.state.LsmKeyedStateBackendBuilder.OperatorStore;
import io.qaexchange.state.metrics.CheckpointFigures;
import io.qaexchange.state.metrics.StateMetrics;
import io.qaexchange.state.snapshot.FullSnapshot;
import io.qaexchange.state.snapshot.FullSnapshotStrategy;
import io.qaexchange.state.snapshot.IncrementalSnapshotStrategy;
import io.qaexchange.state.snapshot.PinnedState;
import io.qaexchange.state.snapshot.UploadHistory;
import io.qaexchange.state.store.CompositeKey;
import io.qaexchange.state.store.StateKeys;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTable;
import io.qaexchange.state.store.StateTables;
import io.qaexchange.state.timers.TimerQueues;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.RunnableFuture;
import java.util.stream.Stream;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.query.TaskKvStateRegistry;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SnapshotExecutionType;
import org.apache.flink.runtime.state.SnapshotResources;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.StateSnapshotTransformer.StateSnapshotTransformFactory;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;
import org.apache.flink.runtime.state.InternalKeyContext;
import org.apache.flink.runtime.state.metrics.LatencyTrackingStateConfig;
import org.apache.flink.runtime.state.metrics.SizeTrackingStateConfig;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.ResourceGuard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keyed state of one operator subtask in a store of its own.
 *
 * <p>Snapshots pin a sequence number on the task thread and are written in the background.
 *
 * <p>One thread, the task thread.
 *
 * @param <K> key
 */
public final class LsmKeyedStateBackend<K> extends AbstractKeyedStateBackend<K> implements OrderedStateBackend {
    /** The name of this backend in Flink's metrics and logs. */
    public static final String IDENTIFIER = "lsm";

    private static final Logger LOG = LoggerFactory.getLogger(LsmKeyedStateBackend.class);

    private final OperatorStore opened;
    private final StateTables tables;
    private final CompositeKey<K> keys;
    private final StateKeys<K> stateKeys;
    private final ReadCache readCache;
    private final TimerQueues timers;
    private final SnapshotStrategy<KeyedStateHandle, ?> checkpoints;
    private final UploadHistory history;
    private final StateReads<K> reads;
    private final Map<String, AbstractLsmState<K, ?, ?>> states = new HashMap<>();
    private final Map<String, LsmOrderedMapState<K, ?, ?>> orderedStates = new HashMap<>();
    private boolean disposed;

    /** The parts that Flink's base class wants. */
    record Base<K>(TaskKvStateRegistry kvStateRegistry, TypeSerializer<K> keySerializer, ClassLoader userCodeClassLoader,
            ExecutionConfig executionConfig, TtlTimeProvider ttlTimeProvider, LatencyTrackingStateConfig latencyTracking,
            SizeTrackingStateConfig sizeTracking, CloseableRegistry cancelStreamRegistry, StreamCompressionDecorator compression,
            InternalKeyContext<K> keyContext) {
    }

    /**
     * How checkpoints are taken.
     *
     * @param backendId of the chain of checkpoints
     * @param incremental else each checkpoint holds everything
     * @param metrics the operator's group
     */
    record Checkpoints(UUID backendId, UploadHistory history, LocalRecoveryConfig localRecovery, boolean incremental, MetricGroup metrics) {
    }

    /**
     * Other threads that read.
     *
     * @param operator what they know it by
     * @param patience how long the end of the task waits for them
     */
    record Readers(String operator, Duration patience) {
    }

    LsmKeyedStateBackend(Base<K> base, OperatorStore opened, StateTables tables, TimerQueues timers, Checkpoints checkpoints, Readers readers) {
        super(base.kvStateRegistry, base.keySerializer, base.userCodeClassLoader, base.executionConfig, base.ttlTimeProvider,
                base.latencyTracking, base.sizeTracking, base.cancelStreamRegistry, base.compression, base.keyContext);
        this.opened = opened;
        this.tables = tables;
        keys = new CompositeKey<>(base.keySerializer, numberOfKeyGroups);
        stateKeys = new StateKeys<>(opened.store(), keys);
        readCache = opened.newReadCache();
        this.timers = timers;
        history = checkpoints.history;
        reads = new StateReads<>(opened.store(), new StateReads.Operator<>(readers.operator, base.keySerializer.duplicate(), numberOfKeyGroups,
                keyGroupRange, base.ttlTimeProvider, readers.patience));
        if (checkpoints.incremental) {
            IncrementalSnapshotStrategy<K> incremental = new IncrementalSnapshotStrategy<>(new IncrementalSnapshotStrategy.Operator<>(
                    checkpoints.backendId, keyGroupRange, keys.keyGroupBytes(), keySerializer.duplicate(), checkpoints.localRecovery,
                    store().pieces()), this::pinState, history);
            this.checkpoints = incremental;
            StateMetrics.register(checkpoints.metrics, store().engine(), incremental::last);
        } else {
            this.checkpoints = new FullSnapshotStrategy<>(this::takeSnapshot, checkpoints.localRecovery);
            StateMetrics.register(checkpoints.metrics, store().engine(), () -> CheckpointFigures.NONE);
        }
    }

    StateStore store() {
        return opened.store();
    }

    CompositeKey<K> keys() {
        return keys;
    }

    ReadCache readCache() {
        return readCache;
    }

    /** The state as other threads read it, while the task goes on. */
    public StateReads<K> reads() {
        return reads;
    }

    @Override
    public void setCurrentKey(K newKey) {
        super.setCurrentKey(newKey);
        keys.setKey(newKey, getCurrentKeyGroupIndex());
    }

    @Override
    public void setCurrentKeyAndKeyGroup(K newKey, int newKeyGroupIndex) {
        super.setCurrentKeyAndKeyGroup(newKey, newKeyGroupIndex);
        keys.setKey(newKey, newKeyGroupIndex);
    }

    @Override
    public <N, V, E, S extends State, IS extends S> IS createOrUpdateInternalState(TypeSerializer<N> namespaceSerializer,
            StateDescriptor<S, V> descriptor, StateSnapshotTransformFactory<E> transformFactory) throws Exception {
        return createOrUpdateInternalState(namespaceSerializer, descriptor, transformFactory, false);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <N, V, E, S extends State, IS extends S> IS createOrUpdateInternalState(TypeSerializer<N> namespaceSerializer,
            StateDescriptor<S, V> descriptor, StateSnapshotTransformFactory<E> transformFactory, boolean allowFutureMetadataUpdates)
            throws Exception {
        StateTable<N, V> table = tables.register(descriptor, namespaceSerializer, transformFactory, allowFutureMetadataUpdates);
        AbstractLsmState<K, N, V> state = (AbstractLsmState<K, N, V>) states.get(descriptor.getName());
        if (state == null) {
            state = create(descriptor, table);
            states.put(descriptor.getName(), state);
        }
        state.update(descriptor);
        reads.publish(table, descriptor.getType(), false, descriptor.getTtlConfig());
        return (IS) state;
    }

    /**
     * Ordered map state. It is registered as a map state of that name, which is not to be opened as such; latency and size tracking do
     * not wrap it.
     */
    @Override
    @SuppressWarnings("unchecked")
    public <UK extends OrderedKey<UK>, V> OrderedMapState<UK, V> orderedMapState(OrderedMapStateDescriptor<UK, V> descriptor) throws Exception {
        LsmOrderedMapState<K, UK, V> state = (LsmOrderedMapState<K, UK, V>) orderedStates.get(descriptor.name());
        if (state == null) {
            StateTable<Long, Map<UK, V>> rows = tables.register(
                    descriptor.rows(), LongSerializer.INSTANCE, StateSnapshotTransformFactory.noTransform(), false);
            MapState<Long, Boolean> buckets = getOrCreateKeyedState(VoidNamespaceSerializer.INSTANCE, descriptor.buckets());
            state = new LsmOrderedMapState<>(this, rows, buckets);
            orderedStates.put(descriptor.name(), state);
            reads.publish(rows, StateDescriptor.Type.MAP, true, StateTtlConfig.DISABLED);
        }
        return state;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private <N, V> AbstractLsmState<K, N, V> create(StateDescriptor<?, V> descriptor, StateTable<N, V> table) {
        return switch (descriptor.getType()) {
            case VALUE -> new LsmValueState<>(this, table);
            case LIST -> (AbstractLsmState<K, N, V>) new LsmListState(this, table);
            case MAP -> (AbstractLsmState<K, N, V>) new LsmMapState(this, table);
            case REDUCING -> new LsmReducingState<>(this, table);
            case AGGREGATING -> new LsmAggregatingState<>(this, table);
            default -> throw new FlinkRuntimeException("state " + descriptor.getName() + ": " + descriptor.getClass().getName()
                    + " is not supported by the state backend " + IDENTIFIER);
        };
    }

    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> KeyGroupedInternalPriorityQueue<T> create(
            String stateName, TypeSerializer<T> elementSerializer) {
        return create(stateName, elementSerializer, false);
    }

    @Override
    public <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> KeyGroupedInternalPriorityQueue<T> create(
            String stateName, TypeSerializer<T> elementSerializer, boolean allowFutureMetadataUpdates) {
        return timers.create(stateName, elementSerializer, allowFutureMetadataUpdates);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <N> Stream<K> getKeys(String state, N namespace) {
        StateTable<N, ?> table = (StateTable<N, ?>) tables.find(state);
        return table == null ? Stream.empty() : stateKeys.in(List.of(table), namespace);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <N> Stream<K> getKeys(List<String> names, N namespace) {
        List<StateTable<N, ?>> found = new ArrayList<>();
        for (String name : names) {
            if (tables.find(name) != null) {
                found.add((StateTable<N, ?>) tables.find(name));
            }
        }
        return stateKeys.in(found, namespace);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <N> Stream<Tuple2<K, N>> getKeysAndNamespaces(String state) {
        StateTable<N, ?> table = (StateTable<N, ?>) tables.find(state);
        return table == null ? Stream.empty() : stateKeys.withNamespaces(table);
    }

    @Override
    public RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot(long checkpointId, long timestamp, CheckpointStreamFactory streamFactory,
            CheckpointOptions options) throws Exception {
        RunnableFuture<SnapshotResult<KeyedStateHandle>> written = run(checkpoints).snapshot(checkpointId, timestamp, streamFactory, options);
        if (!options.getCheckpointType().isSavepoint()) {
            reads.beginCheckpoint(checkpointId);
        }
        return written;
    }

    private <R extends SnapshotResources> SnapshotStrategyRunner<KeyedStateHandle, R> run(SnapshotStrategy<KeyedStateHandle, R> strategy) {
        return new SnapshotStrategyRunner<>("snapshot of " + IDENTIFIER + " state", strategy, cancelStreamRegistry,
                SnapshotExecutionType.ASYNCHRONOUS);
    }

    /** Pointers, whatever there is; but for timers on the heap, which are copied. */
    private PinnedState pinState() throws IOException {
        List<StateMetaInfoSnapshot> metaInfos = new ArrayList<>();
        for (StateTable<?, ?> table : tables.all()) {
            metaInfos.add(table.metaInfo().snapshot());
        }
        metaInfos.addAll(timers.metaInfos());
        ResourceGuard.Lease lease = store().lease();
        try {
            return new PinnedState(lease, store().checkpoint(), metaInfos, timers.copies());
        } catch (IOException | RuntimeException e) {
            lease.close();
            throw e;
        }
    }

    @Override
    public SavepointResources<K> savepoint() throws Exception {
        return new SavepointResources<>(takeSnapshot(), SnapshotExecutionType.ASYNCHRONOUS);
    }

    private FullSnapshot<K> takeSnapshot() throws IOException {
        return FullSnapshot.take(store(), tables.all(), timers, new FullSnapshot.KeyContext<>(
                keySerializer.duplicate(), keyGroupRange, keys.keyGroupBytes(), keyGroupCompressionDecorator));
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        history.confirm(checkpointId);
        reads.completeCheckpoint(checkpointId);
    }

    @Override
    public void notifyCheckpointAborted(long checkpointId) {
        history.abort(checkpointId);
        reads.abortCheckpoint(checkpointId);
    }

    @Override
    public String getBackendTypeIdentifier() {
        return IDENTIFIER;
    }

    /** Timers on the heap keep the keys that they were given. */
    @Override
    public boolean isSafeToReuseKVState() {
        return timers.handsOutCopies();
    }

    /** Entries of all states, those of maps counted singly. For tests: it reads everything. */
    @Override
    public int numKeyValueStateEntries() {
        int count = 0;
        for (StateTable<?, ?> table : tables.all()) {
            try (StoreIterator entries = store().iterator(table.family(), KeyRange.ALL, null)) {
                for (entries.seekToFirst(); entries.valid(); entries.next()) {
                    count++;
                }
            } catch (IOException e) {
                throw new FlinkRuntimeException("entries of state " + table.name() + " could not be counted", e);
            }
        }
        return count;
    }

    /** Cancels snapshots, waits for who still reads, closes the store and removes its folder. */
    @Override
    public void dispose() {
        if (disposed) {
            return;
        }
        disposed = true;
        reads.close();
        super.dispose();
        states.clear();
        try {
            opened.close();
        } catch (Exception e) {
            LOG.warn("state in {} was not closed cleanly", store().directory(), e);
        }
    }
}
