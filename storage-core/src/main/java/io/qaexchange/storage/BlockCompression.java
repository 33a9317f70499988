package io.qaexchange.storage;

/** How the blocks of an sstable are compressed, in pure Java. The codes are on disk and are never reused. */
public enum BlockCompression {
    NONE(0),
    /** Fast both ways; RocksDB's {@code kLZ4Compression}. */
    LZ4(1),
    /** Smaller, slower; for lower levels. RocksDB's {@code kZSTD}. */
    ZSTD(2),
    /** {@link #LZ4} for blocks that it makes three times smaller; others stay as they are, to be read in place. For levels 0 and 1. */
    LZ4_TO_A_THIRD(3);

    private final int code;

    BlockCompression(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** The code in blocks that were compressed by it. */
    public BlockCompression ofBlocks() {
        return this == LZ4_TO_A_THIRD ? LZ4 : this;
    }

    /** Null when no compression has this code. */
    public static BlockCompression ofCode(int code) {
        for (BlockCompression compression : values()) {
            if (compression.code == code) {
                return compression;
            }
        }
        return null;
    }
}
