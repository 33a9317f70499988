package io.qaexchange.storage.memtable;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.memory.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Range deletions of one family in a memtable, in the order in which they were written, and cut into fragments for looking keys up.
 *
 * <p>Writing only appends. The fragments lie in runs whose sizes fall by half or more, as in a tree of levels: a read that finds new
 * deletions makes a run of them and joins it with those that are not much larger. So deletions and reads in turn (maps that are cleared
 * one after the other, say) cost a logarithm each, where one list made anew would cost as much as there are deletions. When reads go on
 * without further deletions, the runs are joined into one.
 *
 * <p>One writer, any number of readers: runs are immutable and made by whichever reader first needs them; two may make equal ones.
 */
final class RangeDeletions {
    private static final RangeTombstone[] NONE = {};

    /** The first {@code count} of an array that further deletions are put after. */
    private record Written(RangeTombstone[] tombstones, int count) {
        List<RangeTombstone> from(int first) {
            return Arrays.asList(tombstones).subList(first, count);
        }
    }

    /** Volatile: published after the deletion was put into the array. */
    private volatile Written written = new Written(NONE, 0);
    /** Volatile: see the class comment. */
    private volatile Runs runs = new Runs(new RangeTombstoneList[0], new int[0], 0);

    void add(RangeTombstone tombstone) {
        Written now = written;
        RangeTombstone[] tombstones = now.count < now.tombstones.length ? now.tombstones
                : Arrays.copyOf(now.tombstones, Math.max(4, 2 * now.count));
        tombstones[now.count] = tombstone;
        written = new Written(tombstones, now.count + 1);
    }

    boolean isEmpty() {
        return written.count == 0;
    }

    /** All of them, in the order in which they were written. */
    List<RangeTombstone> all() {
        return written.from(0);
    }

    /** As {@link RangeTombstoneList#newestCovering}. */
    long newestCovering(Slice key, long snapshot) {
        if (written.count == 0) {
            return 0;
        }
        Runs now = current();
        if (now.lists.length > 1 && ++now.reads > now.covered) {
            now = now.joined();
            runs = now;
        }
        long newest = 0;
        for (RangeTombstoneList list : now.lists) {
            newest = Math.max(newest, list.newestCovering(key, snapshot));
        }
        return newest;
    }

    /** The deletions that may meet keys of a range. */
    RangeTombstoneList within(KeyRange range) {
        if (written.count == 0) {
            return RangeTombstoneList.EMPTY;
        }
        if (range.isAll()) {
            return list();
        }
        List<RangeTombstoneList> met = new ArrayList<>();
        for (RangeTombstoneList list : current().lists) {
            met.add(list.meeting(range));
        }
        return RangeTombstoneList.merge(met);
    }

    /** All of them as one list. */
    RangeTombstoneList list() {
        Runs now = current();
        if (now.lists.length > 1) {
            now = now.joined();
            runs = now;
        }
        return now.lists.length == 0 ? RangeTombstoneList.EMPTY : now.lists[0];
    }

    private Runs current() {
        Written all = written;
        Runs now = runs;
        if (now.covered < all.count) {
            now = now.with(RangeTombstoneList.of(all.from(now.covered)), all.count - now.covered);
            runs = now;
        }
        return now;
    }

    /** Immutable, but for the count of reads. */
    private static final class Runs {
        private final RangeTombstoneList[] lists;
        /** Deletions that each was made of; each less than half of the one before. */
        private final int[] sizes;
        private final int covered;
        /** Reads that met several runs; some that happen at the same time go uncounted. */
        private int reads;

        Runs(RangeTombstoneList[] lists, int[] sizes, int covered) {
            this.lists = lists;
            this.sizes = sizes;
            this.covered = covered;
        }

        Runs with(RangeTombstoneList list, int size) {
            int kept = lists.length;
            int joinedSize = size;
            while (kept > 0 && sizes[kept - 1] <= 2 * joinedSize) {
                joinedSize += sizes[--kept];
            }
            List<RangeTombstoneList> together = new ArrayList<>(List.of(lists).subList(kept, lists.length));
            together.add(list);
            RangeTombstoneList[] more = Arrays.copyOf(lists, kept + 1);
            int[] moreSizes = Arrays.copyOf(sizes, kept + 1);
            more[kept] = RangeTombstoneList.merge(together);
            moreSizes[kept] = joinedSize;
            return new Runs(more, moreSizes, covered + size);
        }

        Runs joined() {
            return new Runs(new RangeTombstoneList[] {RangeTombstoneList.merge(List.of(lists))}, new int[] {covered}, covered);
        }
    }
}
