package io.qaexchange.storage.sstable;

import io.qaexchange.storage.memory.Memory;

/**
 * A block that is decompressed from LZ4 only as far as somebody looks: a point read wants the column at the front and one record, half of the block on
 * average. The bytes come from a mapping, of a block that was checked and validated as a whole before; they may have become unreadable since, so every
 * length is held against both ends.
 *
 * <p>LZ4 block format: sequences of a token (four bits of literal length, four of match length less 4, 15 = further bytes follow), literals, and, but in
 * the last one, the distance of a match (u16) in what was decompressed before.
 *
 * <p>One thread.
 */
final class PartialBlock {
    /** Words are copied whole, so up to this many bytes after the end may be written. */
    static final int SLACK_BYTES = 16;
    private static final int WORD = Long.BYTES;
    private static final int MORE = 15;
    private static final int SHORTEST_MATCH = 4;

    private Object inputBase;
    private long input;
    private long inputEnd;
    private byte[] output;
    private int size;
    private int done;

    /**
     * @param length of the compressed bytes
     * @param output at least {@code size + SLACK_BYTES} long
     * @param size of the block
     */
    void begin(Object base, long address, int length, byte[] output, int size) {
        inputBase = base;
        input = address;
        inputEnd = address + length;
        this.output = output;
        this.size = size;
        done = 0;
    }

    /** Bytes of the whole block. */
    int size() {
        return size;
    }

    /** Bytes that can be looked at. */
    int done() {
        return done;
    }

    /** Makes the first {@code end} bytes readable. */
    void ensure(long end) {
        if (end > done) {
            if (end > size) {
                throw unreadable();
            }
            decompress((int) end);
        }
    }

    private void decompress(int wanted) {
        Object base = inputBase;
        long in = input;
        long inEnd = inputEnd;
        byte[] out = output;
        long start = Memory.ARRAY_BASE;
        long at = start + done;
        long end = start + size;
        long stop = start + wanted;
        while (at < stop) {
            if (in >= inEnd) {
                throw unreadable();
            }
            int token = Memory.getByte(base, in++) & 0xff;
            int literals = token >>> 4;
            if (literals == MORE) {
                int more;
                do {
                    if (in >= inEnd || literals > size) {
                        throw unreadable();
                    }
                    more = Memory.getByte(base, in++) & 0xff;
                    literals += more;
                } while (more == 0xff);
            }
            if (literals > inEnd - in || literals > end - at) {
                throw unreadable();
            }
            copyLiterals(base, in, inEnd, out, at, literals);
            in += literals;
            at += literals;
            if (in == inEnd) {
                break;
            }
            if (inEnd - in < Short.BYTES) {
                throw unreadable();
            }
            int distance = Memory.getShort(base, in) & 0xffff;
            in += Short.BYTES;
            int length = token & MORE;
            if (length == MORE) {
                int more;
                do {
                    if (in >= inEnd || length > size) {
                        throw unreadable();
                    }
                    more = Memory.getByte(base, in++) & 0xff;
                    length += more;
                } while (more == 0xff);
            }
            length += SHORTEST_MATCH;
            if (distance == 0 || distance > at - start || length > end - at) {
                throw unreadable();
            }
            copyMatch(out, at, distance, length);
            at += length;
        }
        input = in;
        done = (int) (at - start);
        if (at < stop) {
            throw unreadable();
        }
    }

    private static void copyLiterals(Object base, long in, long inEnd, byte[] out, long at, int length) {
        if (inEnd - in < length + WORD) {
            Memory.copy(base, in, out, at, length);
            return;
        }
        for (int i = 0; i < length; i += WORD) {
            Memory.putLong(out, at + i, Memory.getLong(base, in + i));
        }
    }

    /** Source and target may overlap: a run of one byte is a match at distance 1. */
    private static void copyMatch(byte[] out, long at, int distance, int length) {
        long from = at - distance;
        int i = 0;
        if (distance < WORD) {
            for (; i < WORD; i++) {
                Memory.putByte(out, at + i, Memory.getByte(out, from + i));
            }
            // The bytes repeat, so any multiple of the distance will do; this one is at least a word.
            from = at - (WORD + distance - 1) / distance * distance;
        }
        for (; i < length; i += WORD) {
            Memory.putLong(out, at + i, Memory.getLong(out, from + i));
        }
    }

    private static UnreadableBlockException unreadable() {
        return new UnreadableBlockException("compressed block changed after it was checked");
    }
}
