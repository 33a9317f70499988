package io.qaexchange.storage.memtable;

import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * Walks the entries of one family in a memtable: keys along their chain, versions of a key newest first. What is linked in meanwhile may be
 * shown or not; a reader at a snapshot passes over it either way.
 *
 * <p>One thread.
 */
final class FamilyTableIterator extends InternalIterator {
    private final FamilyTable table;
    private final RecordArena records;
    private int record;
    private int version;
    private byte[] lower = KeyRange.ALL.lower();
    /** Null = no upper bound. */
    private byte[] upper;

    FamilyTableIterator(FamilyTable table) {
        this.table = table;
        records = table.records;
    }

    @Override
    public void confine(KeyRange bounds, TimeRange times) {
        rest();
        lower = bounds.lower();
        upper = bounds.upper();
    }

    @Override
    public void seekToFirst() {
        if (lower.length == 0) {
            toNewest(table.ends.first);
        } else {
            toNewest(table.tree.ceiling(lower, Memory.ARRAY_BASE, lower.length));
        }
    }

    @Override
    public void seekToLast() {
        toOldest(table.ends.last);
    }

    @Override
    public void seek(Slice target, long targetTrailer) {
        int at = table.tree.ceiling(target.base(), target.address(), target.length());
        if (at != 0 && records.keyEquals(at, target.base(), target.address(), target.length())) {
            int from = records.newestFrom(at, targetTrailer);
            if (from != 0) {
                show(at, from);
                stopAtUpper();
                return;
            }
            at = records.next(at);
        }
        toNewest(at);
    }

    @Override
    public void seekBefore(Slice target, long targetTrailer) {
        int at = table.tree.ceiling(target.base(), target.address(), target.length());
        if (at != 0 && records.keyEquals(at, target.base(), target.address(), target.length())) {
            int before = records.lastBefore(at, targetTrailer);
            if (before != 0) {
                show(at, before);
                return;
            }
        }
        int previous = at == 0 ? table.ends.last : records.previous(at);
        // A record that was linked in while we looked may stand at or after the target: walk past it.
        while (previous != 0 && records.compareKey(previous, target.base(), target.address(), target.length()) >= 0) {
            previous = records.previous(previous);
        }
        toOldest(previous);
    }

    @Override
    public void next() {
        int older = records.older(version);
        if (older != 0) {
            show(record, older);
        } else {
            toNewest(records.next(record));
        }
    }

    @Override
    public void nextKey() {
        toNewest(records.next(record));
    }

    @Override
    public void nextVisible(long visible) {
        int from = records.newestFrom(record, visible);
        if (from == 0) {
            nextKey();
        } else if (Trailer.compare(records.trailer(from), trailer) <= 0) {
            next();
        } else {
            show(record, from);
        }
    }

    @Override
    public void previous() {
        int newer = records.lastBefore(record, trailer);
        if (newer != 0) {
            show(record, newer);
        } else {
            toOldest(records.previous(record));
        }
    }

    private void toNewest(int keyRecord) {
        if (keyRecord == 0) {
            valid = false;
        } else {
            show(keyRecord, records.newest(keyRecord));
            stopAtUpper();
        }
    }

    private void stopAtUpper() {
        valid = upper == null || key.compareTo(upper) < 0;
    }

    private void toOldest(int keyRecord) {
        if (keyRecord == 0) {
            valid = false;
        } else {
            show(keyRecord, records.oldest(keyRecord));
        }
    }

    private void show(int keyRecord, int shownVersion) {
        record = keyRecord;
        version = shownVersion;
        records.keyOf(keyRecord, key);
        records.valueOf(keyRecord, shownVersion, value);
        trailer = records.trailer(shownVersion);
        valid = true;
    }
}
