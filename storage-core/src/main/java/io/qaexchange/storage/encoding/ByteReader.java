package io.qaexchange.storage.encoding;

import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;

/**
 * Reads what {@link ByteWriter} wrote. Every read is checked against the end: damaged lengths become a {@link CorruptionException}
 * that names file and offset, never a read outside the run.
 *
 * <p>One thread.
 */
public final class ByteReader {
    private final Object file;
    private final long fileOffset;
    private Object base;
    private long start;
    private long address;
    private long end;

    /**
     * @param file what the bytes come from, for errors
     * @param fileOffset where in that file byte 0 stands
     */
    public ByteReader(byte[] bytes, Object file, long fileOffset) {
        this(Slice.of(bytes), file, fileOffset);
    }

    public ByteReader(Slice bytes, Object file, long fileOffset) {
        this.file = file;
        this.fileOffset = fileOffset;
        base = bytes.base();
        start = bytes.address();
        address = start;
        end = start + bytes.length();
    }

    public boolean hasRemaining() {
        return address < end;
    }

    public int remaining() {
        return (int) (end - address);
    }

    /** Bytes read so far. */
    public int position() {
        return (int) (address - start);
    }

    public int u8() throws CorruptionException {
        require(1);
        return Memory.getByte(base, address++) & 0xff;
    }

    public int u16() throws CorruptionException {
        require(Short.BYTES);
        int value = Memory.getShort(base, address) & 0xffff;
        address += Short.BYTES;
        return value;
    }

    public int u32() throws CorruptionException {
        require(Integer.BYTES);
        int value = Memory.getInt(base, address);
        address += Integer.BYTES;
        return value;
    }

    public long u64() throws CorruptionException {
        require(Long.BYTES);
        long value = Memory.getLong(base, address);
        address += Long.BYTES;
        return value;
    }

    public long varint() throws CorruptionException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            int b = u8();
            value |= (long) (b & 0x7f) << shift;
            if (b < 0x80) {
                return value;
            }
        }
        throw corrupt("varint longer than 10 bytes");
    }

    /** A varint that is a count or a size: between 0 and 2^31 - 1. */
    public int varint32() throws CorruptionException {
        long value = varint();
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw corrupt("number out of range (" + value + ")");
        }
        return (int) value;
    }

    /** A length-prefixed run, seen where it lies. */
    public Slice slice(Slice into) throws CorruptionException {
        return raw(varint32(), into);
    }

    public Slice raw(int length, Slice into) throws CorruptionException {
        require(length);
        into.wrap(base, address, length);
        address += length;
        return into;
    }

    public byte[] bytes() throws CorruptionException {
        return slice(new Slice()).toByteArray();
    }

    public String utf8() throws CorruptionException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    public CorruptionException corrupt(String what) {
        return new CorruptionException(what, file, fileOffset + position());
    }

    private void require(int bytes) throws CorruptionException {
        if (bytes < 0 || end - address < bytes) {
            throw corrupt("truncated: " + bytes + " bytes wanted, " + (end - address) + " left");
        }
    }
}
