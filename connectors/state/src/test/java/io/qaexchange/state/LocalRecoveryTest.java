package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.jobgraph.JobVertexID;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.IncrementalLocalKeyedStateHandle;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.LocalRecoveryConfig;
import org.apache.flink.runtime.state.LocalSnapshotDirectoryProviderImpl;
import org.apache.flink.runtime.state.PhysicalStateHandleID;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.TestTaskStateManager;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With local recovery, a checkpoint has a copy on the task manager's disk, from which the state is restored and goes on. */
class LocalRecoveryTest {
    @TempDir
    Path folder;

    private TestBackend open(KeyedStateHandle... handles) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(2));
        config.set(LsmStateOptions.COMPACTION_RATE, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.resolve("local").toString());
        LocalSnapshotDirectoryProviderImpl copies = new LocalSnapshotDirectoryProviderImpl(folder.resolve("copies").toFile(), new JobID(1, 1),
                new JobVertexID(1, 1), 0);
        TestTaskStateManager manager = TestTaskStateManager.builder().setLocalRecoveryConfig(LocalRecoveryConfig.backupAndRecoveryEnabled(copies)).build();
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), TestBackend.ALL_KEY_GROUPS,
                TtlTimeProvider.DEFAULT, new MockEnvironmentBuilder().setTaskStateManager(manager).build(), List.of(handles));
    }

    private static ValueState<String> value(TestBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
    }

    private static void write(TestBackend backend, String text, int from, int to) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = from; i < to; i++) {
            backend.keyed.setCurrentKey("key " + i);
            value.update(text + i);
        }
    }

    private static void check(TestBackend backend, String text, int from, int to) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = from; i < to; i++) {
            backend.keyed.setCurrentKey("key " + i);
            assertThat(value.value()).isEqualTo(text + i);
        }
    }

    @Test
    void stateIsRestoredFromTheLocalCopyAndGoesOnFromThere() throws Exception {
        SnapshotResult<KeyedStateHandle> last = null;
        try (TestBackend backend = open()) {
            for (int id = 1; id <= 6; id++) {
                write(backend, "first ", id * 3_000, (id + 1) * 3_000);
                last = backend.complete(id, backend.beginCheckpoint(id));
                assertThat(last.getTaskLocalSnapshot()).as("checkpoint %s", id).isInstanceOf(IncrementalLocalKeyedStateHandle.class);
            }
            assertThat(((IncrementalRemoteKeyedStateHandle) last.getJobManagerOwnedSnapshot()).getSharedState())
                    .anyMatch(file -> file.getLocalPath().endsWith(".sst")).anyMatch(file -> file.getLocalPath().endsWith(".piece"));
        }
        for (int restart = 0; restart < 3; restart++) {
            // Only the copy is there: were the remote one read, this would fail, since its handles are in memory of this test alone.
            try (TestBackend backend = open(last.getTaskLocalSnapshot())) {
                backend.register(last.getJobManagerOwnedSnapshot());
                Set<PhysicalStateHandleID> before = files(last);
                write(backend, "again ", 0, 100 + restart);
                long id = 10 + restart;
                last = backend.complete(id, backend.beginCheckpoint(id));
                assertThat(last.getTaskLocalSnapshot()).as("restart %s", restart).isNotNull();
                assertThat(files(last)).as("files of the checkpoint before").containsAnyElementsOf(before);
                // Reads may have files merged, so they come after the comparison.
                check(backend, "first ", 3_000, 21_000);
            }
        }
        try (TestBackend backend = open(last.getJobManagerOwnedSnapshot())) {
            check(backend, "first ", 3_000, 21_000);
            check(backend, "again ", 0, 102);
        }
    }

    private static Set<PhysicalStateHandleID> files(SnapshotResult<KeyedStateHandle> checkpoint) {
        return ((IncrementalRemoteKeyedStateHandle) checkpoint.getJobManagerOwnedSnapshot()).getSharedState().stream()
                .map(file -> file.getHandle().getStreamStateHandleID()).collect(Collectors.toSet());
    }

    @Test
    void noRoomForTheCopyCostsTheCopyAndNotTheCheckpoint() throws Exception {
        try (TestBackend backend = open()) {
            write(backend, "value ", 0, 100);
            FileUtils.deleteDirectory(folder.resolve("copies").toFile());
            Files.createFile(folder.resolve("copies"));
            SnapshotResult<KeyedStateHandle> result = backend.complete(1, backend.beginCheckpoint(1));
            assertThat(result.getTaskLocalSnapshot()).isNull();
            FileUtils.deleteFileOrDirectory(folder.resolve("copies").toFile());
            try (TestBackend restored = open(result.getJobManagerOwnedSnapshot())) {
                check(restored, "value ", 0, 100);
            }
        }
    }

    @Test
    void failedCheckpointLeavesNoCopy() throws Exception {
        try (TestBackend backend = open()) {
            write(backend, "value ", 0, 100);
            var cancelled = backend.beginCheckpoint(1);
            Thread writer = new Thread(() -> {
                Thread.currentThread().interrupt();
                cancelled.cancel(true);
                cancelled.run();
            });
            writer.start();
            writer.join();
        }
        if (Files.exists(folder.resolve("copies"))) {
            try (Stream<Path> files = Files.walk(folder.resolve("copies"))) {
                assertThat(files.filter(Files::isRegularFile)).isEmpty();
            }
        }
    }
}
