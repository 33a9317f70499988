package io.qaexchange.state;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.Objects;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/**
 * Reads what Flink's serializers of numbers write where it lies, without a {@code DataInputView}: their values are immutable
 * and all of one length, so that one among many is found by counting, and decoded as often as someone asks for it.
 *
 * <p>One class that asks which it is: as a class for each number, calls from what lists, maps and values share would not be inlined.
 *
 * <p>Thread-safe: stateless.
 */
final class FixedWidth<E> {
    private enum Number {
        LONG, INT, DOUBLE
    }

    private static final FixedWidth<Long> OF_LONG = new FixedWidth<>(Number.LONG, Long.BYTES);
    private static final FixedWidth<Integer> OF_INT = new FixedWidth<>(Number.INT, Integer.BYTES);
    private static final FixedWidth<Double> OF_DOUBLE = new FixedWidth<>(Number.DOUBLE, Double.BYTES);

    private final Number number;
    private final int bytes;

    private FixedWidth(Number number, int bytes) {
        this.number = number;
        this.bytes = bytes;
    }

    /** Null for every serializer that is not one of those. */
    @Nullable
    @SuppressWarnings("unchecked")
    static <E> FixedWidth<E> of(TypeSerializer<E> serializer) {
        Class<?> kind = serializer.getClass();
        FixedWidth<?> found = kind == LongSerializer.class ? OF_LONG : kind == IntSerializer.class ? OF_INT
                : kind == DoubleSerializer.class ? OF_DOUBLE : null;
        return (FixedWidth<E>) found;
    }

    int bytes() {
        return bytes;
    }

    /** @throws IndexOutOfBoundsException if the array ends before the value */
    E read(byte[] stored, int at) {
        Objects.checkFromIndexSize(at, bytes, stored.length);
        return read(stored, Memory.ARRAY_BASE + at);
    }

    /** The value that stands after the first {@code at} bytes, up to the end. @throws IllegalArgumentException if that is longer or shorter */
    E read(Slice stored, int at) {
        if (stored.length() != at + bytes) {
            throw new IllegalArgumentException("stored value has " + stored.length() + " bytes instead of " + (at + bytes));
        }
        return read(stored.base(), stored.address() + at);
    }

    @SuppressWarnings("unchecked")
    private E read(Object base, long address) {
        Object value;
        if (number == Number.INT) {
            value = Integer.reverseBytes(Memory.getInt(base, address));
        } else {
            long bits = Memory.getLongBigEndian(base, address);
            // No conditional expression: it would make a double of both.
            if (number == Number.LONG) {
                value = bits;
            } else {
                value = Double.longBitsToDouble(bits);
            }
        }
        return (E) value;
    }
}
