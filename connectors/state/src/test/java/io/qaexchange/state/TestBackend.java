package io.qaexchange.state;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.RunnableFuture;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SavepointResources;
import org.apache.flink.runtime.state.SavepointSnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.memory.MemCheckpointStreamFactory;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;

/** A keyed state backend of any kind with string keys and all of 128 key groups, outside a job. */
final class TestBackend implements AutoCloseable {
    static final KeyGroupRange ALL_KEY_GROUPS = KeyGroupRange.of(0, 127);

    final MockEnvironment environment;
    final AbstractKeyedStateBackend<String> keyed;

    /** Keeps the files of all checkpoints of a test, as the job manager does of those that it retains. */
    private final SharedStateRegistry registry;

    private TestBackend(MockEnvironment environment, AbstractKeyedStateBackend<String> keyed, SharedStateRegistry registry) {
        this.registry = registry;
        this.environment = environment;
        this.keyed = keyed;
    }

    static TestBackend open(AbstractStateBackend backend, KeyedStateHandle... restored) throws Exception {
        return open(backend, ALL_KEY_GROUPS, List.of(restored));
    }

    static TestBackend open(AbstractStateBackend backend, KeyGroupRange keyGroups, Collection<KeyedStateHandle> restored) throws Exception {
        return open(backend, keyGroups, TtlTimeProvider.DEFAULT, restored);
    }

    static TestBackend open(AbstractStateBackend backend, KeyGroupRange keyGroups, TtlTimeProvider clock, Collection<KeyedStateHandle> restored)
            throws Exception {
        return open(backend, keyGroups, clock, new MockEnvironmentBuilder().build(), restored);
    }

    static TestBackend open(AbstractStateBackend backend, KeyGroupRange keyGroups, TtlTimeProvider clock, MockEnvironment environment,
            Collection<KeyedStateHandle> restored) throws Exception {
        return open(backend, keyGroups, clock, environment, restored, new CloseableRegistry());
    }

    /** @param cancelled closed by whoever cancels the task */
    static TestBackend open(AbstractStateBackend backend, KeyGroupRange keyGroups, TtlTimeProvider clock, MockEnvironment environment,
            Collection<KeyedStateHandle> restored, CloseableRegistry cancelled) throws Exception {
        AbstractKeyedStateBackend<String> keyed = backend.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment, new JobID(),
                "operator", StringSerializer.INSTANCE, 128, keyGroups, environment.getTaskKvStateRegistry(), clock,
                new UnregisteredMetricsGroup(), (name, value) -> { }, restored, cancelled, 1.0));
        SharedStateRegistry registry = new SharedStateRegistryImpl();
        for (KeyedStateHandle handle : restored) {
            if (handle != null) {
                handle.registerSharedStates(registry, 0);
            }
        }
        return new TestBackend(environment, keyed, registry);
    }

    /** Begins a checkpoint, which whoever runs the future completes. */
    RunnableFuture<SnapshotResult<KeyedStateHandle>> beginCheckpoint(long id) throws Exception {
        return beginCheckpoint(id, CheckpointType.CHECKPOINT, new MemCheckpointStreamFactory(64 << 20));
    }

    RunnableFuture<SnapshotResult<KeyedStateHandle>> beginCheckpoint(long id, SnapshotType type, CheckpointStreamFactory storage) throws Exception {
        return keyed.snapshot(id, id, storage, CheckpointOptions.alignedNoTimeout(type, CheckpointStorageLocationReference.getDefault()));
    }

    /** Makes files of a checkpoint known that was not restored itself. */
    void register(KeyedStateHandle handle) {
        handle.registerSharedStates(registry, 0);
    }

    /** Completes a checkpoint on another thread, and has the job manager acknowledge it. */
    KeyedStateHandle finish(long id, RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint) throws Exception {
        return complete(id, checkpoint).getJobManagerOwnedSnapshot();
    }

    /** The same, with the local copy. */
    SnapshotResult<KeyedStateHandle> complete(long id, RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint) throws Exception {
        Thread writer = new Thread(checkpoint);
        writer.start();
        writer.join();
        return acknowledge(id, checkpoint.get());
    }

    /** Acts as the JobManager with a checkpoint that was written, and notifies the task. */
    SnapshotResult<KeyedStateHandle> acknowledge(long id, SnapshotResult<KeyedStateHandle> written) throws Exception {
        written.getJobManagerOwnedSnapshot().registerSharedStates(registry, id);
        keyed.notifyCheckpointComplete(id);
        return written;
    }

    /** Null for a backend without states. */
    @Nullable
    KeyedStateHandle savepoint() throws Exception {
        SavepointResources<String> resources = keyed.savepoint();
        RunnableFuture<SnapshotResult<KeyedStateHandle>> future = new SnapshotStrategyRunner<>("savepoint",
                new SavepointSnapshotStrategy<>(resources.getSnapshotResources()), new CloseableRegistry(), resources.getPreferredSnapshotExecutionType())
                .snapshot(1, 1, new MemCheckpointStreamFactory(64 << 20), CheckpointOptions.alignedNoTimeout(
                        SavepointType.savepoint(SavepointFormatType.CANONICAL), CheckpointStorageLocationReference.getDefault()));
        future.run();
        return future.get().getJobManagerOwnedSnapshot();
    }

    @Override
    public void close() throws Exception {
        keyed.dispose();
        environment.close();
    }
}
