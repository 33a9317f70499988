package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Drops rows that are published and older than the hot retention, in whole hours.
 *
 * <p>One thread.
 */
public final class RetentionSweep {

    private final ArchiveRound.Context context;
    private final ArchivePlanner planner;

    public RetentionSweep(ArchiveRound.Context context, ArchivePlanner planner) {
        this.context = context;
        this.planner = planner;
    }

    public void run(long nowMs) throws Exception {
        List<Map.Entry<String, InstrumentState>> all = new ArrayList<>(context.instruments().entries());
        for (Map.Entry<String, InstrumentState> entry : all) {
            InstrumentState instrument = entry.getValue();
            long floorNs = floorOf(instrument, nowMs);
            if (floorNs > instrument.floorNs && floorNs > 0 && instrument.mayStillHaveRowsBelow(floorNs)) {
                drop(entry.getKey(), floorNs);
            }
        }
    }

    /** The hour below which everything is published and may go. */
    private long floorOf(InstrumentState instrument, long nowMs) {
        if (instrument.cutNs == InstrumentState.NO_TIME) {
            return InstrumentState.NO_TIME;
        }
        long floorNs = Math.min(planner.retainedFrom(instrument, nowMs), instrument.cutNs);
        if (instrument.open != null) {
            floorNs = Math.min(floorNs, instrument.open.fromNs());
        }
        for (InstrumentState.Batch batch : instrument.handedOver) {
            floorNs = Math.min(floorNs, batch.fromNs());
        }
        return Math.floorDiv(floorNs, StoredKey.HOUR_NS) * StoredKey.HOUR_NS;
    }

    private void drop(String routeKey, long floorNs) throws Exception {
        InstrumentState instrument = context.instruments().change(routeKey);
        context.backend().setCurrentKey(routeKey);
        context.state().events().dropBefore(floorNs);
        Iterator<InstrumentState.LateGeneration> generations = instrument.lateGenerations.iterator();
        while (generations.hasNext()) {
            InstrumentState.LateGeneration late = generations.next();
            if (late.generation < instrument.lateGeneration && late.maxEventTimeNs < floorNs && isPublished(instrument, late.generation)) {
                context.state().late().dropRange(LateKey.lowest(late.generation), LateKey.lowest(late.generation + 1));
                generations.remove();
            }
        }
        instrument.dropped(floorNs);
    }

    private static boolean isPublished(InstrumentState instrument, int generation) {
        if (instrument.open != null && instrument.open.hasLate(generation)) {
            return false;
        }
        for (InstrumentState.Batch batch : instrument.handedOver) {
            if (generation >= batch.lateFrom() && generation <= batch.lateTo()) {
                return false;
            }
        }
        return true;
    }
}
