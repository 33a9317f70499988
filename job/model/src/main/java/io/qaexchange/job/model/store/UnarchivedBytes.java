package io.qaexchange.job.model.store;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Stored bytes of an instrument at or above its archive watermark, by hour of event time. Mutable, one thread.
 *
 * <p>Nearly all bytes are added to the newest hour, so those are counted in a field of their own until another hour is touched.
 */
final class UnarchivedBytes {

    private final TreeMap<Long, Long> byHour = new TreeMap<>();
    private long newestHour;
    private long newestHourBytes;

    /** Adds the bytes of a row. */
    void add(long eventTimeNs, int bytes) {
        long hour = hourOf(eventTimeNs);
        if (hour != newestHour) {
            byHour();
            newestHour = hour;
        }
        newestHourBytes += bytes;
    }

    /** Bytes by hour since 1970. */
    SortedMap<Long, Long> byHour() {
        if (newestHourBytes != 0) {
            byHour.merge(newestHour, newestHourBytes, Long::sum);
            newestHourBytes = 0;
        }
        return byHour;
    }

    /** Puts back what {@link #byHour} gave. */
    void restore(long hour, long bytes) {
        byHour.put(hour, bytes);
    }

    boolean isEmpty() {
        return byHour().isEmpty();
    }

    /** All bytes. */
    long total() {
        long bytes = newestHourBytes;
        for (long hour : byHour.values()) {
            bytes += hour;
        }
        return bytes;
    }

    /** Bytes below an event time; within the last hour by proportion. */
    long below(long toNs) {
        long bytes = 0;
        for (Map.Entry<Long, Long> hour : byHour().headMap(hourOf(toNs) + 1).entrySet()) {
            bytes += share(hour.getKey(), hour.getValue(), toNs);
        }
        return bytes;
    }

    /** Whether there may be rows below an event time. */
    boolean mayHaveRowsBelow(long toNs) {
        return !byHour().headMap(hourOf(toNs) + 1).isEmpty();
    }

    /** Forgets the bytes below an event time. */
    void forgetBelow(long toNs) {
        long lastHour = hourOf(toNs);
        Long rest = byHour().get(lastHour);
        if (rest != null) {
            rest -= share(lastHour, rest, toNs);
        }
        byHour.headMap(lastHour, true).clear();
        if (rest != null && rest > 0) {
            byHour.put(lastHour, rest);
        }
    }

    void forgetAll() {
        byHour().clear();
    }

    /** Event time of the oldest row, to the hour; {@link Long#MAX_VALUE} if there is none. */
    long oldestNs() {
        return isEmpty() ? Long.MAX_VALUE : byHour.firstKey() * StoredKey.HOUR_NS;
    }

    private static long hourOf(long timeNs) {
        return Math.floorDiv(timeNs, StoredKey.HOUR_NS);
    }

    private static long share(long hour, long bytes, long toNs) {
        double part = (toNs - hour * StoredKey.HOUR_NS) / (double) StoredKey.HOUR_NS;
        return (long) (bytes * Math.max(0, Math.min(1, part)));
    }
}
