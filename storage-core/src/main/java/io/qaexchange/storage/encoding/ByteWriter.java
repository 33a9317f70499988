package io.qaexchange.storage.encoding;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A growing byte array with the engine's encodings: fixed-width little-endian, LEB128 varints, length-prefixed bytes.
 *
 * <p>One thread. {@link #clear()} keeps the array, so a reused writer allocates nothing once it has grown.
 */
public final class ByteWriter {
    private byte[] bytes;
    private int size;

    public ByteWriter() {
        this(256);
    }

    public ByteWriter(int initialCapacity) {
        bytes = new byte[initialCapacity];
    }

    public int size() {
        return size;
    }

    /** The array behind, valid up to {@link #size()} until the next write. */
    public byte[] array() {
        return bytes;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    public void clear() {
        size = 0;
    }

    /** Drops what was written after {@code size}. */
    public void truncate(int size) {
        if (size > this.size) {
            throw new IllegalArgumentException("cannot truncate " + this.size + " bytes to " + size);
        }
        this.size = size;
    }

    public ByteWriter u8(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
        return this;
    }

    public ByteWriter u16(int value) {
        reserve(Short.BYTES);
        Memory.putShort(bytes, Memory.ARRAY_BASE + size, (short) value);
        size += Short.BYTES;
        return this;
    }

    public ByteWriter u32(int value) {
        reserve(Integer.BYTES);
        Memory.putInt(bytes, Memory.ARRAY_BASE + size, value);
        size += Integer.BYTES;
        return this;
    }

    public ByteWriter u64(long value) {
        reserve(Long.BYTES);
        Memory.putLong(bytes, Memory.ARRAY_BASE + size, value);
        size += Long.BYTES;
        return this;
    }

    /** Overwrites four bytes written earlier. */
    public void patchU32(int at, int value) {
        java.util.Objects.checkFromIndexSize(at, Integer.BYTES, size);
        Memory.putInt(bytes, Memory.ARRAY_BASE + at, value);
    }

    /** Unsigned LEB128, 1 to 10 bytes. */
    public ByteWriter varint(long value) {
        reserve(10);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
        return this;
    }

    /** The bytes alone, without a length. */
    public ByteWriter raw(Slice value) {
        return raw(value.base(), value.address(), value.length());
    }

    public ByteWriter raw(byte[] value) {
        return raw(value, Memory.ARRAY_BASE, value.length);
    }

    public ByteWriter raw(Object base, long address, int length) {
        reserve(length);
        Memory.copy(base, address, bytes, Memory.ARRAY_BASE + size, length);
        size += length;
        return this;
    }

    /** Varint length, then the bytes. */
    public ByteWriter bytes(byte[] value) {
        return varint(value.length).raw(value);
    }

    public ByteWriter bytes(Slice value) {
        return varint(value.length()).raw(value);
    }

    public ByteWriter utf8(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    private void reserve(int more) {
        if (bytes.length - size < more) {
            int wanted = Math.addExact(size, more);
            bytes = Arrays.copyOf(bytes, (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(wanted, bytes.length * 2L)));
        }
    }
}
