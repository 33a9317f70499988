package io.qaexchange.storage.vfs;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads of one file past the operating system's cache ({@code O_DIRECT}): whole sectors into an aligned buffer of the thread, of which the wanted bytes are copied. The
 * file is opened a second time for it, with the first read. Where the file system or the limit of open files does not allow that, nothing is read this way.
 *
 * <p>Thread-safe.
 */
final class DirectReads implements Closeable {
    /** Longer reads gain nothing. */
    private static final int LONGEST_BYTES = 128 << 10;
    private static final ThreadLocal<ByteBuffer> BUFFER = new ThreadLocal<>();

    private final Path path;
    private final long size;
    /** Null before the first read, and where the file cannot be read so. Volatile: set once. */
    private volatile ReopenedChannel channel;
    private volatile boolean isPossible = true;
    /** Written before {@link #channel}. */
    private int alignment;

    /** @param size of the file, which does not change */
    DirectReads(Path path, long size) {
        this.path = path;
        this.size = size;
    }

    /**
     * Fills the buffer's remaining bytes from {@code position} on.
     *
     * @return whether it did; if not, nothing is changed
     */
    boolean read(long position, ByteBuffer target) throws IOException {
        int bytes = target.remaining();
        if (bytes > LONGEST_BYTES || position > size - bytes || !isPossible) {
            return false;
        }
        ReopenedChannel used = channel == null ? open() : channel;
        if (used == null) {
            return false;
        }
        long from = position / alignment * alignment;
        int skipped = (int) (position - from);
        int wanted = skipped + bytes;
        ByteBuffer sectors = buffer((wanted + alignment - 1) / alignment * alignment, alignment);
        used.read(from, sectors, wanted);
        target.put(sectors.limit(wanted).position(skipped));
        return true;
    }

    private synchronized ReopenedChannel open() {
        if (channel == null && isPossible) {
            try {
                alignment = Math.toIntExact(Files.getFileStore(path).getBlockSize());
                channel = openSame();
                isPossible = channel != null;
            } catch (UnsupportedOperationException | IOException e) {
                // The file can be read otherwise; if it cannot, that read says why.
                isPossible = false;
            }
        }
        return channel;
    }

    /** @return null if another file has the name by now */
    private ReopenedChannel openSame() throws IOException {
        ReopenedChannel opened = ReopenedChannel.open(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
        boolean same = false;
        try {
            same = opened.size() == size;
        } finally {
            if (!same) {
                opened.close();
            }
        }
        return same ? opened : null;
    }

    private static ByteBuffer buffer(int bytes, int alignment) {
        ByteBuffer buffer = BUFFER.get();
        if (buffer == null || buffer.capacity() < bytes || buffer.alignmentOffset(0, alignment) != 0) {
            buffer = ByteBuffer.allocateDirect(Math.max(32 << 10, Integer.highestOneBit(bytes) * 2) + alignment).alignedSlice(alignment);
            BUFFER.set(buffer);
        }
        return buffer.clear().limit(bytes);
    }

    @Override
    public synchronized void close() throws IOException {
        isPossible = false;
        if (channel != null) {
            channel.close();
        }
    }
}
