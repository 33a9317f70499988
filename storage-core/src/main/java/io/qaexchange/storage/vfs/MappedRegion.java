package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * A part of a file seen as memory. Reading it after {@link #close()} crashes the process: whoever hands out slices of it holds a
 * lease on the file. Thread-safe for reading.
 */
public interface MappedRegion extends Closeable {
    Object base();

    long address();

    int length();

    /**
     * Whether all of these bytes are in memory now. Reading others waits for the disk, and for as much around them as the operating system reads ahead.
     *
     * @param offset in the region
     */
    boolean isInMemory(int offset, int length);

    /** Brings these bytes into memory, and nothing around them. @param offset in the region */
    void load(int offset, int length);

    /** A fresh view for checksums and codecs. */
    ByteBuffer buffer();

    @Override
    void close();
}
