package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import java.util.stream.Stream;

/**
 * Everything that a store counts and measures. {@link StoreStatistics} holds the values of one moment; {@code docs/metrics.md} is made from
 * this list. Counters begin at zero with each opening of the store. Ids are stable.
 */
public enum StoreMetric {
    WRITE_OPERATIONS("write.operations", Kind.COUNTER, Unit.COUNT, "Operations written: each put, delete, append, range deletion and drop of a batch."),
    WRITE_USER_BYTES("write.user.bytes", Kind.COUNTER, Unit.BYTES, "Bytes of keys and values written."),
    PUT_LATENCY("put.latency", Kind.HISTOGRAM, Unit.NANOSECONDS, "Time that a write took, waits included. Of writes that did not wait one in 32 is measured and stands for all."),
    MEMTABLE_FREEZES("memtable.freezes", Kind.COUNTER, Unit.COUNT, "Memtables that became immutable, to be flushed."),
    MEMTABLE_ACTIVE_BYTES("memtable.active.bytes", Kind.GAUGE, Unit.BYTES, "Memory of the memtable that is written to."),
    MEMTABLE_FROZEN_COUNT("memtable.frozen.count", Kind.GAUGE, Unit.COUNT, "Immutable memtables that wait for their flush."),
    MEMTABLE_FROZEN_BYTES("memtable.frozen.bytes", Kind.GAUGE, Unit.BYTES, "Memory of the immutable memtables."),
    FLUSHES("flushes", Kind.COUNTER, Unit.COUNT, "Flushes that ended."),
    FLUSH_BYTES("flush.bytes", Kind.COUNTER, Unit.BYTES, "Bytes of sstables that flushes wrote."),
    COMPACTIONS("compactions", Kind.COUNTER, Unit.COUNT, "Compactions that wrote files; trivial moves and drops of whole files are not counted."),
    COMPACTION_READ_BYTES("compaction.read.bytes", Kind.COUNTER, Unit.BYTES, "Bytes of sstables that compactions read."),
    COMPACTION_WRITTEN_BYTES("compaction.written.bytes", Kind.COUNTER, Unit.BYTES, "Bytes of sstables that compactions wrote."),
    COMPACTION_TRIVIAL_MOVES("compaction.trivial.moves", Kind.COUNTER, Unit.COUNT, "Files that went to another level without being rewritten."),
    FILES_DROPPED("files.dropped", Kind.COUNTER, Unit.COUNT, "Files removed whole, because all their keys were dropped or had expired."),
    FILES_UNDELETED("files.undeleted", Kind.COUNTER, Unit.COUNT, "Obsolete files that could not be deleted; the next opening of the store tries again."),
    FILES("files", Kind.GAUGE, Unit.COUNT, "Sstables of the store; a file of which two parts are used counts twice."),
    FILES_BYTES("files.bytes", Kind.GAUGE, Unit.BYTES, "Bytes of the sstables."),
    FILES_OPEN("files.open", Kind.GAUGE, Unit.COUNT, "Files open for reading, at most maxOpenFiles; of all stores that share the bound."),
    FILES_REOPENED("files.reopened", Kind.COUNTER, Unit.COUNT, "Files opened again after the bound of open files had closed them; of all stores that share the bound."),
    MAPPINGS("mappings", Kind.GAUGE, Unit.COUNT, "Mappings of files, at most maxMappings; of all stores that share the bound."),
    LEVEL0_DEPTH("level0.depth", Kind.GAUGE, Unit.COUNT, "The most files of level 0 that share a key, in any family."),
    STALL_MEMTABLE_COUNT("stall.memtable.count", Kind.COUNTER, Unit.COUNT, "Write stalls: writes that waited for a flush (maxFrozenMemtables)."),
    STALL_MEMTABLE_MICROS("stall.memtable.micros", Kind.COUNTER, Unit.MICROSECONDS, "Time that writes waited for flushes."),
    STALL_LEVEL0_COUNT("stall.level0.count", Kind.COUNTER, Unit.COUNT, "Write stalls: writes that waited for a compaction of level 0 (level0StopDepth)."),
    STALL_LEVEL0_MICROS("stall.level0.micros", Kind.COUNTER, Unit.MICROSECONDS, "Time that writes waited for compactions of level 0."),
    SLOWDOWN_COUNT("slowdown.count", Kind.COUNTER, Unit.COUNT, "Pauses by which the write throttle slowed writes down before they had to stop."),
    SLOWDOWN_MICROS("slowdown.micros", Kind.COUNTER, Unit.MICROSECONDS, "Time of these pauses."),
    SLOWDOWN_LEVEL0_MICROS("slowdown.level0.micros", Kind.COUNTER, Unit.MICROSECONDS, "Part of this time for a deep level 0 (level0SlowdownDepth); the rest is for memtables that fill (memtableBytes)."),
    WAL_BYTES_WRITTEN("wal.bytes.written", Kind.COUNTER, Unit.BYTES, "Bytes written to the log; 0 without a log."),
    WAL_SYNCS("wal.syncs", Kind.COUNTER, Unit.COUNT, "Syncs of the log; 0 without a log."),
    RECOVERY_REPLAYED_OPERATIONS("recovery.replayed.operations", Kind.COUNTER, Unit.COUNT, "Operations that the opening of the store took from the log."),
    RECOVERY_TORN_BYTES("recovery.torn.bytes", Kind.COUNTER, Unit.BYTES, "Bytes at the end of log and store manifest that a crash left half written."),
    MEMORY_USED_BYTES("memory.used.bytes", Kind.GAUGE, Unit.BYTES, "Memory taken from the pool, by memtables and block cache."),
    MEMORY_BUDGET_BYTES("memory.budget.bytes", Kind.GAUGE, Unit.BYTES, "Memory that the pool may give."),
    MEMORY_PEAK_BYTES("memory.peak.bytes", Kind.GAUGE, Unit.BYTES, "The most memory that was taken from the pool."),
    CACHE_HITS("cache.hits", Kind.COUNTER, Unit.COUNT, "Blocks found in the block cache."),
    CACHE_MISSES("cache.misses", Kind.COUNTER, Unit.COUNT, "Blocks not found in the block cache and read from their file."),
    CACHE_EVICTIONS("cache.evictions", Kind.COUNTER, Unit.COUNT, "Blocks evicted from the block cache for others."),
    CACHE_USED_BYTES("cache.used.bytes", Kind.GAUGE, Unit.BYTES, "Memory of the block cache."),
    SNAPSHOTS("snapshots", Kind.GAUGE, Unit.COUNT, "Open snapshots."),
    STORE_EPOCH("store.epoch", Kind.GAUGE, Unit.NUMBER, "The store epoch: a number that each opening of the store raises."),
    FLUSHED_SEQUENCE("flushed.sequence", Kind.GAUGE, Unit.NUMBER, "The last sequence number such that it and all before are in sstables.");

    /** How a metric behaves. */
    public enum Kind {
        /** Only rises. */
        COUNTER,
        /** Rises and falls. */
        GAUGE,
        /** A distribution: {@link StoreStatistics#histogram}. */
        HISTOGRAM
    }

    /** Unit of a metric. */
    public enum Unit { COUNT, BYTES, MICROSECONDS, NANOSECONDS, NUMBER }

    private final String id;
    private final Kind kind;
    private final Unit unit;
    private final String description;

    StoreMetric(String id, Kind kind, Unit unit, String description) {
        this.id = id;
        this.kind = kind;
        this.unit = unit;
        this.description = description;
    }

    /** @throws IllegalArgumentException if there is no such metric; the message lists those there are */
    public static StoreMetric ofId(String id) {
        Arguments.notNull(id, "id");
        for (StoreMetric metric : values()) {
            if (metric.id.equals(id)) {
                return metric;
            }
        }
        throw new IllegalArgumentException("no metric is called " + id + "; there are " + Stream.of(values()).map(StoreMetric::id).toList());
    }

    /** The name for monitors: words in lower case with dots between. */
    public String id() {
        return id;
    }

    public Kind kind() {
        return kind;
    }

    public Unit unit() {
        return unit;
    }

    /** One sentence. */
    public String description() {
        return description;
    }
}
