package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.CheckpointStorageLocationReference;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.PhysicalStateHandleID;
import org.apache.flink.runtime.state.SavepointSnapshotStrategy;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.SnapshotStrategyRunner;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.shaded.guava33.com.google.common.util.concurrent.Uninterruptibles;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A task is cancelled in each phase of its life, as Flink does it: the registry is closed, threads are interrupted, the backend is
 * disposed of. It ends soon, leaves nothing, and the state can be opened again.
 */
@Timeout(60)
class CancellationTest {
    @TempDir
    Path folder;
    private final TestDisk disk = new TestDisk();
    private final CloseableRegistry cancelled = new CloseableRegistry();
    private IncrementalRemoteKeyedStateHandle checkpoint;

    private TestBackend open(CloseableRegistry registry, KeyedStateHandle... handles) throws Exception {
        return TestBackend.open(TestKeys.smallBackend(disk, local()), TestBackend.ALL_KEY_GROUPS, TtlTimeProvider.DEFAULT,
                new MockEnvironmentBuilder().build(), List.of(handles), registry);
    }

    private Path local() {
        return folder.resolve("local");
    }

    @BeforeEach
    void takeACheckpoint() throws Exception {
        try (TestBackend backend = open(new CloseableRegistry())) {
            TestKeys.write(backend, "checkpointed ");
            checkpoint = (IncrementalRemoteKeyedStateHandle) backend.finish(1, backend.beginCheckpoint(1));
        }
    }

    @AfterEach
    void nothingIsLeftAndTheTaskRestarts() throws Exception {
        Leftovers.requireNone(local());
        try (TestBackend backend = open(new CloseableRegistry(), checkpoint)) {
            TestKeys.check(backend, "checkpointed ");
            TestKeys.write(backend, "again ");
            TestKeys.check(backend, "again ");
        }
        Leftovers.requireNone(local());
    }

    @Test
    void beforeItIsOpened() throws Exception {
        cancelled.close();
        assertThatThrownBy(() -> open(cancelled, checkpoint)).hasCauseInstanceOf(CancelTaskException.class);
    }

    @Test
    void whileACheckpointIsFetched() throws Exception {
        assertThatThrownBy(() -> cancelWhileRestoring(withFirstFileThatHangs())).hasCauseInstanceOf(CancelTaskException.class);
    }

    @Test
    void whileASavepointIsRead() throws Exception {
        KeyGroupsSavepointStateHandle savepoint;
        try (TestBackend backend = open(new CloseableRegistry(), checkpoint)) {
            savepoint = (KeyGroupsSavepointStateHandle) backend.savepoint();
        }
        HangingHandle hanging = new HangingHandle(savepoint.getDelegateStateHandle());
        assertThatThrownBy(() -> cancelWhileRestoring(new Hanging(
                new KeyGroupsSavepointStateHandle(savepoint.getGroupRangeOffsets(), hanging), hanging.reached)))
                .hasCauseInstanceOf(CancelTaskException.class);
    }

    /** A handle, and what is released when someone hangs in it. */
    private record Hanging(KeyedStateHandle handle, CountDownLatch reached) {
    }

    private Hanging withFirstFileThatHangs() {
        List<HandleAndLocalPath> shared = new ArrayList<>(checkpoint.getSharedState());
        HangingHandle hanging = new HangingHandle(shared.get(0).getHandle());
        shared.set(0, HandleAndLocalPath.of(hanging, shared.get(0).getLocalPath()));
        return new Hanging(new IncrementalRemoteKeyedStateHandle(checkpoint.getBackendIdentifier(), checkpoint.getKeyGroupRange(), 1, shared,
                checkpoint.getPrivateState(), checkpoint.getMetaDataStateHandle(), 0), hanging.reached);
    }

    private void cancelWhileRestoring(Hanging hanging) throws Exception {
        FutureTask<TestBackend> restoring = new FutureTask<>(() -> open(cancelled, hanging.handle()));
        Thread task = new Thread(restoring, "task");
        task.start();
        hanging.reached().await();
        cancelled.close();
        task.interrupt();
        task.join();
        try {
            restoring.get().close();
        } catch (ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    /** A file of which nothing comes until its stream is closed. */
    private static final class HangingHandle implements StreamStateHandle {
        private static final long serialVersionUID = 1L;
        private final transient StreamStateHandle real;
        private final transient CountDownLatch reached = new CountDownLatch(1);

        HangingHandle(StreamStateHandle real) {
            this.real = real;
        }

        @Override
        public FSDataInputStream openInputStream() throws IOException {
            FSDataInputStream in = real.openInputStream();
            CountDownLatch closed = new CountDownLatch(1);
            return new FSDataInputStream() {
                private int served;

                @Override
                public int read() throws IOException {
                    if (served++ >= 100) {
                        reached.countDown();
                        Uninterruptibles.awaitUninterruptibly(closed);
                        throw new IOException("stream was closed");
                    }
                    return in.read();
                }

                @Override
                public void seek(long position) throws IOException {
                    in.seek(position);
                }

                @Override
                public long getPos() throws IOException {
                    return in.getPos();
                }

                @Override
                public void close() throws IOException {
                    closed.countDown();
                    in.close();
                }
            };
        }

        @Override
        public Optional<byte[]> asBytesIfInMemory() {
            return Optional.empty();
        }

        @Override
        public PhysicalStateHandleID getStreamStateHandleID() {
            return real.getStreamStateHandleID();
        }

        @Override
        public void discardState() {
            // The real one's owner does.
        }

        @Override
        public long getStateSize() {
            return real.getStateSize();
        }
    }

    /** The engine writes a file, and merges, when the task goes. */
    @Test
    void whileMemtablesAreFlushed() throws Exception {
        TestBackend backend = open(cancelled, checkpoint);
        CountDownLatch writing = disk.holdWriters();
        FutureTask<Void> processing = new FutureTask<>(() -> {
            try (backend) {
                while (true) {
                    TestKeys.write(backend, "lost ");
                }
            }
        });
        Thread task = new Thread(processing, "task");
        task.start();
        writing.await();
        task.interrupt();
        cancelled.close();
        disk.goOn();
        // A task leaves its loop at the next element, at the latest when a write waits for memory.
        Thread.interrupted();
        assertThat(stopped(processing, task)).isTrue();
    }

    /** Nothing of the write that waited is there, and nobody is told that the state has failed. */
    @Test
    void aWriteThatWaitsIsInterrupted() throws Exception {
        try (TestBackend backend = open(cancelled, checkpoint)) {
            TestKeys.write(backend, "before ");
            CountDownLatch flushing = disk.holdWriters();
            // By a thread of the engine: the task is to wait for it.
            ((LsmKeyedStateBackend<String>) backend.keyed).store().freeze();
            flushing.await();
            FutureTask<Void> processing = new FutureTask<>(() -> {
                while (true) {
                    TestKeys.write(backend, "lost ");
                }
            });
            Thread task = new Thread(processing, "task");
            task.start();
            for (int attempt = 0; attempt < 500 && task.getState() != Thread.State.TIMED_WAITING; attempt++) {
                task.join(20);
            }
            assertThat(task.getState()).as("of a writer that waits for a flush").isEqualTo(Thread.State.TIMED_WAITING);
            task.interrupt();
            task.join();
            assertThatThrownBy(processing::get).hasRootCauseInstanceOf(InterruptedIOException.class);
            assertThat(backend.environment.getActualExternalFailureCause()).isEmpty();
            disk.goOn();
            TestKeys.write(backend, "afterwards ");
            TestKeys.check(backend, "afterwards ");
        }
    }

    private static boolean stopped(FutureTask<Void> processing, Thread task) throws Exception {
        for (int attempt = 0; attempt < 100 && task.isAlive(); attempt++) {
            task.interrupt();
            task.join(200);
        }
        assertThat(processing).isDone();
        return !task.isAlive();
    }

    @Test
    void betweenTheBarrierAndTheUpload() throws Exception {
        try (TestBackend backend = open(cancelled, checkpoint)) {
            TestKeys.write(backend, "lost ");
            RunnableFuture<SnapshotResult<KeyedStateHandle>> begun = backend.beginCheckpoint(2);
            cancelled.close();
            assertThat(begun.cancel(true)).isTrue();
        }
    }

    @Test
    void whileACheckpointIsUploaded() throws Exception {
        TestStorage storage = new TestStorage(folder.resolve("storage")).room(20_000);
        try (TestBackend backend = open(cancelled, checkpoint)) {
            TestKeys.write(backend, "lost ");
            cancelWhileWriting(backend.beginCheckpoint(2, CheckpointType.CHECKPOINT, storage), storage);
            // The next one does not mind.
            TestStorage free = new TestStorage(folder.resolve("free"));
            RunnableFuture<SnapshotResult<KeyedStateHandle>> next = backend.beginCheckpoint(3, CheckpointType.CHECKPOINT, free);
            next.run();
            try (TestBackend restored = open(new CloseableRegistry(), backend.acknowledge(3, next.get()).getJobManagerOwnedSnapshot())) {
                TestKeys.check(restored, "lost ");
            }
        }
        Leftovers.requireNoFiles(folder.resolve("storage"));
    }

    @Test
    void whileASavepointIsWritten() throws Exception {
        TestStorage storage = new TestStorage(folder.resolve("storage")).room(20_000);
        try (TestBackend backend = open(cancelled, checkpoint)) {
            TestKeys.write(backend, "lost ");
            var resources = backend.keyed.savepoint();
            cancelWhileWriting(new SnapshotStrategyRunner<>("savepoint", new SavepointSnapshotStrategy<>(resources.getSnapshotResources()), cancelled,
                    resources.getPreferredSnapshotExecutionType()).snapshot(2, 2, storage, CheckpointOptions.alignedNoTimeout(
                            SavepointType.savepoint(SavepointFormatType.CANONICAL), CheckpointStorageLocationReference.getDefault())), storage);
            TestKeys.check(backend, "lost ");
        }
        Leftovers.requireNoFiles(folder.resolve("storage"));
    }

    /** The task goes while another thread uploads: disposing of the backend ends that, and waits for it. */
    @Test
    void disposeEndsAnUploadThatHangs() throws Exception {
        TestStorage storage = new TestStorage(folder.resolve("storage")).room(20_000);
        CountDownLatch hanging = storage.holdWhenFull();
        Thread writer;
        try (TestBackend backend = open(cancelled, checkpoint)) {
            TestKeys.write(backend, "lost ");
            writer = new Thread(backend.beginCheckpoint(2, CheckpointType.CHECKPOINT, storage), "writer");
            writer.start();
            assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();
        }
        writer.join();
        Leftovers.requireNoFiles(folder.resolve("storage"));
    }

    private static void cancelWhileWriting(RunnableFuture<? extends SnapshotResult<?>> snapshot, TestStorage storage) throws Exception {
        CountDownLatch hanging = storage.holdWhenFull();
        Thread writer = new Thread(snapshot, "writer");
        writer.start();
        assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(snapshot.cancel(true)).isTrue();
        writer.join();
    }

    /** Flink interrupts a task that does not end, also while it disposes of its state. */
    @Test
    void whileItCloses() throws Exception {
        TestBackend backend = open(cancelled, checkpoint);
        TestKeys.write(backend, "lost ");
        Thread.currentThread().interrupt();
        backend.keyed.dispose();
        backend.keyed.dispose();
        assertThat(Thread.interrupted()).isTrue();
        backend.environment.close();
    }
}
