package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.hot.InstrumentIndex;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * Decides when a subtask archives and up to which event time of each instrument. Looks at {@link InstrumentState}s only.
 *
 * <p>An instrument's rows are aged below its clock minus the minimum age, or all of them if it has been silent for that long. A round
 * takes what is aged if it fills a batch; else the closed windows, if they are not too small or have waited too long; at the end of
 * input everything.
 *
 * <p>Windows are taken once: when the subtask's clock, the newest of its instruments', closes one that no round has reached. An
 * instrument that closes it later waits for the next window, or until none of those that wait gets events any more. So a table and day
 * have at most as many files as windows closed and batches filled, however many instruments there are and however often one looks.
 *
 * <p>Thread-safe: stateless.
 */
public final class ArchivePlanner {

    private static final long NANOS_PER_MS = 1_000_000L;

    private final EventStoreOptions options;
    private final long minAgeNs;
    private final long windowNs;
    private final long maxWaitNs;

    public ArchivePlanner(EventStoreOptions options) {
        this.options = options;
        this.minAgeNs = options.minAge().toNanos();
        this.windowNs = options.window().toNanos();
        this.maxWaitNs = options.maxWait().toNanos();
    }

    /**
     * Moves the cuts of the instruments that the next round takes.
     *
     * @param nowMs wall clock
     * @param drain whether everything is to go, whatever its age
     * @return their route keys; empty if there is nothing to do yet
     */
    public List<String> cut(InstrumentIndex instruments, long nowMs, boolean drain) {
        long agedBytes = 0;
        long closedBytes = 0;
        boolean waitedLong = false;
        boolean allSilent = true;
        for (InstrumentState instrument : instruments.states()) {
            if (!instrument.hasUnarchivedRows()) {
                continue;
            }
            long aged = agedBelow(instrument, nowMs, drain);
            long closed = closedBelow(instrument, nowMs, drain);
            agedBytes += instrument.bytesBelow(aged);
            long bytes = instrument.bytesBelow(closed);
            closedBytes += bytes;
            waitedLong |= instrument.mayHaveRowsBelow(closed) && hasWaited(instrument, nowMs);
            allSilent &= isSilent(instrument, nowMs);
        }
        if (drain || agedBytes >= options.batchBytes()) {
            return cutAll(instruments, nowMs, drain, true);
        }
        boolean worthwhile = closedBytes >= options.minBatchBytes() && closedBytes > 0 || waitedLong;
        return worthwhile && (allSilent || closesWindow(instruments)) ? cutAll(instruments, nowMs, false, false) : List.of();
    }

    /** Whether a window has closed that no round has taken rows of. */
    private boolean closesWindow(InstrumentIndex instruments) {
        long clockNs = InstrumentState.NO_TIME;
        long cutNs = 0;
        for (InstrumentState instrument : instruments.states()) {
            clockNs = Math.max(clockNs, instrument.clockNs);
            cutNs = Math.max(cutNs, instrument.cutNs);
        }
        return clockNs != InstrumentState.NO_TIME && (clockNs - minAgeNs) / windowNs > cutNs / windowNs;
    }

    /** Event time below which nothing is kept hot by the retention; {@link InstrumentState#NO_TIME} if all is. */
    long retainedFrom(InstrumentState instrument, long nowMs) {
        if (instrument.clockNs == InstrumentState.NO_TIME) {
            return InstrumentState.NO_TIME;
        }
        long retentionNs = options.hotRetention().toNanos();
        if ((nowMs - instrument.lastArrivalMs) * NANOS_PER_MS >= retentionNs) {
            return instrument.clockNs + 1;
        }
        return instrument.clockNs - retentionNs;
    }

    private List<String> cutAll(InstrumentIndex instruments, long nowMs, boolean drain, boolean withinWindow) {
        List<String> taken = new ArrayList<>();
        for (Map.Entry<String, InstrumentState> entry : instruments.entries()) {
            InstrumentState instrument = entry.getValue();
            long to = withinWindow ? agedBelow(instrument, nowMs, drain) : closedBelow(instrument, nowMs, drain);
            if (instrument.open == null && instrument.hasUnarchivedRows() && instrument.mayHaveRowsBelow(to)) {
                taken.add(entry.getKey());
            }
        }
        for (String routeKey : taken) {
            InstrumentState instrument = instruments.change(routeKey);
            cut(instrument, withinWindow ? agedBelow(instrument, nowMs, drain) : closedBelow(instrument, nowMs, drain));
        }
        return taken;
    }

    private static void cut(InstrumentState instrument, long agedBelow) {
        long from = instrument.cutNs == InstrumentState.NO_TIME ? 0 : instrument.cutNs;
        long to = Math.max(from, agedBelow);
        int lateGeneration = instrument.lateGeneration;
        boolean late = instrument.hasOpenLateRows();
        instrument.open = new InstrumentState.Range(from, to, lateGeneration, late ? lateGeneration : lateGeneration - 1, new BitSet());
        if (late) {
            instrument.lateGeneration++;
        }
        instrument.cutNs = to;
        instrument.forgetBytesBelow(to);
    }

    private long agedBelow(InstrumentState instrument, long nowMs, boolean drain) {
        if (instrument.clockNs == InstrumentState.NO_TIME) {
            return 0;
        }
        return drain || isSilent(instrument, nowMs) ? instrument.clockNs + 1 : Math.max(0, instrument.clockNs - minAgeNs);
    }

    private long closedBelow(InstrumentState instrument, long nowMs, boolean drain) {
        long aged = agedBelow(instrument, nowMs, drain);
        return drain || isSilent(instrument, nowMs) ? aged : Math.floorDiv(aged, windowNs) * windowNs;
    }

    private boolean isSilent(InstrumentState instrument, long nowMs) {
        return (nowMs - instrument.lastArrivalMs) * NANOS_PER_MS >= minAgeNs;
    }

    private boolean hasWaited(InstrumentState instrument, long nowMs) {
        return instrument.clockNs - instrument.oldestUnarchivedNs() >= maxWaitNs
                || (nowMs - instrument.lastArrivalMs) * NANOS_PER_MS >= maxWaitNs;
    }
}
