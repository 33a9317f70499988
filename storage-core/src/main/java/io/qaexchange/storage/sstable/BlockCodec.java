package io.qaexchange.storage.sstable;

import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lz4.Lz4Compressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Memory;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.CRC32C;

/**
 * Compresses and decompresses blocks, in pure Java, and holds the buffer into which a block is read before it is checked. Making one
 * is dear (tables, direct memory), so readers borrow it from a small pool.
 *
 * <p>A compressed payload is the uncompressed size (u32), then the codec's bytes.
 *
 * <p>One thread at a time.
 */
final class BlockCodec {
    static final int SIZE_PREFIX = Integer.BYTES;
    private static final int POOLED = 8;
    /** Blocks larger than this are read into a buffer of their own, so that a pooled codec stays small. */
    private static final int LARGEST_KEPT_BUFFER = 256 << 10;

    private static final AtomicReferenceArray<BlockCodec> POOL = new AtomicReferenceArray<>(POOLED);

    private final CRC32C checksum = new CRC32C();
    private Lz4Compressor lz4Compressor;
    private ZstdCompressor zstdCompressor;
    private Lz4Decompressor lz4Decompressor;
    private ZstdDecompressor zstdDecompressor;
    private byte[] compressed = new byte[0];
    private ByteBuffer readBuffer = ByteBuffer.allocateDirect(32 << 10);

    static BlockCodec borrow() {
        for (int i = 0; i < POOLED; i++) {
            BlockCodec codec = POOL.getAndSet(i, null);
            if (codec != null) {
                return codec;
            }
        }
        return new BlockCodec();
    }

    /** Puts it back for the next reader. */
    void giveBack() {
        for (int i = 0; i < POOLED; i++) {
            if (POOL.compareAndSet(i, null, this)) {
                return;
            }
        }
        close();
    }

    /** Frees its memory now. */
    void close() {
        Memory.release(readBuffer);
        readBuffer = null;
    }

    /** Direct memory for {@code size} bytes, position 0 and limit {@code size}; a large one is the caller's to drop. */
    ByteBuffer readBuffer(int size) {
        if (size > LARGEST_KEPT_BUFFER) {
            return ByteBuffer.allocate(size);
        }
        if (readBuffer.capacity() < size) {
            Memory.release(readBuffer);
            readBuffer = ByteBuffer.allocateDirect(Math.min(LARGEST_KEPT_BUFFER, Math.max(size, readBuffer.capacity() * 2)));
        }
        return readBuffer.clear().limit(size);
    }

    /** CRC32C of {@code bytes[from, to)}; position and limit are changed. */
    int checksum(ByteBuffer bytes, int from, int to) {
        checksum.reset();
        checksum.update(bytes.limit(to).position(from));
        return (int) checksum.getValue();
    }

    /**
     * Compresses a block's payload.
     *
     * @return size of the compressed payload in {@link #compressed()}, or -1 if it did not shrink by an eighth, or to what {@code compression} asks for
     */
    int compress(BlockCompression compression, byte[] payload, int length) {
        int bound = switch (compression) {
            case NONE -> 0;
            case LZ4, LZ4_TO_A_THIRD -> lz4Compressor().maxCompressedLength(length);
            case ZSTD -> zstdCompressor().maxCompressedLength(length);
        };
        if (compression == BlockCompression.NONE) {
            return -1;
        }
        if (compressed.length < bound + SIZE_PREFIX) {
            compressed = new byte[bound + SIZE_PREFIX];
        }
        Memory.putInt(compressed, Memory.ARRAY_BASE, length);
        int size = SIZE_PREFIX + (compression.ofBlocks() == BlockCompression.LZ4
                ? lz4Compressor().compress(payload, 0, length, compressed, SIZE_PREFIX, bound)
                : zstdCompressor().compress(payload, 0, length, compressed, SIZE_PREFIX, bound));
        int most = compression == BlockCompression.LZ4_TO_A_THIRD ? length / 3 : length - length / 8;
        return size <= most ? size : -1;
    }

    /** Compresses a finished block, into memory of its own. */
    void compress(BlockCompression compression, FinishedBlock block) {
        block.compressedSize = compress(compression, block.payload.array(), block.payload.size());
        if (block.compressedSize < 0) {
            block.compression = BlockCompression.NONE.code();
            return;
        }
        block.compression = compression.ofBlocks().code();
        byte[] free = block.compressed;
        block.compressed = compressed;
        compressed = free;
    }

    byte[] compressed() {
        return compressed;
    }

    /**
     * Decompresses what stands between {@code source}'s position and limit (without the size prefix) into {@code target}.
     *
     * @param size uncompressed bytes to expect
     */
    void decompress(int compression, ByteBuffer source, ByteBuffer target, int size, Object file, long offset)
            throws CorruptionException {
        target.clear().limit(size);
        try {
            if (compression == BlockCompression.LZ4.code()) {
                lz4Decompressor().decompress(source, target);
            } else {
                zstdDecompressor().decompress(source, target);
            }
        } catch (MalformedInputException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new CorruptionException("block does not decompress", file, offset, e);
        }
        if (target.position() != size) {
            throw new CorruptionException("block decompresses to another size: expected=" + size + " actual=" + target.position(),
                    file, offset);
        }
    }

    private Lz4Compressor lz4Compressor() {
        if (lz4Compressor == null) {
            lz4Compressor = new Lz4Compressor();
        }
        return lz4Compressor;
    }

    private ZstdCompressor zstdCompressor() {
        if (zstdCompressor == null) {
            zstdCompressor = new ZstdCompressor();
        }
        return zstdCompressor;
    }

    private Lz4Decompressor lz4Decompressor() {
        if (lz4Decompressor == null) {
            lz4Decompressor = new Lz4Decompressor();
        }
        return lz4Decompressor;
    }

    private ZstdDecompressor zstdDecompressor() {
        if (zstdDecompressor == null) {
            zstdDecompressor = new ZstdDecompressor();
        }
        return zstdDecompressor;
    }
}
