package io.qaexchange.storage.engine;

import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.compaction.Expiry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** Settings for the expiry of appended values, by family. Thread-safe. */
final class AppendedExpiries {
    private final Map<Integer, Supplier<AppendedExpiry>> suppliers = new ConcurrentHashMap<>();

    /** @param expiry null: nothing expires any more */
    void set(int family, Supplier<AppendedExpiry> expiry) {
        suppliers.compute(family, (id, before) -> expiry);
    }

    boolean has(int family) {
        return suppliers.containsKey(family);
    }

    /** The expired part of a family at a moment. */
    Function<ColumnFamily, Expiry> at(long nowMillis) {
        return family -> {
            Supplier<AppendedExpiry> appended = suppliers.get(family.id());
            return new Expiry(family.options(), appended == null ? null : appended.get(), nowMillis);
        };
    }
}
