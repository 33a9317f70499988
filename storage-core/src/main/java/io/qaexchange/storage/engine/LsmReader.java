package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.compaction.DropWatermarkIndex;
import io.qaexchange.storage.engine.ReadView.FamilyFiles;
import io.qaexchange.storage.engine.ReadView.SortedLevel;
import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.sstable.EventTime;
import io.qaexchange.storage.sstable.SstableReader;
import java.io.IOException;

/**
 * Point reads over memtables and files, newest source first.
 *
 * <p>Keeps the view of its last read, so that as long as nothing was frozen, flushed or compacted in between, a read touches no shared
 * counter. One thread.
 */
final class LsmReader implements StoreReader {
    private final ViewSource source;
    private final Snapshot snapshot;
    private final PointLookup lookup = new PointLookup();
    private final Slice scratch = new Slice();
    private final BlockPin pin = new BlockPin();
    /** Null until something is copied. */
    private PrefixLookup prefixes;
    private ReadView view;
    /** The hash of the key that is looked for; the same for the filters of all files. */
    private long hash;
    private boolean closed;

    LsmReader(ViewSource source, Snapshot snapshot) {
        this.source = source;
        this.snapshot = snapshot;
    }

    @Override
    public boolean get(ColumnFamily family, Slice key) throws IOException {
        Arguments.notNull(key, "key");
        pin.release();
        return get(family, key, takeView());
    }

    @Override
    public void multiGet(ColumnFamily family, Slice[] keys, Found found) throws IOException {
        Arguments.notNull(keys, "keys");
        Arguments.notNull(found, "found");
        long sequence = takeView();
        for (int i = 0; i < keys.length; i++) {
            pin.release();
            found.accept(i, get(family, Arguments.notNull(keys[i], "each of the keys"), sequence) ? lookup.value() : null);
        }
    }

    @Override
    public CopiedEntries copy(ColumnFamily family, Slice prefix, boolean withValues) throws IOException {
        Arguments.notNull(prefix, "prefix");
        pin.release();
        long sequence = takeView();
        FamilyFiles files = files(family);
        if (prefixes == null) {
            prefixes = new PrefixLookup();
        }
        if (files.level0.length > 1 && files.spendsInLevel0(ReadView.SCAN_COST)) {
            source.level0IsCostly(files.family.id());
        }
        return prefixes.copy(view, files, prefix, sequence, withValues);
    }

    private FamilyFiles files(ColumnFamily family) {
        FamilyFiles files = view.files(Arguments.family(family).id());
        if (files == null) {
            throw new IllegalArgumentException("column family " + family + " is not in this store");
        }
        return files;
    }

    /** Makes the current view ours. @return the sequence number to read at */
    private long takeView() throws IOException {
        if (closed) {
            throw new IllegalStateException("the reader is closed");
        }
        while (true) {
            ReadView now = source.currentView();
            if (now != view) {
                releaseView();
                if (!now.tryUse()) {
                    continue;
                }
                view = now;
            }
            long sequence = source.lastSequence();
            // Writes up to this number are in the view only if it is still the one that is written to.
            if (source.currentView() == view) {
                return snapshot == null ? sequence : snapshot.sequence();
            }
        }
    }

    private boolean get(ColumnFamily family, Slice key, long sequence) throws IOException {
        FamilyFiles files = files(family);
        if (!files.dropWatermarks.isEmpty() && files.dropWatermarks.hides(key, sequence)) {
            return false;
        }
        lookup.begin(newestCovering(files, key, sequence), family.options().appendDelimiter());
        if (inMemtables(family.id(), key, sequence)) {
            return lookup.finish();
        }
        hash = SstableReader.hash(key);
        if (files.isWindowed()) {
            inWindows(files, key, sequence);
        } else {
            inLevels(files, key, sequence);
        }
        return lookup.finish();
    }

    /** The newest range deletion of the key that the reader sees, wherever it lies. */
    private long newestCovering(FamilyFiles files, Slice key, long sequence) throws IOException {
        int family = files.family.id();
        long newest = view.active().newestCovering(family, key, sequence);
        for (int i = 0; i < view.frozen().size(); i++) {
            newest = Math.max(newest, view.frozen().get(i).newestCovering(family, key, sequence));
        }
        for (ViewFile file : files.withTombstones) {
            if (file.reference().mayContain(key)) {
                newest = Math.max(newest, file.handle().reader().rangeTombstones().newestCovering(key, sequence));
            }
        }
        return newest;
    }

    private boolean inMemtables(int family, Slice key, long sequence) {
        view.active().get(family, key, sequence, lookup, scratch);
        for (int i = 0; i < view.frozen().size() && !lookup.isDone(); i++) {
            Memtable memtable = view.frozen().get(i);
            memtable.get(family, key, sequence, lookup, scratch);
        }
        return lookup.isDone();
    }

    private void inLevels(FamilyFiles files, Slice key, long sequence) throws IOException {
        if (files.level0.length > 1 && files.spendsInLevel0(1)) {
            source.level0IsCostly(files.family.id());
        }
        for (ViewFile file : files.level0) {
            if (file.reference().mayContain(key) && inFile(file, key, sequence)) {
                return;
            }
        }
        for (int i = 0; i < files.sorted.size(); i++) {
            SortedLevel level = files.sorted.get(i);
            int at = FamilyVersion.find(level.references(), key);
            if (at >= 0 && inFile(level.files()[at], key, sequence)) {
                return;
            }
        }
    }

    /**
     * Files of several windows and those of the key's own. A compaction of either kind may hold both older and newer entries than a file of
     * the other, so the newest version of all counts; a file that ends before it is not asked.
     */
    private void inWindows(FamilyFiles files, Slice key, long sequence) throws IOException {
        int fromEnd = files.family.options().eventTimeFromEnd();
        lookup.takeNewest();
        if (EventTime.isPresent(key.length(), fromEnd)) {
            long time = DropWatermarkIndex.eventTime(key, fromEnd);
            newestIn(files.window(time), key, time, sequence);
            newestIn(files.level0Fences, key, time, sequence);
        } else {
            for (ViewFile file : files.level0) {
                newestIn(file, key, sequence);
            }
        }
    }

    private void newestIn(TimeFences files, Slice key, long time, long sequence) throws IOException {
        for (int i = files.last(time); files.reaches(i, time); i--) {
            if (files.holds(i, time)) {
                newestIn(files.file(i), key, sequence);
            }
        }
    }

    private void newestIn(ViewFile file, Slice key, long sequence) throws IOException {
        if (file.reference().table().largestSequence() > lookup.newestSequence() && file.reference().mayContain(key)) {
            file.handle().reader().get(key, hash, sequence, lookup, pin);
        }
    }

    private boolean inFile(ViewFile file, Slice key, long sequence) throws IOException {
        file.handle().reader().get(key, hash, sequence, lookup, pin);
        return lookup.isDone();
    }

    @Override
    public Slice value() {
        return lookup.value();
    }

    @Override
    public void release() {
        pin.release();
        releaseView();
    }

    private void releaseView() {
        if (view != null) {
            view.release();
            view = null;
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            release();
            pin.close();
        }
    }
}
