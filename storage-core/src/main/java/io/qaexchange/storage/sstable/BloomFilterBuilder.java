package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.memory.Memory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the hashes of a file's distinct keys and builds the filter when their number is known.
 *
 * <p>Takes 8 bytes of heap per distinct key until the file is finished, and the filter itself while it is built: the one part of the
 * writer that grows with the file.
 *
 * <p>One thread.
 */
final class BloomFilterBuilder {
    private static final int CHUNK = 1 << 13;

    private final int bitsPerKey;
    private final List<long[]> full = new ArrayList<>();
    private long[] current = new long[CHUNK];
    private int inCurrent;

    BloomFilterBuilder(int bitsPerKey) {
        this.bitsPerKey = bitsPerKey;
    }

    void add(long hash) {
        if (inCurrent == CHUNK) {
            full.add(current);
            current = new long[CHUNK];
            inCurrent = 0;
        }
        current[inCurrent++] = hash;
    }

    long keys() {
        return (long) full.size() * CHUNK + inCurrent;
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
        byte[] bits = new byte[(int) lines * BloomFilter.LINE_BYTES];
        int probes = BloomFilter.probes(bitsPerKey);
        for (long[] chunk : full) {
            set(bits, (int) lines, probes, chunk, CHUNK);
        }
        set(bits, (int) lines, probes, current, inCurrent);
        // Lines begin at a multiple of their size in the file, so that one is never spread over two lines of a processor's cache.
        int padding = (int) (-(out.offset() + SstableFormat.FRAME_HEADER_SIZE) & (BloomFilter.LINE_BYTES - 1));
        ByteWriter tail = tail(bits, (int) lines, probes, padding);
        out.begin(SstableFormat.KIND_FILTER, 0, padding + bits.length + tail.size());
        out.part(new byte[BloomFilter.LINE_BYTES], Memory.ARRAY_BASE, padding);
        out.part(bits, Memory.ARRAY_BASE, bits.length);
        out.part(tail.array(), Memory.ARRAY_BASE, tail.size());
        return out.end();
    }

    private static void set(byte[] bits, int lines, int probes, long[] hashes, int count) {
        for (int i = 0; i < count; i++) {
            BloomFilter.set(bits, lines, probes, hashes[i]);
        }
    }

    private ByteWriter tail(byte[] bits, int lines, int probes, int padding) {
        int pages = BloomFilter.pages(lines);
        ByteWriter tail = new ByteWriter(pages * Integer.BYTES + BloomFilter.TAIL_SIZE);
        for (int page = 0; page < pages; page++) {
            int from = page * BloomFilter.PAGE_BYTES;
            tail.u32(Checksum.crc32c(bits, from, Math.min(BloomFilter.PAGE_BYTES, bits.length - from)));
        }
        tail.u64(keys()).u32(lines).u8(probes).u8(padding).u8(bitsPerKey).u8(0);
        return tail.u32(Checksum.crc32c(tail.array(), 0, tail.size()));
    }
}
