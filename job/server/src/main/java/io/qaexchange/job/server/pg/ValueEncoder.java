package io.qaexchange.job.server.pg;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.HexFormat;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntervalMonthDayNanoVector;
import org.apache.arrow.vector.TimeStampNanoTZVector;
import org.apache.arrow.vector.TimeStampNanoVector;
import org.apache.arrow.vector.complex.ListVector;

/**
 * Writes the values of a column, as text or binary, as PostgreSQL 15 does with its usual settings: ISO dates, zone UTC, byte strings in
 * hexadecimal. A time with nanoseconds is cut to microseconds, never rounded, so it never passes an earlier bound.
 *
 * <p>One thread.
 */
final class ValueEncoder {

    private static final long MICROS_OF_DAY = 86_400_000_000L;
    /** From 1970 to 2000, where PostgreSQL's times begin. */
    private static final long EPOCH_DAYS = 10_957;
    private static final long EPOCH_MICROS = EPOCH_DAYS * MICROS_OF_DAY;
    private static final long NANOS_OF_MICRO = 1_000;
    private static final int BASE = 10_000;

    private final PgType type;
    private final boolean array;
    private final boolean binary;
    private FieldVector vector;
    private int width;
    private boolean nanos;

    ValueEncoder(PgType.Described column, boolean binary) {
        this(column.element(), column.array(), binary);
    }

    private ValueEncoder(PgType type, boolean array, boolean binary) {
        this.type = type;
        this.array = array;
        this.binary = binary;
    }

    /** Takes the column of a batch. */
    void bind(FieldVector column) {
        vector = column;
        width = column instanceof BaseFixedWidthVector fixed && !(column instanceof BitVector) ? fixed.getTypeWidth() : 0;
        nanos = column instanceof TimeStampNanoVector || column instanceof TimeStampNanoTZVector;
    }

    /** Writes length and value of a row. */
    void write(int row, PgOutput out) throws IOException {
        if (vector.isNull(row)) {
            out.putInt(-1);
            return;
        }
        int start = out.position();
        out.putInt(0);
        if (array) {
            writeArray(row, out);
        } else if (binary) {
            writeBinary(row, out);
        } else {
            writeText(row, out);
        }
        out.setLength(start);
    }

    private void writeBinary(int row, PgOutput out) throws IOException {
        switch (type) {
            case BOOL -> out.putByte(((BitVector) vector).get(row));
            case INT2 -> out.putShort((int) integer(row));
            case INT4, OID -> out.putInt((int) integer(row));
            case INT8 -> out.putLong(integer(row));
            case FLOAT4 -> out.putInt(Float.floatToIntBits(((Float4Vector) vector).get(row)));
            case FLOAT8 -> out.putLong(Double.doubleToLongBits(((Float8Vector) vector).get(row)));
            case DATE -> out.putInt(days((int) integer(row)));
            case TIME -> out.putLong(integer(row));
            case TIMESTAMP, TIMESTAMPTZ -> out.putLong(binaryMicros(micros(row)));
            case INTERVAL -> {
                IntervalMonthDayNanoVector interval = (IntervalMonthDayNanoVector) vector;
                ArrowBuf buffer = interval.getDataBuffer();
                out.putLong(IntervalMonthDayNanoVector.getNanoseconds(buffer, row) / NANOS_OF_MICRO).putInt(IntervalMonthDayNanoVector.getDays(buffer, row))
                        .putInt(IntervalMonthDayNanoVector.getMonths(buffer, row));
            }
            case NUMERIC -> writeNumeric(decimal(row), out);
            case UUID -> writeUuid(text(row), out);
            case JSONB -> writeBytes(row, out.putByte(1));
            default -> writeBytes(row, out);
        }
    }

    private void writeText(int row, PgOutput out) throws IOException {
        switch (type) {
            case BOOL -> out.putByte(((BitVector) vector).get(row) == 0 ? 'f' : 't');
            case INT2, INT4, INT8, OID -> putNumber(integer(row), out);
            case FLOAT4 -> out.putAscii(floatText(Float.toString(((Float4Vector) vector).get(row))));
            case FLOAT8 -> putDouble(((Float8Vector) vector).get(row), out);
            case DATE -> putDate(integer(row), out);
            case TIME -> putTime(integer(row), out);
            case TIMESTAMP, TIMESTAMPTZ -> putTimestamp(micros(row), out);
            case INTERVAL -> {
                IntervalMonthDayNanoVector interval = (IntervalMonthDayNanoVector) vector;
                ArrowBuf buffer = interval.getDataBuffer();
                out.putAscii(intervalText(IntervalMonthDayNanoVector.getMonths(buffer, row), IntervalMonthDayNanoVector.getDays(buffer, row),
                        IntervalMonthDayNanoVector.getNanoseconds(buffer, row) / NANOS_OF_MICRO));
            }
            case NUMERIC -> out.putAscii(decimal(row).toPlainString());
            case BYTEA -> out.putAscii("\\x" + HexFormat.of().formatHex(bytes(row)));
            default -> writeBytes(row, out);
        }
    }

    private long integer(int row) {
        ArrowBuf buffer = vector.getDataBuffer();
        return switch (width) {
            case 1 -> buffer.getByte(row);
            case 2 -> buffer.getShort((long) row * 2);
            case 4 -> buffer.getInt((long) row * 4);
            default -> buffer.getLong((long) row * 8);
        };
    }

    /** Microseconds since 1970. */
    private long micros(int row) {
        long value = integer(row);
        return nanos && value != Long.MAX_VALUE && value != -Long.MAX_VALUE ? Math.floorDiv(value, NANOS_OF_MICRO) : value;
    }

    private static boolean isInfinite(long micros) {
        return micros == Long.MAX_VALUE || micros == -Long.MAX_VALUE;
    }

    private static long binaryMicros(long micros) {
        return isInfinite(micros) ? micros < 0 ? Long.MIN_VALUE : Long.MAX_VALUE : micros - EPOCH_MICROS;
    }

    private static int days(int days) {
        return days == Integer.MAX_VALUE || days == -Integer.MAX_VALUE ? days < 0 ? Integer.MIN_VALUE : days : (int) (days - EPOCH_DAYS);
    }

    private void writeBytes(int row, PgOutput out) {
        if (vector instanceof BaseVariableWidthVector texts) {
            ArrowBuf offsets = texts.getOffsetBuffer();
            int from = offsets.getInt((long) row * 4);
            out.putBytes(texts.getDataBuffer(), from, offsets.getInt((long) row * 4 + 4) - from);
        } else {
            byte[] text = String.valueOf(vector.getObject(row)).getBytes(StandardCharsets.UTF_8);
            out.putBytes(text, 0, text.length);
        }
    }

    private byte[] bytes(int row) {
        Object value = vector.getObject(row);
        return value instanceof byte[] array ? array : value.toString().getBytes(StandardCharsets.UTF_8);
    }

    private String text(int row) {
        return new String(bytes(row), StandardCharsets.UTF_8);
    }

    private BigDecimal decimal(int row) {
        return vector instanceof DecimalVector decimals ? decimals.getObject(row) : new BigDecimal(vector.getObject(row).toString());
    }

    private static void writeUuid(String text, PgOutput out) {
        java.util.UUID uuid = java.util.UUID.fromString(text);
        out.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
    }

    /** PostgreSQL's numeric: digits to base 10,000, the weight of the first, sign, digits after the point. */
    private static void writeNumeric(BigDecimal value, PgOutput out) {
        int scale = Math.max(value.scale(), 0);
        int groups = (scale + 3) / 4;
        BigInteger unscaled = value.abs().setScale(groups * 4).unscaledValue();
        short[] digits = new short[unscaled.toString().length() / 4 + 1];
        int count = 0;
        BigInteger base = BigInteger.valueOf(BASE);
        for (BigInteger rest = unscaled; rest.signum() != 0;) {
            BigInteger[] parts = rest.divideAndRemainder(base);
            digits[count++] = parts[1].shortValueExact();
            rest = parts[0];
        }
        int weight = count - groups - 1;
        int last = 0;
        while (last < count && digits[last] == 0) {
            last++;
        }
        out.putShort(count - last).putShort(count == 0 ? 0 : weight).putShort(value.signum() < 0 ? 0x4000 : 0).putShort(scale);
        for (int i = count - 1; i >= last; i--) {
            out.putShort(digits[i]);
        }
    }

    private void writeArray(int row, PgOutput out) throws IOException {
        ListVector list = (ListVector) vector;
        int from = list.getElementStartIndex(row);
        int to = list.getElementEndIndex(row);
        ValueEncoder elements = new ValueEncoder(type, false, binary);
        elements.bind(list.getDataVector());
        if (!binary) {
            writeArrayText(elements, from, to, out);
            return;
        }
        boolean hasNull = false;
        for (int i = from; i < to; i++) {
            hasNull |= list.getDataVector().isNull(i);
        }
        out.putInt(from == to ? 0 : 1).putInt(hasNull ? 1 : 0).putInt(type.oid());
        if (from < to) {
            out.putInt(to - from).putInt(1);
        }
        for (int i = from; i < to; i++) {
            elements.write(i, out);
        }
    }

    private void writeArrayText(ValueEncoder elements, int from, int to, PgOutput out) throws IOException {
        out.putByte('{');
        for (int i = from; i < to; i++) {
            if (i > from) {
                out.putByte(',');
            }
            if (elements.vector.isNull(i)) {
                out.putAscii("NULL");
            } else if (type.isText()) {
                byte[] text = ('"' + elements.text(i).replace("\\", "\\\\").replace("\"", "\\\"") + '"').getBytes(StandardCharsets.UTF_8);
                out.putBytes(text, 0, text.length);
            } else {
                elements.writeText(i, out);
            }
        }
        out.putByte('}');
    }

    private static void putNumber(long value, PgOutput out) {
        if (value == Long.MIN_VALUE) {
            out.putAscii(Long.toString(value));
            return;
        }
        if (value < 0) {
            out.putByte('-');
        }
        out.putDigits(Math.abs(value), 1);
    }

    private static void putDouble(double value, PgOutput out) {
        // Prices and volumes mostly are whole or nearly so.
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            if (value == 0 && 1 / value < 0) {
                out.putByte('-');
            }
            putNumber((long) value, out);
            return;
        }
        out.putAscii(floatText(Double.toString(value)));
    }

    /** Java's text of a floating-point number as PostgreSQL writes it. */
    static String floatText(String java) {
        int exponent = java.indexOf('E');
        if (exponent < 0) {
            return java.endsWith(".0") ? java.substring(0, java.length() - 2) : java;
        }
        int power = Integer.parseInt(java.substring(exponent + 1));
        if (power >= -5 && power < 15) {
            return new BigDecimal(java).stripTrailingZeros().toPlainString();
        }
        String digits = java.substring(0, exponent);
        return (digits.endsWith(".0") ? digits.substring(0, digits.length() - 2) : digits) + (power < 0 ? "e-" : "e+") + (Math.abs(power) < 10 ? "0" : "")
                + Math.abs(power);
    }

    private static void putDate(long days, PgOutput out) {
        if (days == Integer.MAX_VALUE || days == -Integer.MAX_VALUE) {
            out.putAscii(days < 0 ? "-infinity" : "infinity");
            return;
        }
        LocalDate date = LocalDate.ofEpochDay(days);
        putDate(date, out);
        putEra(date, out);
    }

    private static void putDate(LocalDate date, PgOutput out) {
        out.putDigits(date.getYear() > 0 ? date.getYear() : 1L - date.getYear(), 4).putByte('-').putDigits(date.getMonthValue(), 2).putByte('-')
                .putDigits(date.getDayOfMonth(), 2);
    }

    private static void putEra(LocalDate date, PgOutput out) {
        if (date.getYear() <= 0) {
            out.putAscii(" BC");
        }
    }

    private static void putTime(long micros, PgOutput out) {
        out.putDigits(micros / 3_600_000_000L, 2).putByte(':').putDigits(micros / 60_000_000L % 60, 2).putByte(':').putDigits(micros / 1_000_000L % 60, 2);
        long fraction = micros % 1_000_000L;
        if (fraction != 0) {
            int width = 6;
            while (fraction % 10 == 0) {
                fraction /= 10;
                width--;
            }
            out.putByte('.').putDigits(fraction, width);
        }
    }

    private void putTimestamp(long micros, PgOutput out) {
        if (isInfinite(micros)) {
            out.putAscii(micros < 0 ? "-infinity" : "infinity");
            return;
        }
        LocalDate date = LocalDate.ofEpochDay(Math.floorDiv(micros, MICROS_OF_DAY));
        putDate(date, out);
        out.putByte(' ');
        putTime(Math.floorMod(micros, MICROS_OF_DAY), out);
        if (type == PgType.TIMESTAMPTZ) {
            out.putAscii("+00");
        }
        putEra(date, out);
    }

    /** An interval in the style that PostgreSQL calls postgres. */
    static String intervalText(int months, int days, long micros) {
        StringBuilder text = new StringBuilder();
        part(text, months / 12, "year");
        part(text, months % 12, "mon");
        part(text, days, "day");
        if (micros != 0 || text.isEmpty()) {
            long rest = Math.abs(micros);
            text.append(text.isEmpty() ? "" : " ").append(micros < 0 ? "-" : "")
                    .append(String.format(java.util.Locale.ROOT, "%02d:%02d:%02d", rest / 3_600_000_000L, rest / 60_000_000L % 60, rest / 1_000_000L % 60));
            if (rest % 1_000_000L != 0) {
                text.append(String.format(java.util.Locale.ROOT, ".%06d", rest % 1_000_000L).replaceAll("0+$", ""));
            }
        }
        return text.toString();
    }

    private static void part(StringBuilder text, int value, String unit) {
        if (value != 0) {
            text.append(text.isEmpty() ? "" : " ").append(value).append(' ').append(unit).append(value == 1 ? "" : "s");
        }
    }
}
