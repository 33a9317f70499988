package io.qaexchange.state.bench;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;

/** A keyed state backend outside a job: keys are longs, checkpoints go to a local folder. */
final class BenchBackend implements AutoCloseable {
    static final int KEY_GROUPS = 128;

    /** What is compared. */
    enum Kind {
        OURS, ROCKSDB, HASHMAP;

        /** @param memoryBytes off-heap, of each operator */
        AbstractStateBackend make(Path local, long memoryBytes) {
            Configuration config = new Configuration();
            config.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
            ClassLoader loader = BenchBackend.class.getClassLoader();
            switch (this) {
                case OURS -> {
                    config.set(LsmStateOptions.MANAGED_MEMORY, false);
                    config.set(LsmStateOptions.FIXED_PER_OPERATOR, new MemorySize(memoryBytes));
                    config.set(LsmStateOptions.LOCAL_DIRECTORY, local.toString());
                    return new LsmStateBackend().configure(config, loader);
                }
                case ROCKSDB -> {
                    config.setString("state.backend.rocksdb.memory.managed", "false");
                    config.setString("state.backend.rocksdb.memory.fixed-per-slot", memoryBytes + "b");
                    EmbeddedRocksDBStateBackend rocks = new EmbeddedRocksDBStateBackend(true).configure(config, loader);
                    rocks.setDbStoragePath(local.toUri().toString());
                    return rocks;
                }
                default -> {
                    return new HashMapStateBackend().configure(config, loader);
                }
            }
        }
    }

    private final MockEnvironment environment;
    final AbstractKeyedStateBackend<Long> keyed;

    private BenchBackend(MockEnvironment environment, AbstractKeyedStateBackend<Long> keyed) {
        this.environment = environment;
        this.keyed = keyed;
    }

    static BenchBackend open(AbstractStateBackend backend, KeyGroupRange keyGroups, Collection<KeyedStateHandle> restored) throws Exception {
        MockEnvironment environment = new MockEnvironmentBuilder().setManagedMemorySize(1 << 20).build();
        AbstractKeyedStateBackend<Long> keyed = backend.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment, new JobID(),
                "operator", LongSerializer.INSTANCE, KEY_GROUPS, keyGroups, environment.getTaskKvStateRegistry(), TtlTimeProvider.DEFAULT,
                new UnregisteredMetricsGroup(), (name, value) -> { }, restored, new CloseableRegistry(), 1.0));
        return new BenchBackend(environment, keyed);
    }

    /** Where a checkpoint goes. */
    static FsCheckpointStreamFactory storage(long id, Path checkpoints) throws IOException {
        Path own = Files.createDirectories(checkpoints.resolve("chk-" + id));
        Path shared = Files.createDirectories(checkpoints.resolve("shared"));
        return new FsCheckpointStreamFactory(LocalFileSystem.getSharedInstance(), flinkPath(own), flinkPath(shared), 20 << 10, 4096);
    }

    /** The task thread's part of a checkpoint. */
    RunnableFuture<SnapshotResult<KeyedStateHandle>> snapshot(long id, FsCheckpointStreamFactory storage) throws Exception {
        return keyed.snapshot(id, id, storage, CheckpointOptions.alignedNoTimeout(CheckpointType.CHECKPOINT,
                CheckpointStorageLocationReference.getDefault()));
    }

    private static org.apache.flink.core.fs.Path flinkPath(Path path) {
        return new org.apache.flink.core.fs.Path(path.toUri());
    }

    /** Bytes and number of files below a folder. */
    static long[] sizeOf(Path folder) throws IOException {
        long[] size = new long[2];
        try (var files = Files.walk(folder)) {
            files.map(Path::toFile).filter(File::isFile).forEach(file -> {
                size[0] += file.length();
                size[1]++;
            });
        }
        return size;
    }

    @Override
    public void close() throws Exception {
        keyed.dispose();
        environment.close();
    }
}
