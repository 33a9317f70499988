package io.qaexchange.job.server.pg;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * Turns values of parameters into constants of SQL. Texts stay plain constants and times become casts of constants, so conditions on them
 * are pushed down as if the client had written them. Stateless.
 */
final class ParameterDecoder {

    private static final long EPOCH_DAYS = 10_957;
    private static final long EPOCH_SECONDS = EPOCH_DAYS * 86_400;
    private static final Pattern INTEGER = Pattern.compile("\\s*[+-]?\\d{1,39}\\s*");
    private static final Pattern DECIMAL = Pattern.compile("\\s*[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d{1,4})?\\s*");
    private static final int MAX_ARRAY = 100_000;

    private ParameterDecoder() {
    }

    /**
     * A constant.
     *
     * @param value null for NULL
     * @throws PgException if it is none of the type's
     */
    static String constant(@Nullable byte[] value, boolean binary, PgType.Described type, int number) throws PgException {
        if (value == null) {
            return "CAST(NULL AS " + type.duckDb() + ")";
        }
        try {
            if (type.array()) {
                return binary ? binaryArray(value, type) : textArray(text(value), type);
            }
            return binary ? ofBinary(value, type) : ofText(text(value), type);
        } catch (java.nio.BufferUnderflowException | IllegalArgumentException | ArithmeticException | java.time.DateTimeException e) {
            throw new PgException(binary ? SqlState.INVALID_BINARY : SqlState.INVALID_TEXT, "parameter $" + number + " is no " + type.element().pgName()
                    + (binary ? " in binary form" : ": \"" + shortened(text(value)) + "\""), e.getMessage());
        }
    }

    private static String shortened(String text) {
        return text.length() <= 100 ? text : text.substring(0, 100) + "...";
    }

    private static String text(byte[] value) throws PgException {
        String text = PgInput.text(ByteBuffer.wrap(value));
        if (text.indexOf('\0') >= 0) {
            throw new PgException(SqlState.BAD_ENCODING, "a text of the client has a zero byte");
        }
        return text;
    }

    static String quote(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    private static String cast(String text, PgType.Described type) {
        return "CAST(" + quote(text) + " AS " + type.duckDb() + ")";
    }

    private static String ofText(String text, PgType.Described type) {
        return switch (type.element()) {
            case BOOL -> bool(text.strip().toLowerCase(Locale.ROOT));
            case INT2, INT4, INT8, OID -> {
                if (!INTEGER.matcher(text).matches()) {
                    throw new IllegalArgumentException("an integer has digits only");
                }
                yield integer(new BigInteger(text.strip().replace("+", "")), type.element());
            }
            case NUMERIC -> {
                if (!DECIMAL.matcher(text).matches()) {
                    throw new IllegalArgumentException("a number has digits, a point, an exponent");
                }
                yield number(new BigDecimal(text.strip()));
            }
            case FLOAT4, FLOAT8 -> cast(text.strip(), type);
            case BYTEA -> text.startsWith("\\x") ? blob(HexFormat.of().parseHex(text.substring(2))) : blob(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            case DATE, TIME, TIMESTAMP, TIMESTAMPTZ, INTERVAL, UUID -> cast(text, type);
            default -> quote(text);
        };
    }

    private static String bool(String text) {
        return switch (text) {
            case "t", "true", "1", "on", "yes", "y" -> "true";
            case "f", "false", "0", "off", "no", "n" -> "false";
            default -> throw new IllegalArgumentException("true and false are the values");
        };
    }

    private static String integer(BigInteger value, PgType type) {
        int bits = type == PgType.INT2 ? 16 : type == PgType.INT4 ? 32 : 64;
        if (value.bitLength() >= bits) {
            throw new IllegalArgumentException("it is out of range");
        }
        return value.signum() < 0 ? "(" + value + ")" : value.toString();
    }

    private static String number(BigDecimal value) {
        if (value.precision() > 38 || value.scale() > 38 || value.scale() < -38) {
            return "CAST('" + value + "' AS DOUBLE)";
        }
        String plain = value.toPlainString();
        return value.signum() < 0 ? "(" + plain + ")" : plain;
    }

    static String blob(byte[] bytes) {
        StringBuilder text = new StringBuilder("CAST('");
        for (byte b : bytes) {
            text.append(String.format(Locale.ROOT, "\\x%02X", b));
        }
        return text.append("' AS BLOB)").toString();
    }

    private static String ofBinary(byte[] value, PgType.Described type) throws PgException {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        int size = type.element().size();
        if (size > 0 && type.element() != PgType.NAME && type.element() != PgType.CHAR && value.length != size) {
            throw new IllegalArgumentException(value.length + " bytes, not " + size);
        }
        return switch (type.element()) {
            case BOOL -> bytes.get() == 0 ? "false" : "true";
            case INT2 -> integer(BigInteger.valueOf(bytes.getShort()), PgType.INT8);
            case INT4 -> integer(BigInteger.valueOf(bytes.getInt()), PgType.INT8);
            case OID -> Long.toString(bytes.getInt() & 0xffffffffL);
            case INT8 -> integer(BigInteger.valueOf(bytes.getLong()), PgType.INT8);
            case FLOAT4 -> cast(Float.toString(bytes.getFloat()), type);
            case FLOAT8 -> cast(Double.toString(bytes.getDouble()), type);
            case NUMERIC -> number(numeric(bytes));
            case BYTEA -> blob(value);
            case DATE -> date(bytes.getInt(), type);
            case TIME -> cast(LocalTime.ofNanoOfDay(Math.multiplyExact(bytes.getLong(), 1_000L)).toString(), type);
            case TIMESTAMP, TIMESTAMPTZ -> timestamp(bytes.getLong(), type);
            case INTERVAL -> {
                long micros = bytes.getLong();
                int days = bytes.getInt();
                yield "(to_months(" + bytes.getInt() + ") + to_days(" + days + ") + to_microseconds(" + micros + "))";
            }
            case UUID -> cast(new java.util.UUID(bytes.getLong(), bytes.getLong()).toString(), type);
            case JSONB -> quote(text(java.util.Arrays.copyOfRange(value, Math.min(1, value.length), value.length)));
            default -> quote(text(value));
        };
    }

    private static String date(int days, PgType.Described type) {
        if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) {
            return cast(days < 0 ? "-infinity" : "infinity", type);
        }
        return cast(LocalDate.ofEpochDay(days + EPOCH_DAYS).toString(), type);
    }

    private static String timestamp(long micros, PgType.Described type) {
        if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) {
            return cast(micros < 0 ? "-infinity" : "infinity", type);
        }
        Instant instant = Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L) + EPOCH_SECONDS, Math.floorMod(micros, 1_000_000L) * 1_000);
        LocalDateTime time = LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
        return cast(time + (type.element() == PgType.TIMESTAMPTZ ? "+00" : ""), type);
    }

    private static BigDecimal numeric(ByteBuffer bytes) {
        int digits = bytes.getShort();
        int weight = bytes.getShort();
        int sign = bytes.getShort() & 0xffff;
        int scale = bytes.getShort();
        if (digits < 0 || scale < 0 || sign != 0 && sign != 0x4000) {
            throw new IllegalArgumentException("no finite number");
        }
        BigInteger unscaled = BigInteger.ZERO;
        for (int i = 0; i < digits; i++) {
            int digit = bytes.getShort();
            if (digit < 0 || digit >= 10_000) {
                throw new IllegalArgumentException("digit " + digit);
            }
            unscaled = unscaled.multiply(BigInteger.valueOf(10_000)).add(BigInteger.valueOf(digit));
        }
        BigDecimal value = new BigDecimal(unscaled, Math.multiplyExact(digits - 1 - weight, 4));
        if (digits == 0) {
            value = BigDecimal.ZERO;
        }
        if (value.scale() > scale) {
            value = value.setScale(scale, java.math.RoundingMode.DOWN);
        } else if (value.scale() < 0) {
            value = value.setScale(0);
        }
        return sign == 0 ? value : value.negate();
    }

    private static String binaryArray(byte[] value, PgType.Described type) throws PgException {
        ByteBuffer bytes = ByteBuffer.wrap(value);
        int dimensions = bytes.getInt();
        bytes.getInt();
        int elementOid = bytes.getInt();
        if (dimensions == 0) {
            return "CAST([] AS " + type.duckDb() + ")";
        }
        if (dimensions != 1) {
            throw new IllegalArgumentException(dimensions + " dimensions; arrays of one are taken");
        }
        int count = bytes.getInt();
        bytes.getInt();
        if (count < 0 || count > MAX_ARRAY) {
            throw new IllegalArgumentException(count + " elements; up to " + MAX_ARRAY + " are taken");
        }
        PgType element = PgType.find(elementOid);
        PgType.Described of = new PgType.Described(element == null ? type.element() : element, false, -1, type.element().duckDb());
        StringBuilder list = new StringBuilder("CAST([");
        for (int i = 0; i < count; i++) {
            int length = bytes.getInt();
            if (length > bytes.remaining()) {
                throw new IllegalArgumentException("an element is too long");
            }
            byte[] one = length < 0 ? null : new byte[length];
            if (one != null) {
                bytes.get(one);
            }
            list.append(i == 0 ? "" : ", ").append(one == null ? "NULL" : ofBinary(one, of));
        }
        return list.append("] AS ").append(type.duckDb()).append(")").toString();
    }

    /** {@code {1,2,NULL,"a b"}}, of one dimension. */
    private static String textArray(String text, PgType.Described type) {
        String strip = text.strip();
        if (!strip.startsWith("{") || !strip.endsWith("}") || strip.length() < 2) {
            throw new IllegalArgumentException("an array stands in braces");
        }
        PgType.Described of = new PgType.Described(type.element(), false, -1, type.element().duckDb());
        StringBuilder list = new StringBuilder("CAST([");
        StringBuilder element = new StringBuilder();
        boolean quoted = false;
        boolean wasQuoted = false;
        int count = 0;
        for (int i = 1; i < strip.length(); i++) {
            char c = strip.charAt(i);
            boolean last = i == strip.length() - 1;
            if (!quoted && (c == ',' || last)) {
                String value = wasQuoted ? element.toString() : element.toString().strip();
                if (last && count == 0 && value.isEmpty() && !wasQuoted) {
                    break;
                }
                list.append(count++ == 0 ? "" : ", ").append(!wasQuoted && value.equalsIgnoreCase("NULL") ? "NULL" : ofText(value, of));
                element.setLength(0);
                wasQuoted = false;
            } else if (c == '"') {
                quoted = !quoted;
                wasQuoted = true;
            } else if (c == '\\' && !last) {
                element.append(strip.charAt(++i));
            } else if (!quoted && (c == '{' || c == '}')) {
                throw new IllegalArgumentException("arrays of one dimension are taken");
            } else {
                element.append(c);
            }
        }
        if (quoted) {
            throw new IllegalArgumentException("a quotation has no end");
        }
        return list.append("] AS ").append(type.duckDb()).append(")").toString();
    }
}
