package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Passes calls on to a disk in memory and makes some fail: call number n of a kind, every append once the disk is full, or a sync that
 * takes the bytes with it. A hook before each call lets tests slow a call down by holding its thread.
 *
 * <p>Thread-safe; faults are set before the calls they are meant for.
 */
public final class FaultyVfs implements Vfs {
    private final MemoryVfs disk;
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong appendedBytes = new AtomicLong();
    private volatile Call failing = call -> false;
    private volatile long capacityBytes = Long.MAX_VALUE;
    private volatile Before before = (kind, path) -> {};

    /** Which calls fail. */
    @FunctionalInterface
    public interface Call {
        /** @param number of the call, from 0 on */
        boolean fails(long number);
    }

    /** Runs on the caller's thread before a call. */
    @FunctionalInterface
    public interface Before {
        void call(Kind kind, Path path) throws IOException;
    }

    public enum Kind { CREATE, OPEN, READ, MAP, APPEND, SYNC, RENAME, LINK, DELETE, CREATE_FOLDER, SYNC_FOLDER, LIST, SIZE, TRUNCATE, LOCK }

    public FaultyVfs(MemoryVfs disk) {
        this.disk = disk;
    }

    public FaultyVfs failing(Call which) {
        failing = which;
        return this;
    }

    /** Appends that would bring the sum of all appended bytes over this fail with what fits written. */
    public FaultyVfs capacityBytes(long bytes) {
        capacityBytes = bytes;
        return this;
    }

    public FaultyVfs before(Before hook) {
        before = hook;
        return this;
    }

    public MemoryVfs disk() {
        return disk;
    }

    public long calls() {
        return calls.get();
    }

    public long appendedBytes() {
        return appendedBytes.get();
    }

    private void call(Kind kind, Path path) throws IOException {
        before.call(kind, path);
        long number = calls.getAndIncrement();
        if (failing.fails(number)) {
            if (kind == Kind.SYNC && disk.exists(path)) {
                disk.dropUnsynced(path);
            }
            throw new IOException("injected failure: call=" + number + " kind=" + kind + " file=" + path);
        }
    }

    @Override
    public WritableFile create(Path path) throws IOException {
        call(Kind.CREATE, path);
        return new Writable(path, disk.create(path));
    }

    @Override
    public ReadableFile open(Path path) throws IOException {
        call(Kind.OPEN, path);
        return new Readable(path, disk.open(path));
    }

    @Override
    public void rename(Path source, Path target) throws IOException {
        call(Kind.RENAME, target);
        disk.rename(source, target);
    }

    @Override
    public void link(Path existing, Path name) throws IOException {
        call(Kind.LINK, name);
        disk.link(existing, name);
    }

    @Override
    public void delete(Path path) throws IOException {
        call(Kind.DELETE, path);
        disk.delete(path);
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        call(Kind.CREATE_FOLDER, directory);
        disk.createDirectories(directory);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        call(Kind.SYNC_FOLDER, directory);
        disk.syncDirectory(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        call(Kind.LIST, directory);
        return disk.list(directory);
    }

    @Override
    public boolean exists(Path path) throws IOException {
        call(Kind.LIST, path);
        return disk.exists(path);
    }

    @Override
    public long size(Path path) throws IOException {
        call(Kind.SIZE, path);
        return disk.size(path);
    }

    @Override
    public void truncate(Path path, long size) throws IOException {
        call(Kind.TRUNCATE, path);
        disk.truncate(path, size);
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        call(Kind.LOCK, path);
        return disk.lock(path);
    }

    private final class Writable implements WritableFile {
        private final Path path;
        private final WritableFile file;

        Writable(Path path, WritableFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            call(Kind.APPEND, path);
            long room = capacityBytes - appendedBytes.get();
            if (bytes.remaining() > room) {
                ByteBuffer fits = bytes.duplicate().limit(bytes.position() + (int) Math.max(0, room));
                appendedBytes.addAndGet(fits.remaining());
                file.append(fits);
                throw new IOException("No space left on device: " + path);
            }
            appendedBytes.addAndGet(bytes.remaining());
            file.append(bytes);
        }

        @Override
        public void sync() throws IOException {
            call(Kind.SYNC, path);
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
    }

    private final class Readable implements ReadableFile {
        private final Path path;
        private final ReadableFile file;

        Readable(Path path, ReadableFile file) {
            this.path = path;
            this.file = file;
        }

        @Override
        public void read(long position, ByteBuffer target) throws IOException {
            call(Kind.READ, path);
            file.read(position, target);
        }

        @Override
        public void readDirect(long position, ByteBuffer target) throws IOException {
            call(Kind.READ, path);
            file.readDirect(position, target);
        }

        @Override
        public long size() {
            return file.size();
        }

        @Override
        public MappedRegion map(long position, int length) throws IOException {
            call(Kind.MAP, path);
            return file.map(position, length);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
