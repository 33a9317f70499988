package io.qaexchange.state;

import static java.util.Objects.requireNonNull;

import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;

/**
 * Which stored entries of a state are scanned, and in which order. {@link StateReadSession} makes the keys of a key group, a key or a row.
 *
 * @param keys stored keys from the lower one (inclusive) up to the upper one (exclusive), as {@link StateReadSession} describes them
 * @param times event times of the rows, where the state is an {@link OrderedMapState}: files and blocks without such rows are not read
 * @param descending from the last entry to the first
 * @param limit the most entries that are shown
 */
public record StoredRange(KeyRange keys, TimeRange times, boolean descending, long limit) {
    /** All entries of the subtask, in ascending order. */
    public static final StoredRange ALL = new StoredRange(KeyRange.ALL, TimeRange.ALL, false, Long.MAX_VALUE);

    public StoredRange {
        requireNonNull(keys, "keys");
        requireNonNull(times, "times");
        if (limit < 0) {
            throw new IllegalArgumentException("the limit of a scan is negative: " + limit);
        }
    }

    /** All entries with these stored keys, in ascending order. */
    public static StoredRange of(KeyRange keys) {
        return ALL.within(keys);
    }

    public StoredRange within(KeyRange others) {
        return new StoredRange(others, times, descending, limit);
    }

    public StoredRange at(TimeRange others) {
        return new StoredRange(keys, others, descending, limit);
    }

    public StoredRange reversed() {
        return new StoredRange(keys, times, !descending, limit);
    }

    public StoredRange limitedTo(long most) {
        return new StoredRange(keys, times, descending, most);
    }
}
