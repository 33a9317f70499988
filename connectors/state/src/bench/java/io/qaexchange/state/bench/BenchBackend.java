package io.qaexchange.state.bench;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.RunnableFuture;
import javax.annotation.Nullable;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.StateChangelogOptions;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.CheckpointableKeyedStateBackend;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackendParametersImpl;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A keyed state backend outside a job: keys are longs, checkpoints go to a local folder. One thread, but for what a snapshot does in the
 * background.
 */
final class BenchBackend implements AutoCloseable {
    static final int KEY_GROUPS = 128;
    private static final Logger LOG = LoggerFactory.getLogger(BenchBackend.class);

    /** The contenders. */
    enum Kind {
        OURS, ROCKSDB, HASHMAP,
        /** Flink's changelog, its log on the same file system, over RocksDB; as configured by default. */
        CHANGELOG;

        /** @param memoryBytes off-heap, of each operator */
        StateBackend make(Path local, long memoryBytes) throws Exception {
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
                case CHANGELOG -> {
                    Configuration changelog = new Configuration();
                    changelog.set(StateChangelogOptions.ENABLE_STATE_CHANGE_LOG, true);
                    return StateBackendLoader.fromApplicationOrConfigOrDefault(ROCKSDB.make(local, memoryBytes), changelog, changelog, loader, LOG);
                }
                default -> {
                    return new HashMapStateBackend().configure(config, loader);
                }
            }
        }
    }

    private final MockEnvironment environment;
    /** Null unless changes are logged. */
    @Nullable
    private final BenchChangelog changelog;
    final CheckpointableKeyedStateBackend<Long> keyed;

    private BenchBackend(MockEnvironment environment, @Nullable BenchChangelog changelog, CheckpointableKeyedStateBackend<Long> keyed) {
        this.environment = environment;
        this.changelog = changelog;
        this.keyed = keyed;
    }

    static BenchBackend open(StateBackend backend, KeyGroupRange keyGroups, Collection<KeyedStateHandle> restored) throws Exception {
        return open(backend, keyGroups, restored, null);
    }

    /** @param checkpoints where a backend that logs changes puts its log; null for the others */
    static BenchBackend open(StateBackend backend, KeyGroupRange keyGroups, Collection<KeyedStateHandle> restored, @Nullable Path checkpoints)
            throws Exception {
        BenchChangelog changelog = StateBackendLoader.isChangelogStateBackend(backend) ? BenchChangelog.open(checkpoints) : null;
        MockEnvironment environment = changelog == null ? new MockEnvironmentBuilder().setManagedMemorySize(1 << 20).build() : changelog.environment();
        CheckpointableKeyedStateBackend<Long> keyed = backend.createKeyedStateBackend(new KeyedStateBackendParametersImpl<>(environment, new JobID(),
                "operator", LongSerializer.INSTANCE, KEY_GROUPS, keyGroups, environment.getTaskKvStateRegistry(), TtlTimeProvider.DEFAULT,
                new UnregisteredMetricsGroup(), (name, value) -> { }, restored, new CloseableRegistry(), 1.0));
        return new BenchBackend(environment, changelog, keyed);
    }

    /** Work of the background for the task thread, which a task looks for after each record. */
    void runMails() {
        if (changelog != null) {
            changelog.runMails();
        }
    }

    void complete(long checkpoint) throws Exception {
        ((CheckpointListener) keyed).notifyCheckpointComplete(checkpoint);
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
        keyed.close();
        keyed.dispose();
        environment.close();
        if (changelog != null) {
            changelog.close();
        }
    }
}
