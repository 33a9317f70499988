package io.qaexchange.storage;

import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Point reads without copies or allocation. A reader without a snapshot sees the newest value at each call; with one, the value at it.
 *
 * <p>One thread per reader. Close it: it holds on to the files of its last read.
 */
public interface StoreReader extends AutoCloseable {
    /**
     * @return whether the key has a value; then {@link #value()} shows it
     */
    boolean get(ColumnFamily family, Slice key) throws IOException;

    /** The value that the last successful {@link #get} found: a view, good until the next call on this reader. */
    Slice value();

    /**
     * Copies the entries of all keys that begin with a prefix, where these are few: much faster than to iterate them.
     *
     * @param withValues false if only keys are wanted: values are empty then
     * @return good until the next call on this reader; null if they are more than {@link CopiedEntries} takes, or if the store has to look
     *     closer than this does: iterate them then. That is so in families that append or are kept by windows, or have drop watermarks, and where
     *     ranges may have been deleted
     */
    CopiedEntries copy(ColumnFamily family, Slice prefix, boolean withValues) throws IOException;

    /** Takes what a multi-get finds. */
    @FunctionalInterface
    interface Found {
        /** @param value a view, good during the call; null if the key has no value */
        void accept(int index, Slice value) throws IOException;
    }

    /** Reads many keys from one state of the store. */
    void multiGet(ColumnFamily family, Slice[] keys, Found found) throws IOException;

    /** Lets go of the last value and of the files and memory behind it, until the next read. */
    void release();

    @Override
    void close();
}
