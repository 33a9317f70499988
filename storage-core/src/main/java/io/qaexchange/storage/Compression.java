package io.qaexchange.storage;

/** How the blocks of an sstable are compressed, in pure Java. The codes are on disk and are never reused. */
public enum Compression {
    NONE(0),
    /** Fast both ways; RocksDB's {@code kLZ4Compression}. */
    LZ4(1),
    /** Smaller, slower; for lower levels. RocksDB's {@code kZSTD}. */
    ZSTD(2);

    private final int code;

    Compression(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Null when no compression has this code. */
    public static Compression ofCode(int code) {
        for (Compression compression : values()) {
            if (compression.code == code) {
                return compression;
            }
        }
        return null;
    }
}
