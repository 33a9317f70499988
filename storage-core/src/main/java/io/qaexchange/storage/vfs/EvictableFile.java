package io.qaexchange.storage.vfs;

import io.qaexchange.storage.error.CorruptionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A file that {@link OpenFiles} may close while nobody reads it, and that opens again with the next read.
 *
 * <p>Thread-safe, except {@link #close()}: whoever closes vouches that nobody reads any more. {@link #users} decides: a reader counts
 * itself in only while it is not {@link #SHUT}, eviction sets {@link #SHUT} only where it is 0. Lock order: this before the queue's.
 */
final class EvictableFile implements ReadableFile {
    private static final int SHUT = -1;

    private final OpenFiles open;
    private final Vfs vfs;
    private final Path path;
    private final long size;
    private final AtomicInteger users = new AtomicInteger();
    /** Written before {@link #users} leaves {@link #SHUT}, read after it is counted up. */
    private ReadableFile file;
    /** Set by reads, cleared by eviction's look; without order, since a lost read only costs an early eviction. */
    private boolean readSince = true;
    /** Guarded by this. */
    private boolean closed;

    /** The parts of an evicted file that are still to be closed. */
    record Evicted(Path path, ReadableFile file) {}

    EvictableFile(OpenFiles open, Vfs vfs, Path path, ReadableFile file) {
        this.open = open;
        this.vfs = vfs;
        this.path = path;
        this.file = file;
        size = file.size();
    }

    @Override
    public void read(long position, ByteBuffer target) throws IOException {
        ReadableFile used = use();
        try {
            used.read(position, target);
        } finally {
            users.decrementAndGet();
        }
    }

    @Override
    public void readDirect(long position, ByteBuffer target) throws IOException {
        ReadableFile used = use();
        try {
            used.readDirect(position, target);
        } finally {
            users.decrementAndGet();
        }
    }

    /** The open file, which stays open until {@link #users} is counted down. */
    private ReadableFile use() throws IOException {
        while (true) {
            int now = users.get();
            if (now == SHUT) {
                ReadableFile again = openAgain();
                if (again != null) {
                    return again;
                }
            } else if (users.compareAndSet(now, now + 1)) {
                readSince = true;
                return file;
            }
        }
    }

    /**
     * Opens the file for a read that is counted in from the beginning: where all other files are in use, it would be the one to evict, again
     * and again, before its read could begin.
     *
     * @return null if another thread has opened it meanwhile
     */
    private ReadableFile openAgain() throws IOException {
        ReadableFile again;
        synchronized (this) {
            if (closed) {
                throw new ClosedChannelException();
            }
            if (users.get() != SHUT) {
                return null;
            }
            again = open.reopen(vfs, path);
            if (again.size() != size) {
                try (ReadableFile other = again) {
                    throw new CorruptionException("file changed its size after it was first opened: expected=" + size + " actual=" + other.size(), path,
                            Math.min(size, other.size()));
                }
            }
            file = again;
            readSince = true;
            users.set(1);
        }
        open.opened(this);
        return again;
    }

    /** With the queue's lock held. @return null if the file is in use, or was read since the last call: it stays open */
    Evicted evict() {
        if (readSince) {
            readSince = false;
            return null;
        }
        ReadableFile evicted = file;
        return users.compareAndSet(0, SHUT) ? new Evicted(path, evicted) : null;
    }

    /** With the queue's lock held: the file is closed for good. @return null if it is not open */
    ReadableFile end() {
        ReadableFile last = file;
        return users.compareAndSet(0, SHUT) ? last : null;
    }

    @Override
    public long size() {
        return size;
    }

    /** @return null also where no more mappings may be made */
    @Override
    public MappedRegion map(long position, int length) throws IOException {
        if (!open.reserveMapping()) {
            return null;
        }
        MappedRegion region = null;
        try {
            ReadableFile used = use();
            try {
                region = used.map(position, length);
            } finally {
                users.decrementAndGet();
            }
            return region == null ? null : new CountedRegion(region, open);
        } catch (IOException e) {
            if (e.getCause() instanceof OutOfMemoryError) {
                // The system allows no further mapping, or no address space is left: the file can be read all the same.
                return null;
            }
            throw e;
        } finally {
            if (region == null) {
                open.unmapped();
            }
        }
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
        }
        ReadableFile last = open.remove(this);
        if (last != null) {
            last.close();
        }
    }

    /** A mapping that is counted until it is closed. */
    private static final class CountedRegion implements MappedRegion {
        private final MappedRegion region;
        private final OpenFiles open;
        private boolean closed;

        CountedRegion(MappedRegion region, OpenFiles open) {
            this.region = region;
            this.open = open;
        }

        @Override
        public Object base() {
            return region.base();
        }

        @Override
        public long address() {
            return region.address();
        }

        @Override
        public int length() {
            return region.length();
        }

        @Override
        public void load(int offset, int bytes) {
            region.load(offset, bytes);
        }

        @Override
        public boolean isInMemory(int offset, int bytes) {
            return region.isInMemory(offset, bytes);
        }

        @Override
        public ByteBuffer buffer() {
            return region.buffer();
        }

        @Override
        public synchronized void close() {
            if (!closed) {
                closed = true;
                region.close();
                open.unmapped();
            }
        }
    }
}
