package io.qaexchange.storage.compaction;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.Floor;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Comparator;
import java.util.List;

/**
 * The floors of one family, for asking whether a key was dropped. Immutable.
 *
 * <p>Hosts set floors on disjoint ranges (one per key group), so a binary search finds the one that counts; overlapping ranges are
 * gone through one by one.
 */
public final class FloorIndex {
    public static final FloorIndex NONE = new FloorIndex(List.of(), -1);

    private final Floor[] floors;
    private final int eventTimeFromEnd;
    private final boolean disjoint;
    private final long highest;

    private FloorIndex(List<Floor> of, int eventTimeFromEnd) {
        floors = of.stream().sorted(Comparator.comparing(floor -> floor.range().lower(), Slice::compare)).toArray(Floor[]::new);
        this.eventTimeFromEnd = eventTimeFromEnd;
        boolean apart = true;
        for (int i = 1; i < floors.length; i++) {
            apart &= Slice.compare(floors[i - 1].range().upper(), floors[i].range().lower()) <= 0;
        }
        disjoint = apart;
        highest = of.stream().mapToLong(Floor::eventTime).max().orElse(Long.MIN_VALUE);
    }

    public static FloorIndex of(List<Floor> floors, int eventTimeFromEnd) {
        return floors.isEmpty() ? NONE : new FloorIndex(floors, eventTimeFromEnd);
    }

    public boolean isEmpty() {
        return floors.length == 0;
    }

    /** Nothing at or behind this event time is dropped; {@link Long#MIN_VALUE} if there are no floors. */
    public long highest() {
        return highest;
    }

    /** Whether a reader at {@code snapshot} sees the key as dropped. A key too short to hold a time is never dropped. */
    public boolean hides(Slice key, long snapshot) {
        if (floors.length == 0 || key.length() < eventTimeFromEnd) {
            return false;
        }
        long time = eventTime(key, eventTimeFromEnd);
        if (!disjoint) {
            for (Floor floor : floors) {
                if (floor.sequence() <= snapshot && time < floor.eventTime() && floor.range().contains(key)) {
                    return true;
                }
            }
            return false;
        }
        int low = 0;
        int high = floors.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Floor floor = floors[middle];
            if (key.compareTo(floor.range().upper()) >= 0) {
                low = middle + 1;
            } else if (key.compareTo(floor.range().lower()) < 0) {
                high = middle - 1;
            } else {
                return floor.sequence() <= snapshot && time < floor.eventTime();
            }
        }
        return false;
    }

    /** Whether everything in a range that is older than or at {@code maxEventTime} is dropped for a reader at {@code snapshot}. */
    public boolean hidesAll(KeyRange keys, long maxEventTime, long snapshot) {
        byte[] open = keys.lower();
        for (Floor floor : floors) {
            if (floor.sequence() <= snapshot && maxEventTime < floor.eventTime()
                    && Slice.compare(floor.range().lower(), open) <= 0 && Slice.compare(open, floor.range().upper()) < 0) {
                open = floor.range().upper();
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
