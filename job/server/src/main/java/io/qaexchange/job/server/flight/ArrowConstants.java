package io.qaexchange.job.server.flight;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Locale;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.DurationVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.complex.BaseListVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.LargeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * Turns values of Arrow, which clients send for parameters, into constants of SQL. Texts stay plain constants and times become casts of constants,
 * so conditions on them are pushed down as if the client had written them. Stateless.
 */
final class ArrowConstants {

    private static final int MAX_LIST = 100_000;

    private ArrowConstants() {
    }

    /**
     * A constant.
     *
     * @param number of the parameter, for messages
     * @throws org.apache.arrow.flight.FlightRuntimeException if values of this type are not taken
     */
    static String of(FieldVector vector, int row, int number) {
        try {
            return constant(vector, row);
        } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
            throw CallStatus.INVALID_ARGUMENT.withDescription("parameter $" + number + ": " + e.getMessage()).withCause(e).toRuntimeException();
        }
    }

    private static String constant(FieldVector vector, int row) {
        if (vector.getField().getDictionary() != null) {
            throw new IllegalArgumentException("values in a dictionary are not taken; send them as they are");
        }
        if (vector.isNull(row)) {
            return "NULL";
        }
        return switch (vector.getMinorType()) {
            case NULL -> "NULL";
            case BIT -> (Boolean) vector.getObject(row) ? "true" : "false";
            case TINYINT, SMALLINT, INT, BIGINT, UINT1, UINT2, UINT4 -> integer(BigInteger.valueOf(((BaseIntVector) vector).getValueAsLong(row)));
            case UINT8 -> new BigInteger(Long.toUnsignedString(((BaseIntVector) vector).getValueAsLong(row))).toString();
            case FLOAT2, FLOAT4 -> cast(Float.toString((float) ((FloatingPointVector) vector).getValueAsDouble(row)), "FLOAT");
            case FLOAT8 -> cast(Double.toString(((FloatingPointVector) vector).getValueAsDouble(row)), "DOUBLE");
            case DECIMAL, DECIMAL256 -> decimal((BigDecimal) vector.getObject(row));
            case VARCHAR, LARGEVARCHAR, VIEWVARCHAR -> text(vector.getObject(row).toString());
            case VARBINARY, LARGEVARBINARY, VIEWVARBINARY, FIXEDSIZEBINARY -> blob((byte[]) vector.getObject(row));
            case DATEDAY -> cast(LocalDate.ofEpochDay((Integer) vector.getObject(row)).toString(), "DATE");
            case DATEMILLI -> cast(((LocalDateTime) vector.getObject(row)).toLocalDate().toString(), "DATE");
            case TIMESEC, TIMEMILLI, TIMEMICRO, TIMENANO -> time(vector, row);
            case TIMESTAMPSEC, TIMESTAMPMILLI, TIMESTAMPMICRO, TIMESTAMPNANO, TIMESTAMPSECTZ, TIMESTAMPMILLITZ, TIMESTAMPMICROTZ, TIMESTAMPNANOTZ ->
                timestamp((TimeStampVector) vector, row);
            case DURATION -> "to_microseconds(" + ((DurationVector) vector).getObject(row).toNanos() / 1_000 + ")";
            case LIST -> list(((ListVector) vector).getDataVector(), ((ListVector) vector).getElementStartIndex(row), ((ListVector) vector).getElementEndIndex(row));
            case LARGELIST -> list((FieldVector) ((LargeListVector) vector).getDataVector(), ((BaseListVector) vector).getElementStartIndex(row),
                    ((BaseListVector) vector).getElementEndIndex(row));
            case FIXED_SIZE_LIST -> list(((FixedSizeListVector) vector).getDataVector(), ((FixedSizeListVector) vector).getElementStartIndex(row),
                    ((FixedSizeListVector) vector).getElementEndIndex(row));
            default -> throw new IllegalArgumentException("values of type " + vector.getField().getType() + " are not taken");
        };
    }

    private static String list(FieldVector elements, long from, long to) {
        if (to - from > MAX_LIST) {
            throw new IllegalArgumentException((to - from) + " elements; at most " + MAX_LIST + " are taken");
        }
        StringBuilder list = new StringBuilder("[");
        for (long i = from; i < to; i++) {
            list.append(i == from ? "" : ", ").append(constant(elements, Math.toIntExact(i)));
        }
        return list.append(']').toString();
    }

    private static String cast(String text, String type) {
        return "CAST('" + text + "' AS " + type + ")";
    }

    private static String integer(BigInteger value) {
        return value.signum() < 0 ? "(" + value + ")" : value.toString();
    }

    private static String decimal(BigDecimal value) {
        if (value.precision() > 38 || Math.abs(value.scale()) > 38) {
            throw new IllegalArgumentException(value + " has more than 38 digits");
        }
        return value.signum() < 0 ? "(" + value.toPlainString() + ")" : value.toPlainString();
    }

    private static String text(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("the text has a zero byte");
        }
        return "'" + text.replace("'", "''") + "'";
    }

    private static String blob(byte[] bytes) {
        StringBuilder text = new StringBuilder("CAST('");
        for (byte b : bytes) {
            text.append(String.format(Locale.ROOT, "\\x%02X", b));
        }
        return text.append("' AS BLOB)").toString();
    }

    private static String time(FieldVector vector, int row) {
        ArrowType.Time type = (ArrowType.Time) vector.getField().getType();
        int bytes = ((BaseFixedWidthVector) vector).getTypeWidth();
        long value = bytes == Integer.BYTES ? vector.getDataBuffer().getInt((long) row * bytes) : vector.getDataBuffer().getLong((long) row * bytes);
        return cast(LocalTime.ofNanoOfDay(Math.multiplyExact(value, nanosOf(type.getUnit()))).toString(), "TIME");
    }

    private static String timestamp(TimeStampVector vector, int row) {
        ArrowType.Timestamp type = (ArrowType.Timestamp) vector.getField().getType();
        long perSecond = 1_000_000_000 / nanosOf(type.getUnit());
        long value = vector.get(row);
        long nanos = Math.floorMod(value, perSecond) * nanosOf(type.getUnit());
        LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochSecond(Math.floorDiv(value, perSecond), nanos), ZoneOffset.UTC);
        if (time.getYear() < 1 || time.getYear() > 9_999) {
            throw new IllegalArgumentException("the time is in year " + time.getYear());
        }
        boolean zoned = type.getTimezone() != null;
        // Only what needs nanoseconds gets their type, whose range ends in 2262.
        return cast(time + (zoned ? "+00" : ""), (zoned ? "TIMESTAMPTZ" : "TIMESTAMP") + (nanos % 1_000 == 0 ? "" : "_NS"));
    }

    private static long nanosOf(TimeUnit unit) {
        return switch (unit) {
            case SECOND -> 1_000_000_000;
            case MILLISECOND -> 1_000_000;
            case MICROSECOND -> 1_000;
            case NANOSECOND -> 1;
        };
    }
}
