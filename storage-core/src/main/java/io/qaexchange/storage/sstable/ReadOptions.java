package io.qaexchange.storage.sstable;

/**
 * How an sstable is opened. Immutable.
 *
 * @param mapped whether uncompressed blocks are read in place through file mappings; else all go through the block cache
 * @param pieceBytes largest mapping, a power of two up to 1 GiB; a block that two pieces share is read through the cache
 * @param readAheadBytes most that a {@link ReadMode#SEQUENTIAL} iterator reads at once
 */
public record ReadOptions(boolean mapped, int pieceBytes, int readAheadBytes) {
    public static final ReadOptions MMAP = new ReadOptions(true, 1 << 30, 256 << 10);
    public static final ReadOptions PREAD = new ReadOptions(false, 1 << 30, 256 << 10);

    public ReadOptions {
        if (Integer.bitCount(pieceBytes) != 1 || pieceBytes < 1 << 10 || pieceBytes > 1 << 30) {
            throw new IllegalArgumentException("pieceBytes must be a power of two between 1 KiB and 1 GiB: " + pieceBytes);
        }
        if (readAheadBytes < 4 << 10 || readAheadBytes > 64 << 20) {
            throw new IllegalArgumentException("readAheadBytes must be between 4 KiB and 64 MiB: " + readAheadBytes);
        }
    }

    public ReadOptions withPieceBytes(int bytes) {
        return new ReadOptions(mapped, bytes, readAheadBytes);
    }
}
