package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.BackendBuildingException;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk fills up while a task runs: it fails with the cause and the folder, leaves nothing, and goes on when there is room again. */
class FullDiskTest {
    @TempDir
    Path folder;
    private final TestDisk disk = new TestDisk();

    private TestBackend open(MockEnvironment environment, KeyedStateHandle... handles) throws Exception {
        return TestBackend.open(TestKeys.smallBackend(disk, local()), TestBackend.ALL_KEY_GROUPS, TtlTimeProvider.DEFAULT,
                environment, List.of(handles), new CloseableRegistry());
    }

    private Path local() {
        return folder.resolve("local");
    }

    @Test
    void theLocalDiskFillsUpWhileStateIsWritten() throws Exception {
        KeyedStateHandle before;
        MockEnvironment environment = new MockEnvironmentBuilder().build();
        environment.setExpectedExternalFailureCause(IOException.class);
        try (TestBackend backend = open(environment)) {
            TestKeys.write(backend, "before ");
            before = backend.finish(1, backend.beginCheckpoint(1));
            disk.room(300_000);
            assertThatThrownBy(() -> {
                for (int round = 0; round < 100; round++) {
                    TestKeys.write(backend, "round " + round);
                }
            }).as("a write, though nothing of it can be kept").hasStackTraceContaining("No space left on device");
        }
        // Told by the thread that could not write, which closing waits for; the task's own thread may have failed before.
        assertThat(environment.getActualExternalFailureCause()).as("what the task fails with").get()
                .satisfies(failure -> assertThat(failure).hasMessageContaining("operator").hasMessageContaining(local().toString())
                        .hasMessageContaining("No space left on device"));
        Leftovers.requireNone(local());

        disk.room(Long.MAX_VALUE);
        try (TestBackend backend = open(new MockEnvironmentBuilder().build(), before)) {
            TestKeys.check(backend, "before ");
            TestKeys.write(backend, "after ");
            TestKeys.check(backend, "after ");
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

    /** At every file in turn, until there is room for all. */
    @Test
    void theLocalDiskFillsUpWhileACheckpointIsFetched() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = open(new MockEnvironmentBuilder().build())) {
            TestKeys.write(backend, "first ");
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            TestKeys.write(backend, "second ");
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        long room = 0;
        while (failsToFetch(handle, room)) {
            room += 40_000;
        }
        assertThat(room).isGreaterThan(200_000);

        disk.room(Long.MAX_VALUE);
        try (TestBackend restored = open(new MockEnvironmentBuilder().build(), handle)) {
            TestKeys.check(restored, "second ");
        }
        Leftovers.requireNone(local());
    }

    /** @return false if the disk was full only later, or not at all */
    private boolean failsToFetch(KeyedStateHandle handle, long room) throws Exception {
        disk.room(room);
        MockEnvironment environment = new MockEnvironmentBuilder().build();
        // There may be room for the checkpoint but not for what is flushed after it.
        environment.setExpectedExternalFailureCause(IOException.class);
        try (TestBackend restored = open(environment, handle)) {
            assertThat(restored.keyed).isNotNull();
            return false;
        } catch (BackendBuildingException e) {
            assertThat(e).hasMessageContaining("operator operator").hasMessageContaining(local().toString())
                    .hasMessageContaining("No space left on device");
            Leftovers.requireNone(local());
            return e.getMessage().matches("(?s).*file \\S+ of the checkpoint could not be copied from .*");
        }
    }

    /** At every file of a checkpoint in turn, until there is room for all. */
    @Test
    void checkpointStorageFillsUpAtAnyFile() throws Exception {
        try (TestBackend backend = open(new MockEnvironmentBuilder().build())) {
            TestKeys.write(backend, "first ");
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            TestKeys.write(backend, "second ");
            int failures = 0;
            for (long room = 0;; room += 40_000) {
                Path target = folder.resolve("storage " + room);
                RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint =
                        backend.beginCheckpoint(room, CheckpointType.CHECKPOINT, new TestStorage(target).room(room));
                checkpoint.run();
                KeyedStateHandle handle;
                try {
                    handle = checkpoint.get().getJobManagerOwnedSnapshot();
                } catch (ExecutionException e) {
                    assertThat(e).hasMessageContaining("checkpoint " + room).hasMessageContaining(target.toString())
                            .hasMessageContaining("No space left on device");
                    Leftovers.requireNoFiles(target);
                    backend.keyed.notifyCheckpointAborted(room);
                    failures++;
                    continue;
                }
                try (TestBackend restored = open(new MockEnvironmentBuilder().build(), handle)) {
                    TestKeys.check(restored, "second ");
                }
                break;
            }
            assertThat(failures).isGreaterThan(5);
            TestKeys.check(backend, "second ");
        }
        Leftovers.requireNone(local());
    }
}
