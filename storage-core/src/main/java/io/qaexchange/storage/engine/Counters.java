package io.qaexchange.storage.engine;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What happened since the store was opened. Thread-safe; writes are counted by whoever holds the write turn. */
final class Counters {
    /** Names as {@link io.qaexchange.storage.StoreStatistics} shows them, in lower case with dots. */
    enum Name {
        MEMTABLE_FREEZES, FLUSHES, FLUSH_BYTES, COMPACTIONS, COMPACTION_READ_BYTES, COMPACTION_WRITTEN_BYTES,
        COMPACTION_TRIVIAL_MOVES, FILES_DROPPED, FILES_UNDELETED, STALL_MEMTABLE_COUNT, STALL_MEMTABLE_MICROS, STALL_LEVEL0_COUNT, STALL_LEVEL0_MICROS,
        SLOWDOWN_COUNT, SLOWDOWN_MICROS, RECOVERY_REPLAYED_OPERATIONS, RECOVERY_TORN_BYTES
    }

    private final Map<Name, LongAdder> values = new EnumMap<>(Name.class);
    /** Of these two, nobody but the writer changes anything: no atomic step, which would wait for all stores before it. */
    private final AtomicLong writeOperations = new AtomicLong();
    private final AtomicLong writeUserBytes = new AtomicLong();

    Counters() {
        for (Name name : Name.values()) {
            values.put(name, new LongAdder());
        }
    }

    /** With the write turn held. @param userBytes of keys and values */
    void wrote(int operations, long userBytes) {
        writeOperations.setRelease(writeOperations.getPlain() + operations);
        writeUserBytes.setRelease(writeUserBytes.getPlain() + userBytes);
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
        target.put("write.operations", writeOperations.get());
        target.put("write.user.bytes", writeUserBytes.get());
        values.forEach((name, value) -> target.put(name.name().toLowerCase(java.util.Locale.ROOT).replace('_', '.'), value.sum()));
    }
}
