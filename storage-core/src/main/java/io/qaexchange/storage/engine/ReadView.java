package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.compaction.DropWatermarkIndex;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * Everything that a read needs, at one moment: memtables, files, drop watermarks. Holds on to them until its last user lets go.
 *
 * <p>Immutable but for its count of users and what scans leave for the next ones; thread-safe.
 */
final class ReadView {
    /** The cost of a file of level 0 to a scan, in filters asked by point reads. */
    static final int SCAN_COST = 8;

    /** Bytes that are compacted in the time in which a read asks a filter in vain. */
    private static final int BYTES_PER_FILTER = 16;
    /** Small files are not worth watching. */
    private static final long LEAST_PRICE = 1 << 16;

    /** A file with its place; {@code handle} is leased by the view. */
    record ViewFile(FileReference reference, FileHandle handle) {}

    /** Files by key, disjoint; both hold the same files in the same order. */
    record SortedLevel(List<FileReference> references, ViewFile[] files) {
        /** The first of the files from {@code from} on and before {@code end} that holds keys at or after this one; {@code end} if none does. */
        static int firstEndingBehind(ViewFile[] files, int from, int end, Slice key) {
            int low = from;
            int high = end;
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
    }

    /** The files of one family, as {@link FamilyVersion} arranges them, with their handles. */
    static final class FamilyFiles {
        final ColumnFamily family;
        /** Newest first. */
        final ViewFile[] level0;
        /** From level 1 on; a level without files is not here. */
        final List<SortedLevel> sorted;
        /** First and last event time of the windows that have files, ascending; empty for leveled families. */
        private final long[] windowFrom;
        private final long[] windowTo;
        /** For each of them its files by time. */
        private final TimeFences[] windowFences;
        /** The files of level 0 by time; of no use to leveled families. */
        final TimeFences level0Fences;
        /** The files of level 0 and of windows by time, as far as their keys all have one length and a time. */
        final TimeFences timed;
        /** The others of level 0 and of windows. */
        final ViewFile[] untimed;
        /** Files that hold range deletions, anywhere. */
        final ViewFile[] withTombstones;
        final DropWatermarkIndex dropWatermarks;
        /** Sources of a scan that has ended, for the next one; null while they are in use. */
        private final AtomicReference<ScanSources> idleSources = new AtomicReference<>();
        /** The cost that reads have had with several files of level 0. Several threads add without order: some of it may be lost. */
        private long spentInLevel0;
        /** So much pays a compaction of level 0 with level 1. */
        private final long priceOfMerge;

        FamilyFiles(FamilyVersion version, DropWatermarkIndex dropWatermarks, FileTable table) {
            family = version.family();
            this.dropWatermarks = dropWatermarks;
            level0 = files(version.level(0), table);
            List<SortedLevel> levels = new ArrayList<>();
            for (int level = 1; level < FamilyVersion.LEVELS; level++) {
                if (!version.level(level).isEmpty()) {
                    levels.add(new SortedLevel(version.level(level), files(version.level(level), table)));
                }
            }
            sorted = List.copyOf(levels);
            long width = family.options().windowNanos();
            windowFrom = version.windows().keySet().stream().mapToLong(number -> firstTime(number, width)).toArray();
            windowTo = version.windows().keySet().stream().mapToLong(number -> lastTime(number, width)).toArray();
            ViewFile[][] windows = version.windows().values().stream().map(references -> files(references, table)).toArray(ViewFile[][]::new);
            windowFences = Arrays.stream(windows).map(TimeFences::new).toArray(TimeFences[]::new);
            level0Fences = isWindowed() ? new TimeFences(level0) : TimeFences.NONE;
            long merged = FamilyVersion.bytes(version.level(0)) + FamilyVersion.bytes(version.level(1));
            priceOfMerge = isWindowed() || level0.length < 2 ? Long.MAX_VALUE : Math.max(LEAST_PRICE, merged / BYTES_PER_FILTER);
            List<ViewFile> unsorted = Stream.concat(Stream.of(level0), Arrays.stream(windows).flatMap(Stream::of)).toList();
            int keyLength = unsorted.stream().map(this::timedKeyLength).filter(length -> length > 0).findFirst().orElse(0);
            timed = new TimeFences(unsorted.stream().filter(file -> keyLength > 0 && timedKeyLength(file) == keyLength).toArray(ViewFile[]::new));
            untimed = unsorted.stream().filter(file -> keyLength == 0 || timedKeyLength(file) != keyLength).toArray(ViewFile[]::new);
            withTombstones = files(version.references().stream().filter(r -> r.table().rangeTombstones() > 0).toList(), table);
        }

        private static ViewFile[] files(List<FileReference> references, FileTable table) {
            return references.stream().map(reference -> new ViewFile(reference, table.get(reference))).toArray(ViewFile[]::new);
        }

        /** The same files, with one more drop watermark. */
        private FamilyFiles(FamilyFiles same, DropWatermark added) {
            family = same.family;
            dropWatermarks = same.dropWatermarks.plus(added, family.options().eventTimeFromEnd());
            level0 = same.level0;
            sorted = same.sorted;
            windowFrom = same.windowFrom;
            windowTo = same.windowTo;
            windowFences = same.windowFences;
            level0Fences = same.level0Fences;
            timed = same.timed;
            untimed = same.untimed;
            withTombstones = same.withTombstones;
            spentInLevel0 = same.spentInLevel0;
            priceOfMerge = same.priceOfMerge;
        }

        private int timedKeyLength(ViewFile file) {
            SstableMetadata table = file.reference().table();
            return TimedReserve.takes(table, family.options().eventTimeFromEnd()) ? table.keyLength() : 0;
        }

        /**
         * Notes what a read spends beyond its first file of level 0.
         *
         * @param each cost of a file, in filters asked
         * @return true now and then, once reads have spent what compacting level 0 costs: it is time to do so
         */
        boolean spendsInLevel0(int each) {
            spentInLevel0 += (level0.length - 1L) * each;
            if (spentInLevel0 < priceOfMerge) {
                return false;
            }
            spentInLevel0 = 0;
            return true;
        }

        /** The first time of a window; the window at either end of all times is narrower than the others. */
        static long firstTime(long number, long width) {
            return number < Long.MIN_VALUE / width ? Long.MIN_VALUE : number * width;
        }

        static long lastTime(long number, long width) {
            return number >= Long.MAX_VALUE / width ? Long.MAX_VALUE : (number + 1) * width - 1;
        }

        /** The files of the window that an event time lies in. Without the division that would give its number: it takes as long as all this. */
        TimeFences window(long time) {
            int low = 0;
            int high = windowTo.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (windowTo[middle] < time) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low < windowTo.length && windowFrom[low] <= time ? windowFences[low] : TimeFences.NONE;
        }

        /** The sources of scans; the caller's alone until it gives them back. @param view that these files belong to, used by the caller */
        ScanSources borrowSources(ReadView view) {
            ScanSources idle = idleSources.getAndSet(null);
            return idle != null ? idle : new ScanSources(view, this);
        }

        void giveBackSources(ScanSources finished) {
            idleSources.set(finished);
        }

        boolean isWindowed() {
            return family.options().compactionStyle() == CompactionStyle.TIME_WINDOW;
        }
    }

    private final Memtable active;
    /** Newest first. */
    private final List<Memtable> frozen;
    private final Version version;
    /** By family id. */
    private final FamilyFiles[] families;
    private final List<FileHandle> leased;
    private final AtomicInteger users = new AtomicInteger(1);

    /**
     * @param dropWatermarks of writes that the version does not know yet
     */
    ReadView(Memtable active, List<Memtable> frozen, Version version, List<DropWatermark> dropWatermarks, FileTable table) {
        this.active = active;
        this.frozen = List.copyOf(frozen);
        this.version = version;
        leased = new ArrayList<>();
        families = new FamilyFiles[version.nextFamilyId()];
        for (FamilyVersion family : version.families()) {
            ColumnFamily column = family.family();
            List<DropWatermark> all = new ArrayList<>(version.dropWatermarks(column.id()));
            dropWatermarks.stream().filter(dropWatermark -> dropWatermark.family() == column.id()).forEach(all::add);
            families[column.id()] = new FamilyFiles(family, DropWatermarkIndex.of(all, column.options().eventTimeFromEnd()), table);
        }
        version.references().stream().map(table::get).distinct().forEach(leased::add);
        hold();
    }

    /** The same, with one more drop watermark: hundreds are set one after the other when an hour ends, so nothing else is made anew. */
    private ReadView(ReadView same, DropWatermark added) {
        active = same.active;
        frozen = same.frozen;
        version = same.version;
        families = same.families.clone();
        families[added.family()] = new FamilyFiles(families[added.family()], added);
        leased = same.leased;
        hold();
    }

    /** A view of the same with one more drop watermark; this one must be in use. */
    ReadView plus(DropWatermark added) {
        return new ReadView(this, added);
    }

    private void hold() {
        if (!active.retain()) {
            throw new IllegalStateException("the active memtable is gone");
        }
        for (Memtable memtable : frozen) {
            if (!memtable.retain()) {
                throw new IllegalStateException("frozen memtable " + memtable.id() + " is gone");
            }
        }
        leased.forEach(FileHandle::lease);
    }

    Memtable active() {
        return active;
    }

    List<Memtable> frozen() {
        return frozen;
    }

    Version version() {
        return version;
    }

    /** Null if the family is not there. */
    FamilyFiles files(int family) {
        return family < families.length ? families[family] : null;
    }

    /** @return false if the last user is gone already; the caller then takes the newer view */
    boolean tryUse() {
        int now;
        do {
            now = users.get();
            if (now == 0) {
                return false;
            }
        } while (!users.compareAndSet(now, now + 1));
        return true;
    }

    void release() {
        int left = users.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("a read view was released more often than used");
        }
        if (left == 0) {
            active.release();
            frozen.forEach(Memtable::release);
            leased.forEach(FileHandle::release);
        }
    }
}
