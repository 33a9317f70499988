package io.qaexchange.storage.sstable;

import io.qaexchange.storage.memory.Memory;

/**
 * The event time inside a user key: 8 bytes, big-endian, sign flipped, counted from the key's end. Thread-safe: stateless.
 *
 * <p>A key too short to hold one has an unknown time; a range of times that has to include an unknown one is {@link #UNKNOWN_MIN} to
 * {@link #UNKNOWN_MAX}, so that it is never skipped.
 */
public final class EventTime {
    public static final long UNKNOWN_MIN = Long.MIN_VALUE;
    public static final long UNKNOWN_MAX = Long.MAX_VALUE;

    private EventTime() {}

    public static boolean isPresent(int keyLength, int eventTimeFromEnd) {
        return eventTimeFromEnd >= Long.BYTES && keyLength >= eventTimeFromEnd;
    }

    /** The time of a key in which it {@link #isPresent}. */
    public static long of(Object base, long address, int keyLength, int eventTimeFromEnd) {
        return Memory.getLongBigEndian(base, address + keyLength - eventTimeFromEnd) ^ Long.MIN_VALUE;
    }
}
