package io.qaexchange.storage.engine;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What happened since the store was opened. Thread-safe. */
final class Counters {
    /** Names as {@link io.qaexchange.storage.StoreStatistics} shows them, in lower case with dots. */
    enum Name {
        WRITE_OPERATIONS, WRITE_USER_BYTES, MEMTABLE_FREEZES, FLUSHES, FLUSH_BYTES, COMPACTIONS, COMPACTION_READ_BYTES, COMPACTION_WRITTEN_BYTES,
        COMPACTION_TRIVIAL_MOVES, FILES_DROPPED, FILES_UNDELETED, STALL_MEMTABLE_COUNT, STALL_MEMTABLE_MICROS, STALL_LEVEL0_COUNT, STALL_LEVEL0_MICROS,
        SLOWDOWN_COUNT, SLOWDOWN_MICROS, RECOVERY_REPLAYED_OPERATIONS, RECOVERY_TORN_BYTES
    }

    private final Map<Name, LongAdder> values = new EnumMap<>(Name.class);

    Counters() {
        for (Name name : Name.values()) {
            values.put(name, new LongAdder());
        }
    }

    void add(Name name, long amount) {
        values.get(name).add(amount);
    }

    void increment(Name name) {
        values.get(name).increment();
    }

    long get(Name name) {
        return values.get(name).sum();
    }

    void into(Map<String, Long> target) {
        values.forEach((name, value) -> target.put(name.name().toLowerCase(java.util.Locale.ROOT).replace('_', '.'), value.sum()));
    }
}
