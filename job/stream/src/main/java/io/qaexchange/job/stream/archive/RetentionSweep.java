package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.LateGeneration;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;

/**
 * Drops rows that are published and older than the hot retention, in whole hours. Hundreds of instruments come to the end of an hour together, so a sweep goes
 * on from one call to the next.
 *
 * <p>One thread.
 */
public final class RetentionSweep {

    private final ArchiveRound.Context context;
    private final ArchivePlanner planner;
    /** Route keys that the sweep has not come to. */
    private final Deque<String> left = new ArrayDeque<>();
    private boolean dropped;

    public RetentionSweep(ArchiveRound.Context context, ArchivePlanner planner) {
        this.context = context;
        this.planner = planner;
    }

    /**
     * Drops what may go, or goes on with that.
     *
     * @param deadlineNs by {@link System#nanoTime}: after it, at most one more instrument is looked at
     * @return whether nothing is left
     */
    public boolean run(long nowMs, long deadlineNs) throws Exception {
        dropped = false;
        if (left.isEmpty()) {
            for (Map.Entry<String, InstrumentState> entry : context.instruments().entries()) {
                if (mayDrop(entry.getValue(), droppableBelow(entry.getValue(), nowMs))) {
                    left.add(entry.getKey());
                }
            }
        }
        while (!left.isEmpty()) {
            String routeKey = left.remove();
            InstrumentState instrument = context.instruments().get(routeKey);
            long belowNs = droppableBelow(instrument, nowMs);
            if (mayDrop(instrument, belowNs)) {
                drop(routeKey, belowNs);
                dropped = true;
            }
            if (System.nanoTime() >= deadlineNs) {
                break;
            }
        }
        return left.isEmpty();
    }

    /** Whether the last call dropped anything. */
    public boolean hasDropped() {
        return dropped;
    }

    private static boolean mayDrop(InstrumentState instrument, long belowNs) {
        return belowNs > instrument.dropWatermarkNs() && belowNs > 0 && instrument.mayStillHaveRowsBelow(belowNs);
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
