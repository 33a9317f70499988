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
 * <p>Hosts set drop watermarks on disjoint ranges (one per key group), so a binary search finds the one that counts; overlapping ranges are
 * gone through one by one.
 */
public final class DropWatermarkIndex {
    public static final DropWatermarkIndex NONE = new DropWatermarkIndex(List.of(), -1);

    private final DropWatermark[] dropWatermarks;
    private final int eventTimeFromEnd;
    private final boolean disjoint;
    private final long highest;

    private DropWatermarkIndex(List<DropWatermark> of, int eventTimeFromEnd) {
        dropWatermarks = of.stream().sorted(Comparator.comparing(dropWatermark -> dropWatermark.range().lower(), Slice::compare)).toArray(DropWatermark[]::new);
        this.eventTimeFromEnd = eventTimeFromEnd;
        boolean apart = true;
        for (int i = 1; i < dropWatermarks.length; i++) {
            apart &= Slice.compare(dropWatermarks[i - 1].range().upper(), dropWatermarks[i].range().lower()) <= 0;
        }
        disjoint = apart;
        highest = of.stream().mapToLong(DropWatermark::eventTime).max().orElse(Long.MIN_VALUE);
    }

    public static DropWatermarkIndex of(List<DropWatermark> dropWatermarks, int eventTimeFromEnd) {
        return dropWatermarks.isEmpty() ? NONE : new DropWatermarkIndex(dropWatermarks, eventTimeFromEnd);
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
        if (dropWatermarks.length == 0 || key.length() < eventTimeFromEnd) {
            return false;
        }
        long time = eventTime(key, eventTimeFromEnd);
        if (!disjoint) {
            for (DropWatermark dropWatermark : dropWatermarks) {
                if (dropWatermark.sequence() <= snapshot && time < dropWatermark.eventTime() && dropWatermark.range().contains(key)) {
                    return true;
                }
            }
            return false;
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
                return dropWatermark.sequence() <= snapshot && time < dropWatermark.eventTime();
            }
        }
        return false;
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
