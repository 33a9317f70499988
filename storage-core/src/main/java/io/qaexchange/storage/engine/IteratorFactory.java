package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes iterators over a view: a child per memtable and overlapping file, one per sorted level. Stateless. */
final class IteratorFactory {
    private IteratorFactory() {}

    /**
     * @param view used by the iterator; released when it is closed, or here if this fails
     * @param mode how blocks are read
     */
    static StoreIterator open(ReadView view, ColumnFamily family, Bounds bounds, long sequence, ReadMode mode) throws IOException {
        List<InternalIterator> children = new ArrayList<>();
        boolean opened = false;
        try {
            FamilyFiles files = view.files(family.id());
            if (files == null) {
                throw new IllegalArgumentException("column family " + family + " is not in this store");
            }
            List<Long> newest = new ArrayList<>();
            List<RangeTombstoneList> tombstones = new ArrayList<>(0);
            addMemtable(view.active(), family, children, newest, tombstones);
            for (Memtable frozen : view.frozen()) {
                addMemtable(frozen, family, children, newest, tombstones);
            }
            addFiles(files.level0, bounds, mode, children, newest);
            for (ViewFile[] window : files.windows) {
                addFiles(window, bounds, mode, children, newest);
            }
            for (SortedLevel level : files.sorted) {
                addLevel(level, bounds, mode, children, newest);
            }
            for (ViewFile file : files.withTombstones) {
                if (file.reference().overlaps(bounds.keys())) {
                    tombstones.add(file.handle().reader().rangeTombstones().clip(file.reference().clip()));
                }
            }
            MergingIterator merged = MergingIterator.of(children, newest);
            opened = true;
            return new VisibleIterator(merged, family, bounds, sequence, files.floors,
                    tombstones.isEmpty() ? RangeTombstoneList.EMPTY : RangeTombstoneList.merge(tombstones), view::release);
        } finally {
            if (!opened) {
                children.forEach(InternalIterator::close);
                view.release();
            }
        }
    }

    private static void addMemtable(Memtable memtable, ColumnFamily family, List<InternalIterator> children, List<Long> newest,
            List<RangeTombstoneList> tombstones) {
        RangeTombstoneList deleted = memtable.rangeTombstoneList(family.id());
        if (!deleted.isEmpty()) {
            tombstones.add(deleted);
        }
        if (memtable.hasEntries(family.id())) {
            children.add(memtable.iterator(family.id()));
            // The active memtable goes on growing: nothing is known to be newer than all of it.
            newest.add(Long.MAX_VALUE);
        }
    }

    private static void addFiles(ViewFile[] files, Bounds bounds, ReadMode mode, List<InternalIterator> children, List<Long> newest)
            throws IOException {
        for (ViewFile file : files) {
            if (isWanted(file, bounds)) {
                children.add(iterator(file, bounds, mode));
                newest.add(file.reference().table().largestSequence());
            }
        }
    }

    private static boolean isWanted(ViewFile file, Bounds bounds) {
        SstableMetadata table = file.reference().table();
        return file.reference().overlaps(bounds.keys()) && bounds.times().meets(table.minEventTime(), table.maxEventTime());
    }

    private static InternalIterator iterator(ViewFile file, Bounds bounds, ReadMode mode) throws IOException {
        return file.handle().reader().iterator(file.reference().clip().intersect(bounds.keys()), mode, bounds.times());
    }

    private static void addLevel(SortedLevel level, Bounds bounds, ReadMode mode, List<InternalIterator> children, List<Long> newest)
            throws IOException {
        ViewFile[] all = level.files();
        int from = bounds.keys().lower().length == 0 ? 0 : firstEndingBehind(all, Slice.of(bounds.keys().lower()));
        int to = from;
        long newestOfAll = 0;
        while (to < all.length && all[to].reference().overlaps(bounds.keys())) {
            newestOfAll = Math.max(newestOfAll, all[to].reference().table().largestSequence());
            to++;
        }
        if (from == to) {
            return;
        }
        newest.add(newestOfAll);
        children.add(to - from == 1 ? iterator(all[from], bounds, mode)
                : new ConcatenatingIterator(new LevelParts(Arrays.copyOfRange(all, from, to), bounds, mode)));
    }

    private static int firstEndingBehind(ViewFile[] files, Slice key) {
        int low = 0;
        int high = files.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            byte[] upper = files[middle].reference().keys().upper();
            if (upper != null && key.compareTo(upper) >= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private record LevelParts(ViewFile[] files, Bounds bounds, ReadMode mode) implements ConcatenatingIterator.Parts {
        @Override
        public int count() {
            return files.length;
        }

        @Override
        public InternalIterator open(int part) throws IOException {
            return iterator(files[part], bounds, mode);
        }

        @Override
        public int firstEndingAtOrBehind(Slice key) {
            return firstEndingBehind(files, key);
        }
    }
}
