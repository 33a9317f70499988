package io.qaexchange.state;

import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.shaded.guava33.com.google.common.util.concurrent.Uninterruptibles;

/** The real files of a folder, on a disk that can be full or slow. Thread-safe. */
final class TestDisk implements Vfs {
    private final Vfs files = NioVfs.UNSYNCED;
    private final AtomicLong roomBytes = new AtomicLong(Long.MAX_VALUE);
    private volatile CountDownLatch reached = new CountDownLatch(0);
    private volatile CountDownLatch mayGoOn = new CountDownLatch(0);

    /** From now on this much can be written. */
    void room(long bytes) {
        roomBytes.set(bytes);
    }

    /** The next writer waits until {@link #goOn()}. @return released when one waits */
    CountDownLatch holdWriters() {
        mayGoOn = new CountDownLatch(1);
        reached = new CountDownLatch(1);
        return reached;
    }

    void goOn() {
        mayGoOn.countDown();
    }

    private void append(WritableFile file, ByteBuffer bytes) throws IOException {
        CountDownLatch held = mayGoOn;
        reached.countDown();
        Uninterruptibles.awaitUninterruptibly(held);
        if (roomBytes.addAndGet(-bytes.remaining()) < 0) {
            throw new IOException("No space left on device");
        }
        file.append(bytes);
    }

    @Override
    public WritableFile create(Path path) throws IOException {
        WritableFile file = files.create(path);
        return new WritableFile() {
            @Override
            public void append(ByteBuffer bytes) throws IOException {
                TestDisk.this.append(file, bytes);
            }

            @Override
            public void sync() throws IOException {
                file.sync();
            }

            @Override
            public long size() {
                return file.size();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }

    @Override
    public ReadableFile open(Path path) throws IOException {
        return files.open(path);
    }

    @Override
    public void rename(Path source, Path target) throws IOException {
        files.rename(source, target);
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        files.link(existing, name);
    }

    @Override
    public void delete(Path path) throws IOException {
        files.delete(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        files.createDirectories(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        files.syncDirectory(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        return files.list(directory);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        return files.exists(path);
    }

    @Override
    public long size(Path path) throws IOException {
        return files.size(path);
    }

    @Override
    public void truncate(Path path, long size) throws IOException {
        files.truncate(path, size);
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        return files.lock(path);
    }
}
