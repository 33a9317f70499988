package io.qaexchange.job.query.hot;

import io.qaexchange.job.model.StateBackendChoice;
import java.util.Collection;
import java.util.List;
import java.util.Map;
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
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.state.api.runtime.SavepointEnvironment;
import org.slf4j.LoggerFactory;

/**
 * Restores the keyed state of an operator, handle by handle, into state backends of this process.
 *
 * <p>Memory: the state of one handle, with the HashMap backend and canonical savepoints; little with the others.
 * <p>One thread.
 */
public final class RestoredBackends {

    private static final String OPERATOR = "checkpoint reader";
    /** A file that every RocksDB has. */
    private static final String ROCKSDB_FILE = "CURRENT";

    private final List<KeyedStateHandle> handles;
    private final int maxParallelism;

    /** The state in these handles. */
    public RestoredBackends(Collection<? extends KeyedStateHandle> handles, int maxParallelism) {
        this.handles = List.copyOf(handles);
        this.maxParallelism = maxParallelism;
    }

    /** Works with a restored backend. */
    @FunctionalInterface
    public interface User {
        /** The backend is valid only within the call. */
        void accept(AbstractKeyedStateBackend<String> backend) throws Exception;
    }

    /** Restores each handle for the time of a call. */
    public void forEach(User user) throws Exception {
        for (KeyedStateHandle handle : handles) {
            withBackend(handle, user);
        }
    }

    private void withBackend(KeyedStateHandle handle, User user) throws Exception {
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
        ClassLoader classLoader = RestoredBackends.class.getClassLoader();
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, backendOf(handle).flinkType());
        StateBackend stateBackend = StateBackendLoader.loadStateBackendFromConfig(configuration, classLoader,
                LoggerFactory.getLogger(RestoredBackends.class));
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
                RestoredBackends.class.getClassLoader(), new ExecutionConfig(), Map.of(), Map.of(),
                UnregisteredMetricsGroup.createOperatorMetricGroup());
        return new SavepointEnvironment.Builder(context, new ExecutionConfig(), maxParallelism).build();
    }
}
