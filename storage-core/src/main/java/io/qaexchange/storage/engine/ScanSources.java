package io.qaexchange.storage.engine;

import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import io.qaexchange.storage.engine.ReadView.SortedLevel;
import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.engine.VisibleIterator.Bounds;
import io.qaexchange.storage.iterator.ConcatenatingIterator;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.sstable.ReadMode;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * The sources of an iterator over one family in one view: memtables, files, levels. Each gets a walker when a scan first needs it, and keeps it:
 * the next scan of the family only gives it other bounds, so that a scan of a few rows allocates next to nothing. A memtable without
 * entries, and a file whose keys or times lie elsewhere, takes no part; its file is not opened either.
 *
 * <p>One scan at a time; {@link FamilyFiles} keeps one of these between scans. Holds no blocks then. Whoever scans uses the view.
 */
final class ScanSources {
    private final ReadView view;
    private final FamilyFiles files;
    private final int family;
    private final MergingIterator merged;
    /** The active memtable, then the frozen ones. */
    private final InternalIterator[] memtables;
    /** Of {@link FamilyFiles#untimed} and {@link FamilyFiles#timed}. */
    private final InternalIterator[] untimed;
    private final InternalIterator[] timed;
    /** Null without such files. */
    private final TimedReserve reserve;
    private final LevelSource[] levels;
    private final VisibleIterator.Scratch scratch = new VisibleIterator.Scratch();

    /** Range deletions of the scan at hand: of the active memtable, the frozen ones, the files that hold any. */
    private final RangeTombstoneList[] deletions;
    private final RangeTombstoneList[] mergedDeletions;
    private RangeTombstoneList tombstones = RangeTombstoneList.EMPTY;

    ScanSources(ReadView view, FamilyFiles files) {
        this.view = view;
        this.files = files;
        family = files.family.id();
        memtables = new InternalIterator[1 + view.frozen().size()];
        untimed = new InternalIterator[files.untimed.length];
        timed = new InternalIterator[files.timed.size()];
        reserve = timed.length == 0 ? null
                : new TimedReserve(files.timed, (file, i, bounds) -> walker(file, timed, i, bounds), files.family.options().eventTimeFromEnd());
        levels = new LevelSource[files.sorted.size()];
        merged = new MergingIterator(memtables.length + untimed.length + levels.length);
        deletions = new RangeTombstoneList[memtables.length + files.withTombstones.length];
        mergedDeletions = new RangeTombstoneList[deletions.length];
        Arrays.fill(deletions, RangeTombstoneList.EMPTY);
        Arrays.fill(mergedDeletions, RangeTombstoneList.EMPTY);
    }

    FamilyFiles files() {
        return files;
    }

    VisibleIterator.Scratch scratch() {
        return scratch;
    }

    /** Everything that may hold entries within bounds, merged; {@link #finish} must follow. */
    MergingIterator begin(Bounds bounds) throws IOException {
        for (int i = 0; i < memtables.length; i++) {
            addMemtable(i, i == 0 ? view.active() : view.frozen().get(i - 1), bounds);
        }
        addUntimed(bounds);
        for (int i = 0; i < levels.length; i++) {
            addLevel(i, bounds);
        }
        for (int i = 0; i < files.withTombstones.length; i++) {
            addDeletions(memtables.length + i, files.withTombstones[i], bounds);
        }
        if (reserve != null) {
            reserve.confine(bounds);
            merged.addReserve(reserve);
        }
        return merged;
    }

    private void addMemtable(int i, Memtable memtable, Bounds bounds) {
        deletions[i] = memtable.rangeTombstones(family, bounds.keys());
        if (memtable.hasEntries(family)) {
            if (memtables[i] == null) {
                memtables[i] = memtable.iterator(family);
            }
            memtables[i].confine(bounds.keys(), bounds.times());
            // The active memtable goes on growing: nothing is known to be newer than all of it.
            merged.add(memtables[i], Long.MAX_VALUE);
        }
    }

    private void addUntimed(Bounds bounds) throws IOException {
        for (int i = 0; i < untimed.length; i++) {
            ViewFile file = files.untimed[i];
            SstableMetadata table = file.reference().table();
            if (bounds.times().meets(table.minEventTime(), table.maxEventTime()) && file.reference().overlaps(bounds.keys())) {
                merged.add(walker(file, untimed, i, bounds), table.largestSequence());
            }
        }
    }

    private static InternalIterator walker(ViewFile file, InternalIterator[] walkers, int i, Bounds bounds) throws IOException {
        if (walkers[i] == null) {
            walkers[i] = file.handle().reader().iterator(file.reference().clip(), ReadMode.CACHED);
        }
        walkers[i].confine(bounds.keys(), bounds.times());
        return walkers[i];
    }

    private void addLevel(int i, Bounds bounds) throws IOException {
        if (levels[i] == null) {
            levels[i] = new LevelSource(files.sorted.get(i));
        }
        LevelSource level = levels[i];
        if (level.confine(bounds)) {
            merged.add(level.count() == 1 ? level.open(0) : level.concatenated, level.newest);
        }
    }

    private void addDeletions(int i, ViewFile file, Bounds bounds) throws IOException {
        if (!file.reference().overlaps(bounds.keys())) {
            deletions[i] = RangeTombstoneList.EMPTY;
            return;
        }
        RangeTombstoneList all = file.handle().reader().rangeTombstones();
        if (!file.reference().isClipped()) {
            deletions[i] = all;
        } else if (deletions[i].isEmpty()) {
            deletions[i] = all.clip(file.reference().clip());
        }
    }

    /** Range deletions that the scan at hand may meet; put together anew only if there are others than last time. */
    RangeTombstoneList tombstones() {
        boolean same = true;
        for (int i = 0; i < deletions.length; i++) {
            same &= deletions[i] == mergedDeletions[i];
        }
        if (!same) {
            tombstones = RangeTombstoneList.merge(List.of(deletions));
            System.arraycopy(deletions, 0, mergedDeletions, 0, deletions.length);
        }
        return tombstones;
    }

    /** The scan is over, or could not begin: nothing is held any more. */
    void finish() {
        merged.clear();
    }

    /** One sorted level: the files that the scan at hand overlaps, one after the other. */
    private static final class LevelSource implements ConcatenatingIterator.Parts {
        private final ViewFile[] files;
        private final InternalIterator[] walkers;
        private final ConcatenatingIterator concatenated = new ConcatenatingIterator(this);
        private Bounds bounds;
        private int from;
        private int to;
        private long newest;

        LevelSource(SortedLevel level) {
            files = level.files();
            walkers = new InternalIterator[files.length];
        }

        /** @return whether the level holds anything within the bounds */
        boolean confine(Bounds wanted) {
            bounds = wanted;
            byte[] lower = wanted.keys().lower();
            from = lower.length == 0 ? 0 : SortedLevel.firstEndingBehind(files, 0, files.length, Slice.of(lower));
            to = from;
            newest = 0;
            while (to < files.length && files[to].reference().overlaps(wanted.keys())) {
                newest = Math.max(newest, files[to].reference().table().largestSequence());
                to++;
            }
            return from < to;
        }

        @Override
        public int count() {
            return to - from;
        }

        @Override
        public InternalIterator open(int part) throws IOException {
            return walker(files[from + part], walkers, from + part, bounds);
        }

        @Override
        public int firstEndingAtOrBehind(Slice key) {
            return SortedLevel.firstEndingBehind(files, from, to, key) - from;
        }
    }
}
