package io.qaexchange.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.state.CheckpointStateOutputStream;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.CheckpointedStateScope;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.shaded.guava33.com.google.common.util.concurrent.Uninterruptibles;

/** Checkpoint storage in a folder, that can be full or slow: a writer that waits is freed by closing its stream. Thread-safe. */
final class TestStorage implements CheckpointStreamFactory {
    private final FsCheckpointStreamFactory files;
    private final AtomicLong roomBytes = new AtomicLong(Long.MAX_VALUE);
    private volatile CountDownLatch reached;

    TestStorage(Path folder) throws IOException {
        files = new FsCheckpointStreamFactory(LocalFileSystem.getSharedInstance(), path(Files.createDirectories(folder.resolve("chk"))),
                path(Files.createDirectories(folder.resolve("shared"))), 0, 4096);
    }

    private static org.apache.flink.core.fs.Path path(Path folder) {
        return new org.apache.flink.core.fs.Path(folder.toUri());
    }

    TestStorage room(long bytes) {
        roomBytes.set(bytes);
        return this;
    }

    /** A writer that finds no space waits for ever, instead of failing. @return released when one does */
    CountDownLatch holdWhenFull() {
        reached = new CountDownLatch(1);
        return reached;
    }

    @Override
    public CheckpointStateOutputStream createCheckpointStateOutputStream(CheckpointedStateScope scope) throws IOException {
        CheckpointStateOutputStream out = files.createCheckpointStateOutputStream(scope);
        CountDownLatch closed = new CountDownLatch(1);
        return new CheckpointStateOutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                if (roomBytes.addAndGet(-length) < 0) {
                    if (reached != null) {
                        reached.countDown();
                        Uninterruptibles.awaitUninterruptibly(closed);
                        throw new IOException("stream was closed");
                    }
                    throw new IOException("No space left on device");
                }
                out.write(bytes, offset, length);
            }

            @Override
            public StreamStateHandle closeAndGetHandle() throws IOException {
                return out.closeAndGetHandle();
            }

            @Override
            public long getPos() throws IOException {
                return out.getPos();
            }

            @Override
            public void flush() throws IOException {
                out.flush();
            }

            @Override
            public void sync() throws IOException {
                out.sync();
            }

            @Override
            public void close() throws IOException {
                closed.countDown();
                out.close();
            }
        };
    }

    @Override
    public boolean canFastDuplicate(StreamStateHandle handle, CheckpointedStateScope scope) {
        return false;
    }

    @Override
    public List<StreamStateHandle> duplicate(List<StreamStateHandle> handles, CheckpointedStateScope scope) {
        throw new UnsupportedOperationException();
    }

    @Override
    public String toString() {
        return files.toString();
    }
}
