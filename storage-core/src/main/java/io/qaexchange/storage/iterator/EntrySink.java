package io.qaexchange.storage.iterator;

import io.qaexchange.storage.memory.Slice;

/** Takes the versions of one key during a point read, newest first. */
@FunctionalInterface
public interface EntrySink {
    /**
     * @param trailer sequence number and kind
     * @param value a view, good only during the call unless the caller of the read holds the block (see the reader)
     * @return whether older versions are wanted
     */
    boolean accept(long trailer, Slice value);
}
