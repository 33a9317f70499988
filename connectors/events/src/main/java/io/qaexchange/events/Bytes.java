package io.qaexchange.events;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers at any offset of a byte array: little-endian in messages, big-endian in keys. Bounds are checked by the JDK. */
final class Bytes {

    private static final VarHandle SHORT_LE = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_BE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Bytes() {
    }

    static int getUnsignedShort(byte[] bytes, int offset) {
        return (short) SHORT_LE.get(bytes, offset) & 0xFFFF;
    }

    static void putShort(byte[] bytes, int offset, int value) {
        SHORT_LE.set(bytes, offset, (short) value);
    }

    static int getInt(byte[] bytes, int offset) {
        return (int) INT_LE.get(bytes, offset);
    }

    static void putInt(byte[] bytes, int offset, int value) {
        INT_LE.set(bytes, offset, value);
    }

    static long getLong(byte[] bytes, int offset) {
        return (long) LONG_LE.get(bytes, offset);
    }

    static void putLong(byte[] bytes, int offset, long value) {
        LONG_LE.set(bytes, offset, value);
    }

    static double getDouble(byte[] bytes, int offset) {
        return Double.longBitsToDouble((long) LONG_LE.get(bytes, offset));
    }

    static void putDouble(byte[] bytes, int offset, double value) {
        LONG_LE.set(bytes, offset, Double.doubleToRawLongBits(value));
    }

    static long getLongBigEndian(byte[] bytes, int offset) {
        return (long) LONG_BE.get(bytes, offset);
    }

    static void putLongBigEndian(byte[] bytes, int offset, long value) {
        LONG_BE.set(bytes, offset, value);
    }
}
