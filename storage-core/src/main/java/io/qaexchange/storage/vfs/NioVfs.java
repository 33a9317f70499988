package io.qaexchange.storage.vfs;

import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.memory.Memory;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The local file system through {@link FileChannel}. Thread-safe: stateless. */
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
        return new NioWritableFile(FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), syncs);
    }

    @Override
    public ReadableFile open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new NioReadableFile(path, channel, channel.size());
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
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
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
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(size);
            if (syncs) {
                channel.force(true);
            }
        }
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // Held by this process: the same answer as held by another one, given below.
        } catch (IOException e) {
            try (channel) {
                throw e;
            }
        }
        channel.close();
        throw new StoreException("the store is in use, by this process or another one: close it there first (lock file " + path + ")");
    }

    private static final class NioWritableFile implements WritableFile {
        private final FileChannel channel;
        private final boolean syncs;
        private volatile long size;

        NioWritableFile(FileChannel channel, boolean syncs) {
            this.channel = channel;
            this.syncs = syncs;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            int length = bytes.remaining();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            size += length;
        }

        @Override
        public void sync() throws IOException {
            if (syncs) {
                channel.force(false);
            }
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /**
     * A file that survives the interruption of a thread that reads it. Interrupting a read closes its channel for all threads (Flink
     * interrupts whoever writes a checkpoint that is aborted), so the next read opens the file again; whoever was interrupted stays so.
     */
    private static final class NioReadableFile implements ReadableFile {
        private final Path path;
        private final long size;
        private volatile FileChannel channel;
        /** Guarded by this. */
        private boolean closed;

        NioReadableFile(Path path, FileChannel channel, long size) {
            this.path = path;
            this.channel = channel;
            this.size = size;
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            int begin = target.position();
            boolean interrupted = false;
            try {
                while (true) {
                    FileChannel used = channel;
                    try {
                        read(used, position, target);
                        return;
                    } catch (ClosedChannelException e) {
                        interrupted |= Thread.interrupted();
                        reopen(used, e);
                        target.position(begin);
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        private void read(FileChannel used, long position, ByteBuffer target) throws IOException {
            long at = position;
            while (target.hasRemaining()) {
                int read = used.read(target, at);
                if (read < 0) {
                    throw new EOFException("file ends early: file=" + path + " size=" + size + " offset=" + position
                            + " missing=" + target.remaining());
                }
                at += read;
            }
        }

        /** Another thread may have done it already; a file that its owner closed stays closed. */
        private synchronized void reopen(FileChannel broken, ClosedChannelException cause) throws IOException {
            if (closed) {
                throw cause;
            }
            if (channel == broken) {
                channel = FileChannel.open(path, StandardOpenOption.READ);
            }
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public MappedRegion map(long position, int length) throws IOException {
            while (true) {
                FileChannel used = channel;
                boolean interrupted = Thread.interrupted();
                try {
                    return new NioMappedRegion(used.map(FileChannel.MapMode.READ_ONLY, position, length));
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    reopen(used, e);
                } finally {
                    if (interrupted) {
                        Thread.currentThread().interrupt();
                    }
                }
            }
        }

        @Override
        public synchronized void close() throws IOException {
            closed = true;
            channel.close();
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
