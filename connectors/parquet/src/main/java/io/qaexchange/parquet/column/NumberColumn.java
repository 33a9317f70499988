package io.qaexchange.parquet.column;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/**
 * DOUBLE or INT32 values that often repeat, such as prices and volumes. Stored with a dictionary if that is smaller. One thread.
 */
final class NumberColumn extends NumericValues {

    private static final int MAX_DICTIONARY = 1 << 16;
    private static final int MIN_SLOTS = 1 << 8;
    /** After so many values that were nearly all different there is no need to look at the rest. */
    private static final int SAMPLE = 4096;
    private static final int MAX_OF_SAMPLE = SAMPLE * 3 / 4;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    private static final int NO_ID = -1;

    private final boolean doubles;
    private int[] ids = {};
    private long[] dictionary = new long[MIN_SLOTS];
    /** For each value in the dictionary its place plus one; 0 is free. */
    private int[] slots = {};
    private int dictionarySize;

    NumberColumn(ColumnDescriptor column) {
        super(column);
        this.doubles = column.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.DOUBLE;
    }

    /** Adds the first element of the row's list. */
    void write(double value) {
        append(Double.doubleToRawLongBits(value));
        first();
    }

    /** Whether bits stand for no value: a NaN for doubles, which come as their bits; the least for ints. */
    @Override
    boolean isNone(long bits) {
        return doubles ? Double.isNaN(Double.longBitsToDouble(bits)) : bits == Integer.MIN_VALUE;
    }

    /** Another element of the row's list. */
    void writeNext(double value) {
        append(Double.doubleToRawLongBits(value));
        next();
    }

    private int width() {
        return doubles ? Double.BYTES : Integer.BYTES;
    }

    @Override
    DictionaryPage dictionary() {
        if (!number() || !pays((long) dictionarySize * width(), dictionarySize, count(), (long) count() * width())) {
            dictionarySize = 0;
            return null;
        }
        return new DictionaryPage(plain(dictionary, 0, dictionarySize), dictionarySize, Encoding.PLAIN_DICTIONARY);
    }

    /** Gives the values their places in a dictionary; false if there are too many. */
    private boolean number() {
        int count = count();
        if (ids.length < count) {
            ids = new int[count];
        }
        dictionarySize = 0;
        reserve(MIN_SLOTS);
        long last = 0;
        int lastId = NO_ID;
        for (int i = 0; i < count; i++) {
            long value = values[i];
            if (lastId == NO_ID || value != last) {
                last = value;
                lastId = idOf(value);
                if (dictionarySize > MAX_DICTIONARY || i == SAMPLE && dictionarySize > MAX_OF_SAMPLE) {
                    return false;
                }
            }
            ids[i] = lastId;
        }
        return count > 0;
    }

    private int idOf(long value) {
        int mask = slots.length - 1;
        int slot = slot(value, mask);
        while (slots[slot] != 0) {
            if (dictionary[slots[slot] - 1] == value) {
                return slots[slot] - 1;
            }
            slot = slot + 1 & mask;
        }
        int id = dictionarySize++;
        dictionary = withRoom(dictionary, id);
        dictionary[id] = value;
        slots[slot] = dictionarySize;
        if (2 * dictionarySize > slots.length) {
            reserve(2 * slots.length);
        }
        return id;
    }

    private static int slot(long value, int mask) {
        long mixed = value * SPREAD;
        return (int) (mixed ^ mixed >>> Integer.SIZE) & mask;
    }

    /** A table of that many slots for what the dictionary has. */
    private void reserve(int size) {
        if (slots.length != size) {
            slots = new int[size];
        } else {
            Arrays.fill(slots, 0);
        }
        for (int id = 0; id < dictionarySize; id++) {
            int slot = slot(dictionary[id], size - 1);
            while (slots[slot] != 0) {
                slot = slot + 1 & size - 1;
            }
            slots[slot] = id + 1;
        }
    }

    @Override
    BytesInput encode(int from, int to, Statistics<?> statistics) throws IOException {
        if (from < to) {
            tell(from, to, statistics);
        }
        return dictionarySize > 0 ? places(ids, from, to, dictionarySize) : plain(values, from, to);
    }

    private void tell(int from, int to, Statistics<?> statistics) {
        if (doubles) {
            double least = Double.POSITIVE_INFINITY;
            double greatest = Double.NEGATIVE_INFINITY;
            for (int i = from; i < to; i++) {
                double value = Double.longBitsToDouble(values[i]);
                least = Math.min(least, value);
                greatest = Math.max(greatest, value);
            }
            statistics.updateStats(least);
            statistics.updateStats(greatest);
        } else {
            long least = Long.MAX_VALUE;
            long greatest = Long.MIN_VALUE;
            for (int i = from; i < to; i++) {
                least = Math.min(least, values[i]);
                greatest = Math.max(greatest, values[i]);
            }
            statistics.updateStats((int) least);
            statistics.updateStats((int) greatest);
        }
    }

    private BytesInput plain(long[] numbers, int from, int to) {
        ByteBuffer bytes = littleEndian((to - from) * width());
        for (int i = from; i < to; i++) {
            if (doubles) {
                bytes.putLong(numbers[i]);
            } else {
                bytes.putInt((int) numbers[i]);
            }
        }
        return BytesInput.from(bytes.flip());
    }

    @Override
    Encoding encoding() {
        return dictionarySize > 0 ? Encoding.PLAIN_DICTIONARY : Encoding.PLAIN;
    }

    @Override
    void clear() {
        dictionarySize = 0;
    }
}
