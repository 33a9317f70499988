package io.qaexchange.storage.memtable;

import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;

/**
 * Copies the few entries of a memtable whose keys begin with a prefix.
 *
 * <p>A walk along the chain waits for one record, and its newest version, after the other, and for one that it does not want. Here the
 * tree names all of them, so that the waits for their memory run side by side: all records are asked for, then all versions.
 *
 * <p>One thread. Allocates nothing.
 */
public final class PrefixReader {
    private final long[] found = new long[CopiedEntries.MOST];
    private final int[] versions = new int[CopiedEntries.MOST];
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    /** Written so that the compiler does not leave out the early reading. */
    private long touched;

    /**
     * Adds the newest entry of each key that a reader at {@code snapshot} sees, tombstones included.
     *
     * @return false if they do not fit, or one must be joined with older ones; what was added is then worth nothing
     */
    public boolean copy(Memtable memtable, int family, Slice prefix, long snapshot, CopiedEntries into) {
        FamilyTable table = memtable.tableOrNull(family);
        if (table == null) {
            return true;
        }
        int count = table.tree.withPrefix(prefix.base(), prefix.address(), prefix.length(), found);
        if (count == RadixTree.TOO_MANY) {
            return false;
        }
        RecordArena records = table.records;
        touch(records, count, prefix.length());
        long visible = Trailer.visibleAt(snapshot);
        for (int i = 0; i < count; i++) {
            int record = (int) found[i];
            int version = versions[i];
            if (Trailer.compare(records.trailer(version), visible) < 0) {
                version = records.newestFrom(record, visible);
                if (version == 0) {
                    continue;
                }
            }
            records.keyOf(record, key);
            records.valueOf(record, version, value);
            if (!into.add(key, records.trailer(version), value)) {
                return false;
            }
        }
        return true;
    }

    private void touch(RecordArena records, int count, int prefixLength) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            int record = (int) found[i];
            versions[i] = records.newest(record);
            sum += records.keyByte(record, prefixLength);
        }
        for (int i = 0; i < count; i++) {
            sum += records.trailer(versions[i]);
        }
        touched = sum;
    }
}
