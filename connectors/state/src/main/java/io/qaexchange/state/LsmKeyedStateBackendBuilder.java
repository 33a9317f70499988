package io.qaexchange.state;

import io.qaexchange.state.memory.OperatorMemory;
import io.qaexchange.state.memory.SlotResources;
import io.qaexchange.state.restore.CanonicalRestore;
import io.qaexchange.state.restore.RestoredQueues;
import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTables;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.AbstractKeyedStateBackendBuilder;
import org.apache.flink.runtime.state.BackendBuildingException;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.StateBackend.KeyedStateBackendParameters;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueSetFactory;
import org.apache.flink.runtime.state.InternalKeyContextImpl;
import org.apache.flink.runtime.state.metrics.LatencyTrackingStateConfig;
import org.apache.flink.runtime.state.metrics.SizeTrackingStateConfig;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a store and restores it; on failure nothing is left behind. One use, the task thread. */
final class LsmKeyedStateBackendBuilder<K> extends AbstractKeyedStateBackendBuilder<K> {
    private static final Logger LOG = LoggerFactory.getLogger(LsmKeyedStateBackendBuilder.class);
    private static final int QUEUE_CAPACITY = 128;

    private final KeyedStateBackendParameters<K> parameters;
    private final LsmStateOptions.Values options;
    private final OpaqueMemoryResource<SlotResources> resources;
    private final Path directory;

    LsmKeyedStateBackendBuilder(KeyedStateBackendParameters<K> parameters, LsmStateOptions.Values options,
            OpaqueMemoryResource<SlotResources> resources, Path directory, LatencyTrackingStateConfig latencyTracking,
            SizeTrackingStateConfig sizeTracking, StreamCompressionDecorator compression) {
        super(parameters.getKvStateRegistry(), parameters.getKeySerializer(), parameters.getEnv().getUserCodeClassLoader().asClassLoader(),
                parameters.getNumberOfKeyGroups(), parameters.getKeyGroupRange(), parameters.getEnv().getExecutionConfig(),
                parameters.getTtlTimeProvider(), latencyTracking, sizeTracking, parameters.getStateHandles(), compression,
                parameters.getCancelStreamRegistry());
        this.parameters = parameters;
        this.options = options;
        this.resources = resources;
        this.directory = directory;
    }

    @Override
    public LsmKeyedStateBackend<K> build() throws BackendBuildingException {
        OperatorStore opened = new OperatorStore(resources);
        try {
            opened.openStore(directory, options, failureReport());
            HeapPriorityQueueSetFactory queueFactory = new HeapPriorityQueueSetFactory(keyGroupRange, numberOfKeyGroups, QUEUE_CAPACITY);
            StateTables tables = new StateTables(opened.store(), new StateFamilies(), ttlTimeProvider);
            RestoredQueues queues = new RestoredQueues(queueFactory, keyGroupRange, numberOfKeyGroups);
            restore(opened.store(), tables, queues);
            return new LsmKeyedStateBackend<>(new LsmKeyedStateBackend.Base<>(kvStateRegistry,
                    // Only now: restoring may have reconfigured the serializer.
                    keySerializerProvider.currentSchemaSerializer(), userCodeClassLoader, executionConfig, ttlTimeProvider,
                    latencyTrackingStateConfig, sizeTrackingStateConfig,
                    // Its own: the one of the parameters cancels restoring and is closed after it.
                    new CloseableRegistry(), keyGroupCompressionDecorator,
                    new InternalKeyContextImpl<>(keyGroupRange, numberOfKeyGroups)),
                    opened, tables, queues.byName(), queueFactory, parameters.getEnv().getTaskStateManager().createLocalRecoveryConfig());
        } catch (Throwable e) {
            opened.closeAfter(e);
            throw buildingFailure(e);
        }
    }

    private BackendBuildingException buildingFailure(Throwable cause) {
        if (cancelStreamRegistry.isClosed()) {
            return new BackendBuildingException("the task was cancelled", new CancelTaskException(cause));
        }
        if (cause instanceof BackendBuildingException building) {
            return building;
        }
        return new BackendBuildingException("state of operator " + parameters.getOperatorIdentifier() + " could not be opened in " + directory
                + ": " + cause.getMessage(), cause);
    }

    private StoreListener failureReport() {
        Environment environment = parameters.getEnv();
        String operator = parameters.getOperatorIdentifier();
        return (kind, text) -> {
            if (kind == StoreListener.Kind.FAILED) {
                LOG.error("state of operator {} has failed: {}", operator, text);
                environment.failExternally(new IOException("state of operator " + operator + " has failed: " + text));
            } else if (kind == StoreListener.Kind.STALLED) {
                LOG.info("writes to state of operator {} waited: {}", operator, text);
            } else {
                LOG.debug("state of operator {}: {} {}", operator, kind, text);
            }
        };
    }

    private void restore(StateStore store, StateTables tables, RestoredQueues queues) throws Exception {
        if (restoreStateHandles.isEmpty()) {
            return;
        }
        for (KeyedStateHandle handle : restoreStateHandles) {
            if (handle != null && !(handle instanceof KeyGroupsSavepointStateHandle)) {
                throw new BackendBuildingException("state of operator " + parameters.getOperatorIdentifier() + " cannot be restored from a "
                        + handle.getClass().getSimpleName() + ", which is a checkpoint or native savepoint of another backend: start the job"
                        + " on that backend, take a canonical savepoint (flink savepoint --type canonical), restore from it");
            }
        }
        new CanonicalRestore<K>(store, tables, queues, cancelStreamRegistry).restore(
                new FullSnapshotRestoreOperation<>(keyGroupRange, userCodeClassLoader, restoreStateHandles, keySerializerProvider));
    }

    /** The store with the memory behind it, closed in the right order. */
    static final class OperatorStore {
        private final OpaqueMemoryResource<SlotResources> resources;
        private OperatorMemory memory;
        private StateStore store;

        OperatorStore(OpaqueMemoryResource<SlotResources> resources) {
            this.resources = resources;
        }

        void openStore(Path directory, LsmStateOptions.Values options, StoreListener listener) throws IOException {
            memory = resources.getResourceHandle().newOperator(options.blockCacheFraction());
            StoreOptions.Builder builder = memory.configure(StoreOptions.builder()).durability(Durability.NO_LOG).readMode(options.readMode())
                    .backgroundJobs(options.backgroundThreads()).compactionBytesPerSecond(options.compactionBytesPerSecond());
            store = StateStore.open(directory, builder, listener);
        }

        StateStore store() {
            return store;
        }

        /** Closes; what fails is added to an earlier failure. */
        void closeAfter(Throwable failure) {
            try {
                close();
            } catch (Exception e) {
                failure.addSuppressed(e);
            }
        }

        void close() throws Exception {
            try (resources; OperatorMemory closed = memory; StateStore closedFirst = store) {
                LOG.debug("closing state in {}", store == null ? "no folder yet" : store.directory());
            }
        }
    }
}
