package io.qaexchange.storage.compaction;

import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.memory.Slice;

/**
 * Decides which entries of one flush or compaction have expired: whole values by the family's time to live, parts of appended ones by what its user
 * says of them. One thread.
 */
public final class Expiry {

    private final long timeToLiveMillis;
    private final int timeOffset;
    private final AppendedExpiry appended;
    private final long nowMillis;

    /** @param appended of the family; null if appended values do not expire */
    public Expiry(FamilyOptions options, AppendedExpiry appended, long nowMillis) {
        timeToLiveMillis = options.timeToLiveMillis();
        timeOffset = options.timeToLiveOffset();
        this.appended = appended;
        this.nowMillis = nowMillis;
    }

    /** Whether a value has outlived the family's time to live. */
    boolean isExpired(Slice value) {
        return timeToLiveMillis > 0 && value.length() >= timeOffset + Long.BYTES
                && value.getLongBigEndian(timeOffset) <= nowMillis - timeToLiveMillis;
    }

    /**
     * Bytes at the front of an appended value that have expired.
     *
     * @throws IllegalStateException if the family's user says more than there are
     */
    int expiredFront(Slice value) {
        if (appended == null) {
            return 0;
        }
        int expired = appended.expired(value, nowMillis);
        if (expired < 0 || expired > value.length()) {
            throw new IllegalStateException("of an appended value " + expired + " bytes were said to have expired, it has " + value.length());
        }
        return expired;
    }
}
