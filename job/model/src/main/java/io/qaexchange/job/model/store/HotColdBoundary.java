package io.qaexchange.job.model.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import javax.annotation.Nullable;

/**
 * Decides which rows of an instrument are read from the state (hot) and which from the archive (cold). Live reads and reads of checkpoints ask
 * the same class.
 *
 * <p>Below {@code archiveWatermarkNs} the map {@code events} never changes, and no late generation below {@code lateGeneration} does. So the
 * rows of {@code open} can be written again after any failure, and are the same rows.
 *
 * <p>A row at or above the watermark is hot, and so is a row of a late generation that still takes rows. Any other row is hot if the open range
 * has it and its table is not handed over, or if a batch that was handed over has it and the reader does not read that batch from the archive.
 *
 * <p>Immutable: a change gives another boundary.
 *
 * @param archiveWatermarkNs event time, ns; {@link InstrumentState#NO_TIME} before the first archiving round
 * @param lateGeneration the late generation that still takes rows, from 1
 * @param open the rows that the running archiving round takes; null if none runs, or all its tables are handed over
 * @param handedOver files that were handed over to the sink and not yet seen in the archive manifest
 */
public record HotColdBoundary(long archiveWatermarkNs, int lateGeneration, @Nullable Range open, List<Batch> handedOver) {

    /** The boundary of an instrument of which nothing was archived: all its rows are hot. */
    public static final HotColdBoundary ALL_HOT = new HotColdBoundary(InstrumentState.NO_TIME, 1, null, List.of());

    public HotColdBoundary {
        handedOver = List.copyOf(handedOver);
    }

    /**
     * The rows of an instrument that an archiving round takes.
     *
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive
     * @param lateFrom first late generation
     * @param lateTo last late generation, below {@code lateFrom} if there is none
     * @param tables codes of the record types whose files are handed over; never changed
     */
    public record Range(long fromNs, long toNs, int lateFrom, int lateTo, BitSet tables) {

        boolean hasEvent(long eventTimeNs) {
            return eventTimeNs >= fromNs && eventTimeNs < toNs;
        }

        /** Whether it takes rows of a late generation. */
        public boolean hasLate(int generation) {
            return generation >= lateFrom && generation <= lateTo;
        }

        /** Whether the files of a record type are handed over. */
        public boolean isHandedOver(int recordCode) {
            return tables.get(recordCode);
        }

        Range with(int recordCode) {
            BitSet more = (BitSet) tables.clone();
            more.set(recordCode);
            return new Range(fromNs, toNs, lateFrom, lateTo, more);
        }
    }

    /**
     * A file that was handed over to the sink and not yet seen in the archive manifest.
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

        boolean hasEvent(int code, int day, long eventTimeNs) {
            return code == recordCode && day == tradingDay && eventTimeNs >= fromNs && eventTimeNs < toNs;
        }

        boolean hasLate(int code, int day, int generation) {
            return code == recordCode && day == tradingDay && generation >= lateFrom && generation <= lateTo;
        }
    }

    /** Whether a row with this event time arrives late: the state below the watermark takes no more rows. */
    public boolean isLate(long eventTimeNs) {
        return archiveWatermarkNs != InstrumentState.NO_TIME && eventTimeNs < archiveWatermarkNs;
    }

    /**
     * Whether a row of {@code events} is read from the state and not from the archive.
     *
     * @param tradingDay the row's trading day, yyyymmdd
     * @param published batches that the reader reads from the archive
     */
    public boolean isHotEvent(int recordCode, int tradingDay, long eventTimeNs, Set<String> published) {
        if (!isLate(eventTimeNs)) {
            return true;
        }
        if (open != null && open.hasEvent(eventTimeNs) && !open.isHandedOver(recordCode)) {
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
        if (open != null && open.hasLate(generation) && !open.isHandedOver(recordCode)) {
            return true;
        }
        for (Batch batch : handedOver) {
            if (batch.hasLate(recordCode, tradingDay, generation) && !published.contains(batch.batchId())) {
                return true;
            }
        }
        return false;
    }

    /** Whether every row of a closed late generation was seen in the archive manifest. */
    public boolean isPublished(int generation) {
        if (generation >= lateGeneration || open != null && open.hasLate(generation)) {
            return false;
        }
        for (Batch batch : handedOver) {
            if (generation >= batch.lateFrom() && generation <= batch.lateTo()) {
                return false;
            }
        }
        return true;
    }

    /** Event time below which every row of {@code events} was seen in the archive manifest. */
    public long publishedBelowNs() {
        long belowNs = archiveWatermarkNs;
        if (open != null) {
            belowNs = Math.min(belowNs, open.fromNs());
        }
        for (Batch batch : handedOver) {
            belowNs = Math.min(belowNs, batch.fromNs());
        }
        return belowNs;
    }

    /**
     * The boundary once an archiving round takes the rows below an event time.
     *
     * @param toNs the watermark moves here, unless it is beyond
     * @param withLate whether the late generation has rows: it is closed and taken, too
     */
    HotColdBoundary take(long toNs, boolean withLate) {
        long from = archiveWatermarkNs == InstrumentState.NO_TIME ? 0 : archiveWatermarkNs;
        long to = Math.max(from, toNs);
        Range taken = new Range(from, to, lateGeneration, withLate ? lateGeneration : lateGeneration - 1, new BitSet());
        return new HotColdBoundary(to, withLate ? lateGeneration + 1 : lateGeneration, taken, handedOver);
    }

    /** The boundary once a file with rows of the open range is handed over. */
    HotColdBoundary handOver(Batch batch) {
        List<Batch> more = new ArrayList<>(handedOver);
        more.add(batch);
        return new HotColdBoundary(archiveWatermarkNs, lateGeneration, open == null ? null : open.with(batch.recordCode()), more);
    }

    /** The boundary once all tables of the open range are handed over. */
    HotColdBoundary close() {
        return new HotColdBoundary(archiveWatermarkNs, lateGeneration, null, handedOver);
    }

    /** The boundary once batches were seen in the archive manifest; this one if none of its batches were. */
    HotColdBoundary forget(Predicate<String> published) {
        List<Batch> rest = handedOver.stream().filter(batch -> !published.test(batch.batchId())).toList();
        return rest.size() == handedOver.size() ? this : new HotColdBoundary(archiveWatermarkNs, lateGeneration, open, rest);
    }
}
