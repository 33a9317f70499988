package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Counters and gauges of a store at one moment, by name. Names are stable; units stand at their end. Immutable. */
public record StoreStatistics(Map<String, Long> values) {
    public StoreStatistics {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** @throws IllegalArgumentException if there is no such name */
    public long get(String name) {
        Long value = values.get(Arguments.notNull(name, "name"));
        if (value == null) {
            throw new IllegalArgumentException("no statistic is called " + name + "; there are " + values.keySet());
        }
        return value;
    }
}
