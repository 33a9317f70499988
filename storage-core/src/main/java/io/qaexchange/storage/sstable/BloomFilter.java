package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A blocked Bloom filter: each key sets its bits in one line of 512, so that asking touches one line of the processor's cache. The
 * filter is read and checked in pages of 16 KiB, each when it is first asked, so opening a file reads none of it.
 *
 * <p>Thread-safe.
 */
final class BloomFilter {
    static final int LINE_BYTES = 64;
    static final int PAGE_BYTES = 16 << 10;
    static final int MAX_BYTES = 1 << 30;
    /** After the page checksums: keys u64, lines u32, probes u8, padding u8, bits per key u8, zero u8, checksum u32. */
    static final int TAIL_SIZE = 20;
    private static final int MAX_PROBES = 7;
    private static final int LINES_PER_PAGE = PAGE_BYTES / LINE_BYTES;

    private final BlockSource source;
    private final long linesOffset;
    private final int lines;
    private final int probes;
    private final int bitsPerKey;
    private final long keys;
    private final int[] pageChecksums;

    private BloomFilter(BlockSource source, long linesOffset, int lines, int probes, int bitsPerKey, long keys, int[] pageChecksums) {
        this.source = source;
        this.linesOffset = linesOffset;
        this.lines = lines;
        this.probes = probes;
        this.bitsPerKey = bitsPerKey;
        this.keys = keys;
        this.pageChecksums = pageChecksums;
    }

    static BloomFilter open(BlockSource source, BlockHandle handle) throws IOException {
        long payloadEnd = handle.end() - SstableFormat.FRAME_CHECKSUM_SIZE;
        long payloadOffset = handle.offset() + SstableFormat.FRAME_HEADER_SIZE;
        long payloadSize = payloadEnd - payloadOffset;
        if (payloadSize < TAIL_SIZE) {
            throw new CorruptionException("filter block too short", source.file(), handle.offset());
        }
        byte[] tail = source.readRaw(payloadEnd - TAIL_SIZE, TAIL_SIZE);
        ByteReader in = new ByteReader(tail, source.file(), payloadEnd - TAIL_SIZE);
        long keys = in.u64();
        int lines = in.u32();
        int probes = in.u8();
        int padding = in.u8();
        int bitsPerKey = in.u8();
        long size = lines < 1 || lines > MAX_BYTES / LINE_BYTES ? -1
                : padding + (long) lines * LINE_BYTES + (long) pages(lines) * Integer.BYTES + TAIL_SIZE;
        if (size != payloadSize || probes < 1 || probes > MAX_PROBES || padding >= LINE_BYTES) {
            throw new CorruptionException("filter block makes no sense: lines=" + lines + " probes=" + probes, source.file(),
                    handle.offset());
        }
        long checksumsAt = payloadOffset + padding + (long) lines * LINE_BYTES;
        byte[] checked = source.readRaw(checksumsAt, (int) (payloadEnd - checksumsAt));
        int expected = Memory.getInt(checked, Memory.ARRAY_BASE + checked.length - Integer.BYTES);
        int actual = Checksum.crc32c(checked, 0, checked.length - Integer.BYTES);
        if (expected != actual) {
            throw CorruptionException.checksum("filter block", source.file(), checksumsAt, expected, actual);
        }
        int[] pageChecksums = new int[pages(lines)];
        for (int i = 0; i < pageChecksums.length; i++) {
            pageChecksums[i] = Memory.getInt(checked, Memory.ARRAY_BASE + (long) i * Integer.BYTES);
        }
        return new BloomFilter(source, payloadOffset + padding, lines, probes, bitsPerKey, keys, pageChecksums);
    }

    static long lines(long keys, int bitsPerKey) {
        return Math.max(1, (keys * bitsPerKey + LINE_BYTES * Byte.SIZE - 1) / (LINE_BYTES * Byte.SIZE));
    }

    static int pages(int lines) {
        return (lines + LINES_PER_PAGE - 1) / LINES_PER_PAGE;
    }

    /** ln 2 bits per key is best for a plain filter, a little less for a blocked one. */
    static int probes(int bitsPerKey) {
        return Math.max(1, Math.min(MAX_PROBES, (int) Math.round(bitsPerKey * 0.62)));
    }

    static void set(Object base, long address, int lines, int probes, long hash) {
        long line = address + (long) line(hash, lines) * LINE_BYTES;
        long positions = positions(hash);
        for (int i = 0; i < probes; i++, positions >>>= 9) {
            long at = line + ((positions & 0x1c0) >>> 3);
            Memory.putLong(base, at, Memory.getLong(base, at) | 1L << (positions & 63));
        }
    }

    /** False only if no key of this hash was added. */
    boolean mayContain(long hash, BlockPin pin) throws IOException {
        int line = line(hash, lines);
        int page = line / LINES_PER_PAGE;
        long pageOffset = linesOffset + (long) page * PAGE_BYTES;
        source.filterPage(page, pageOffset, Math.min(PAGE_BYTES, lines * LINE_BYTES - page * PAGE_BYTES), pageChecksums[page], pin);
        Object base = pin.base();
        long address = pin.address() + (long) (line % LINES_PER_PAGE) * LINE_BYTES;
        long positions = positions(hash);
        for (int i = 0; i < probes; i++, positions >>>= 9) {
            long word = Memory.getLong(base, address + ((positions & 0x1c0) >>> 3));
            if ((word >>> (positions & 63) & 1) == 0) {
                return false;
            }
        }
        return true;
    }

    int bitsPerKey() {
        return bitsPerKey;
    }

    long keys() {
        return keys;
    }

    /** Checks every page against its checksum. */
    void verify() throws IOException {
        for (int page = 0; page < pageChecksums.length; page++) {
            int size = Math.min(PAGE_BYTES, lines * LINE_BYTES - page * PAGE_BYTES);
            long offset = linesOffset + (long) page * PAGE_BYTES;
            int actual = Checksum.crc32c(ByteBuffer.wrap(source.readRaw(offset, size)));
            if (actual != pageChecksums[page]) {
                throw CorruptionException.checksum("filter page", source.file(), offset, pageChecksums[page], actual);
            }
        }
    }

    private static int line(long hash, int lines) {
        return (int) ((hash >>> 32) * lines >>> 32);
    }

    /** Seven positions of 9 bits each, independent of what {@link #line} looks at. */
    private static long positions(long hash) {
        long mixed = (hash ^ hash >>> 29) * 0xBF58476D1CE4E5B9L;
        return mixed ^ mixed >>> 32;
    }
}
