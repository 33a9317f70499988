package io.qaexchange.storage.checkpoint;

/** What {@link PieceWriter} and {@link PieceReader} agree on; the layout is told at the writer. */
final class PieceFormat {
    /** "QAPIECE" as a little-endian number. */
    static final long MAGIC = 0x45434549504151L;
    static final int VERSION = 1;
    static final int HEAD_BYTES = 40;
    static final int FRAME_BYTES = 8;
    static final int BLOCK_BYTES = 64 << 10;

    private PieceFormat() {}
}
