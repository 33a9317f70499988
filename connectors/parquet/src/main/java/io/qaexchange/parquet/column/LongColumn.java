package io.qaexchange.parquet.column;

import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForLong;

/** Integers that rarely repeat and are close to their predecessor, such as times and sequences. Stored as differences. One thread. */
final class LongColumn extends NumericValues {

    private static final int MIN_ENCODER_BYTES = 1 << 6;
    private static final int MAX_ENCODER_BYTES = 1 << 20;

    LongColumn(ColumnDescriptor column) {
        super(column);
    }

    @Override
    boolean isNone(long value) {
        return value == Long.MIN_VALUE;
    }

    @Override
    DictionaryPage dictionary() {
        return null;
    }

    @Override
    BytesInput encode(int from, int to, Statistics<?> statistics) throws IOException {
        long least = Long.MAX_VALUE;
        long greatest = Long.MIN_VALUE;
        try (DeltaBinaryPackingValuesWriterForLong writer = new DeltaBinaryPackingValuesWriterForLong(
                Math.max(MIN_ENCODER_BYTES, Integer.BYTES * (to - from)), MAX_ENCODER_BYTES, HeapByteBufferAllocator.getInstance())) {
            for (int i = from; i < to; i++) {
                long value = values[i];
                least = Math.min(least, value);
                greatest = Math.max(greatest, value);
                writer.writeLong(value);
            }
            if (from < to) {
                statistics.updateStats(least);
                statistics.updateStats(greatest);
            }
            return BytesInput.copy(writer.getBytes());
        }
    }

    @Override
    Encoding encoding() {
        return Encoding.DELTA_BINARY_PACKED;
    }

    @Override
    void clear() {
        // Values are overwritten.
    }
}
