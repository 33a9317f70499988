package io.qaexchange.job.stream.hot;

import io.qaexchange.job.model.store.InstrumentState;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
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
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private long stored;
    private long duplicates;
    private long deadLetters;
    private long archivedRows;
    private boolean archivingNow;
    private volatile long handedOverBatches;
    private volatile long unpublishedBatches;
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
        storedBytes = group.counter("storedBytes");
        late = group.counter("lateRows");
        rounds = group.counter("archivingRounds");
        roundFailures = group.counter("archivingFailures");
        archivedBytes = group.counter("archivedBytes");
        archivedFiles = group.counter("archivedFiles");
        archivingNs = group.counter("archivingNs");
        archivingCpuNs = group.counter("archivingCpuNs");
        sliceMicros = group.histogram("archivingSliceMicros", new DescriptiveStatisticsHistogram(SLICES_REMEMBERED));
        sliceCpuMicros = group.histogram("archivingSliceCpuMicros", new DescriptiveStatisticsHistogram(SLICES_REMEMBERED));
        group.gauge("stored", () -> stored);
        group.gauge("duplicates", () -> duplicates);
        group.gauge("deadLetters", () -> deadLetters);
        group.gauge("archivedRows", () -> archivedRows);
        group.gauge("archiving", () -> archivingNow ? 1 : 0);
        group.gauge("handedOverBatches", () -> handedOverBatches);
        group.gauge("unpublishedBatches", () -> unpublishedBatches);
        group.gauge("hotRows", () -> stored - archivedRows);
    }

    public static EventStoreMetrics register(MetricGroup group, InstrumentIndex instruments) {
        EventStoreMetrics metrics = new EventStoreMetrics(group);
        for (InstrumentState instrument : instruments.states()) {
            metrics.stored += instrument.stored();
            metrics.duplicates += instrument.duplicates();
            metrics.deadLetters += instrument.deadLetters();
            metrics.archivedRows += instrument.archived();
        }
        return metrics;
    }

    public void stored(int bytes) {
        stored++;
        storedBytes.inc(bytes);
    }

    public void late() {
        late.inc();
    }

    public void duplicate() {
        duplicates++;
    }

    public void deadLetter() {
        deadLetters++;
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
