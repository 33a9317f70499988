package io.qaexchange.parquet.column;

import org.apache.parquet.column.ColumnDescriptor;

/** Values of eight bytes: whole numbers as they are, doubles as their bits. One thread. */
abstract class NumericValues extends ColumnValues {

    /** The first {@link #count} are in use. */
    long[] values = {};

    NumericValues(ColumnDescriptor column) {
        super(column);
    }

    /** Whether that stands for no value, where the column allows that. */
    abstract boolean isNone(long value);

    /** Adds a value, or none, for each of so many rows. */
    final void write(long[] rows, int count) {
        int at = count();
        values = withRoom(values, at + count - 1);
        if (!isOptional()) {
            System.arraycopy(rows, 0, values, at, count);
            all(count);
            return;
        }
        for (int i = 0; i < count; i++) {
            if (isNone(rows[i])) {
                none();
            } else {
                values[at++] = rows[i];
                first();
            }
        }
    }

    /** Puts a value after the others, whose place in its row is told next. */
    final void append(long value) {
        int at = count();
        values = withRoom(values, at);
        values[at] = value;
    }
}
