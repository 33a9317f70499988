package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An immutable file, read at positions. Thread-safe. */
public interface ReadableFile extends Closeable {
    /**
     * Fills the buffer's remaining bytes from {@code position} on.
     *
     * @throws java.io.EOFException if the file ends before
     */
    void read(long position, ByteBuffer target) throws IOException;

    /**
     * As {@link #read}, but past the operating system's cache where the system allows it: nothing beside these bytes is read ahead, and nothing gives way to them. For single
     * blocks that are seldom read.
     */
    void readDirect(long position, ByteBuffer target) throws IOException;

    long size();

    /**
     * Maps a part of the file for reading in place.
     *
     * @param length at most 1 GiB
     * @return null if this file system cannot map
     */
    MappedRegion map(long position, int length) throws IOException;

    @Override
    void close() throws IOException;
}
