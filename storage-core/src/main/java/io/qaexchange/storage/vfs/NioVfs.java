package io.qaexchange.storage.vfs;

import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.memory.Memory;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The local file system.
 *
 * <p>An interrupted thread does all of this like any other, and stays interrupted. Java closes a {@link FileChannel} for all threads when
 * one that uses it is interrupted. So files are written through streams, which know no interruption, read through a
 * {@link ReopenedChannel}, and everything else is {@link Uninterrupted}.
 *
 * <p>Thread-safe: stateless.
 */
public final class NioVfs implements Vfs {
    public static final NioVfs INSTANCE = new NioVfs(true);
    /**
     * Never waits for the disk: for stores whose files mean nothing after a crash, since what lasts of them is elsewhere. A process that
     * ends leaves them whole all the same; the system may lose them.
     */
    public static final NioVfs UNSYNCED = new NioVfs(false);

    private final boolean syncs;

    private NioVfs(boolean syncs) {
        this.syncs = syncs;
    }

    @Override
    public WritableFile create(Path path) throws IOException {
        return NioWritableFile.create(path, syncs);
    }

    @Override
    public ReadableFile open(Path path) throws IOException {
        ReopenedChannel channel = ReopenedChannel.open(path);
        try {
            long size = channel.size();
            return new NioReadableFile(channel, new DirectReads(path, size), size);
        } catch (IOException e) {
            try (channel) {
                throw e;
            }
        }
    }

    @Override
    public void rename(Path source, Path target) throws IOException {
        Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        Files.createLink(name, existing);
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.delete(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        Path parent = directory.toAbsolutePath().getParent();
        if (parent != null) {
            createDirectories(parent);
        }
        Files.createDirectories(directory);
        if (parent != null) {
            syncDirectory(parent);
        }
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        if (!syncs) {
            return;
        }
        Uninterrupted.run(() -> {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
            return null;
        });
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public long size(Path path) throws IOException {
        return Files.size(path);
    }

    @Override
    public void truncate(Path path, long size) throws IOException {
        Uninterrupted.run(() -> {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(size);
                if (syncs) {
                    channel.force(true);
                }
            }
            return null;
        });
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        Closeable held = Uninterrupted.run(() -> tryLock(path));
        if (held != null) {
            return held;
        }
        throw new StoreException("the store is in use, by this process or another one: close it there first (lock file " + path + ")");
    }

    /** @return null if the lock is held, by this process or another one */
    private static Closeable tryLock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean locked = false;
        try {
            locked = channel.tryLock() != null;
            return locked ? channel : null;
        } catch (OverlappingFileLockException e) {
            // Held by this process: the same answer as held by another one.
            return null;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    private static final class NioReadableFile implements ReadableFile {
        private final ReopenedChannel channel;
        private final DirectReads direct;
        private final long size;

        NioReadableFile(ReopenedChannel channel, DirectReads direct, long size) {
            this.channel = channel;
            this.direct = direct;
            this.size = size;
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            channel.read(position, target);
        }

        @Override
        public void readDirect(long position, ByteBuffer target) throws IOException {
            if (!direct.read(position, target)) {
                channel.read(position, target);
            }
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public MappedRegion map(long position, int length) throws IOException {
            return new NioMappedRegion(channel.map(position, length));
        }

        @Override
        public void close() throws IOException {
            try (direct) {
                channel.close();
            }
        }
    }

    private static final class NioMappedRegion implements MappedRegion {
        private final MappedByteBuffer mapping;
        private final long address;
        private final int length;
        private boolean closed;

        NioMappedRegion(MappedByteBuffer mapping) {
            this.mapping = mapping;
            address = Memory.address(mapping);
            length = mapping.capacity();
        }

        @Override
        public Object base() {
            return Memory.offHeap();
        }

        @Override
        public long address() {
            return address;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void load(int offset, int bytes) {
            mapping.slice(offset, bytes).load();
        }

        @Override
        public boolean isInMemory(int offset, int bytes) {
            return mapping.slice(offset, bytes).isLoaded();
        }

        @Override
        public ByteBuffer buffer() {
            return mapping.duplicate();
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                Memory.release(mapping);
            }
        }
    }
}
