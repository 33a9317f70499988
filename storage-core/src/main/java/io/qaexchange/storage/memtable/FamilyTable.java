package io.qaexchange.storage.memtable;

import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;

/**
 * One family's entries in a memtable, sorted.
 *
 * <p>One writer, any number of readers.
 */
final class FamilyTable {
    /** Entries that an estimate looks at before it guesses. */
    static final int ESTIMATE_STEPS = 4096;

    final RadixTree tree;
    final RecordArena records;
    final RecordArena.ChainEnds ends = new RecordArena.ChainEnds();
    /** Written by the writer, read for estimates by anyone: may be a little old. */
    long entries;
    long bytes;
    final RangeDeletions rangeDeletions = new RangeDeletions();

    FamilyTable(Arena nodes, RecordArena records) {
        tree = new RadixTree(nodes, records);
        this.records = records;
    }

    /** Entries from {@code lower} on and before {@code upper} (null = end), at most {@link #ESTIMATE_STEPS}. */
    long count(byte[] lower, byte[] upper) {
        FamilyTableIterator iterator = new FamilyTableIterator(this);
        long count = 0;
        for (iterator.seek(Slice.of(lower), Trailer.NEWEST); iterator.valid() && count < ESTIMATE_STEPS; iterator.next()) {
            if (upper != null && iterator.key().compareTo(upper) >= 0) {
                break;
            }
            count++;
        }
        return count;
    }

    void add(int family, Slice key, long trailer, Slice value) {
        entries++;
        bytes += key.length() + value.length();
        records.linking(ends);
        int existing = tree.findOrAdd(family, key, trailer, value);
        if (existing != 0) {
            records.appendVersion(existing, trailer, value);
        }
    }
}
