package io.qaexchange.storage;

import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Walks the visible keys of a family within bounds, forward or backward. A new iterator stands nowhere. Key and value are views, good
 * until the next move or close. It sees the store as of its making (or its snapshot), whatever is written meanwhile.
 *
 * <p>Small scans are cheap: what an iterator needs of memtables and files is kept, when it is closed, for the next one of the family, which
 * then allocates some 200 bytes. So make one per range, give it the range's bounds (they spare looking at what lies elsewhere, and rows
 * after the upper end), and close it early; an open one holds on to memory and files. Stepping to the next key costs the same however
 * often a key was overwritten.
 *
 * <p>One thread; close it, on any.
 */
public interface StoreIterator extends AutoCloseable {
    boolean valid();

    void seekToFirst() throws IOException;

    void seekToLast() throws IOException;

    /** To the first key at or after {@code target}. */
    void seek(Slice target) throws IOException;

    /** To the last key before {@code target}. */
    void seekBefore(Slice target) throws IOException;

    void next() throws IOException;

    void previous() throws IOException;

    Slice key();

    Slice value();

    @Override
    void close();
}
