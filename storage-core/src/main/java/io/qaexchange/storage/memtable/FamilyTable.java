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
    /** Null without one. */
    private final HashIndex index;
    final RecordArena records;
    final RecordArena.ChainEnds ends = new RecordArena.ChainEnds();
    /** Written by the writer, read for estimates by anyone: may be a little old. */
    long entries;
    long bytes;
    int keys;
    final RangeDeletions rangeDeletions = new RangeDeletions();

    private FamilyTable(Arena nodes, RecordArena records, HashIndex index) {
        tree = new RadixTree(nodes, records);
        this.records = records;
        this.index = index;
    }

    static FamilyTable withoutHashIndex(Arena nodes, RecordArena records) {
        return new FamilyTable(nodes, records, null);
    }

    /** @param expectedKeys what the index is made for at once */
    static FamilyTable withHashIndex(Arena nodes, RecordArena records, int expectedKeys) {
        return new FamilyTable(nodes, records, new HashIndex(nodes, records, expectedKeys));
    }

    /** The key's record, or 0. */
    int find(Slice key) {
        int found = index == null ? HashIndex.UNKNOWN : index.find(HashIndex.hash(key), key.base(), key.address(), key.length());
        return found == HashIndex.UNKNOWN ? tree.find(key.base(), key.address(), key.length()) : found;
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
        if (index == null) {
            findOrAdd(family, key, trailer, value);
            return;
        }
        int hash = HashIndex.hash(key);
        int found = index.find(hash, key.base(), key.address(), key.length());
        if (found > 0) {
            index.setNewest(hash, found, records.appendVersion(found, trailer, value));
            return;
        }
        int record = findOrAdd(family, key, trailer, value);
        // A key that is in the tree alone, though it would have found room: a write of it failed between the two.
        if (record < 0 || found == 0) {
            index.add(hash, Math.abs(record));
        }
    }

    /** @return as {@link RadixTree#findOrAdd}, but the value is there in any case */
    private int findOrAdd(int family, Slice key, long trailer, Slice value) {
        int record = tree.findOrAdd(family, key, trailer, value);
        if (record > 0) {
            records.appendVersion(record, trailer, value);
        } else {
            keys++;
        }
        return record;
    }

    /** The most memory that the hash index takes for this many writes. */
    long indexBytes(int writes) {
        return index == null ? 0 : index.mostBytes(writes);
    }
}
