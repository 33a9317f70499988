package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * How an sstable is written. Immutable; made with {@link #builder()}.
 *
 * @param blockSizeBytes uncompressed bytes after which a data block is closed. Larger: smaller index, better compression; smaller:
 *     less is read and decompressed for one entry. RocksDB: {@code block_size}
 * @param indexBlockSizeBytes bytes after which an index block is closed and a level put above it. RocksDB: {@code metadata_block_size}
 * @param restartInterval entries between two full keys in prefix-compressed blocks. Larger: smaller blocks; smaller: faster search.
 *     RocksDB: {@code block_restart_interval}
 * @param compression of data blocks; a block that does not shrink by an eighth is stored as it is
 * @param bloomBitsPerKey 0 = no filter; 10 bits give about 1% false positives
 * @param eventTimeFromEnd bytes counted from the end of the user key to where an event time begins (8 bytes, big-endian, sign flipped);
 *     -1 = keys carry none
 * @param writeTimeOffset where in a value its time of writing begins (8 bytes, big-endian, ms since 1970); -1 = values carry none
 * @param createdBy who wrote the file, for tools
 * @param createdAtMs when, in milliseconds of the epoch; 0 = not said
 * @param userProperties kept in the file as they are, under the names given
 */
public record SstableOptions(int blockSizeBytes, int indexBlockSizeBytes, int restartInterval, BlockCompression compression,
        int bloomBitsPerKey, int eventTimeFromEnd, int writeTimeOffset, String createdBy, long createdAtMs, Map<String, byte[]> userProperties) {
    public static final SstableOptions DEFAULT = builder().build();

    public SstableOptions {
        require(blockSizeBytes >= 64 && blockSizeBytes <= 1 << 24, "blockSizeBytes must be between 64 and 16 MiB", blockSizeBytes);
        require(indexBlockSizeBytes >= 64 && indexBlockSizeBytes <= 1 << 24, "indexBlockSizeBytes must be between 64 and 16 MiB",
                indexBlockSizeBytes);
        require(restartInterval >= 1 && restartInterval <= 1024, "restartInterval must be between 1 and 1024", restartInterval);
        require(bloomBitsPerKey >= 0 && bloomBitsPerKey <= 64, "bloomBitsPerKey must be between 0 and 64", bloomBitsPerKey);
        require(eventTimeFromEnd == -1 || eventTimeFromEnd >= Long.BYTES,
                "eventTimeFromEnd must be -1 (none) or at least the 8 bytes of the time itself", eventTimeFromEnd);
        Objects.requireNonNull(compression, "compression");
        Objects.requireNonNull(createdBy, "createdBy");
        userProperties = Map.copyOf(userProperties);
    }

    private static void require(boolean condition, String rule, int found) {
        if (!condition) {
            throw new IllegalArgumentException(rule + ": " + found);
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    public boolean hasEventTime() {
        return eventTimeFromEnd >= 0;
    }

    /** Collects options. One thread. */
    public static final class Builder {
        private int blockSizeBytes = 16 << 10;
        private int indexBlockSizeBytes = 2 << 10;
        private int restartInterval = 16;
        private BlockCompression compression = BlockCompression.NONE;
        private int bloomBitsPerKey = 10;
        private int eventTimeFromEnd = -1;
        private int writeTimeOffset = -1;
        private String createdBy = "";
        private long createdAtMs;
        private final Map<String, byte[]> userProperties = new TreeMap<>();

        public Builder blockSizeBytes(int bytes) {
            blockSizeBytes = bytes;
            return this;
        }

        public Builder indexBlockSizeBytes(int bytes) {
            indexBlockSizeBytes = bytes;
            return this;
        }

        public Builder restartInterval(int entries) {
            restartInterval = entries;
            return this;
        }

        public Builder compression(BlockCompression compression) {
            this.compression = compression;
            return this;
        }

        public Builder bloomBitsPerKey(int bits) {
            bloomBitsPerKey = bits;
            return this;
        }

        public Builder eventTimeFromEnd(int bytes) {
            eventTimeFromEnd = bytes;
            return this;
        }

        public Builder writeTimeOffset(int bytes) {
            writeTimeOffset = bytes;
            return this;
        }

        public Builder createdBy(String who) {
            createdBy = who;
            return this;
        }

        public Builder createdAtMs(long epochMs) {
            createdAtMs = epochMs;
            return this;
        }

        public Builder userProperty(String name, byte[] value) {
            userProperties.put(name, value);
            return this;
        }

        public SstableOptions build() {
            return new SstableOptions(blockSizeBytes, indexBlockSizeBytes, restartInterval, compression, bloomBitsPerKey,
                    eventTimeFromEnd, writeTimeOffset, createdBy, createdAtMs, userProperties);
        }
    }
}
