package io.qaexchange.storage.checkpoint;

/** Constants of a log piece, whose layout {@link PieceWriter} documents. */
final class PieceFormat {
    /** "QAPIECE" as a little-endian number. */
    static final long MAGIC = 0x45434549504151L;
    /** Version 1 had no compression: its blocks lack the length before it. */
    static final int VERSION = 2;
    static final int HEAD_BYTES = 40;
    static final int BLOCK_BYTES = 64 << 10;
    /** A block ends with the operation that fills it, and a value may have a gigabyte. */
    static final int LONGEST_BLOCK = (1 << 30) + (1 << 20);

    private PieceFormat() {}

    /** The header before a block's data. */
    static int frameBytes(int version) {
        return version == 1 ? 8 : 12;
    }
}
