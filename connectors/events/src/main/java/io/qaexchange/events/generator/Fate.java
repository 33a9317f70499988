package io.qaexchange.events.generator;

/** Expected result of a generated message. */
public enum Fate {
    /** Stored. */
    STORE,
    /** Stored, although its event time is before the newest of its instrument. */
    STORE_LATE,
    /** Counted and ignored: the same event was sent before, with the same bytes. */
    DUPLICATE,
    /** A dead letter, reason {@code conflict}: the same identity was sent before, with other bytes. */
    CONFLICT,
    /** A dead letter: no event at all. */
    UNDECODABLE;

    public boolean isStored() {
        return this == STORE || this == STORE_LATE;
    }
}
