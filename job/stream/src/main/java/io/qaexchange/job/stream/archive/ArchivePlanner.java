package io.qaexchange.job.stream.archive;

import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Decides when a subtask archives, and up to which event time of each instrument. Looks at {@link InstrumentState}s only and changes none.
 *
 * <p>An instrument's rows are aged below its clock minus the minimum age, or all of them if it has been silent for that long. A round
 * takes all aged rows if they fill a batch. Else it takes the closed windows, if they are not too small or have waited too long. At the end of
 * input it takes everything.
 *
 * <p>Windows are taken once: when the subtask's clock, the newest of its instruments', closes one that no round has reached. An
 * instrument that closes it later waits for the next window, or until none of those that wait gets events any more. So a table and day
 * have at most as many files as windows closed and batches filled, however many instruments there are and however often one looks.
 *
 * <p>Thread-safe: stateless.
 */
public final class ArchivePlanner {

    private static final long NANOS_PER_MS = 1_000_000L;
    /** More than clocks of hosts differ. */
    private static final long CLOCKS_DIFFER_MS = 3_600_000L;

    private final EventStoreOptions options;
    private final long minAgeNs;
    private final long windowNs;
    private final long maxWaitNs;
    private final long startedMs;

    /** @param startedMs when the subtask started, ms since 1970 */
    public ArchivePlanner(EventStoreOptions options, long startedMs) {
        this.options = options;
        this.startedMs = startedMs;
        this.minAgeNs = options.minAge().toNanos();
        this.windowNs = options.window().toNanos();
        this.maxWaitNs = options.maxWait().toNanos();
    }

    /**
     * The next archiving round.
     *
     * @param instruments all instruments of the subtask by route key
     * @param nowMs wall clock, ms since 1970
     * @param drain whether everything is to go, whatever its age
     */
    public ArchivePlan plan(Collection<Map.Entry<String, InstrumentState>> instruments, long nowMs, boolean drain) {
        long agedBytes = 0;
        long closedBytes = 0;
        boolean waitedLong = false;
        boolean allSilent = true;
        for (Map.Entry<String, InstrumentState> entry : instruments) {
            InstrumentState instrument = entry.getValue();
            if (!instrument.hasUnarchivedRows()) {
                continue;
            }
            long closed = closedBelow(instrument, nowMs, drain);
            agedBytes += instrument.bytesBelow(agedBelow(instrument, nowMs, drain));
            closedBytes += instrument.bytesBelow(closed);
            waitedLong |= instrument.mayHaveRowsBelow(closed) && hasWaited(instrument, nowMs);
            allSilent &= isSilent(instrument, nowMs);
        }
        if (drain || agedBytes >= options.batchBytes()) {
            return takeAll(instruments, nowMs, drain, true);
        }
        boolean worthwhile = closedBytes >= options.minBatchBytes() && closedBytes > 0 || waitedLong;
        return worthwhile && (allSilent || closesWindow(instruments)) ? takeAll(instruments, nowMs, false, false) : ArchivePlan.NONE;
    }

    /** A round over all aged rows, however few they are. */
    public ArchivePlan planAged(Collection<Map.Entry<String, InstrumentState>> instruments, long nowMs) {
        return takeAll(instruments, nowMs, false, true);
    }

    /** Whether a window has closed that no round has taken rows of. */
    private boolean closesWindow(Collection<Map.Entry<String, InstrumentState>> instruments) {
        long clockNs = InstrumentState.NO_TIME;
        long watermarkNs = 0;
        for (Map.Entry<String, InstrumentState> entry : instruments) {
            clockNs = Math.max(clockNs, entry.getValue().clockNs());
            watermarkNs = Math.max(watermarkNs, entry.getValue().boundary().archiveWatermarkNs());
        }
        return clockNs != InstrumentState.NO_TIME && (clockNs - minAgeNs) / windowNs > watermarkNs / windowNs;
    }

    private ArchivePlan takeAll(Collection<Map.Entry<String, InstrumentState>> instruments, long nowMs, boolean drain, boolean withinWindow) {
        List<ArchivePlan.Take> takes = new ArrayList<>();
        for (Map.Entry<String, InstrumentState> entry : instruments) {
            InstrumentState instrument = entry.getValue();
            long toNs = withinWindow ? agedBelow(instrument, nowMs, drain) : closedBelow(instrument, nowMs, drain);
            if (instrument.boundary().open() == null && instrument.hasUnarchivedRows() && instrument.mayHaveRowsBelow(toNs)) {
                takes.add(new ArchivePlan.Take(entry.getKey(), toNs));
            }
        }
        return new ArchivePlan(takes);
    }

    /**
     * Event time from which the retention keeps rows hot; {@link InstrumentState#NO_TIME} if it keeps all. An instrument is idle from the start
     * of the subtask at the earliest: while the job is down its events wait in Kafka, and they would be refused as too old afterwards.
     */
    long retainedFrom(InstrumentState instrument, long nowMs) {
        if (instrument.clockNs() == InstrumentState.NO_TIME) {
            return InstrumentState.NO_TIME;
        }
        long retentionNs = options.hotRetention().toNanos();
        if ((nowMs - startedMs) * NANOS_PER_MS >= retentionNs && idleNs(instrument, nowMs) >= retentionNs) {
            return instrument.clockNs() + 1;
        }
        return instrument.clockNs() - retentionNs;
    }

    private long agedBelow(InstrumentState instrument, long nowMs, boolean drain) {
        if (instrument.clockNs() == InstrumentState.NO_TIME) {
            return 0;
        }
        return drain || isSilent(instrument, nowMs) ? instrument.clockNs() + 1 : Math.max(0, instrument.clockNs() - minAgeNs);
    }

    private long closedBelow(InstrumentState instrument, long nowMs, boolean drain) {
        long aged = agedBelow(instrument, nowMs, drain);
        return drain || isSilent(instrument, nowMs) ? aged : Math.floorDiv(aged, windowNs) * windowNs;
    }

    private boolean isSilent(InstrumentState instrument, long nowMs) {
        return idleNs(instrument, nowMs) >= minAgeNs;
    }

    /** Time since the last row arrived. If a clock was far ahead then, the instrument counts as silent: else its rows would stay hot until that time comes. */
    private static long idleNs(InstrumentState instrument, long nowMs) {
        long idleMs = nowMs - instrument.lastArrivalMs();
        return idleMs < -CLOCKS_DIFFER_MS ? Long.MAX_VALUE : idleMs * NANOS_PER_MS;
    }

    private boolean hasWaited(InstrumentState instrument, long nowMs) {
        return instrument.clockNs() - instrument.oldestUnarchivedNs() >= maxWaitNs
                || idleNs(instrument, nowMs) >= maxWaitNs;
    }
}
