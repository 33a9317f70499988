package io.qaexchange.storage.memory;

import java.lang.reflect.Field;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import sun.misc.Unsafe;

/**
 * Reads and writes bytes at a (base, address) pair: base is a {@code byte[]} and address an offset that includes the array's header,
 * or base is null and address is absolute.
 *
 * <p>No bounds are checked here: callers check lengths once, at the border where bytes come in ({@link Slice}, block and record
 * readers). Multi-byte values are little-endian; the engine refuses to start on a big-endian machine.
 *
 * <p>Thread-safe: stateless. The {@code Release}/{@code Acquire} pairs order the bytes written before a reference against the
 * reference itself; they need natural alignment.
 */
public final class Memory {
    private static final Unsafe UNSAFE = unsafe();
    private static final long BUFFER_ADDRESS = bufferAddressOffset();

    /** Offset of element 0 of a {@code byte[]}. */
    public static final long ARRAY_BASE = Unsafe.ARRAY_BYTE_BASE_OFFSET;

    static {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsupportedOperationException("the engine needs a little-endian machine, this is " + System.getProperty("os.arch"));
        }
    }

    /**
     * Null, but not a constant, and for the compiler's sake it must not become one: where C2 sees a constant null as the base of an access
     * that it takes for one into an array, JDKs before 24 may crash while compiling it (JDK-8320308).
     */
    private static Object offHeap;

    private Memory() {}

    /** The base of memory outside the heap: null. To be used where such memory comes from, instead of the literal. */
    public static Object offHeap() {
        return offHeap;
    }

    public static byte getByte(Object base, long address) {
        return UNSAFE.getByte(base, address);
    }

    public static void putByte(Object base, long address, byte value) {
        UNSAFE.putByte(base, address, value);
    }

    /** Everything stored before is seen by whoever sees this byte. */
    public static void putByteRelease(Object base, long address, byte value) {
        UNSAFE.storeFence();
        UNSAFE.putByte(base, address, value);
    }

    public static short getShort(Object base, long address) {
        return UNSAFE.getShort(base, address);
    }

    public static void putShort(Object base, long address, short value) {
        UNSAFE.putShort(base, address, value);
    }

    public static int getInt(Object base, long address) {
        return UNSAFE.getInt(base, address);
    }

    public static void putInt(Object base, long address, int value) {
        UNSAFE.putInt(base, address, value);
    }

    public static int getIntAcquire(Object base, long address) {
        return UNSAFE.getIntVolatile(base, address);
    }

    public static void putIntRelease(Object base, long address, int value) {
        UNSAFE.putOrderedInt(base, address, value);
    }

    public static long getLong(Object base, long address) {
        return UNSAFE.getLong(base, address);
    }

    public static void putLong(Object base, long address, long value) {
        UNSAFE.putLong(base, address, value);
    }

    public static long getLongAcquire(Object base, long address) {
        return UNSAFE.getLongVolatile(base, address);
    }

    public static void putLongRelease(Object base, long address, long value) {
        UNSAFE.putOrderedLong(base, address, value);
    }

    /** Eight bytes as an unsigned number whose order is the byte order: first byte most significant. */
    public static long getLongBigEndian(Object base, long address) {
        return Long.reverseBytes(UNSAFE.getLong(base, address));
    }

    public static void copy(Object sourceBase, long sourceAddress, Object targetBase, long targetAddress, long bytes) {
        if (bytes <= 64) {
            copyShort(sourceBase, sourceAddress, targetBase, targetAddress, (int) bytes);
        } else {
            UNSAFE.copyMemory(sourceBase, sourceAddress, targetBase, targetAddress, bytes);
        }
    }

    /** A call into {@code copyMemory} costs about as much as moving 64 bytes by hand. The last word may overlap the one before. */
    private static void copyShort(Object sourceBase, long sourceAddress, Object targetBase, long targetAddress, int bytes) {
        if (bytes >= 8) {
            long last = UNSAFE.getLong(sourceBase, sourceAddress + bytes - 8);
            for (int at = 0; at < bytes - 8; at += 8) {
                UNSAFE.putLong(targetBase, targetAddress + at, UNSAFE.getLong(sourceBase, sourceAddress + at));
            }
            UNSAFE.putLong(targetBase, targetAddress + bytes - 8, last);
            return;
        }
        for (int at = 0; at < bytes; at++) {
            UNSAFE.putByte(targetBase, targetAddress + at, UNSAFE.getByte(sourceBase, sourceAddress + at));
        }
    }

    public static void fill(Object base, long address, long bytes, byte value) {
        UNSAFE.setMemory(base, address, bytes, value);
    }

    /** Unsigned lexicographic order of two byte runs; a prefix sorts before what it is a prefix of. */
    public static int compare(Object baseA, long addressA, int lengthA, Object baseB, long addressB, int lengthB) {
        int common = Math.min(lengthA, lengthB);
        int same = mismatch(baseA, addressA, baseB, addressB, common);
        if (same < common) {
            return (UNSAFE.getByte(baseA, addressA + same) & 0xff) - (UNSAFE.getByte(baseB, addressB + same) & 0xff);
        }
        return lengthA - lengthB;
    }

    /** Whether two runs are the same. Looks at the end first: keys that stand beside each other differ there. */
    public static boolean equal(Object baseA, long addressA, Object baseB, long addressB, int length) {
        if (length < 8) {
            return mismatch(baseA, addressA, baseB, addressB, length) == length;
        }
        if (UNSAFE.getLong(baseA, addressA + length - 8) != UNSAFE.getLong(baseB, addressB + length - 8)) {
            return false;
        }
        for (int at = 0; at < length - 8; at += 8) {
            if (UNSAFE.getLong(baseA, addressA + at) != UNSAFE.getLong(baseB, addressB + at)) {
                return false;
            }
        }
        return true;
    }

    /** How many leading bytes two runs share. */
    public static int mismatch(Object baseA, long addressA, Object baseB, long addressB, int length) {
        int at = 0;
        for (; at + 8 <= length; at += 8) {
            long difference = UNSAFE.getLong(baseA, addressA + at) ^ UNSAFE.getLong(baseB, addressB + at);
            if (difference != 0) {
                return at + (Long.numberOfTrailingZeros(difference) >>> 3);
            }
        }
        if (at < length && length >= 8) {
            // The rest in one step, together with bytes that are known to be equal.
            long difference = UNSAFE.getLong(baseA, addressA + length - 8) ^ UNSAFE.getLong(baseB, addressB + length - 8);
            return difference == 0 ? length : length - 8 + (Long.numberOfTrailingZeros(difference) >>> 3);
        }
        for (; at < length; at++) {
            if (UNSAFE.getByte(baseA, addressA + at) != UNSAFE.getByte(baseB, addressB + at)) {
                return at;
            }
        }
        return length;
    }

    /** A 64-bit hash of a byte run: multiply and fold, eight bytes at a time. The function is part of the SSTable's filter format. */
    public static long hash(Object base, long address, int length) {
        long hash = length * 0x9E3779B97F4A7C15L;
        int at = 0;
        for (; at + 8 <= length; at += 8) {
            hash = mix(hash ^ UNSAFE.getLong(base, address + at));
        }
        if (at < length) {
            long tail = 0;
            for (int shift = 0; at < length; at++, shift += 8) {
                tail |= (UNSAFE.getByte(base, address + at) & 0xffL) << shift;
            }
            hash = mix(hash ^ tail);
        }
        return hash ^ (hash >>> 32);
    }

    private static long mix(long value) {
        long product = value * 0xD6E8FEB86659FD93L;
        return (product ^ (product >>> 32)) * 0xD6E8FEB86659FD93L;
    }

    /** Absolute address of a direct buffer's byte 0, whatever its position. */
    public static long address(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer: " + direct);
        }
        return UNSAFE.getLong(direct, BUFFER_ADDRESS);
    }

    /**
     * Gives back the memory of a direct or mapped buffer now, instead of when it is collected. The buffer and all its views must never
     * be touched again: the process would crash.
     */
    public static void release(ByteBuffer direct) {
        UNSAFE.invokeCleaner(direct);
    }

    private static Unsafe unsafe() {
        try {
            Field field = Unsafe.class.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            return (Unsafe) field.get(null);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static long bufferAddressOffset() {
        try {
            return UNSAFE.objectFieldOffset(Buffer.class.getDeclaredField("address"));
        } catch (NoSuchFieldException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
