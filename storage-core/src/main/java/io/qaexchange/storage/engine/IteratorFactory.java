package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import io.qaexchange.storage.engine.ReadView.SortedLevel;
import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.iterator.ConcatenatingIterator;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.sstable.ReadMode;
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
    static StoreIterator open(ReadView view, ColumnFamily family, KeyRange range, long sequence, ReadMode mode) throws IOException {
        List<InternalIterator> children = new ArrayList<>();
        boolean opened = false;
        try {
            FamilyFiles files = view.files(family.id());
            if (files == null) {
                throw new IllegalArgumentException("column family " + family + " is not in this store");
            }
            List<Long> newest = new ArrayList<>();
            List<RangeTombstoneList> tombstones = new ArrayList<>();
            addMemtable(view.active(), family, children, newest, tombstones);
            for (Memtable frozen : view.frozen()) {
                addMemtable(frozen, family, children, newest, tombstones);
            }
            addFiles(files.level0, range, mode, children, newest);
            for (ViewFile[] window : files.windows) {
                addFiles(window, range, mode, children, newest);
            }
            for (SortedLevel level : files.sorted) {
                addLevel(level, range, mode, children, newest);
            }
            for (ViewFile file : files.withTombstones) {
                if (file.reference().overlaps(range)) {
                    tombstones.add(file.handle().reader().rangeTombstones().clip(file.reference().clip()));
                }
            }
            MergingIterator merged = MergingIterator.of(children, newest);
            opened = true;
            return new VisibleIterator(merged, family, range, sequence, files.floors, RangeTombstoneList.merge(tombstones), view::release);
        } finally {
            if (!opened) {
                children.forEach(InternalIterator::close);
                view.release();
            }
        }
    }

    private static void addMemtable(Memtable memtable, ColumnFamily family, List<InternalIterator> children, List<Long> newest,
            List<RangeTombstoneList> tombstones) {
        tombstones.add(memtable.rangeTombstoneList(family.id()));
        if (memtable.hasEntries(family.id())) {
            children.add(memtable.iterator(family.id()));
            // The active memtable goes on growing: nothing is known to be newer than all of it.
            newest.add(Long.MAX_VALUE);
        }
    }

    private static void addFiles(ViewFile[] files, KeyRange range, ReadMode mode, List<InternalIterator> children, List<Long> newest)
            throws IOException {
        for (ViewFile file : files) {
            if (file.reference().overlaps(range)) {
                children.add(iterator(file, range, mode));
                newest.add(file.reference().table().largestSequence());
            }
        }
    }

    private static InternalIterator iterator(ViewFile file, KeyRange range, ReadMode mode) throws IOException {
        return file.handle().reader().iterator(file.reference().clip().intersect(range), mode);
    }

    private static void addLevel(SortedLevel level, KeyRange range, ReadMode mode, List<InternalIterator> children, List<Long> newest)
            throws IOException {
        ViewFile[] files = Arrays.stream(level.files()).filter(file -> file.reference().overlaps(range)).toArray(ViewFile[]::new);
        if (files.length == 0) {
            return;
        }
        newest.add(Arrays.stream(files).mapToLong(file -> file.reference().table().largestSequence()).max().getAsLong());
        children.add(files.length == 1 ? iterator(files[0], range, mode) : new ConcatenatingIterator(new LevelParts(files, range, mode)));
    }

    private record LevelParts(ViewFile[] files, KeyRange range, ReadMode mode) implements ConcatenatingIterator.Parts {
        @Override
        public int count() {
            return files.length;
        }

        @Override
        public InternalIterator open(int part) throws IOException {
            return iterator(files[part], range, mode);
        }

        @Override
        public int firstEndingAtOrBehind(Slice key) {
            int low = 0;
            int high = files.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (endsBefore(files[middle].reference(), key)) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }

        private static boolean endsBefore(FileReference file, Slice key) {
            byte[] upper = file.keys().upper();
            return upper != null && key.compareTo(upper) >= 0;
        }
    }
}
