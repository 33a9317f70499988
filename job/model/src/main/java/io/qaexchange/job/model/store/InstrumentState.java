package io.qaexchange.job.model.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * The state of one instrument besides its rows: clock, {@linkplain HotColdBoundary boundary}, late generations, bytes that wait for archiving,
 * counters.
 *
 * <p>Mutable, one thread. Stored as the bytes of {@link InstrumentStateFormat}.
 */
public final class InstrumentState {

    /** No event yet. */
    public static final long NO_TIME = Long.MIN_VALUE;
    /** A number that is not known. */
    public static final long UNKNOWN = -1;

    long clockNs = NO_TIME;
    long dropWatermarkNs = NO_TIME;
    long lastArrivalMs;
    long stored;
    long duplicates;
    long deadLetters;
    long archived;
    long archivedBytes;
    HotColdBoundary boundary = HotColdBoundary.ALL_HOT;
    final UnarchivedBytes unarchived = new UnarchivedBytes();
    /** Late generations that still have rows in the state, ascending. */
    final List<LateGeneration> lateGenerations = new ArrayList<>();
    private final RowHints hints;
    private boolean changed;

    /** The state of an instrument without rows. */
    public InstrumentState() {
        this(RowHints.empty());
    }

    InstrumentState(RowHints hints) {
        this.hints = hints;
    }

    /**
     * The state that these bytes are.
     *
     * @throws IOException if they are damaged or of a newer version
     */
    public static InstrumentState fromBytes(byte[] bytes) throws IOException {
        return InstrumentStateFormat.read(bytes);
    }

    /** The state as bytes. */
    public byte[] toBytes() {
        return InstrumentStateFormat.write(this);
    }

    /** Looks for the greatest stored key of a record type. */
    @FunctionalInterface
    public interface NewestStored {
        @Nullable
        StoredKey find(int recordCode) throws Exception;
    }

    /** The instrument's own clock: its newest accepted event time, ns; {@link #NO_TIME} before the first. */
    public long clockNs() {
        return clockNs;
    }

    /** Event time below which rows may have been dropped from the state; {@link #NO_TIME} if none were. */
    public long dropWatermarkNs() {
        return dropWatermarkNs;
    }

    /** Wall clock of the last accepted event, ms since 1970. */
    public long lastArrivalMs() {
        return lastArrivalMs;
    }

    /** Rows that were stored. */
    public long stored() {
        return stored;
    }

    /** Events that were already stored, with the same bytes. */
    public long duplicates() {
        return duplicates;
    }

    /** Events that the store refused: conflicts, too old, bad time. */
    public long deadLetters() {
        return deadLetters;
    }

    /** Rows in files that were handed over. */
    public long archived() {
        return archived;
    }

    /** Bytes of these rows in the files, as they were written: of each file the part that its rows are; {@link #UNKNOWN} if an older release wrote some. */
    public long archivedBytes() {
        return archivedBytes;
    }

    /** Which of its rows are hot. */
    public HotColdBoundary boundary() {
        return boundary;
    }

    /** Late generations that still have rows in the state, ascending. */
    public List<LateGeneration> lateGenerations() {
        return lateGenerations;
    }

    /**
     * Whether {@code events} may have the key, as far as can be told without looking: most events are newer than all before them.
     *
     * @param newestStored finds the greatest stored key of a record type, null if there is none; asked once for each after a restore
     */
    public boolean mayHaveEvent(StoredKey key, NewestStored newestStored) throws Exception {
        return hints.mayHaveEvent(key, newestStored);
    }

    /** Notes that a row was put into {@code events}, after {@link #mayHaveEvent}. */
    public void storedEvent(StoredKey key, int bytes, long nowMs) {
        hints.hasEvent(key);
        unarchived.add(key.eventTimeNs(), bytes);
        stored(key, nowMs);
    }

    /** Notes that a row was put into the open late generation. */
    public void storedLate(StoredKey key, int bytes, long nowMs) {
        int last = lateGenerations.size() - 1;
        if (last < 0 || lateGenerations.get(last).number() != boundary.lateGeneration()) {
            lateGenerations.add(new LateGeneration(boundary.lateGeneration(), 1, bytes, key.eventTimeNs()));
        } else {
            lateGenerations.set(last, lateGenerations.get(last).with(bytes, key.eventTimeNs()));
        }
        stored(key, nowMs);
    }

    private void stored(StoredKey key, long nowMs) {
        hints.hasRow(key.recordCode(), key.eventTimeNs());
        clockNs = Math.max(clockNs, key.eventTimeNs());
        lastArrivalMs = nowMs;
        stored++;
    }

    /** Counts an event that was already stored. */
    public void countDuplicate() {
        duplicates++;
    }

    /** Counts an event that the store refused. */
    public void countDeadLetter() {
        deadLetters++;
    }

    /** Whether late rows wait in the open generation. */
    private boolean hasOpenLateRows() {
        return !lateGenerations.isEmpty() && lateGenerations.get(lateGenerations.size() - 1).number() == boundary.lateGeneration();
    }

    /** Whether rows at or above the archive watermark, or late ones, wait to be archived. */
    public boolean hasUnarchivedRows() {
        return hasOpenLateRows() || !unarchived.isEmpty();
    }

    /** Stored bytes of all rows that wait to be archived. */
    public long unarchivedBytes() {
        return (hasOpenLateRows() ? lateGenerations.get(lateGenerations.size() - 1).bytes() : 0) + unarchived.total();
    }

    /** Rows in the state that arrived below the archive watermark. */
    public long lateRows() {
        long rows = 0;
        for (LateGeneration generation : lateGenerations) {
            rows += generation.rows();
        }
        return rows;
    }

    /** Bytes that would be archived if the archive watermark moved to {@code toNs}; within the last hour by proportion. */
    public long bytesBelow(long toNs) {
        return (hasOpenLateRows() ? lateGenerations.get(lateGenerations.size() - 1).bytes() : 0) + unarchived.below(toNs);
    }

    /** Whether rows may wait to be archived below {@code toNs}, or late ones. */
    public boolean mayHaveRowsBelow(long toNs) {
        return hasOpenLateRows() || unarchived.mayHaveRowsBelow(toNs);
    }

    /** Event time of the oldest row that waits to be archived, to the hour; {@link Long#MAX_VALUE} if none does. */
    public long oldestUnarchivedNs() {
        return hasOpenLateRows() ? Math.min(boundary.archiveWatermarkNs(), unarchived.oldestNs()) : unarchived.oldestNs();
    }

    /** Opens a range for an archiving round: the rows below an event time, and those of the open late generation. */
    public void take(long toNs) {
        boundary = boundary.take(toNs, hasOpenLateRows());
        if (boundary.archiveWatermarkNs() > clockNs) {
            unarchived.forgetAll();
        } else {
            unarchived.forgetBelow(boundary.archiveWatermarkNs());
        }
    }

    /** Whether rows of that record type may be within a range, as far as can be told without looking. */
    public boolean mayHaveRowsIn(int recordCode, HotColdBoundary.Range range) {
        return hints.mayHaveRowsIn(recordCode, range);
    }

    /**
     * Notes that a file with so many rows of the open range is handed over.
     *
     * @param bytes their part of the file's bytes
     */
    public void handOver(HotColdBoundary.Batch batch, long rows, long bytes) {
        boundary = boundary.handOver(batch);
        archived += rows;
        if (archivedBytes != UNKNOWN) {
            archivedBytes += bytes;
        }
    }

    /** Notes that all tables of the open range are handed over. */
    public void closeRange() {
        boundary = boundary.close();
    }

    /**
     * Forgets batches that were seen in the archive manifest.
     *
     * @return whether there were any
     */
    public boolean forgetPublished(Set<String> published) {
        HotColdBoundary before = boundary;
        boundary = before.forget(published::contains);
        return boundary != before;
    }

    /** Whether rows may be in the state with smaller event times, archived or not. */
    public boolean mayStillHaveRowsBelow(long eventTimeNs) {
        return hints.mayHaveRowsBelow(eventTimeNs);
    }

    /** Notes that rows with smaller event times were dropped. */
    public void dropped(long belowNs) {
        dropWatermarkNs = belowNs;
        hints.dropped(belowNs);
    }

    /**
     * Marks it as different from the stored state.
     *
     * @return whether it was not marked before
     */
    public boolean markChanged() {
        boolean first = !changed;
        changed = true;
        return first;
    }

    /** Marks it as equal to the stored state. */
    public void markStored() {
        changed = false;
    }
}
