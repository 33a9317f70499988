package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk fills up while a task runs: it fails with the cause and the folder, leaves nothing, and goes on when there is room again. */
class FullDiskTest {
    private static final int KEYS = 5_000;

    @TempDir
    Path folder;
    private final TestDisk disk = new TestDisk();

    private TestBackend open(MockEnvironment environment, KeyedStateHandle... handles) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, local().toString());
        return TestBackend.open(new LsmStateBackend().withFiles(() -> disk).configure(config, getClass().getClassLoader()),
                TestBackend.ALL_KEY_GROUPS, TtlTimeProvider.DEFAULT, environment, java.util.List.of(handles), new CloseableRegistry());
    }

    private Path local() {
        return folder.resolve("local");
    }

    private static ValueState<String> value(TestBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
    }

    private static void write(TestBackend backend, String text) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = 0; i < KEYS; i++) {
            backend.keyed.setCurrentKey("key " + i);
            value.update(text + "-".repeat(50));
        }
    }

    private static void check(TestBackend backend, String text) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = 0; i < KEYS; i++) {
            backend.keyed.setCurrentKey("key " + i);
            assertThat(value.value()).isEqualTo(text + "-".repeat(50));
        }
    }

    @Test
    void theLocalDiskFillsUpWhileStateIsWritten() throws Exception {
        KeyedStateHandle before;
        MockEnvironment environment = new MockEnvironmentBuilder().build();
        environment.setExpectedExternalFailureCause(IOException.class);
        try (TestBackend backend = open(environment)) {
            write(backend, "before ");
            before = backend.finish(1, backend.beginCheckpoint(1));
            disk.room(300_000);
            assertThatThrownBy(() -> {
                for (int round = 0; round < 100; round++) {
                    write(backend, "round " + round);
                }
            }).as("a write, though nothing of it can be kept").hasStackTraceContaining("No space left on device");
            assertThat(environment.getActualExternalFailureCause()).as("what the task fails with").get()
                    .satisfies(failure -> assertThat(failure).hasMessageContaining("operator").hasMessageContaining(local().toString())
                            .hasMessageContaining("No space left on device"));
        }
        Leftovers.requireNone(local());

        disk.room(Long.MAX_VALUE);
        try (TestBackend backend = open(new MockEnvironmentBuilder().build(), before)) {
            check(backend, "before ");
            write(backend, "after ");
            check(backend, "after ");
        }
        Leftovers.requireNone(local());
    }

    @Test
    void theLocalDiskIsFullWhenStateIsOpened() throws Exception {
        disk.room(10);
        assertThatThrownBy(() -> open(new MockEnvironmentBuilder().build())).hasMessageContaining("operator")
                .hasMessageContaining(local().toString()).hasMessageContaining("No space left on device");
        Leftovers.requireNone(local());
    }

    /** At every file of a checkpoint in turn, until there is room for all. */
    @Test
    void checkpointStorageFillsUpAtAnyFile() throws Exception {
        try (TestBackend backend = open(new MockEnvironmentBuilder().build())) {
            write(backend, "first ");
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            write(backend, "second ");
            int failures = 0;
            for (long room = 0;; room += 40_000) {
                Path target = folder.resolve("storage " + room);
                RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint =
                        backend.beginCheckpoint(room, CheckpointType.CHECKPOINT, new TestStorage(target).room(room));
                checkpoint.run();
                KeyedStateHandle handle;
                try {
                    handle = checkpoint.get().getJobManagerOwnedSnapshot();
                } catch (java.util.concurrent.ExecutionException e) {
                    assertThat(e).hasMessageContaining("checkpoint " + room).hasMessageContaining(target.toString())
                            .hasMessageContaining("No space left on device");
                    Leftovers.requireNoFiles(target);
                    backend.keyed.notifyCheckpointAborted(room);
                    failures++;
                    continue;
                }
                try (TestBackend restored = open(new MockEnvironmentBuilder().build(), handle)) {
                    check(restored, "second ");
                }
                break;
            }
            assertThat(failures).isGreaterThan(5);
            check(backend, "second ");
        }
        Leftovers.requireNone(local());
    }
}
