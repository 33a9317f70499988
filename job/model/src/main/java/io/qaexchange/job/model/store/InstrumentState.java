package io.qaexchange.job.model.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * What the event store knows of one instrument besides its rows: clock, cut, late generations, what is being archived, counters.
 *
 * <p>Below {@link #cutNs} the map {@code events} never changes, and no late generation below {@link #lateGeneration} does. So what is
 * {@link Range cut} can be written again with the same rows after any failure.
 *
 * <p>Where a row below the cut, or in a closed late generation, is: still to be written if the {@link #open} range has it and its
 * table is not handed over; else handed over, and published if its {@link Batch} is in the manifest or is not listed here any more.
 *
 * <p>Mutable, one thread. Stored as the bytes of {@link #toBytes}, which are its format: version 1 and the fields in the order in which
 * {@code toBytes} writes them, numbers big-endian.
 */
public final class InstrumentState {

    /** No event yet. */
    public static final long NO_TIME = Long.MIN_VALUE;

    private static final int FORMAT_VERSION = 1;

    /**
     * What an archiving round takes of an instrument.
     *
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive
     * @param lateFrom first late generation
     * @param lateTo last late generation, below {@code lateFrom} if there is none
     * @param handedOver codes of the record types whose files are handed over, at least of those that have rows in the range
     */
    public record Range(long fromNs, long toNs, int lateFrom, int lateTo, BitSet handedOver) {

        public boolean hasEvent(long eventTimeNs) {
            return eventTimeNs >= fromNs && eventTimeNs < toNs;
        }

        public boolean hasLate(int generation) {
            return generation >= lateFrom && generation <= lateTo;
        }
    }

    /**
     * A file that was handed over and not yet seen in the manifest.
     *
     * @param batchId its identity
     * @param recordCode record type of its rows
     * @param tradingDay their trading day, yyyymmdd
     * @param fromNs as in {@link Range}
     * @param toNs as in {@link Range}
     * @param lateFrom as in {@link Range}
     * @param lateTo as in {@link Range}
     */
    public record Batch(String batchId, int recordCode, int tradingDay, long fromNs, long toNs, int lateFrom, int lateTo) {

        public boolean hasEvent(int code, int day, long eventTimeNs) {
            return code == recordCode && day == tradingDay && eventTimeNs >= fromNs && eventTimeNs < toNs;
        }

        public boolean hasLate(int code, int day, int generation) {
            return code == recordCode && day == tradingDay && generation >= lateFrom && generation <= lateTo;
        }
    }

    /** Rows and bytes of a late generation, and the newest event time in it. */
    public static final class LateGeneration {
        public final int generation;
        public long rows;
        public long bytes;
        public long maxEventTimeNs = NO_TIME;

        LateGeneration(int generation) {
            this.generation = generation;
        }
    }

    /** The instrument's own clock: its newest accepted event time. */
    public long clockNs = NO_TIME;
    /** Below it {@code events} does not change. */
    public long cutNs = NO_TIME;
    /** Below it rows may have been dropped. */
    public long floorNs = NO_TIME;
    /** Wall clock of the last accepted event, ms. */
    public long lastArrivalMs;
    /** The late generation that still takes rows. */
    public int lateGeneration = 1;
    public long stored;
    public long duplicates;
    public long deadLetters;
    /** Rows in files that were handed over. */
    public long archived;
    /** Stored bytes at or above the cut, by hour of event time; but for those of {@link #newestHour}. */
    private final TreeMap<Long, Long> bytesByHour = new TreeMap<>();
    /** The hour that bytes were added to last, and what was added since. */
    private long newestHour;
    private long newestHourBytes;
    /** Late generations that still have rows here, ascending. */
    public final List<LateGeneration> lateGenerations = new ArrayList<>();
    /** What is cut and not completely handed over. */
    @Nullable
    public Range open;
    /** What is handed over and not yet seen published. */
    public final List<Batch> handedOver = new ArrayList<>();

    /** Whether it differs from what is stored. */
    public boolean changed;
    /** No row of a record type in {@code events} has a greater key, by code; null: none has any, or not known. Not stored either. */
    private StoredKey[] newestKeys = new StoredKey[0];
    private boolean newestKnown = true;

    /** A lower bound of the event times of all rows here; not stored, so unknown after a restore. */
    private long oldestRowNs = Long.MAX_VALUE;
    /** Codes of the record types that rows here may have; null: any. Not stored either. */
    @Nullable
    private BitSet recordCodes = new BitSet();

    /** Rows that were stored. */
    public long stored() {
        return stored;
    }

    public long duplicates() {
        return duplicates;
    }

    /** Events refused by the store: conflicts, too old, bad time. */
    public long deadLetters() {
        return deadLetters;
    }

    /** Event time below which rows may have been dropped. */
    public long floorNs() {
        return floorNs;
    }

    /**
     * Whether a row of {@code events} is to be read here and not from the archive.
     *
     * @param tradingDay the row's trading day, yyyymmdd
     * @param published batches in the manifest
     */
    public boolean isHotEvent(int recordCode, int tradingDay, long eventTimeNs, Set<String> published) {
        if (cutNs == NO_TIME || eventTimeNs >= cutNs) {
            return true;
        }
        if (open != null && open.hasEvent(eventTimeNs) && !open.handedOver().get(recordCode)) {
            return true;
        }
        for (Batch batch : handedOver) {
            if (batch.hasEvent(recordCode, tradingDay, eventTimeNs) && !published.contains(batch.batchId())) {
                return true;
            }
        }
        return false;
    }

    /** As {@link #isHotEvent}, for a row of a late generation. */
    public boolean isHotLate(int generation, int recordCode, int tradingDay, Set<String> published) {
        if (generation >= lateGeneration) {
            return true;
        }
        if (open != null && open.hasLate(generation) && !open.handedOver().get(recordCode)) {
            return true;
        }
        for (Batch batch : handedOver) {
            if (batch.hasLate(recordCode, tradingDay, generation) && !published.contains(batch.batchId())) {
                return true;
            }
        }
        return false;
    }

    /** Adds stored bytes of a row at or above the cut. */
    public void addBytes(long eventTimeNs, int bytes) {
        long hour = hourOf(eventTimeNs);
        if (hour != newestHour) {
            bytesByHour();
            newestHour = hour;
        }
        newestHourBytes += bytes;
    }

    private TreeMap<Long, Long> bytesByHour() {
        if (newestHourBytes != 0) {
            bytesByHour.merge(newestHour, newestHourBytes, Long::sum);
            newestHourBytes = 0;
        }
        return bytesByHour;
    }

    /**
     * Whether {@code events} may have the key, as far as can be told without looking: most events are newer than all before them.
     *
     * @param newestStored finds the greatest stored key of a record type, null if there is none; asked once for each after a restore
     */
    public boolean mayHaveEvent(StoredKey key, NewestStored newestStored) throws Exception {
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
    public void hasEvent(StoredKey key) {
        if (key.compareWithinTable(newestKeys[key.recordCode()]) > 0) {
            newestKeys[key.recordCode()] = key;
        }
    }

    /** Looks for the greatest stored key. */
    @FunctionalInterface
    public interface NewestStored {
        @Nullable
        StoredKey find(int recordCode) throws Exception;
    }

    /** Notes that a row was stored. */
    public void hasRow(int recordCode, long eventTimeNs) {
        oldestRowNs = Math.min(oldestRowNs, eventTimeNs);
        if (recordCodes != null) {
            recordCodes.set(recordCode);
        }
    }

    /** Whether rows of that record type may be here, hot or not. */
    private boolean mayHaveRowsOf(int recordCode) {
        return recordCodes == null || recordCodes.get(recordCode);
    }

    /** Whether rows of that record type may be within a range, as far as can be told without looking. */
    public boolean mayHaveRowsIn(int recordCode, Range range) {
        if (!mayHaveRowsOf(recordCode)) {
            return false;
        }
        if (range.lateFrom() <= range.lateTo()) {
            return true;
        }
        StoredKey newest = recordCode < newestKeys.length ? newestKeys[recordCode] : null;
        return range.fromNs() < range.toNs() && (newest == null ? !newestKnown : newest.eventTimeNs() >= range.fromNs());
    }

    /** Whether rows may be here, archived or not, with smaller event times. */
    public boolean mayStillHaveRowsBelow(long eventTimeNs) {
        return oldestRowNs < eventTimeNs;
    }

    /** Notes that rows with smaller event times were dropped. */
    public void dropped(long belowNs) {
        floorNs = belowNs;
        oldestRowNs = Math.max(oldestRowNs, belowNs);
    }

    public LateGeneration openLateGeneration() {
        LateGeneration last = lateGenerations.isEmpty() ? null : lateGenerations.get(lateGenerations.size() - 1);
        if (last == null || last.generation != lateGeneration) {
            last = new LateGeneration(lateGeneration);
            lateGenerations.add(last);
        }
        return last;
    }

    /** Whether late rows wait in the open generation. */
    public boolean hasOpenLateRows() {
        return !lateGenerations.isEmpty() && lateGenerations.get(lateGenerations.size() - 1).generation == lateGeneration;
    }

    /** Whether rows at or above the cut, or late ones, wait to be archived. */
    public boolean hasUnarchivedRows() {
        return !bytesByHour().isEmpty() || hasOpenLateRows();
    }

    /** Bytes that would be archived if the cut moved to {@code toNs}; within the last hour by proportion. */
    public long bytesBelow(long toNs) {
        long bytes = hasOpenLateRows() ? lateGenerations.get(lateGenerations.size() - 1).bytes : 0;
        for (var hour : bytesByHour().headMap(hourOf(toNs), true).entrySet()) {
            bytes += share(hour.getKey(), hour.getValue(), toNs);
        }
        return bytes;
    }

    /** Whether rows may wait below {@code toNs}, or late ones. */
    public boolean mayHaveRowsBelow(long toNs) {
        return hasOpenLateRows() || !bytesByHour().headMap(hourOf(toNs), true).isEmpty();
    }

    /** Takes the bytes below {@code toNs} out of {@link #bytesByHour}. */
    public void forgetBytesBelow(long toNs) {
        if (toNs > clockNs) {
            bytesByHour().clear();
            return;
        }
        long lastHour = hourOf(toNs);
        Long rest = bytesByHour().get(lastHour);
        if (rest != null) {
            rest -= share(lastHour, rest, toNs);
        }
        bytesByHour().headMap(lastHour, true).clear();
        if (rest != null && rest > 0) {
            bytesByHour().put(lastHour, rest);
        }
    }

    /** Event time of the oldest row that waits for archiving, to the hour; {@link Long#MAX_VALUE} if none does. */
    public long oldestUnarchivedNs() {
        if (hasOpenLateRows()) {
            return Math.min(cutNs, bytesByHour().isEmpty() ? Long.MAX_VALUE : bytesByHour().firstKey() * StoredKey.HOUR_NS);
        }
        return bytesByHour().isEmpty() ? Long.MAX_VALUE : bytesByHour().firstKey() * StoredKey.HOUR_NS;
    }

    static long hourOf(long timeNs) {
        return Math.floorDiv(timeNs, StoredKey.HOUR_NS);
    }

    private static long share(long hour, long bytes, long toNs) {
        double part = (toNs - hour * StoredKey.HOUR_NS) / (double) StoredKey.HOUR_NS;
        return (long) (bytes * Math.max(0, Math.min(1, part)));
    }

    /** The state as bytes. */
    public byte[] toBytes() {
        DataOutputSerializer out = new DataOutputSerializer(192);
        try {
            out.writeByte(FORMAT_VERSION);
            out.writeLong(clockNs);
            out.writeLong(cutNs);
            out.writeLong(floorNs);
            out.writeLong(lastArrivalMs);
            out.writeInt(lateGeneration);
            out.writeLong(stored);
            out.writeLong(duplicates);
            out.writeLong(deadLetters);
            out.writeLong(archived);
            out.writeInt(bytesByHour().size());
            for (var hour : bytesByHour().entrySet()) {
                out.writeLong(hour.getKey());
                out.writeLong(hour.getValue());
            }
            out.writeInt(lateGenerations.size());
            for (LateGeneration late : lateGenerations) {
                out.writeInt(late.generation);
                out.writeLong(late.rows);
                out.writeLong(late.bytes);
                out.writeLong(late.maxEventTimeNs);
            }
            out.writeBoolean(open != null);
            if (open != null) {
                writeRange(out, open.fromNs(), open.toNs(), open.lateFrom(), open.lateTo());
                byte[] bits = open.handedOver().toByteArray();
                out.writeByte(bits.length);
                out.write(bits);
            }
            out.writeInt(handedOver.size());
            for (Batch batch : handedOver) {
                out.writeUTF(batch.batchId());
                out.writeByte(batch.recordCode());
                out.writeInt(batch.tradingDay());
                writeRange(out, batch.fromNs(), batch.toNs(), batch.lateFrom(), batch.lateTo());
            }
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return out.getCopyOfBuffer();
    }

    /**
     * The state that these bytes are.
     *
     * @throws IOException if they are damaged or of a newer version
     */
    public static InstrumentState fromBytes(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        int version = in.readByte();
        if (version != FORMAT_VERSION) {
            throw new IOException("instrument state has format version " + version + ", this build reads " + FORMAT_VERSION);
        }
        InstrumentState state = new InstrumentState();
        state.oldestRowNs = NO_TIME;
        state.recordCodes = null;
        state.newestKnown = false;
        state.clockNs = in.readLong();
        state.cutNs = in.readLong();
        state.floorNs = in.readLong();
        state.lastArrivalMs = in.readLong();
        state.lateGeneration = in.readInt();
        state.stored = in.readLong();
        state.duplicates = in.readLong();
        state.deadLetters = in.readLong();
        state.archived = in.readLong();
        for (int i = in.readInt(); i > 0; i--) {
            state.bytesByHour.put(in.readLong(), in.readLong());
        }
        for (int i = in.readInt(); i > 0; i--) {
            LateGeneration late = new LateGeneration(in.readInt());
            late.rows = in.readLong();
            late.bytes = in.readLong();
            late.maxEventTimeNs = in.readLong();
            state.lateGenerations.add(late);
        }
        if (in.readBoolean()) {
            long fromNs = in.readLong();
            long toNs = in.readLong();
            int lateFrom = in.readInt();
            int lateTo = in.readInt();
            byte[] bits = new byte[in.readByte()];
            in.readFully(bits);
            state.open = new Range(fromNs, toNs, lateFrom, lateTo, BitSet.valueOf(bits));
        }
        for (int i = in.readInt(); i > 0; i--) {
            state.handedOver.add(new Batch(in.readUTF(), in.readByte(), in.readInt(), in.readLong(), in.readLong(), in.readInt(),
                    in.readInt()));
        }
        return state;
    }

    private static void writeRange(DataOutputSerializer out, long fromNs, long toNs, int lateFrom, int lateTo) throws IOException {
        out.writeLong(fromNs);
        out.writeLong(toNs);
        out.writeInt(lateFrom);
        out.writeInt(lateTo);
    }
}
