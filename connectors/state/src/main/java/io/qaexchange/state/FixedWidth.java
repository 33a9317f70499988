package io.qaexchange.state;

import io.qaexchange.storage.memory.Memory;
import java.util.Objects;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;

/**
 * Reads what Flink's serializers of numbers write where it lies in an array, without a {@code DataInputView}: their values are immutable
 * and all of one length, so that one among many is found by counting, and decoded as often as someone asks for it.
 *
 * <p>Thread-safe: stateless.
 */
abstract class FixedWidth<E> {
    private static final FixedWidth<Long> OF_LONG = new FixedWidth<>(Long.BYTES) {
        @Override
        Long read(byte[] stored, int at) {
            return longAt(stored, at);
        }
    };
    private static final FixedWidth<Integer> OF_INT = new FixedWidth<>(Integer.BYTES) {
        @Override
        Integer read(byte[] stored, int at) {
            Objects.checkFromIndexSize(at, Integer.BYTES, stored.length);
            return Integer.reverseBytes(Memory.getInt(stored, Memory.ARRAY_BASE + at));
        }
    };
    private static final FixedWidth<Double> OF_DOUBLE = new FixedWidth<>(Double.BYTES) {
        @Override
        Double read(byte[] stored, int at) {
            return Double.longBitsToDouble(longAt(stored, at));
        }
    };

    private final int bytes;

    private FixedWidth(int bytes) {
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

    private static long longAt(byte[] stored, int at) {
        Objects.checkFromIndexSize(at, Long.BYTES, stored.length);
        return Memory.getLongBigEndian(stored, Memory.ARRAY_BASE + at);
    }

    int bytes() {
        return bytes;
    }

    /** @throws IndexOutOfBoundsException if the array ends before the value */
    abstract E read(byte[] stored, int at);
}
