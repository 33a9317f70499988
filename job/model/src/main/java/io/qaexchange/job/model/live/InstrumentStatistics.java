package io.qaexchange.job.model.live;

import io.qaexchange.job.model.store.InstrumentState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Numbers about the rows of an instrument, from its {@link InstrumentState}: no row is read for them. Immutable.
 *
 * @param routeKey the instrument; {@code @account} for rows of an account
 * @param stored rows that were ever stored
 * @param archived of them, rows in files that were handed over
 * @param archivedBytes bytes of these rows in the files, as they were written; {@link InstrumentState#UNKNOWN} if an older release wrote some
 * @param unarchivedBytes stored bytes of the rows that wait to be archived
 * @param lateRows rows in the state that arrived below the archive watermark
 * @param duplicates events that were already stored
 * @param deadLetters events that the store refused
 * @param newestEventNs newest event time; {@link InstrumentState#NO_TIME} without rows
 * @param lastArrivalMs clock when the last row was stored, ms since 1970
 * @param archiveWatermarkNs event time below which rows are archived; {@link Long#MIN_VALUE} if none are
 * @param dropWatermarkNs event time below which rows have left the state; {@link InstrumentState#NO_TIME} if none have
 */
public record InstrumentStatistics(String routeKey, long stored, long archived, long archivedBytes, long unarchivedBytes, long lateRows, long duplicates,
        long deadLetters, long newestEventNs, long lastArrivalMs, long archiveWatermarkNs, long dropWatermarkNs) {

    /** The statistics of a state, taken on its thread. */
    public static InstrumentStatistics of(String routeKey, InstrumentState state) {
        return new InstrumentStatistics(routeKey, state.stored(), state.archived(), state.archivedBytes(), state.unarchivedBytes(), state.lateRows(), state.duplicates(),
                state.deadLetters(), state.clockNs(), state.lastArrivalMs(), state.boundary().archiveWatermarkNs(), state.dropWatermarkNs());
    }

    /** Whether it is about rows of an account. */
    public boolean isAccount() {
        return routeKey.startsWith("@");
    }

    /** Writes the fields in their order. */
    public void write(DataOutput out) throws IOException {
        out.writeUTF(routeKey);
        out.writeLong(stored);
        out.writeLong(archived);
        out.writeLong(archivedBytes);
        out.writeLong(unarchivedBytes);
        out.writeLong(lateRows);
        out.writeLong(duplicates);
        out.writeLong(deadLetters);
        out.writeLong(newestEventNs);
        out.writeLong(lastArrivalMs);
        out.writeLong(archiveWatermarkNs);
        out.writeLong(dropWatermarkNs);
    }

    /** Reads what {@link #write} wrote. */
    public static InstrumentStatistics read(DataInput in) throws IOException {
        return new InstrumentStatistics(in.readUTF(), in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong(),
                in.readLong(), in.readLong(), in.readLong(), in.readLong(), in.readLong());
    }
}
