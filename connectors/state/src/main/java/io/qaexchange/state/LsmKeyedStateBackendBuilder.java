package io.qaexchange.state;

import io.qaexchange.state.memory.OperatorMemory;
import io.qaexchange.state.memory.SlotResources;
import io.qaexchange.state.restore.CanonicalRestore;
import io.qaexchange.state.restore.NativeRestore;
import io.qaexchange.state.snapshot.UploadHistory;
import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.store.StateTables;
import io.qaexchange.state.timers.HeapTimerQueues;
import io.qaexchange.state.timers.StoredTimerQueues;
import io.qaexchange.state.timers.TimerQueues;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreEvent;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.AbstractKeyedStateBackendBuilder;
import org.apache.flink.runtime.state.BackendBuildingException;
import org.apache.flink.runtime.state.InternalKeyContextImpl;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.StateBackend.KeyedStateBackendParameters;
import org.apache.flink.runtime.state.StreamCompressionDecorator;
import org.apache.flink.runtime.state.metrics.LatencyTrackingStateConfig;
import org.apache.flink.runtime.state.metrics.SizeTrackingStateConfig;
import org.apache.flink.runtime.state.restore.FullSnapshotRestoreOperation;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a store and restores it; on failure nothing is left behind. One use, the task thread. */
final class LsmKeyedStateBackendBuilder<K> extends AbstractKeyedStateBackendBuilder<K> {
    private static final Logger LOG = LoggerFactory.getLogger(LsmKeyedStateBackendBuilder.class);

    private final KeyedStateBackendParameters<K> parameters;
    private final LsmStateOptions.Values options;
    private final OpaqueMemoryResource<SlotResources> resources;
    private final Path directory;
    private final Vfs files;

    /**
     * Where and how a store is opened.
     *
     * @param directory does not exist yet
     */
    record Place(LsmStateOptions.Values options, Path directory, Vfs files) {
    }

    LsmKeyedStateBackendBuilder(KeyedStateBackendParameters<K> parameters, Place place, OpaqueMemoryResource<SlotResources> resources,
            LatencyTrackingStateConfig latencyTracking, SizeTrackingStateConfig sizeTracking, StreamCompressionDecorator compression) {
        super(parameters.getKvStateRegistry(), parameters.getKeySerializer(), parameters.getEnv().getUserCodeClassLoader().asClassLoader(),
                parameters.getNumberOfKeyGroups(), parameters.getKeyGroupRange(), parameters.getEnv().getExecutionConfig(),
                parameters.getTtlTimeProvider(), latencyTracking, sizeTracking, parameters.getStateHandles(), compression,
                parameters.getCancelStreamRegistry());
        this.parameters = parameters;
        this.options = place.options;
        this.resources = resources;
        this.directory = place.directory;
        this.files = place.files;
    }

    @Override
    public LsmKeyedStateBackend<K> build() throws BackendBuildingException {
        OperatorStore opened = new OperatorStore(resources);
        try {
            return restoreStateHandles.stream().anyMatch(NativeRestore::canRead) ? buildFromNative(opened) : buildFromCanonical(opened);
        } catch (Throwable e) {
            opened.closeAfter(e);
            FileUtils.deleteDirectoryQuietly(directory.toFile());
            throw buildingFailure(e);
        }
    }

    private LsmKeyedStateBackend<K> buildFromNative(OperatorStore opened) throws Exception {
        try (NativeRestore<K> restore = new NativeRestore<>(keyGroupRange, numberOfKeyGroups, keySerializerProvider, userCodeClassLoader,
                directory.resolve("restore"), files, cancelStreamRegistry)) {
            restore.fetch(restoreStateHandles);
            opened.openStore(options, files, ttlTimeProvider, builder -> StateStore.restore(directory, builder, failureReport(), restore.sources()));
            if (localRecovery().isLocalBackupEnabled()) {
                restore.keepPieces(opened.store().restored(), opened.store().pieces());
            }
            Restored restored = new Restored(opened.store());
            restore.restoreStates(restored.tables);
            restore.restoreTimers(restored.timers);
            LOG.info("state of operator {}: {}", parameters.getOperatorIdentifier(), restore.describe());
            return backend(opened, restored, restore.backendId(), restore.history(opened.store().restored()));
        }
    }

    private LsmKeyedStateBackend<K> buildFromCanonical(OperatorStore opened) throws Exception {
        opened.openStore(options, files, ttlTimeProvider, builder -> StateStore.open(directory, builder, failureReport()));
        Restored restored = new Restored(opened.store());
        if (!restoreStateHandles.isEmpty()) {
            requireCanonical();
            new CanonicalRestore<K>(opened.store(), restored.tables, restored.timers, cancelStreamRegistry).restore(
                    new FullSnapshotRestoreOperation<>(keyGroupRange, userCodeClassLoader,
                            CanonicalRestore.inBlocks(restoreStateHandles, cancelStreamRegistry), keySerializerProvider));
        }
        return backend(opened, restored, UUID.randomUUID(), new UploadHistory(0, Map.of()));
    }

    private LocalRecoveryConfig localRecovery() {
        return parameters.getEnv().getTaskStateManager().createLocalRecoveryConfig();
    }

    private void requireCanonical() throws BackendBuildingException {
        for (KeyedStateHandle handle : restoreStateHandles) {
            if (handle != null && !(handle instanceof KeyGroupsSavepointStateHandle)) {
                throw new BackendBuildingException("state of operator " + parameters.getOperatorIdentifier() + " cannot be restored from a "
                        + handle.getClass().getSimpleName() + ", which is a full checkpoint of another backend: start the job"
                        + " on that backend, take a canonical savepoint (flink savepoint --type canonical), restore from it");
            }
        }
    }

    /** The parts that a restore fills. */
    private final class Restored {
        final StateTables tables;
        final TimerQueues timers;

        Restored(StateStore store) {
            StateFamilies families = new StateFamilies(options.compressedLevels().byLevel());
            tables = new StateTables(store, families, ttlTimeProvider);
            timers = options.timers() == LsmStateOptions.Timers.HEAP
                    ? new HeapTimerQueues(store, families, keyGroupRange, numberOfKeyGroups)
                    : new StoredTimerQueues(store, families, keyGroupRange, numberOfKeyGroups);
        }
    }

    private LsmKeyedStateBackend<K> backend(OperatorStore opened, Restored restored, UUID backendId, UploadHistory history) {
        LsmKeyedStateBackend.Base<K> base = new LsmKeyedStateBackend.Base<>(kvStateRegistry,
                // Only now: restoring may have reconfigured the serializer.
                keySerializerProvider.currentSchemaSerializer(), userCodeClassLoader, executionConfig, ttlTimeProvider,
                latencyTrackingStateConfig, sizeTrackingStateConfig,
                // Its own: the one of the parameters cancels restoring and is closed after it.
                new CloseableRegistry(), keyGroupCompressionDecorator, new InternalKeyContextImpl<>(keyGroupRange, numberOfKeyGroups));
        LsmKeyedStateBackend.Checkpoints checkpoints = new LsmKeyedStateBackend.Checkpoints(backendId, history,
                localRecovery(), options.incrementalCheckpoints(), parameters.getMetricGroup());
        return new LsmKeyedStateBackend<>(base, opened, restored.tables, restored.timers, checkpoints,
                new LsmKeyedStateBackend.Readers(parameters.getOperatorIdentifier(), options.readersPatience()));
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
        return event -> {
            if (event instanceof StoreEvent.FailureEvent failure) {
                LOG.error("state of operator {} in {} has failed during {}", operator, directory, failure.during(), failure.cause());
                environment.failExternally(new IOException("state of operator " + operator + " in " + directory + " has failed: during="
                        + failure.during() + " cause=" + failure.cause(), failure.cause()));
            } else if (event instanceof StoreEvent.StallEvent) {
                LOG.info("writes to state of operator {} waited: {}", operator, event.line());
            } else if (LOG.isDebugEnabled()) {
                LOG.debug("state of operator {}: {}", operator, event.line());
            }
        };
    }

    /** The store with the memory behind it, closed in the right order. */
    static final class OperatorStore {
        private final OpaqueMemoryResource<SlotResources> resources;
        private OperatorMemory memory;
        private StateStore store;

        OperatorStore(OpaqueMemoryResource<SlotResources> resources) {
            this.resources = resources;
        }

        /** Opens the store with the options that it is given. */
        @FunctionalInterface
        interface Opening {
            StateStore open(StoreOptions.Builder builder) throws IOException;
        }

        void openStore(LsmStateOptions.Values options, Vfs files, TtlTimeProvider clock, Opening opening) throws IOException {
            memory = resources.getResourceHandle().newOperator(options.blockCacheFraction(), options.readCacheBytes());
            StoreOptions.Builder builder = memory.configure(StoreOptions.builder()).durability(Durability.NO_LOG).readMode(options.readMode())
                    .vfs(files).clock(clock::currentTimestamp).backgroundJobs(options.backgroundThreads())
                    .compactionBytesPerSecond(options.compactionBytesPerSecond());
            store = opening.open(builder);
            memory.serve(store);
        }

        StateStore store() {
            return store;
        }

        ReadCache newReadCache() {
            return new ReadCache(memory.readCacheBytes());
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
                if (memory != null) {
                    memory.retire();
                }
            }
        }
    }
}
