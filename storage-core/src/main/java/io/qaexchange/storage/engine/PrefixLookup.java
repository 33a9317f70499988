package io.qaexchange.storage.engine;

import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import io.qaexchange.storage.engine.ReadView.SortedLevel;
import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.memtable.PrefixReader;
import io.qaexchange.storage.sstable.PrefixCursor;
import java.io.IOException;
import java.util.Arrays;

/**
 * Copies the few entries whose keys begin with a prefix, source by source, newest first, each joined with what newer ones gave.
 *
 * <p>A scan sets up iterators, a heap and bounds, and then asks for each row who comes next; of a map of ten entries that is most of the
 * work. Whatever is not as simple as that (see {@link io.qaexchange.storage.StoreReader#copy}) is left to a scan.
 *
 * <p>One thread.
 */
final class PrefixLookup {
    private final PrefixReader memory = new PrefixReader();
    /** The files that may hold such keys, newest first. */
    private PrefixCursor[] cursors = new PrefixCursor[0];
    private int fileCount;
    private CopiedEntries merged = new CopiedEntries();
    private CopiedEntries next = new CopiedEntries();
    private CopiedEntries spare = new CopiedEntries();

    /** @return null if a scan has to look */
    CopiedEntries copy(ReadView view, FamilyFiles files, Slice prefix, long sequence, boolean withValues) throws IOException {
        if (files.isWindowed() || files.family.options().allowsAppend() || !files.dropWatermarks.isEmpty() || mayBeDeleted(view, files, prefix)) {
            return null;
        }
        try {
            merged.begin(prefix.length(), withValues);
            boolean simple = findFiles(files, prefix) && inMemtable(view.active(), files, prefix, sequence, withValues);
            for (int i = 0; simple && i < view.frozen().size(); i++) {
                simple = inMemtable(view.frozen().get(i), files, prefix, sequence, withValues);
            }
            for (int i = 0; simple && i < fileCount; i++) {
                next.begin(prefix.length(), withValues);
                simple = cursors[i].copy(prefix, sequence, next) && addOlder();
            }
            if (!simple) {
                return null;
            }
            merged.dropDeleted();
            return merged;
        } finally {
            for (int i = 0; i < fileCount; i++) {
                cursors[i].release();
            }
            fileCount = 0;
        }
    }

    /** Whether a deletion of a range may meet the prefix. */
    private static boolean mayBeDeleted(ReadView view, FamilyFiles files, Slice prefix) {
        boolean deleted = view.active().hasRangeDeletions(files.family.id());
        for (int i = 0; !deleted && i < view.frozen().size(); i++) {
            deleted = view.frozen().get(i).hasRangeDeletions(files.family.id());
        }
        for (int i = 0; !deleted && i < files.withTombstones.length; i++) {
            deleted = files.withTombstones[i].reference().table().range().overlapsPrefix(prefix);
        }
        return deleted;
    }

    /** The memory of all files is asked for before the first of them, or a memtable, is searched. @return false if a scan has to look */
    private boolean findFiles(FamilyFiles files, Slice prefix) throws IOException {
        boolean simple = true;
        for (int i = 0; simple && i < files.level0.length; i++) {
            simple = find(files.level0[i], prefix);
        }
        for (int i = 0; simple && i < files.sorted.size(); i++) {
            simple = findInLevel(files.sorted.get(i), prefix);
        }
        for (int i = 0; i < fileCount; i++) {
            cursors[i].ask();
        }
        return simple;
    }

    private boolean find(ViewFile file, Slice prefix) throws IOException {
        FileReference reference = file.reference();
        if (!reference.table().range().overlapsPrefix(prefix) || !reference.clip().overlapsPrefix(prefix)) {
            return true;
        }
        if (!reference.clip().containsPrefix(prefix)) {
            return false;
        }
        if (fileCount == cursors.length) {
            cursors = Arrays.copyOf(cursors, fileCount + 1);
            cursors[fileCount] = new PrefixCursor();
        }
        cursors[fileCount++].find(file.handle().reader(), prefix);
        return true;
    }

    /** One file of the level holds all that begins with the prefix, or a scan has to look. */
    private boolean findInLevel(SortedLevel level, Slice prefix) throws IOException {
        ViewFile[] files = level.files();
        int first = SortedLevel.firstEndingBehind(files, 0, files.length, prefix);
        if (first == files.length) {
            return true;
        }
        boolean goesOn = first + 1 < files.length && files[first + 1].reference().keys().overlapsPrefix(prefix);
        return !goesOn && find(files[first], prefix);
    }

    private boolean inMemtable(Memtable memtable, FamilyFiles files, Slice prefix, long sequence, boolean withValues) {
        next.begin(prefix.length(), withValues);
        return memory.copy(memtable, files.family.id(), prefix, sequence, next) && addOlder();
    }

    /** Joins what a source gave with what the newer ones did. */
    private boolean addOlder() {
        if (next.count() == 0) {
            return true;
        }
        CopiedEntries last = merged;
        if (merged.count() == 0) {
            merged = next;
            next = last;
            return true;
        }
        boolean fits = spare.merge(merged, next);
        merged = spare;
        spare = last;
        return fits;
    }
}
