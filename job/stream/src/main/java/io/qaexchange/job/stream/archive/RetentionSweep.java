package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateGeneration;
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

    /** Drops what may go. */
    public void run(long nowMs) throws Exception {
        List<Map.Entry<String, InstrumentState>> all = new ArrayList<>(context.instruments().entries());
        for (Map.Entry<String, InstrumentState> entry : all) {
            InstrumentState instrument = entry.getValue();
            long belowNs = droppableBelow(instrument, nowMs);
            if (belowNs > instrument.dropWatermarkNs() && belowNs > 0 && instrument.mayStillHaveRowsBelow(belowNs)) {
                drop(entry.getKey(), belowNs);
            }
        }
    }

    /** The hour below which every row was seen in the manifest and the retention is over. */
    private long droppableBelow(InstrumentState instrument, long nowMs) {
        long belowNs = instrument.boundary().publishedBelowNs();
        if (belowNs == InstrumentState.NO_TIME) {
            return InstrumentState.NO_TIME;
        }
        return Math.floorDiv(Math.min(planner.retainedFrom(instrument, nowMs), belowNs), StoredKey.HOUR_NS) * StoredKey.HOUR_NS;
    }

    private void drop(String routeKey, long belowNs) throws Exception {
        InstrumentState instrument = context.instruments().change(routeKey);
        context.backend().setCurrentKey(routeKey);
        context.state().events().dropBefore(belowNs);
        Iterator<LateGeneration> generations = instrument.lateGenerations().iterator();
        while (generations.hasNext()) {
            LateGeneration late = generations.next();
            if (late.maxEventTimeNs() < belowNs && instrument.boundary().isPublished(late.number())) {
                context.state().late().dropRange(LateKey.lowest(late.number()), LateKey.lowest(late.number() + 1));
                generations.remove();
            }
        }
        instrument.dropped(belowNs);
    }
}
