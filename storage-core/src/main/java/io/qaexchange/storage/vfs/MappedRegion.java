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

    /** A fresh view for checksums and codecs. */
    ByteBuffer buffer();

    @Override
    void close();
}
