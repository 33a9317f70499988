package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.vfs.BoundedVfs;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.OpenFiles;
import io.qaexchange.storage.vfs.Vfs;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * How a store runs. None of this is on disk, except that the {@link FamilyOptions} of its families are. Immutable; made by
 * {@link #builder()}.
 *
 * <p>Not a record, so that fields can be added without breaking callers.
 */
public final class StoreOptions {
    private final Builder values;
    private final BoundedVfs vfs;

    private StoreOptions(Builder values, BoundedVfs vfs) {
        this.values = values;
        this.vfs = vfs;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The file system, bounded by {@link #maxOpenFiles} and {@link #maxMappings}. */
    public BoundedVfs vfs() {
        return vfs;
    }

    public Durability durability() {
        return values.durability;
    }

    /**
     * Size at which the memtable is frozen and flushed, in bytes of memory really taken. Larger: fewer, larger files and a longer
     * replay. RocksDB's {@code write_buffer_size}, but for all families together.
     */
    public long memtableBytes() {
        return values.memtableBytes;
    }

    /**
     * Frozen memtables that may wait for their flush before writes stall. A flush takes at most half of so many. RocksDB's
     * {@code max_write_buffer_number - 1}.
     */
    public int maxFrozenMemtables() {
        return values.maxFrozenMemtables;
    }

    /** Granularity of memtable memory, a power of two; an almost empty store takes two of these. */
    public int arenaChunkBytes() {
        return values.arenaChunkBytes;
    }

    /** Where memtables and block cache take memory from. */
    public MemoryPool memoryPool() {
        return values.memoryPool;
    }

    /** Most bytes of decompressed and positionally read blocks that are kept. RocksDB's block cache. */
    public long blockCacheBytes() {
        return values.blockCacheBytes;
    }

    /** Whether files are mapped for point reads and short scans, or read positionally. */
    public ReadMode readMode() {
        return values.readMode;
    }

    /**
     * Sstables that are open for reading at the same time; one that is not in use is closed for another, and opened again when it is read.
     * 0 = half of the descriptors that the process may have, shared by all stores that leave this so. Larger: fewer files are opened again;
     * smaller: more descriptors are left to the rest of the process. RocksDB's {@code max_open_files}.
     */
    public int maxOpenFiles() {
        return values.maxOpenFiles;
    }

    /**
     * Mappings of files at the same time, under {@link ReadMode#MMAP}: files beyond it are read by position. 0 = half of the mappings that the
     * system allows the process, shared by all stores that leave this so.
     */
    public int maxMappings() {
        return values.maxMappings;
    }

    /** Size at which the log begins its next segment. */
    public long walSegmentBytes() {
        return values.walSegmentBytes;
    }

    /**
     * Size at which the manifest is begun anew with the whole picture. Smaller: less to read when opening; larger: rewritten less often.
     * RocksDB's {@code max_manifest_file_size}.
     */
    public long manifestBytes() {
        return values.manifestBytes;
    }

    /** Group commit: the longest that a write waits for its sync. */
    public long groupCommitMillis() {
        return values.groupCommitMillis;
    }

    /** Group commit: this many records waiting are synced at once. */
    public int groupCommitRecords() {
        return values.groupCommitRecords;
    }

    /**
     * Overlapping runs in level 0 that start a compaction if it is cheap; twice as many do in any case, or where writes are slowed. RocksDB's
     * {@code level0_file_num_compaction_trigger}, but counted by depth.
     */
    public int level0CompactionDepth() {
        return values.level0CompactionDepth;
    }

    /** Depth of level 0 from which on writes are slowed. */
    public int level0SlowdownDepth() {
        return values.level0SlowdownDepth;
    }

    /** Depth of level 0 at which writes wait. */
    public int level0StopDepth() {
        return values.level0StopDepth;
    }

    /** Each level holds this many times the bytes of the one above. RocksDB's {@code max_bytes_for_level_multiplier}. */
    public int levelMultiplier() {
        return values.levelMultiplier;
    }

    /** Compactions that may run at the same time. Flushes have a thread of their own beside them, unless there is an {@link #executor()}. */
    public int backgroundJobs() {
        return values.backgroundJobs;
    }

    /** Bytes per second that compactions may write, 0 = unlimited. Flushes are never limited. RocksDB's rate limiter. */
    public long compactionBytesPerSecond() {
        return values.compactionBytesPerSecond;
    }

    /**
     * Where flushes and compactions run; null = threads of the store's own. With an executor of the caller's (a test's, a slot's shared one)
     * the store starts no thread and times nothing: group commit syncs only when {@link Store#sync()} is called or a flush needs it, and
     * expired files are looked for only when something is written, flushed or compacted, or in {@link Store#awaitIdle()}; from time to
     * time if the executor is a {@link java.util.concurrent.ScheduledExecutorService}.
     */
    public Executor executor() {
        return values.executor;
    }

    /** Milliseconds since 1970. */
    public LongSupplier clock() {
        return values.clock;
    }

    public StoreListener listener() {
        return values.listener;
    }

    /** Whether an empty folder becomes a store. */
    public boolean createIfMissing() {
        return values.createIfMissing;
    }

    /** How blocks of files are read. */
    public enum ReadMode { MMAP, PREAD }

    /** Collects options; {@link #build()} checks how they fit together. */
    public static final class Builder {
        private Vfs vfs = NioVfs.INSTANCE;
        private Durability durability = Durability.GROUP_COMMIT;
        private long memtableBytes = 64L << 20;
        private int maxFrozenMemtables = 3;
        private int arenaChunkBytes = 256 << 10;
        private MemoryPool memoryPool;
        private long blockCacheBytes = 256L << 20;
        private ReadMode readMode = ReadMode.MMAP;
        private int maxOpenFiles;
        private int maxMappings;
        private long walSegmentBytes = 128L << 20;
        private long manifestBytes = 4L << 20;
        private long groupCommitMillis = 10;
        private int groupCommitRecords = 100;
        private int level0CompactionDepth = 4;
        private int level0SlowdownDepth = 12;
        private int level0StopDepth = 24;
        private int levelMultiplier = 10;
        private int backgroundJobs = 2;
        private long compactionBytesPerSecond;
        private Executor executor;
        private LongSupplier clock = System::currentTimeMillis;
        private StoreListener listener = StoreListener.NONE;
        private boolean createIfMissing = true;

        private Builder() {}

        public Builder vfs(Vfs value) {
            vfs = Arguments.notNull(value, "vfs");
            return this;
        }

        public Builder durability(Durability value) {
            durability = Arguments.notNull(value, "durability");
            return this;
        }

        public Builder memtableBytes(long value) {
            memtableBytes = value;
            return this;
        }

        public Builder maxFrozenMemtables(int value) {
            maxFrozenMemtables = value;
            return this;
        }

        public Builder arenaChunkBytes(int value) {
            arenaChunkBytes = value;
            return this;
        }

        public Builder memoryPool(MemoryPool value) {
            memoryPool = value;
            return this;
        }

        public Builder blockCacheBytes(long value) {
            blockCacheBytes = value;
            return this;
        }

        public Builder readMode(ReadMode value) {
            readMode = Arguments.notNull(value, "readMode");
            return this;
        }

        public Builder maxOpenFiles(int value) {
            maxOpenFiles = value;
            return this;
        }

        public Builder maxMappings(int value) {
            maxMappings = value;
            return this;
        }

        public Builder walSegmentBytes(long value) {
            walSegmentBytes = value;
            return this;
        }

        public Builder manifestBytes(long value) {
            manifestBytes = value;
            return this;
        }

        public Builder groupCommit(long millis, int records) {
            groupCommitMillis = millis;
            groupCommitRecords = records;
            return this;
        }

        public Builder level0(int compactionDepth, int slowdownDepth, int stopDepth) {
            level0CompactionDepth = compactionDepth;
            level0SlowdownDepth = slowdownDepth;
            level0StopDepth = stopDepth;
            return this;
        }

        public Builder levelMultiplier(int value) {
            levelMultiplier = value;
            return this;
        }

        public Builder backgroundJobs(int value) {
            backgroundJobs = value;
            return this;
        }

        public Builder compactionBytesPerSecond(long value) {
            compactionBytesPerSecond = value;
            return this;
        }

        public Builder executor(Executor value) {
            executor = value;
            return this;
        }

        public Builder clock(LongSupplier value) {
            clock = Arguments.notNull(value, "clock");
            return this;
        }

        public Builder listener(StoreListener value) {
            listener = Arguments.notNull(value, "listener");
            return this;
        }

        public Builder createIfMissing(boolean value) {
            createIfMissing = value;
            return this;
        }

        public StoreOptions build() {
            check(memtableBytes >= 2L * arenaChunkBytes, "memtableBytes must hold at least two arena chunks of " + arenaChunkBytes, memtableBytes);
            check(Integer.bitCount(arenaChunkBytes) == 1 && arenaChunkBytes >= 4096, "arenaChunkBytes must be a power of two of at least 4096", arenaChunkBytes);
            check(maxFrozenMemtables >= 1, "maxFrozenMemtables must be at least 1", maxFrozenMemtables);
            check(maxOpenFiles >= 0, "maxOpenFiles must not be negative", maxOpenFiles);
            check(maxMappings >= 0, "maxMappings must not be negative", maxMappings);
            check(walSegmentBytes >= 4096, "walSegmentBytes must be at least 4096", walSegmentBytes);
            check(manifestBytes > 0, "manifestBytes must be positive", manifestBytes);
            check(groupCommitMillis > 0 && groupCommitRecords > 0, "group commit needs positive bounds", groupCommitMillis);
            check(level0CompactionDepth >= 1 && level0CompactionDepth <= level0SlowdownDepth && level0SlowdownDepth <= level0StopDepth,
                    "level 0 depths must rise: compact, slow down, stop", level0CompactionDepth + ", " + level0SlowdownDepth + ", " + level0StopDepth);
            check(levelMultiplier >= 2, "levelMultiplier must be at least 2", levelMultiplier);
            check(backgroundJobs >= 1, "backgroundJobs must be at least 1", backgroundJobs);
            check(compactionBytesPerSecond >= 0, "compactionBytesPerSecond must not be negative", compactionBytesPerSecond);
            check(blockCacheBytes >= 0, "blockCacheBytes must not be negative", blockCacheBytes);
            Builder copy = new Builder();
            copy.vfs = vfs;
            copy.durability = durability;
            copy.memtableBytes = memtableBytes;
            copy.maxFrozenMemtables = maxFrozenMemtables;
            copy.arenaChunkBytes = arenaChunkBytes;
            copy.memoryPool = memoryPool != null ? memoryPool : new BudgetedMemoryPool(
                    BudgetedMemoryPool.Kind.DIRECT, Math.addExact(memtableBytes * (maxFrozenMemtables + 2L), blockCacheBytes));
            copy.blockCacheBytes = blockCacheBytes;
            copy.readMode = readMode;
            copy.maxOpenFiles = maxOpenFiles;
            copy.maxMappings = maxMappings;
            copy.walSegmentBytes = walSegmentBytes;
            copy.manifestBytes = manifestBytes;
            copy.groupCommitMillis = groupCommitMillis;
            copy.groupCommitRecords = groupCommitRecords;
            copy.level0CompactionDepth = level0CompactionDepth;
            copy.level0SlowdownDepth = level0SlowdownDepth;
            copy.level0StopDepth = level0StopDepth;
            copy.levelMultiplier = levelMultiplier;
            copy.backgroundJobs = backgroundJobs;
            copy.compactionBytesPerSecond = compactionBytesPerSecond;
            copy.executor = executor;
            copy.clock = clock;
            copy.listener = listener;
            copy.createIfMissing = createIfMissing;
            return new StoreOptions(copy, BoundedVfs.of(vfs, openFiles()));
        }

        private OpenFiles openFiles() {
            if (maxOpenFiles == 0 && maxMappings == 0) {
                return OpenFiles.ofProcess();
            }
            return new OpenFiles(maxOpenFiles == 0 ? OpenFiles.defaultFiles() : maxOpenFiles,
                    maxMappings == 0 ? OpenFiles.defaultMappings() : maxMappings);
        }

        private static void check(boolean good, String what, Object found) {
            if (!good) {
                throw new IllegalArgumentException(what + ", found " + found);
            }
        }
    }
}
