package io.qaexchange.storage.manifest;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The files of one family, arranged for reading and picking. Immutable.
 *
 * <p>Leveled: level 0 newest first, files may overlap; deeper levels sorted by key and disjoint. Time window: level 0 newest first
 * (files with several windows); then a list per window, newest first, whose files may overlap in keys.
 */
public final class FamilyVersion {
    /** Levels 0 to 6, as in RocksDB. */
    public static final int LEVELS = 7;

    private static final Comparator<FileReference> NEWEST_FIRST = Comparator
            .comparingLong((FileReference reference) -> reference.table().largestSequence()).reversed()
            .thenComparing(Comparator.comparingLong(FileReference::id).reversed());
    private static final Comparator<FileReference> BY_KEY = (a, b) -> {
        int keys = Slice.compare(a.keys().lower(), b.keys().lower());
        return keys != 0 ? keys : Long.compare(a.id(), b.id());
    };

    private final ColumnFamily family;
    private final List<FileReference> references;
    private final List<List<FileReference>> levels;
    private final NavigableMap<Long, List<FileReference>> windows;

    FamilyVersion(ColumnFamily family, List<FileReference> references) {
        this.family = family;
        this.references = List.copyOf(references);
        boolean windowed = family.options().compactionStyle() == CompactionStyle.TIME_WINDOW;
        List<List<FileReference>> byLevel = new ArrayList<>();
        NavigableMap<Long, List<FileReference>> byWindow = new TreeMap<>();
        for (int level = 0; level < LEVELS; level++) {
            byLevel.add(new ArrayList<>());
        }
        for (FileReference reference : references) {
            if (windowed && reference.level() > 0) {
                byWindow.computeIfAbsent(reference.window(), w -> new ArrayList<>()).add(reference);
            } else {
                byLevel.get(reference.level()).add(reference);
            }
        }
        byLevel.get(0).sort(NEWEST_FIRST);
        byLevel.subList(1, LEVELS).forEach(level -> level.sort(BY_KEY));
        byWindow.values().forEach(window -> window.sort(NEWEST_FIRST));
        byLevel.replaceAll(List::copyOf);
        byWindow.replaceAll((window, files) -> List.copyOf(files));
        levels = List.copyOf(byLevel);
        windows = Collections.unmodifiableNavigableMap(byWindow);
    }

    public ColumnFamily family() {
        return family;
    }

    public List<FileReference> references() {
        return references;
    }

    public List<FileReference> level(int level) {
        return levels.get(level);
    }

    /** Files by window of event time; empty for leveled families. */
    public NavigableMap<Long, List<FileReference>> windows() {
        return windows;
    }

    public long bytes() {
        return bytes(references);
    }

    public static long bytes(Collection<FileReference> files) {
        long bytes = 0;
        for (FileReference file : files) {
            bytes += file.sizeBytes();
        }
        return bytes;
    }

    /** Index of the file of a sorted, disjoint level that may hold a key, or -1. */
    public static int find(List<FileReference> level, Slice key) {
        int low = 0;
        int high = level.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            KeyRange keys = level.get(middle).keys();
            if (keys.upper() != null && key.compareTo(keys.upper()) >= 0) {
                low = middle + 1;
            } else if (key.compareTo(keys.lower()) >= 0) {
                return middle;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /** Files of a list that hold keys of a range, in the list's order. */
    public static List<FileReference> overlapping(List<FileReference> files, KeyRange range) {
        List<FileReference> found = new ArrayList<>();
        for (FileReference file : files) {
            if (file.overlaps(range)) {
                found.add(file);
            }
        }
        return found;
    }

    /** The most files of level 0 that share a key: what a point read may have to look at, and how L0 is scored. */
    public int level0Depth() {
        List<FileReference> files = levels.get(0);
        List<byte[][]> ends = new ArrayList<>();
        for (FileReference file : files) {
            KeyRange keys = file.keys();
            ends.add(new byte[][] {keys.lower(), keys.upper()});
        }
        List<byte[]> starts = new ArrayList<>(ends.stream().map(end -> end[0]).sorted(Slice::compare).toList());
        List<byte[]> stops = new ArrayList<>(ends.stream().map(end -> end[1]).sorted(KeyRange::compareUpper).toList());
        int deepest = 0;
        int open = 0;
        int stop = 0;
        for (byte[] start : starts) {
            while (stop < stops.size() && KeyRange.compareUpper(stops.get(stop), start) <= 0) {
                stop++;
                open--;
            }
            open++;
            deepest = Math.max(deepest, open);
        }
        return deepest;
    }
}
