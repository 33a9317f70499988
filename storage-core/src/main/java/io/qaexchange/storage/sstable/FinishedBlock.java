package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;

/** A data block that takes no more entries, and what the index will say of it. One thread at a time. */
final class FinishedBlock {
    final ByteWriter payload = new ByteWriter(1024);
    /** The compressed payload, as far as {@link #compressedSize}. */
    byte[] compressed = new byte[0];
    /** -1: the payload is stored as it is. */
    int compressedSize;
    int count;
    int layout;
    long lastTrailer;
    long minTime;
    long maxTime;
    /** Null until the next key is known. */
    byte[] separator;
    long separatorTrailer;
    /** Null until the block is written. */
    BlockHandle handle;
    int ordinal;
    int compression;

    int storedSize() {
        return compressedSize < 0 ? payload.size() : compressedSize;
    }
}
