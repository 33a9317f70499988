package io.qaexchange.parquet.column;

import java.math.BigInteger;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * A column of a table whose rows are no events.
 *
 * @param name in SQL
 * @param kind what its values are
 * @param nullable whether a value may be missing
 */
public record RowColumn(String name, Kind kind, boolean nullable) {

    private static final int MONEY_BYTES = 9;
    private static final int MONEY_DIGITS = 20;
    private static final int MONEY_SCALE = 6;

    /** Kinds of values. */
    public enum Kind {
        /** Integer. */
        INT,
        /** Long. */
        LONG,
        /** Double. */
        DOUBLE,
        /** String. */
        TEXT,
        /** Long: millionths; DECIMAL(20, 6). */
        MONEY,
        /** Long: nanoseconds since 1970; TIMESTAMP(NANOS, UTC). */
        TIME_NS,
        /** Long: microseconds since 1970; TIMESTAMP(MICROS, UTC). */
        TIME_US
    }

    public Type type() {
        Type.Repetition repetition = nullable ? Type.Repetition.OPTIONAL : Type.Repetition.REQUIRED;
        return switch (kind) {
            case INT -> Types.primitive(PrimitiveTypeName.INT32, repetition).named(name);
            case LONG -> Types.primitive(PrimitiveTypeName.INT64, repetition).named(name);
            case DOUBLE -> Types.primitive(PrimitiveTypeName.DOUBLE, repetition).named(name);
            case TEXT -> Types.primitive(PrimitiveTypeName.BINARY, repetition).as(LogicalTypeAnnotation.stringType()).named(name);
            case MONEY -> Types.primitive(PrimitiveTypeName.FIXED_LEN_BYTE_ARRAY, repetition).length(MONEY_BYTES)
                    .as(LogicalTypeAnnotation.decimalType(MONEY_SCALE, MONEY_DIGITS)).named(name);
            case TIME_NS -> Types.primitive(PrimitiveTypeName.INT64, repetition)
                    .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.NANOS)).named(name);
            case TIME_US -> Types.primitive(PrimitiveTypeName.INT64, repetition)
                    .as(LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MICROS)).named(name);
        };
    }

    public void write(RecordConsumer out, int index, Object value) {
        if (value == null && nullable) {
            return;
        }
        out.startField(name, index);
        switch (kind) {
            case INT -> out.addInteger((Integer) value);
            case LONG, TIME_NS, TIME_US -> out.addLong((Long) value);
            case DOUBLE -> out.addDouble((Double) value);
            case TEXT -> out.addBinary(Binary.fromString((String) value));
            case MONEY -> out.addBinary(Binary.fromConstantByteArray(decimal((Long) value)));
        }
        out.endField(name, index);
    }

    /** Big-endian two's complement, sign-extended. */
    private static byte[] decimal(long unscaled) {
        byte[] digits = BigInteger.valueOf(unscaled).toByteArray();
        byte[] bytes = new byte[MONEY_BYTES];
        java.util.Arrays.fill(bytes, 0, MONEY_BYTES - digits.length, (byte) (unscaled < 0 ? -1 : 0));
        System.arraycopy(digits, 0, bytes, MONEY_BYTES - digits.length, digits.length);
        return bytes;
    }
}
