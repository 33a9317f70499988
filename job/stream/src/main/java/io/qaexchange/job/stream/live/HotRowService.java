package io.qaexchange.job.stream.live;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.BoundaryView;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LivePin;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.bar.PartialBars;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StateReads;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Supplier;
import javax.annotation.Nullable;

/**
 * The event store of a subtask as readers see it: pins, and the hot rows of a pin.
 *
 * <p>Pins of the present read the boundaries, pin the store, and read the boundaries again, until both are the same: the boundaries are then
 * those of exactly the pinned rows. Pins of a Flink checkpoint take the boundaries and offsets that the task thread noted at its barrier.
 *
 * <p>Thread-safe. The task thread calls {@link #barrier} only.
 */
public final class HotRowService {

    /** Checkpoints whose boundaries are kept: those that the state holds, and some that are under way. */
    private static final int MORE_BARRIERS = 8;

    private final int subtask;
    private final StateReads<String> reads;
    private final Supplier<BoundaryView> boundaries;
    private final Supplier<List<InstrumentStatistics>> statistics;
    private final AskedCompaction compaction;
    private final SeenOffsets offsets;
    private final Instruments instruments;
    private final int keyGroupBytes;
    private final int heldCheckpoints;
    private final ConcurrentSkipListMap<Long, Barrier> barriers = new ConcurrentSkipListMap<>();

    /** The notes of the task thread at a barrier. */
    private record Barrier(BoundaryView view, List<PartitionOffset> offsets, long atMs) {
    }

    /** A pinned state with the boundaries of its rows. */
    record Pinned(StateReadSession<String> session, BoundaryView view, LivePin pin) {
    }

    public HotRowService(int subtask, StateReads<String> reads, LiveReads.Shown shown, SeenOffsets offsets, Instruments instruments,
            int maxParallelism, int heldCheckpoints) {
        this.subtask = subtask;
        this.reads = reads;
        this.boundaries = shown.boundaries();
        this.statistics = shown.statistics();
        this.offsets = offsets;
        this.instruments = instruments;
        this.keyGroupBytes = maxParallelism > Byte.MAX_VALUE + 1 ? 2 : 1;
        this.heldCheckpoints = heldCheckpoints;
        this.compaction = new AskedCompaction("compacts subtask " + subtask, Clock.systemUTC());
        reads.keepCheckpoints(heldCheckpoints);
    }

    /** Notes the boundaries and offsets of a Flink checkpoint, at its barrier. Task thread. */
    public void barrier(long checkpointId, long nowMs) {
        barriers.put(checkpointId, new Barrier(boundaries.get(), offsets.now(), nowMs));
        while (barriers.size() > heldCheckpoints + MORE_BARRIERS) {
            barriers.pollFirstEntry();
        }
    }

    int subtask() {
        return subtask;
    }

    /** Pins the state as it is now, or as it was at a checkpoint. */
    Pinned pin(long pinId, long checkpointId) throws IOException {
        return checkpointId == LiveRequest.LIVE ? pinNow(pinId) : pinCheckpoint(pinId, checkpointId);
    }

    private Pinned pinNow(long pinId) throws IOException {
        while (true) {
            BoundaryView before = boundaries.get();
            List<PartitionOffset> seen = offsets.now();
            StateReadSession<String> session = reads.open();
            if (boundaries.get() == before) {
                return pinned(pinId, session, before, System.currentTimeMillis(), LiveRequest.LIVE, seen);
            }
            session.close();
        }
    }

    private Pinned pinCheckpoint(long pinId, long checkpointId) throws IOException {
        StateReadSession<String> session = reads.openCheckpoint(checkpointId);
        Barrier barrier = barriers.get(checkpointId);
        if (barrier == null) {
            session.close();
            throw new IllegalStateException("subtask " + subtask + " holds the state of checkpoint " + checkpointId + " and not its boundaries");
        }
        return pinned(pinId, session, barrier.view(), barrier.atMs(), checkpointId, barrier.offsets());
    }

    /** Pins the state that another pin has, which is not released meanwhile. */
    Pinned pinLike(long pinId, Pinned other) throws IOException {
        LivePin of = other.pin();
        return new Pinned(other.session().another(), other.view(), new LivePin(pinId, subtask, of.archiveEpoch(), of.handedOver(), of.unpublished(), of.sequence(),
                of.pinnedAtMs(), of.checkpointId(), of.offsets(), reads.heldCheckpoints()));
    }

    private Pinned pinned(long pinId, StateReadSession<String> session, BoundaryView view, long atMs, long checkpointId,
            List<PartitionOffset> seen) {
        Set<String> unpublished = new HashSet<>();
        for (HotColdBoundary boundary : view.boundaries().values()) {
            boundary.handedOver().forEach(batch -> unpublished.add(batch.batchId()));
        }
        return new Pinned(session, view, new LivePin(pinId, subtask, view.archiveEpoch(), view.handedOver(), new ArrayList<>(unpublished),
                session.sequence(), atMs, checkpointId, seen, reads.heldCheckpoints()));
    }

    /** A scan of a pin's rows: first those of {@code events}, then the late ones. */
    HotRowScan scan(Pinned pinned, LiveRequest.Scan request) throws IOException {
        return new HotRowScan(pinned, request, instruments, keyGroupBytes);
    }

    /**
     * Bars of a pin's rows.
     *
     * @throws LiveException if no bars are made of such rows
     */
    HotBars bars(Pinned pinned, LiveRequest.Bars request) throws IOException {
        RecordType type = EventSchema.get().findTemplate(request.rows().recordCode());
        BarTable table = type == null ? null : BarTable.find(type.table());
        if (table == null) {
            throw new LiveException(LiveProtocol.BAD_REQUEST, "no bars are made of record type " + request.rows().recordCode());
        }
        return new HotBars(scan(pinned, request.rows()), new PartialBars(type, table, request.widthSeconds()), instruments);
    }

    /** Numbers about each instrument, as of the last barrier. */
    List<InstrumentStatistics> ofInstruments() {
        return statistics.get();
    }

    /** Numbers about the subtask and its store, for statistics. */
    Map<String, Object> statistics() throws IOException {
        BoundaryView view = boundaries.get();
        StateReads.StoreView store = reads.view();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("subtask", subtask);
        all.put("archiveEpoch", view.archiveEpoch());
        all.put("filesHandedOver", view.handedOver());
        all.put("instrumentsWithArchive", view.boundaries().size());
        all.put("heldCheckpoints", reads.heldCheckpoints());
        all.put("levels", store.levels());
        all.put("nextCompaction", store.nextCompaction());
        all.put("statistics", store.statistics());
        all.put("askedCompaction", compaction.progress());
        return all;
    }

    /**
     * Starts a compaction.
     *
     * @param routeKey instrument whose rows are compacted; null for all rows
     * @return false if one runs
     */
    boolean compact(@Nullable String routeKey) {
        return routeKey == null ? compaction.start("", reads::compact) : compaction.start(routeKey, () -> reads.compact(routeKey));
    }

    /** Ends the compaction that runs, if any. */
    void cancelCompaction() {
        compaction.cancel();
    }

    /** Length of a stored row key after the route key and the bucket. */
    static int rowKeyBytes(boolean late) {
        return late ? Integer.BYTES + EventKey.LENGTH : EventKey.LENGTH;
    }

    /** The trading day of a stored row, yyyymmdd. */
    static int tradingDay(Instruments instruments, StoredEvent row) {
        return instruments.tradingDay(row.event());
    }
}
