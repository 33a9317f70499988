package io.qaexchange.storage.engine;

import io.qaexchange.storage.engine.ReadView.ViewFile;
import java.util.Arrays;
import java.util.Comparator;

/**
 * Finds, among files that may overlap, those that may hold an event time. Data that comes in time order leaves files that follow one another in time, so
 * that of hundreds one or two are looked at: the times stand in arrays, and a search by halving takes the place of a walk over the files.
 *
 * <pre>
 *   for (int i = fences.last(time); fences.reaches(i, time); i--) { if (fences.holds(i, time)) … fences.file(i) … }
 * </pre>
 *
 * <p>Immutable.
 */
final class TimeFences {
    static final TimeFences NONE = new TimeFences(new ViewFile[0]);

    /** By first time. */
    private final ViewFile[] files;
    private final long[] starts;
    private final long[] ends;
    /** The latest end of a file and all before it. */
    private final long[] latestEnds;

    TimeFences(ViewFile[] files) {
        this.files = files.clone();
        Arrays.sort(this.files, Comparator.comparingLong(file -> file.reference().table().minEventTime()));
        starts = Arrays.stream(this.files).mapToLong(file -> file.reference().table().minEventTime()).toArray();
        ends = Arrays.stream(this.files).mapToLong(file -> file.reference().table().maxEventTime()).toArray();
        latestEnds = ends.clone();
        Arrays.parallelPrefix(latestEnds, Math::max);
    }

    /** The last file that begins at a time or before it; -1 if none does. */
    int last(long time) {
        int low = 0;
        int high = starts.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (starts[middle] <= time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    /** Whether a file, or one before it, ends at a time or behind it. @param i -1 behind the first file */
    boolean reaches(int i, long time) {
        return i >= 0 && latestEnds[i] >= time;
    }

    /** Whether a file that begins at a time or before it may hold it. */
    boolean holds(int i, long time) {
        return ends[i] >= time;
    }

    ViewFile file(int i) {
        return files[i];
    }

    int size() {
        return files.length;
    }

    long start(int i) {
        return starts[i];
    }

    long end(int i) {
        return ends[i];
    }
}
