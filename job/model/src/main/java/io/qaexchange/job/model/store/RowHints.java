package io.qaexchange.job.model.store;

import java.util.Arrays;
import java.util.BitSet;
import javax.annotation.Nullable;

/**
 * Facts about the rows of an instrument that save looking for them: its newest key of each record type, its oldest event time, its record
 * types. Not stored: after a restore they are unknown until they are found out. Mutable, one thread.
 */
final class RowHints {

    /** No row of a record type in {@code events} has a greater key, by code; null: not known, or there is none. */
    private StoredKey[] newestKeys = new StoredKey[0];
    private final boolean newestKnown;
    /** A lower bound of the event times of all rows. */
    private long oldestNs;
    /** Codes of the record types that rows may have; null: any. */
    @Nullable
    private final BitSet recordCodes;

    private RowHints(boolean restored) {
        this.newestKnown = !restored;
        this.oldestNs = restored ? InstrumentState.NO_TIME : Long.MAX_VALUE;
        this.recordCodes = restored ? null : new BitSet();
    }

    /** Hints of an instrument without rows. */
    static RowHints empty() {
        return new RowHints(false);
    }

    /** Hints of an instrument whose rows were restored. */
    static RowHints unknown() {
        return new RowHints(true);
    }

    boolean mayHaveEvent(StoredKey key, InstrumentState.NewestStored newestStored) throws Exception {
        int code = key.recordCode();
        if (code >= newestKeys.length) {
            newestKeys = Arrays.copyOf(newestKeys, code + 1);
        }
        if (newestKeys[code] == null) {
            StoredKey newest = newestKnown ? null : newestStored.find(code);
            newestKeys[code] = newest == null ? StoredKey.lowest(code, Long.MIN_VALUE) : newest;
        }
        return key.compareWithinTable(newestKeys[code]) <= 0;
    }

    /** Notes that {@code events} has the key, after {@link #mayHaveEvent}. */
    void hasEvent(StoredKey key) {
        if (key.compareWithinTable(newestKeys[key.recordCode()]) > 0) {
            newestKeys[key.recordCode()] = key;
        }
    }

    /** Notes that a row was stored, late or not. */
    void hasRow(int recordCode, long eventTimeNs) {
        oldestNs = Math.min(oldestNs, eventTimeNs);
        if (recordCodes != null) {
            recordCodes.set(recordCode);
        }
    }

    boolean mayHaveRowsIn(int recordCode, HotColdBoundary.Range range) {
        if (recordCodes != null && !recordCodes.get(recordCode)) {
            return false;
        }
        if (range.lateFrom() <= range.lateTo()) {
            return true;
        }
        StoredKey newest = recordCode < newestKeys.length ? newestKeys[recordCode] : null;
        return range.fromNs() < range.toNs() && (newest == null ? !newestKnown : newest.eventTimeNs() >= range.fromNs());
    }

    boolean mayHaveRowsBelow(long eventTimeNs) {
        return oldestNs < eventTimeNs;
    }

    /** Notes that rows with smaller event times were dropped. */
    void dropped(long belowNs) {
        oldestNs = Math.max(oldestNs, belowNs);
    }
}
