package io.qaexchange.storage.key;

/**
 * Event times from {@code from} on and before {@code to}; nanoseconds, or whatever unit the keys' times have. Immutable.
 *
 * @param to exclusive; {@link Long#MAX_VALUE} = no upper bound, that time included
 */
public record TimeRange(long from, long to) {
    public static final TimeRange ALL = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

    public boolean isAll() {
        return from == Long.MIN_VALUE && to == Long.MAX_VALUE;
    }

    public boolean contains(long time) {
        return time >= from && (time < to || to == Long.MAX_VALUE);
    }

    /** Whether a time of {@code [min, max]}, both inclusive, lies in this range. */
    public boolean meets(long min, long max) {
        return max >= from && (min < to || to == Long.MAX_VALUE);
    }

    /** Whether all of {@code [min, max]}, both inclusive, lies in this range. */
    public boolean contains(long min, long max) {
        return contains(min) && contains(max);
    }

    /** The part of this range at or after a time. */
    public TimeRange notBefore(long time) {
        return time <= from ? this : new TimeRange(time, to);
    }

    @Override
    public String toString() {
        return "[" + from + ", " + (to == Long.MAX_VALUE ? "end" : to) + ")";
    }
}
