package io.qaexchange.state;

import io.qaexchange.state.memory.SlotResources;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.memory.OpaqueMemoryResource;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.AsyncKeyedStateBackend;
import org.apache.flink.runtime.state.ConfigurableStateBackend;
import org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder;
import org.apache.flink.runtime.state.OperatorStateBackend;
import org.apache.flink.util.function.SerializableSupplier;

/**
 * Flink's keyed state in the storage engine: one store per operator subtask, one column family per state, in local files that live as
 * long as the task; durable copies are Flink's checkpoints and savepoints. Operator state is Flink's own, on the heap.
 *
 * <p>Immutable and serializable; several tasks use one at once.
 */
public final class LsmStateBackend extends AbstractStateBackend implements ConfigurableStateBackend {
    private static final long serialVersionUID = 1L;
    private static final String RESOURCE_NAME = "state-lsm-managed-memory";

    private final LsmStateOptions.Values options;
    /** Where the engine's files are. */
    private final SerializableSupplier<Vfs> files;

    /** With the default options. */
    public LsmStateBackend() {
        this(defaultOptions(), () -> NioVfs.UNSYNCED);
    }

    private static LsmStateOptions.Values defaultOptions() {
        RequiredJars.check();
        return LsmStateOptions.read(new Configuration());
    }

    private LsmStateBackend(LsmStateOptions.Values options, SerializableSupplier<Vfs> files) {
        this.options = options;
        this.files = files;
    }

    /** The same on other files, for tests. */
    LsmStateBackend withFiles(SerializableSupplier<Vfs> others) {
        return new LsmStateBackend(options, others);
    }

    @Override
    public LsmStateBackend configure(ReadableConfig config, ClassLoader classLoader) {
        UnknownOptions.report(config);
        LsmStateBackend configured = new LsmStateBackend(LsmStateOptions.read(config), files);
        configured.latencyTrackingConfigBuilder = latencyTrackingConfigBuilder.configure(config);
        configured.sizeTrackingConfigBuilder = sizeTrackingConfigBuilder.configure(config);
        return configured;
    }

    @Override
    public boolean useManagedMemory() {
        return options.managedMemory();
    }

    /** A full checkpoint uploads everything anew. */
    @Override
    public boolean supportsNoClaimRestoreMode() {
        return true;
    }

    @Override
    public boolean supportsSavepointFormat(SavepointFormatType formatType) {
        return true;
    }

    @Override
    public boolean supportsAsyncKeyedStateBackend() {
        return true;
    }

    @Override
    public <K> AsyncKeyedStateBackend<K> createAsyncKeyedStateBackend(KeyedStateBackendParameters<K> parameters) throws IOException {
        return new LsmAsyncKeyedStateBackend<>(createKeyedStateBackend(parameters));
    }

    @Override
    public <K> LsmKeyedStateBackend<K> createKeyedStateBackend(KeyedStateBackendParameters<K> parameters) throws IOException {
        // A backend of the job's own code was made on another machine.
        RequiredJars.check();
        Environment environment = parameters.getEnv();
        // First: if there is no folder, no memory was taken that would have to be given back.
        Path directory = directory(parameters);
        LsmKeyedStateBackendBuilder.Place place = new LsmKeyedStateBackendBuilder.Place(options, directory, files.get());
        return new LsmKeyedStateBackendBuilder<>(parameters, place, resources(parameters),
                latencyTrackingConfigBuilder.setMetricGroup(parameters.getMetricGroup()).build(),
                sizeTrackingConfigBuilder.setMetricGroup(parameters.getMetricGroup()).build(),
                getCompressionDecorator(environment.getExecutionConfig())).build();
    }

    private OpaqueMemoryResource<SlotResources> resources(KeyedStateBackendParameters<?> parameters) throws IOException {
        int threads = options.backgroundThreads();
        if (!options.managedMemory()) {
            SlotResources own = new SlotResources(options.fixedBytesPerOperator(), threads);
            return new OpaqueMemoryResource<>(own, own.budgetBytes(), own::close);
        }
        try {
            return parameters.getEnv().getMemoryManager().getSharedMemoryResourceForManagedMemory(
                    RESOURCE_NAME, bytes -> new SlotResources(bytes, threads), parameters.getManagedMemoryFraction());
        } catch (Exception e) {
            throw new IOException("operator " + parameters.getOperatorIdentifier() + " got no managed memory for its state: " + e.getMessage(), e);
        }
    }

    private Path directory(KeyedStateBackendParameters<?> parameters) throws IOException {
        String operator = parameters.getOperatorIdentifier().replaceAll("[^a-zA-Z0-9\\-]", "_");
        return options.localDirectories().next(parameters.getEnv().getTaskManagerInfo().getTmpWorkingDirectory().toPath(),
                "lsm_" + parameters.getJobID() + '_' + operator + '_' + UUID.randomUUID());
    }

    @Override
    public OperatorStateBackend createOperatorStateBackend(OperatorStateBackendParameters parameters) throws Exception {
        return new DefaultOperatorStateBackendBuilder(parameters.getEnv().getUserCodeClassLoader().asClassLoader(),
                parameters.getEnv().getExecutionConfig(), true, parameters.getStateHandles(), parameters.getCancelStreamRegistry()).build();
    }
}
