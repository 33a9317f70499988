package io.qaexchange.storage.memory;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/**
 * A view of bytes that it does not own: a {@code byte[]}, direct memory, a file mapping. Reads of the engine hand out slices so that a
 * key or value is looked at where it lies.
 *
 * <p>A slice is a flyweight: whoever owns it points it elsewhere at the next move. Copy ({@link #toByteArray()}) what must outlive
 * that. Single values are bounds-checked; a slice can never read outside its run.
 *
 * <p>One thread.
 */
public final class Slice implements Comparable<Slice> {
    private static final byte[] NOTHING = new byte[0];
    private static final HexFormat HEX = HexFormat.of();

    private Object base = NOTHING;
    private long address = Memory.ARRAY_BASE;
    private int length;

    public Slice() {}

    public static Slice of(byte... bytes) {
        return new Slice().wrap(bytes);
    }

    public static Slice ofUtf8(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    public Slice wrap(byte[] bytes) {
        return wrap(bytes, Memory.ARRAY_BASE, bytes.length);
    }

    public Slice wrap(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        return wrap(bytes, Memory.ARRAY_BASE + offset, length);
    }

    public Slice wrap(Slice other) {
        return wrap(other.base, other.address, other.length);
    }

    /** Points at raw memory; the caller vouches that the run is readable as long as this slice is used. */
    public Slice wrap(Object base, long address, int length) {
        this.base = base;
        this.address = address;
        this.length = length;
        return this;
    }

    /** Goes on to another run of the same length, {@code bytes} further on; the caller vouches for it as in {@link #wrap(Object, long, int)}. */
    public void advance(long bytes) {
        address += bytes;
    }

    /** The same bytes seen from {@code offset} on. */
    public Slice subslice(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, this.length);
        return new Slice().wrap(base, address + offset, length);
    }

    public Slice clear() {
        return wrap(NOTHING);
    }

    public int length() {
        return length;
    }

    public boolean isEmpty() {
        return length == 0;
    }

    /** For {@link Memory}: null, or the array that holds the bytes. */
    public Object base() {
        return base;
    }

    /** For {@link Memory}: where byte 0 lies. */
    public long address() {
        return address;
    }

    public byte getByte(int index) {
        Objects.checkIndex(index, length);
        return Memory.getByte(base, address + index);
    }

    /** Little-endian. */
    public int getInt(int index) {
        Objects.checkFromIndexSize(index, Integer.BYTES, length);
        return Memory.getInt(base, address + index);
    }

    /** Little-endian. */
    public long getLong(int index) {
        Objects.checkFromIndexSize(index, Long.BYTES, length);
        return Memory.getLong(base, address + index);
    }

    public long getLongBigEndian(int index) {
        Objects.checkFromIndexSize(index, Long.BYTES, length);
        return Memory.getLongBigEndian(base, address + index);
    }

    public void copyTo(byte[] target, int offset) {
        Objects.checkFromIndexSize(offset, length, target.length);
        Memory.copy(base, address, target, Memory.ARRAY_BASE + offset, length);
    }

    public void copyTo(int from, byte[] target, int offset, int bytes) {
        Objects.checkFromIndexSize(from, bytes, length);
        Objects.checkFromIndexSize(offset, bytes, target.length);
        Memory.copy(base, address + from, target, Memory.ARRAY_BASE + offset, bytes);
    }

    public byte[] toByteArray() {
        byte[] copy = new byte[length];
        Memory.copy(base, address, copy, Memory.ARRAY_BASE, length);
        return copy;
    }

    /** Unsigned lexicographic. */
    @Override
    public int compareTo(Slice other) {
        return Memory.compare(base, address, length, other.base, other.address, other.length);
    }

    public int compareTo(byte[] other) {
        return Memory.compare(base, address, length, other, Memory.ARRAY_BASE, other.length);
    }

    public boolean startsWith(byte[] prefix) {
        return length >= prefix.length && Memory.equal(base, address, prefix, Memory.ARRAY_BASE, prefix.length);
    }

    public boolean startsWith(Slice prefix) {
        return length >= prefix.length && Memory.equal(base, address, prefix.base, prefix.address, prefix.length);
    }

    public boolean contentEquals(Slice other) {
        return length == other.length && Memory.equal(base, address, other.base, other.address, length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Slice slice && contentEquals(slice);
    }

    @Override
    public int hashCode() {
        return (int) Memory.hash(base, address, length);
    }

    /** Printable ASCII as it is, every other byte as {@code \xNN}. */
    @Override
    public String toString() {
        return printable(toByteArray());
    }

    public static String printable(byte[] bytes) {
        StringBuilder text = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            if (b >= ' ' && b < 0x7f && b != '\\') {
                text.append((char) b);
            } else {
                text.append("\\x").append(HEX.toHexDigits(b));
            }
        }
        return text.toString();
    }

    /** Unsigned lexicographic order of two arrays. */
    public static int compare(byte[] a, byte[] b) {
        return Arrays.compareUnsigned(a, b);
    }
}
