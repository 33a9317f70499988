package io.qaexchange.state;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.StoreOptions.ReadMode;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.ReadableConfig;

/** The options of the state backend. */
public final class LsmStateOptions {
    static final String PREFIX = "state.backend.lsm.";

    public static final ConfigOption<String> LOCAL_DIRECTORY = ConfigOptions.key("state.backend.lsm.local-directory").stringType()
            .noDefaultValue().withDescription("Folders for the local files of state: absolute paths or file: URIs, separated by commas."
                    + " Operators are spread over them in turn, so that several disks share the work. A folder that cannot be written to is"
                    + " left out and reported in the log; the task fails if none is left. A comma or colon within a name is written as %2C or"
                    + " %3A in a file: URI. Default: the working folder of the TaskManager. Use fast local disks, not a network disk. RocksDB:"
                    + " state.backend.rocksdb.localdir.");

    public static final ConfigOption<Boolean> MANAGED_MEMORY = ConfigOptions.key("state.backend.lsm.memory.managed").booleanType()
            .defaultValue(true).withDescription("Whether memtables and block cache live in the slot's managed memory, shared by its"
                    + " operators. RocksDB: state.backend.rocksdb.memory.managed.");

    public static final ConfigOption<MemorySize> FIXED_PER_OPERATOR = ConfigOptions.key("state.backend.lsm.memory.fixed-per-operator")
            .memoryType().defaultValue(MemorySize.ofMebiBytes(64)).withDescription("Off-heap memory of each operator subtask when managed"
                    + " memory is not used. It is outside every limit of the JVM: leave room for it in the process's memory.");

    public static final ConfigOption<Double> BLOCK_CACHE_FRACTION = ConfigOptions.key("state.backend.lsm.memory.block-cache-fraction")
            .doubleType().defaultValue(0.3).withDescription("Part of the memory for decompressed blocks; the rest is for memtables. A"
                    + " larger part speeds up reads of state on disk; a smaller part makes fewer and larger files.");

    public static final ConfigOption<MemorySize> READ_CACHE = ConfigOptions.key("state.backend.lsm.memory.read-cache").memoryType()
            .defaultValue(MemorySize.ofMebiBytes(64)).withDescription("Memory of each operator subtask for values of hot keys: value, reducing,"
                    + " aggregating and list state, and whether a map is empty, where the key's type is immutable. At most half of the memory for blocks, which becomes that much"
                    + " less, and at most 1/64 of the JVM's heap, where it lies. It grows as it fills. 0 for none: better if keys hardly ever come again.");

    public static final ConfigOption<ReadMode> READ_MODE = ConfigOptions.key("state.backend.lsm.read-mode").enumType(ReadMode.class)
            .defaultValue(ReadMode.MMAP).withDescription("How files are read: MMAP maps them, which is fastest while the page cache holds"
                    + " them; PREAD reads them into the block cache, which keeps memory within the budget.");

    public static final ConfigOption<Integer> BACKGROUND_THREADS = ConfigOptions.key("state.backend.lsm.background-threads").intType()
            .defaultValue(2).withDescription("Threads per slot for flushes and compactions. More threads keep up with more writes, and take"
                    + " processor time from the tasks. RocksDB: state.backend.rocksdb.thread.num.");

    public static final ConfigOption<MemorySize> COMPACTION_RATE = ConfigOptions.key("state.backend.lsm.compaction-rate").memoryType()
            .defaultValue(MemorySize.ZERO).withDescription("Bytes per second that the compactions of one operator may write: 0 for no limit,"
                    + " else at least 1 mb. Flushes are never limited.");

    /** Which levels of the files are compressed. */
    public enum CompressedLevels {
        AUTO(BlockCompression.LZ4_TO_A_THIRD, BlockCompression.LZ4_TO_A_THIRD, BlockCompression.LZ4),
        ALL(BlockCompression.LZ4),
        DEEP(BlockCompression.NONE, BlockCompression.NONE, BlockCompression.LZ4),
        NONE(BlockCompression.NONE);

        private final BlockCompression[] byLevel;

        CompressedLevels(BlockCompression... byLevel) {
            this.byLevel = byLevel;
        }

        BlockCompression[] byLevel() {
            return byLevel.clone();
        }
    }

    public static final ConfigOption<CompressedLevels> COMPRESSED_LEVELS = ConfigOptions.key("state.backend.lsm.compressed-levels")
            .enumType(CompressedLevels.class).defaultValue(CompressedLevels.AUTO).withDescription("Which levels of the files are compressed"
                    + " with LZ4. DEEP leaves recent files (levels 0 and 1) uncompressed: MMAP reads them in place, and they are uploaded as they"
                    + " are. AUTO also compresses those blocks of levels 0 and 1 that become three times smaller. ALL makes the smallest"
                    + " checkpoints, but every read of a file goes through the block cache. NONE compresses nothing. Files of ordered maps are"
                    + " written as with DEEP. A change applies to files that are written afterwards. RocksDB: state.backend.rocksdb.compression.per.level.");

    /** A third of what a task may take to be cancelled. */
    private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(60);

    /** Where timers are. */
    public enum Timers { ENGINE, HEAP }

    public static final ConfigOption<Timers> TIMERS = ConfigOptions.key("state.backend.lsm.timers").enumType(Timers.class)
            .defaultValue(Timers.ENGINE).withDescription("Where timers are kept. ENGINE keeps any number of timers with the state, in"
                    + " incremental checkpoints. HEAP keeps them on the task's heap: faster while they are few, but every checkpoint copies and"
                    + " writes all of them. May be changed between runs. RocksDB: state.backend.rocksdb.timer-service.factory.");

    public static final ConfigOption<Duration> READERS_PATIENCE = ConfigOptions.key("state.backend.lsm.readers-patience").durationType()
            .defaultValue(Duration.ofSeconds(2)).withDescription("How long a task that ends waits for other threads that read its state"
                    + " (StateReads), at most 60 s. After that their reads fail. A restart takes that much longer if readers do not close their"
                    + " sessions.");

    /** All of them. */
    static final List<ConfigOption<?>> ALL = List.of(LOCAL_DIRECTORY, MANAGED_MEMORY, FIXED_PER_OPERATOR, BLOCK_CACHE_FRACTION, READ_CACHE, READ_MODE,
            BACKGROUND_THREADS, COMPACTION_RATE, COMPRESSED_LEVELS, TIMERS, READERS_PATIENCE);

    private LsmStateOptions() {
    }

    /**
     * The options' values, checked.
     *
     * @param incrementalCheckpoints unless Flink's own option says otherwise
     */
    record Values(LocalDirectories localDirectories, boolean managedMemory, long fixedBytesPerOperator, double blockCacheFraction, long readCacheBytes,
            ReadMode readMode, int backgroundThreads, long compactionBytesPerSecond,
            boolean incrementalCheckpoints, Timers timers, CompressedLevels compressedLevels, Duration readersPatience) implements Serializable {

        /** @throws IllegalConfigurationException names the option, its value and the values that are allowed */
        Values {
            require(blockCacheFraction >= 0 && blockCacheFraction <= 0.9, BLOCK_CACHE_FRACTION, blockCacheFraction, "0 to 0.9");
            require(backgroundThreads >= 1 && backgroundThreads <= 64, BACKGROUND_THREADS, backgroundThreads, "1 to 64");
            require(!readersPatience.isNegative() && readersPatience.compareTo(LONGEST_PATIENCE) <= 0, READERS_PATIENCE, readersPatience,
                    "0 to " + LONGEST_PATIENCE.toSeconds() + " s: Flink ends a process whose task does not end");
            require(managedMemory || fixedBytesPerOperator >= 1 << 20, FIXED_PER_OPERATOR, fixedBytesPerOperator + " bytes", "at least 1 mb");
            require(compactionBytesPerSecond == 0 || compactionBytesPerSecond >= 1 << 20, COMPACTION_RATE, compactionBytesPerSecond + " bytes",
                    "0 for no limit, or at least 1 mb: less never catches up with writes");
        }

        private static void require(boolean good, ConfigOption<?> option, Object found, String allowed) {
            if (!good) {
                throw new IllegalConfigurationException(option.key() + " is " + found + ", it may be " + allowed);
            }
        }
    }

    static Values read(ReadableConfig config) {
        return new Values(config.getOptional(LOCAL_DIRECTORY).map(LocalDirectories::parse).orElse(LocalDirectories.OF_TASK_MANAGER), config.get(MANAGED_MEMORY), config.get(FIXED_PER_OPERATOR).getBytes(),
                config.get(BLOCK_CACHE_FRACTION), config.get(READ_CACHE).getBytes(), config.get(READ_MODE), config.get(BACKGROUND_THREADS),
                config.get(COMPACTION_RATE).getBytes(),
                // Flink's default is false, for the sake of backends whose incremental checkpoints cost more.
                config.getOptional(CheckpointingOptions.INCREMENTAL_CHECKPOINTS).orElse(true), config.get(TIMERS),
                config.get(COMPRESSED_LEVELS), config.get(READERS_PATIENCE));
    }
}
