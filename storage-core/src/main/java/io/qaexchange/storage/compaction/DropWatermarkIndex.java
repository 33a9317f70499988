package io.qaexchange.storage.compaction;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Comparator;
import java.util.List;

/**
 * The drop watermarks of one family, for asking whether a key was dropped. Immutable.
 *
 * <p>Hosts set drop watermarks again and again on the same disjoint ranges (one for each key), so a binary search finds those that count; ranges that
 * overlap otherwise are gone through one by one.
 */
public final class DropWatermarkIndex {
    public static final DropWatermarkIndex NONE = new DropWatermarkIndex(new DropWatermark[0], -1, true, Long.MIN_VALUE);

    /** By their lower ends. */
    private final DropWatermark[] dropWatermarks;
    private final int eventTimeFromEnd;
    /** Whether any two ranges are the same or have no key in common. */
    private final boolean disjoint;
    private final long highest;

    private DropWatermarkIndex(DropWatermark[] sorted, int eventTimeFromEnd, boolean disjoint, long highest) {
        this.dropWatermarks = sorted;
        this.eventTimeFromEnd = eventTimeFromEnd;
        this.disjoint = disjoint;
        this.highest = highest;
    }

    public static DropWatermarkIndex of(List<DropWatermark> dropWatermarks, int eventTimeFromEnd) {
        if (dropWatermarks.isEmpty()) {
            return NONE;
        }
        DropWatermark[] sorted = dropWatermarks.stream().sorted(Comparator.comparing(dropWatermark -> dropWatermark.range().lower(), Slice::compare))
                .toArray(DropWatermark[]::new);
        boolean disjoint = true;
        for (int i = 1; i < sorted.length; i++) {
            disjoint &= areApart(sorted[i - 1], sorted[i]);
        }
        return new DropWatermarkIndex(sorted, eventTimeFromEnd, disjoint, dropWatermarks.stream().mapToLong(DropWatermark::eventTime).max().getAsLong());
    }

    /** With one more, at the cost of a copy. */
    public DropWatermarkIndex plus(DropWatermark added, int eventTimeFromEnd) {
        int at = 0;
        int end = dropWatermarks.length;
        while (at < end) {
            int middle = (at + end) >>> 1;
            if (Slice.compare(dropWatermarks[middle].range().lower(), added.range().lower()) <= 0) {
                at = middle + 1;
            } else {
                end = middle;
            }
        }
        DropWatermark[] more = new DropWatermark[dropWatermarks.length + 1];
        System.arraycopy(dropWatermarks, 0, more, 0, at);
        more[at] = added;
        System.arraycopy(dropWatermarks, at, more, at + 1, dropWatermarks.length - at);
        boolean apart = disjoint && (at == 0 || areApart(more[at - 1], added)) && (at + 1 == more.length || areApart(added, more[at + 1]));
        return new DropWatermarkIndex(more, eventTimeFromEnd, apart, Math.max(highest, added.eventTime()));
    }

    private static boolean areApart(DropWatermark before, DropWatermark after) {
        return Slice.compare(before.range().upper(), after.range().lower()) <= 0 || isSameRange(before, after);
    }

    private static boolean isSameRange(DropWatermark one, DropWatermark other) {
        return Slice.compare(one.range().lower(), other.range().lower()) == 0 && Slice.compare(one.range().upper(), other.range().upper()) == 0;
    }

    public boolean isEmpty() {
        return dropWatermarks.length == 0;
    }

    /** Nothing at or after this event time is dropped; {@link Long#MIN_VALUE} if there are no drop watermarks. */
    public long highest() {
        return highest;
    }

    /** Whether a reader at {@code snapshot} sees the key as dropped. A key too short to hold a time is never dropped. */
    public boolean hides(Slice key, long snapshot) {
        return hiding(key, snapshot) != null;
    }

    /** The drop watermark by which a reader at {@code snapshot} sees the key as dropped, of several with one range the highest; null if there is none. */
    public DropWatermark hiding(Slice key, long snapshot) {
        if (dropWatermarks.length == 0 || key.length() < eventTimeFromEnd) {
            return null;
        }
        long time = eventTime(key, eventTimeFromEnd);
        if (!disjoint) {
            for (DropWatermark dropWatermark : dropWatermarks) {
                if (hides(dropWatermark, time, snapshot) && dropWatermark.range().contains(key)) {
                    return dropWatermark;
                }
            }
            return null;
        }
        int low = 0;
        int high = dropWatermarks.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            DropWatermark dropWatermark = dropWatermarks[middle];
            if (key.compareTo(dropWatermark.range().upper()) >= 0) {
                low = middle + 1;
            } else if (key.compareTo(dropWatermark.range().lower()) < 0) {
                high = middle - 1;
            } else {
                return highestInRangeOf(middle, time, snapshot);
            }
        }
        return null;
    }

    /** The highest that hides a time, among the drop watermarks with the range of this one; null if none does. */
    private DropWatermark highestInRangeOf(int i, long time, long snapshot) {
        int first = i;
        while (first > 0 && isSameRange(dropWatermarks[first - 1], dropWatermarks[i])) {
            first--;
        }
        DropWatermark highest = null;
        for (int at = first; at < dropWatermarks.length && (at <= i || isSameRange(dropWatermarks[at], dropWatermarks[i])); at++) {
            if (hides(dropWatermarks[at], time, snapshot) && (highest == null || dropWatermarks[at].eventTime() > highest.eventTime())) {
                highest = dropWatermarks[at];
            }
        }
        return highest;
    }

    private static boolean hides(DropWatermark dropWatermark, long time, long snapshot) {
        return dropWatermark.sequence() <= snapshot && time < dropWatermark.eventTime();
    }

    /** Whether everything in a range that is older than or at {@code maxEventTime} is dropped for a reader at {@code snapshot}. */
    public boolean hidesAll(KeyRange keys, long maxEventTime, long snapshot) {
        byte[] open = keys.lower();
        for (DropWatermark dropWatermark : dropWatermarks) {
            if (dropWatermark.sequence() <= snapshot && maxEventTime < dropWatermark.eventTime()
                    && Slice.compare(dropWatermark.range().lower(), open) <= 0 && Slice.compare(open, dropWatermark.range().upper()) < 0) {
                open = dropWatermark.range().upper();
                if (keys.upper() != null && Slice.compare(keys.upper(), open) <= 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The 8 bytes, big-endian with the sign bit flipped, that begin {@code fromEnd} bytes before the key's end. */
    public static long eventTime(Slice key, int fromEnd) {
        return Memory.getLongBigEndian(key.base(), key.address() + key.length() - fromEnd) ^ Long.MIN_VALUE;
    }
}
