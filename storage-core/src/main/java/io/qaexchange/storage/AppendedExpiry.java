package io.qaexchange.storage;

import io.qaexchange.storage.memory.Slice;

/**
 * Says what of appended values has expired, so that it leaves the files when they are flushed or compacted, as RocksDB's compaction filter
 * does for lists. See {@link Store#expireAppended}.
 */
@FunctionalInterface
public interface AppendedExpiry {

    /**
     * Looks at the front of a value, which is where the oldest part is. Must not throw.
     *
     * @param value parts, the one that was appended first in front, the family's delimiter between them; a view, good during the call
     * @param nowMillis the store's clock
     * @return bytes that may go: whole parts, each with the delimiter behind it; the value's length if nothing is left; 0 if nothing has expired
     */
    int expired(Slice value, long nowMillis);
}
