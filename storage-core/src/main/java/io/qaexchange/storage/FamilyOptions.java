package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import java.util.List;

/**
 * How one column family is kept. Kept in the manifest and compared at open: what a change would break is refused with the name of the
 * option.
 *
 * <p>Immutable; made by {@link #builder(String)}.
 *
 * @param name unique within the store
 * @param compactionStyle must not change
 * @param compression by level, the last entry for all deeper ones; RocksDB's {@code compression_per_level}
 * @param bloomBitsPerKey 10 gives about 1% false positives; 0 = no filter. More: less I/O for absent keys, more memory
 * @param blockBytes uncompressed size of a data block; blocks that are compressed by LZ4 are half as large. Larger: better compression and scans, slower point
 *     reads. RocksDB's {@code block_size}
 * @param appendDelimiter byte that stands between appended values, -1 = {@link Store#append} is refused. Must not change
 * @param eventTimeFromEnd where the 8-byte big-endian event time (sign bit flipped) begins in the key, in bytes from its END; -1 = none.
 *     Must not change
 * @param windowNanos width of a window of event time, for {@link CompactionStyle#TIME_WINDOW}. Must not change
 * @param timeToLiveMillis entries older than this vanish when their file is compacted, half expired, or expired altogether; 0 = never. Reads may
 *     show them until then. Their age is read from the value
 * @param timeToLiveOffset where the 8-byte big-endian time of the last write (ms since 1970) begins in the value
 * @param levelBaseBytes size of level 1. RocksDB's {@code max_bytes_for_level_base}
 * @param fileBytes size at which a compaction begins the next file. RocksDB's {@code target_file_size_base}
 * @param memtableHashIndex whether keys in memory are found by their hash, too: reads and overwrites of a key then wait for memory half as often,
 *     but its first write is slower, and it takes 30 to 65 bytes more. For state that is read and written by key, not for logs
 */
public record FamilyOptions(
        String name,
        CompactionStyle compactionStyle,
        List<BlockCompression> compression,
        int bloomBitsPerKey,
        int blockBytes,
        int appendDelimiter,
        int eventTimeFromEnd,
        long windowNanos,
        long timeToLiveMillis,
        int timeToLiveOffset,
        long levelBaseBytes,
        long fileBytes,
        boolean memtableHashIndex) {

    public FamilyOptions {
        Arguments.notNull(name, "name");
        Arguments.notNull(compactionStyle, "compactionStyle");
        Arguments.notNull(compression, "compression").forEach(level -> Arguments.notNull(level, "compression of a level"));
        compression = List.copyOf(compression);
    }

    public static Builder builder(String name) {
        return new Builder(name);
    }

    public BlockCompression compression(int level) {
        return compression.get(Math.min(level, compression.size() - 1));
    }

    /** The same, but nothing expires. */
    public FamilyOptions withoutTimeToLive() {
        return withTimeToLive(0, 0);
    }

    /** @param offsetInValue see {@link #timeToLiveOffset()} */
    public FamilyOptions withTimeToLive(long millis, int offsetInValue) {
        return new FamilyOptions(name, compactionStyle, compression, bloomBitsPerKey, blockBytes, appendDelimiter, eventTimeFromEnd, windowNanos,
                millis, offsetInValue, levelBaseBytes, fileBytes, memtableHashIndex);
    }

    public boolean allowsAppend() {
        return appendDelimiter >= 0;
    }

    public boolean hasEventTime() {
        return eventTimeFromEnd >= 0;
    }

    /** Collects options; {@link #build()} checks how they fit together. */
    public static final class Builder {
        private final String name;
        private CompactionStyle compactionStyle = CompactionStyle.LEVELED;
        private List<BlockCompression> compression = List.of(BlockCompression.NONE, BlockCompression.NONE, BlockCompression.LZ4);
        private int bloomBitsPerKey = 10;
        private int blockBytes = 16 << 10;
        private int appendDelimiter = -1;
        private int eventTimeFromEnd = -1;
        private long windowNanos = 3_600_000_000_000L;
        private long timeToLiveMillis;
        private int timeToLiveOffset;
        private long levelBaseBytes = 256L << 20;
        private long fileBytes = 64L << 20;
        private boolean memtableHashIndex;

        private Builder(String name) {
            this.name = Arguments.notNull(name, "name");
        }

        public Builder compactionStyle(CompactionStyle style) {
            compactionStyle = Arguments.notNull(style, "style");
            return this;
        }

        /** By level, the last for all deeper ones. */
        public Builder compression(BlockCompression... byLevel) {
            for (BlockCompression level : Arguments.notNull(byLevel, "byLevel")) {
                Arguments.notNull(level, "each compression of byLevel");
            }
            compression = List.of(byLevel);
            return this;
        }

        public Builder bloomBitsPerKey(int bits) {
            bloomBitsPerKey = bits;
            return this;
        }

        public Builder blockBytes(int bytes) {
            blockBytes = bytes;
            return this;
        }

        /** Allows {@link Store#append}; {@code delimiter} stands between the values. */
        public Builder appendDelimiter(byte delimiter) {
            appendDelimiter = delimiter & 0xff;
            return this;
        }

        public Builder eventTimeFromEnd(int bytes) {
            eventTimeFromEnd = bytes;
            return this;
        }

        public Builder windowNanos(long nanos) {
            windowNanos = nanos;
            return this;
        }

        public Builder timeToLive(long millis, int offsetInValue) {
            timeToLiveMillis = millis;
            timeToLiveOffset = offsetInValue;
            return this;
        }

        public Builder levelBaseBytes(long bytes) {
            levelBaseBytes = bytes;
            return this;
        }

        public Builder fileBytes(long bytes) {
            fileBytes = bytes;
            return this;
        }

        public Builder memtableHashIndex(boolean on) {
            memtableHashIndex = on;
            return this;
        }

        public FamilyOptions build() {
            check(!name.isEmpty() && name.length() <= 255, "name must have 1 to 255 characters", name);
            check(!compression.isEmpty(), "compression needs at least one entry", compression);
            check(bloomBitsPerKey >= 0 && bloomBitsPerKey <= 64, "bloomBitsPerKey must be 0 to 64", bloomBitsPerKey);
            check(blockBytes >= 64 && blockBytes <= 64 << 20, "blockBytes must be 64 bytes to 64 MiB", blockBytes);
            check(eventTimeFromEnd == -1 || eventTimeFromEnd >= 8, "eventTimeFromEnd must be -1 or at least 8, the time's own bytes", eventTimeFromEnd);
            check(compactionStyle != CompactionStyle.TIME_WINDOW || eventTimeFromEnd >= 8, "time windows need eventTimeFromEnd", eventTimeFromEnd);
            check(compactionStyle != CompactionStyle.TIME_WINDOW || windowNanos > 0, "windowNanos must be positive", windowNanos);
            check(compactionStyle != CompactionStyle.TIME_WINDOW || appendDelimiter < 0, "appended lists need leveled compaction: files of a window are not in order of age", appendDelimiter);
            check(timeToLiveMillis >= 0 && timeToLiveOffset >= 0, "time to live must not be negative", timeToLiveMillis);
            check(timeToLiveMillis == 0 || appendDelimiter < 0, "time to live does not work on appended lists: their elements have no single age", timeToLiveMillis);
            check(levelBaseBytes > 0 && fileBytes > 0, "level and file sizes must be positive", levelBaseBytes);
            return new FamilyOptions(name, compactionStyle, compression, bloomBitsPerKey, blockBytes, appendDelimiter, eventTimeFromEnd,
                    windowNanos, timeToLiveMillis, timeToLiveOffset, levelBaseBytes, fileBytes, memtableHashIndex);
        }

        private void check(boolean good, String what, Object found) {
            if (!good) {
                throw new IllegalArgumentException("column family " + name + ": " + what + ", found " + found);
            }
        }
    }
}
