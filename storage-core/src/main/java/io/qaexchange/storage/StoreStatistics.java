package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The metrics of a store at one moment. Immutable.
 *
 * @param values of all counters and gauges
 * @param histograms of all histograms
 */
public record StoreStatistics(Map<StoreMetric, Long> values, Map<StoreMetric, StoreHistogram> histograms) {
    public StoreStatistics {
        values = Collections.unmodifiableMap(new EnumMap<>(values));
        histograms = Collections.unmodifiableMap(new EnumMap<>(histograms));
    }

    /** @throws IllegalArgumentException for a histogram */
    public long get(StoreMetric metric) {
        Long value = values.get(Arguments.notNull(metric, "metric"));
        if (value == null) {
            throw new IllegalArgumentException(metric.id() + " is a histogram and has no single value: ask StoreStatistics.histogram");
        }
        return value;
    }

    /**
     * The same by {@link StoreMetric#id}, for monitors that have names only.
     *
     * @throws IllegalArgumentException if there is no counter or gauge of that name
     */
    public long get(String id) {
        return get(StoreMetric.ofId(id));
    }

    /** @throws IllegalArgumentException for a counter or gauge */
    public StoreHistogram histogram(StoreMetric metric) {
        StoreHistogram histogram = histograms.get(Arguments.notNull(metric, "metric"));
        if (histogram == null) {
            throw new IllegalArgumentException(metric.id() + " is no histogram: ask StoreStatistics.get");
        }
        return histogram;
    }
}
