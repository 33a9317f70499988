package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.MemoryPool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the hashes of a file's distinct keys and builds the filter when their number is known.
 *
 * <p>Takes 8 bytes per distinct key until the file is finished, and the filter itself while it is built: the one part of the
 * writer that grows with the file.
 *
 * <p>One thread.
 */
final class BloomFilterBuilder {
    private static final int LARGEST_CHUNK = 8 << 10;

    private final int bitsPerKey;
    private final MemoryPool pool;
    /** Hashes, eight bytes each; all but the last chunk are full. The first ones are small, as most files' are. */
    private final List<Chunk> chunks = new ArrayList<>();
    private Chunk current;
    private int inCurrent;
    private long keys;

    BloomFilterBuilder(int bitsPerKey, MemoryPool pool) {
        this.bitsPerKey = bitsPerKey;
        this.pool = pool;
    }

    void add(long hash) {
        if (current == null || inCurrent == current.size()) {
            current = pool.allocate(current == null ? 512 : Math.min(LARGEST_CHUNK * Long.BYTES, 2 * current.size()));
            chunks.add(current);
            inCurrent = 0;
        }
        Memory.putLong(current.base(), current.address() + inCurrent, hash);
        inCurrent += Long.BYTES;
        keys++;
    }

    long keys() {
        return keys;
    }

    /** Bytes the filter will take. */
    long estimatedSize() {
        return keys() * bitsPerKey / Byte.SIZE + BloomFilter.LINE_BYTES;
    }

    BlockHandle write(FrameWriter out) throws IOException {
        long lines = BloomFilter.lines(keys(), bitsPerKey);
        if (lines * BloomFilter.LINE_BYTES > BloomFilter.MAX_BYTES) {
            lines = BloomFilter.MAX_BYTES / BloomFilter.LINE_BYTES;
        }
        int size = (int) lines * BloomFilter.LINE_BYTES;
        Chunk bits = pool.allocate(size);
        try {
            return write(out, bits, size, (int) lines);
        } finally {
            pool.free(bits);
        }
    }

    private BlockHandle write(FrameWriter out, Chunk bits, int size, int lines) throws IOException {
        Memory.fill(bits.base(), bits.address(), size, (byte) 0);
        int probes = BloomFilter.probes(bitsPerKey);
        for (Chunk chunk : chunks) {
            set(bits, lines, probes, chunk, chunk == current ? inCurrent : chunk.size());
        }
        // Lines begin at a multiple of their size in the file, so that one is never spread over two lines of a processor's cache.
        int padding = (int) (-(out.offset() + SstableFormat.FRAME_HEADER_SIZE) & (BloomFilter.LINE_BYTES - 1));
        ByteWriter tail = tail(bits, size, lines, probes, padding);
        out.begin(SstableFormat.KIND_FILTER, 0, padding + size + tail.size());
        out.part(new byte[BloomFilter.LINE_BYTES], Memory.ARRAY_BASE, padding);
        out.part(bits.base(), bits.address(), size);
        out.part(tail.array(), Memory.ARRAY_BASE, tail.size());
        return out.end();
    }

    private static void set(Chunk bits, int lines, int probes, Chunk hashes, int bytes) {
        for (int at = 0; at < bytes; at += Long.BYTES) {
            BloomFilter.set(bits.base(), bits.address(), lines, probes, Memory.getLong(hashes.base(), hashes.address() + at));
        }
    }

    private ByteWriter tail(Chunk bits, int size, int lines, int probes, int padding) {
        int pages = BloomFilter.pages(lines);
        ByteWriter tail = new ByteWriter(pages * Integer.BYTES + BloomFilter.TAIL_SIZE);
        for (int page = 0; page < pages; page++) {
            int from = page * BloomFilter.PAGE_BYTES;
            tail.u32(Checksum.crc32c(bits.buffer().duplicate().limit(from + Math.min(BloomFilter.PAGE_BYTES, size - from)).position(from)));
        }
        tail.u64(keys()).u32(lines).u8(probes).u8(padding).u8(bitsPerKey).u8(0);
        return tail.u32(Checksum.crc32c(tail.array(), 0, tail.size()));
    }

    /** Gives the memory back. */
    void close() {
        chunks.forEach(pool::free);
        chunks.clear();
        current = null;
    }
}
