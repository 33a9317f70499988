package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Slice;

/**
 * All entries of {@code range} older than {@code sequence} are gone. {@code range.upper()} is never null. Immutable.
 */
public record RangeTombstone(KeyRange range, long sequence) {
    public RangeTombstone {
        if (range.upper() == null) {
            throw new IllegalArgumentException("a range deletion needs an upper end");
        }
    }

    /** Whether an entry of {@code key} written at {@code entrySequence} is deleted for a reader at {@code snapshot}. */
    public boolean covers(Slice key, long entrySequence, long snapshot) {
        return sequence <= snapshot && entrySequence < sequence && range.contains(key);
    }
}
