package io.qaexchange.state.metrics;

import io.qaexchange.storage.Store;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreStatistics;
import java.util.function.Supplier;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * Gauges of an operator's store, in the group {@value #GROUP}: every {@link StoreMetric} of the engine, in camel case
 * ({@code memtable.active.bytes} is {@code memtableActiveBytes}; of a histogram the 99.9th percentile and the maximum), and what the last checkpoint was.
 */
public final class StateMetrics {
    public static final String GROUP = "lsm";

    private static final long FRESH_NANOS = 1_000_000_000L;

    private final Store store;
    private StoreStatistics latest;
    private long readAt;

    private StateMetrics(Store store) {
        this.store = store;
        latest = store.statistics();
        readAt = System.nanoTime();
    }

    /** @param checkpoint the last one that was written */
    public static void register(MetricGroup parent, Store store, Supplier<CheckpointFigures> checkpoint) {
        MetricGroup group = parent.addGroup(GROUP);
        StateMetrics metrics = new StateMetrics(store);
        for (StoreMetric metric : metrics.latest.values().keySet()) {
            group.gauge(nameOf(metric.id()), (Gauge<Long>) () -> metrics.read().get(metric));
        }
        for (StoreMetric metric : metrics.latest.histograms().keySet()) {
            group.gauge(nameOf(metric.id() + ".p999"), (Gauge<Long>) () -> metrics.read().histogram(metric).quantile(0.999));
            group.gauge(nameOf(metric.id() + ".max"), (Gauge<Long>) () -> metrics.read().histogram(metric).max());
        }
        group.gauge("sequence", (Gauge<Long>) store::lastSequence);
        group.gauge("checkpointSequence", (Gauge<Long>) () -> checkpoint.get().sequence());
        group.gauge("checkpointFiles", (Gauge<Integer>) () -> checkpoint.get().files());
        group.gauge("checkpointPieces", (Gauge<Integer>) () -> checkpoint.get().pieces());
        group.gauge("checkpointUploadedBytes", (Gauge<Long>) () -> checkpoint.get().uploadedBytes());
        group.gauge("checkpointUploadMillis", (Gauge<Long>) () -> checkpoint.get().uploadMillis());
    }

    /** Reporters ask for all gauges in a row: they get figures of one moment. */
    private synchronized StoreStatistics read() {
        if (System.nanoTime() - readAt > FRESH_NANOS) {
            latest = store.statistics();
            readAt = System.nanoTime();
        }
        return latest;
    }

    static String nameOf(String statistic) {
        StringBuilder name = new StringBuilder();
        for (String word : statistic.split("\\.")) {
            name.append(name.length() == 0 ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }
}
