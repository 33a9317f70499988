package io.qaexchange.job.query.sql;

import io.qaexchange.job.query.finance.BarBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * Adds batches of rows to bars: instrument, trading day, event time in ns, source, sequence, price, volume; none of them is null.
 *
 * <p>Values are read through buffers of {@code java.nio}: those of Arrow check at each of them whether its memory is still there. One thread.
 */
final class BarRows {

    private final BarBuilder builder;
    private final Name instrument = new Name();
    private final Name source = new Name();

    BarRows(BarBuilder builder) {
        this.builder = builder;
    }

    /** A name that is mostly the same in one row after the other. */
    private static final class Name {
        private byte[] bytes = {};
        private String text = "";
        /** Its first eight bytes, little-endian; of a shorter one those that it has. */
        private long head;
        private long headMask;
        private IntBuffer offsets;
        private ByteBuffer data;

        void begin(VarCharVector names, int rows) {
            offsets = buffer(names.getOffsetBuffer(), (rows + 1L) * Integer.BYTES).asIntBuffer();
            data = buffer(names.getDataBuffer(), offsets.get(rows));
        }

        /** Turns to the name in a row. */
        void read(int row) {
            int from = offsets.get(row);
            int length = offsets.get(row + 1) - from;
            if (!isAt(from, length)) {
                bytes = new byte[length];
                data.get(from, bytes);
                text = new String(bytes, StandardCharsets.UTF_8);
                headMask = length >= Long.BYTES ? -1 : (1L << Byte.SIZE * length) - 1;
                head = ByteBuffer.wrap(Arrays.copyOf(bytes, Math.max(length, Long.BYTES))).order(ByteOrder.LITTLE_ENDIAN).getLong();
            }
        }

        private boolean isAt(int from, int length) {
            if (length != bytes.length) {
                return false;
            }
            int compared = 0;
            if (from + Long.BYTES <= data.limit()) {
                if ((data.getLong(from) & headMask) != head) {
                    return false;
                }
                compared = Long.BYTES;
            }
            for (int i = compared; i < length; i++) {
                if (data.get(from + i) != bytes[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private static ByteBuffer buffer(ArrowBuf of, long bytes) {
        return of.nioBuffer(0, Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    void add(VectorSchemaRoot batch) {
        int rows = batch.getRowCount();
        if (rows == 0) {
            return;
        }
        instrument.begin((VarCharVector) batch.getVector(0), rows);
        IntBuffer days = buffer(batch.getVector(1).getDataBuffer(), (long) rows * Integer.BYTES).asIntBuffer();
        LongBuffer times = longs(batch, 2).asLongBuffer();
        source.begin((VarCharVector) batch.getVector(3), rows);
        LongBuffer sequences = longs(batch, 4).asLongBuffer();
        DoubleBuffer prices = longs(batch, 5).asDoubleBuffer();
        DoubleBuffer volumes = longs(batch, 6).asDoubleBuffer();
        for (int row = 0; row < rows; row++) {
            instrument.read(row);
            source.read(row);
            builder.add(instrument.text, days.get(row), times.get(row), source.bytes, sequences.get(row), prices.get(row), volumes.get(row));
        }
    }

    private static ByteBuffer longs(VectorSchemaRoot batch, int column) {
        return buffer(batch.getVector(column).getDataBuffer(), (long) batch.getRowCount() * Long.BYTES);
    }
}
