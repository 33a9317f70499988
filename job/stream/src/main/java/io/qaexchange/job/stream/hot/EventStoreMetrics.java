package io.qaexchange.job.stream.hot;

import io.qaexchange.events.RejectionReason;
import io.qaexchange.job.model.JobMetric;
import io.qaexchange.job.model.store.InstrumentState;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * Metrics of one event store subtask. {@code stored}, {@code duplicates}, {@code deadLetters} and {@code archivedRows} are totals that
 * survive restarts; the rest counts since the task started.
 *
 * <p>Written by the task thread and read by reporters, which may see slightly older values.
 */
public final class EventStoreMetrics {

    private static final int SLICES_REMEMBERED = 10_000;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MS = 1_000_000;
    private static final long NONE = Long.MIN_VALUE;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private long stored;
    private long duplicates;
    private long deadLetters;
    private long archivedRows;
    private boolean archivingNow;
    private long newestEventMs = NONE;
    private long lastStoredMs = NONE;
    private volatile long handedOverBatches;
    private volatile long unpublishedBatches;
    private volatile boolean archivingPaused;
    private final Map<RejectionReason, Counter> byReason = new EnumMap<>(RejectionReason.class);
    private final Counter storedBytes;
    private final Counter late;
    private final Counter rounds;
    private final Counter roundFailures;
    private final Counter archivedBytes;
    private final Counter archivedFiles;
    private final Counter archivingNs;
    private final Counter archivingCpuNs;
    private final Histogram sliceMicros;
    private final Histogram sliceCpuMicros;

    private EventStoreMetrics(MetricGroup group) {
        storedBytes = group.counter(JobMetric.STORED_BYTES.id());
        late = group.counter(JobMetric.LATE_ROWS.id());
        rounds = group.counter(JobMetric.ARCHIVING_ROUNDS.id());
        roundFailures = group.counter(JobMetric.ARCHIVING_FAILURES.id());
        archivedBytes = group.counter(JobMetric.ARCHIVED_BYTES.id());
        archivedFiles = group.counter(JobMetric.ARCHIVED_FILES.id());
        archivingNs = group.counter(JobMetric.ARCHIVING_NS.id());
        archivingCpuNs = group.counter(JobMetric.ARCHIVING_CPU_NS.id());
        sliceMicros = group.histogram(JobMetric.ARCHIVING_SLICE_MICROS.id(), new DescriptiveStatisticsHistogram(SLICES_REMEMBERED));
        sliceCpuMicros = group.histogram(JobMetric.ARCHIVING_SLICE_CPU_MICROS.id(), new DescriptiveStatisticsHistogram(SLICES_REMEMBERED));
        group.gauge(JobMetric.STORED.id(), () -> stored);
        group.gauge(JobMetric.DUPLICATES.id(), () -> duplicates);
        group.gauge(JobMetric.DEAD_LETTERS.id(), () -> deadLetters);
        group.gauge(JobMetric.ARCHIVED_ROWS.id(), () -> archivedRows);
        group.gauge(JobMetric.ARCHIVING.id(), () -> archivingNow ? 1 : 0);
        group.gauge(JobMetric.EVENT_TIME_LAG_MS.id(), () -> since(newestEventMs));
        group.gauge(JobMetric.ARRIVAL_AGE_MS.id(), () -> since(lastStoredMs));
        for (RejectionReason reason : RejectionReason.values()) {
            byReason.put(reason, group.addGroup("reason", reason.label()).counter(JobMetric.DEAD_LETTERS_BY_REASON.id()));
        }
        group.gauge(JobMetric.HANDED_OVER_BATCHES.id(), () -> handedOverBatches);
        group.gauge(JobMetric.UNPUBLISHED_BATCHES.id(), () -> unpublishedBatches);
        group.gauge(JobMetric.ARCHIVING_PAUSED.id(), () -> archivingPaused ? 1 : 0);
        group.gauge(JobMetric.HOT_ROWS.id(), () -> stored - archivedRows);
    }

    /**
     * Registers the metrics of a subtask.
     *
     * @param folder the folder of its finished files, whose disk also holds hot state
     */
    public static EventStoreMetrics register(MetricGroup group, InstrumentIndex instruments, Path folder) {
        EventStoreMetrics metrics = new EventStoreMetrics(group);
        group.gauge(JobMetric.DISK_FREE_BYTES.id(), () -> folder.toFile().getUsableSpace());
        for (InstrumentState instrument : instruments.states()) {
            metrics.stored += instrument.stored();
            metrics.duplicates += instrument.duplicates();
            metrics.deadLetters += instrument.deadLetters();
            metrics.archivedRows += instrument.archived();
        }
        return metrics;
    }

    private static long since(long ms) {
        return ms == NONE ? -1 : System.currentTimeMillis() - ms;
    }

    /**
     * A row was stored.
     *
     * @param bytes its stored bytes
     * @param eventTimeNs its event time
     * @param nowMs the clock
     */
    public void stored(int bytes, long eventTimeNs, long nowMs) {
        stored++;
        storedBytes.inc(bytes);
        newestEventMs = Math.max(newestEventMs, eventTimeNs / NANOS_PER_MS);
        lastStoredMs = nowMs;
    }

    public void late() {
        late.inc();
    }

    /** Whether an operator has paused archiving. */
    public void archivingPaused(boolean paused) {
        archivingPaused = paused;
    }

    public void duplicate() {
        duplicates++;
    }

    public void deadLetter(RejectionReason reason) {
        deadLetters++;
        byReason.get(reason).inc();
    }

    /** A moment of the task thread, to be given to {@link #slice} when a slice ends. */
    public static Moment now() {
        return new Moment(System.nanoTime(), THREADS.getCurrentThreadCpuTime());
    }

    /** A slice that began at a moment has ended. */
    public void slice(Moment began) {
        long tookNs = System.nanoTime() - began.ns();
        archivingNs.inc(tookNs);
        sliceMicros.update(tookNs / NANOS_PER_MICRO);
        long cpuNs = THREADS.getCurrentThreadCpuTime() - began.cpuNs();
        archivingCpuNs.inc(cpuNs);
        sliceCpuMicros.update(cpuNs / NANOS_PER_MICRO);
    }

    /** By the clock, and by the thread's processor time, which says how much of a pause is ours on a busy machine. */
    public record Moment(long ns, long cpuNs) {
    }

    public void handedOver(long rows, long bytes) {
        archivedRows += rows;
        archivedBytes.inc(bytes);
        archivedFiles.inc();
    }

    /** A round begins or ends. */
    public void archiving(boolean active) {
        archivingNow = active;
        if (!active) {
            rounds.inc();
        }
    }

    /** Batches that are handed over and not yet seen in the manifest: some are normal. */
    public void handedOverBatches(long batches) {
        handedOverBatches = batches;
    }

    /** Batches that should have been seen in the manifest, see {@link UnpublishedBatches}: 0 is normal. */
    public void unpublished(long batches) {
        unpublishedBatches = batches;
    }

    public void roundFailure() {
        roundFailures.inc();
    }
}
