package io.qaexchange.events;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One column of a {@link RecordType}, with its position in the encoded message. Only {@link EventSchema} creates fields.
 *
 * <p>Immutable; compared by identity, as a field belongs to one record type of one schema.
 */
public final class Field {

    /** Type of a column. */
    public enum Kind {
        /** 64-bit signed integer; absent is {@link Long#MIN_VALUE} in the message. */
        LONG,
        /** 32-bit signed integer; absent is {@link Integer#MIN_VALUE} in the message. */
        INT,
        /** Finite 64-bit floating point number; absent is the canonical NaN in the message. */
        DOUBLE,
        /** Text of at most {@link EventSchema#MAX_STRING_BYTES} bytes of UTF-8; absent is the empty text. */
        STRING,
        /** One of {@link Field#enumNames()}; one byte in the message, absent is 255. */
        ENUM,
        /** Levels of an order book, best first: pairs of price and volume. Never absent, possibly empty. */
        LEVELS
    }

    /** The code of an absent ENUM. */
    public static final int ENUM_NULL = 255;

    private final String name;
    private final int id;
    private final int index;
    private final Kind kind;
    private final boolean nullable;
    private final int sinceVersion;
    private final String description;
    private final int place;
    private final int fixedLength;
    private final String enumType;
    private final String[] enumNamesByCode;
    private final Map<String, Integer> enumCodes;
    private RecordType recordType;

    Field(String name, int id, int index, Kind kind, boolean nullable, int sinceVersion, String description, int place,
            String enumType, String[] enumNamesByCode, Map<String, Integer> enumCodes) {
        this.name = name;
        this.id = id;
        this.index = index;
        this.kind = kind;
        this.nullable = nullable;
        this.sinceVersion = sinceVersion;
        this.description = description;
        this.place = place;
        this.enumType = enumType;
        this.enumNamesByCode = enumNamesByCode;
        this.enumCodes = enumCodes;
        this.fixedLength = switch (kind) {
            case LONG, DOUBLE -> Long.BYTES;
            case INT -> Integer.BYTES;
            case ENUM -> 1;
            case STRING, LEVELS -> 0;
        };
    }

    void setRecordType(RecordType type) {
        this.recordType = type;
    }

    /** Column name and JSON key, in snake_case. */
    public String name() {
        return name;
    }

    /** The number of the field in the schema file: stable for ever, so usable as the column's id in Parquet. */
    public int id() {
        return id;
    }

    /** Position among {@link RecordType#fields()}, from 0. */
    public int index() {
        return index;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether an event may come without it. */
    public boolean nullable() {
        return nullable;
    }

    /** The schema version that brought it; 1 for the first. */
    public int sinceVersion() {
        return sinceVersion;
    }

    /** Its description in the schema file; may be empty. */
    public String description() {
        return description;
    }

    public RecordType recordType() {
        return recordType;
    }

    /** Name of the enumeration, null if {@link #kind()} is not {@link Kind#ENUM}. */
    public String enumType() {
        return enumType;
    }

    /** The names of an enumeration in the order of their codes; empty for other kinds. */
    public List<String> enumNames() {
        return Arrays.stream(enumNamesByCode).filter(n -> n != null).toList();
    }

    /** The name of an enumeration's code, or null if there is no such code. */
    public String enumName(int code) {
        return code >= 0 && code < enumNamesByCode.length ? enumNamesByCode[code] : null;
    }

    /** The code of an enumeration's name, or -1 if there is no such name. */
    public int enumCode(String enumName) {
        Integer code = enumCodes.get(enumName);
        return code == null ? -1 : code;
    }

    /** Whether this is one of the columns that every record has. */
    public boolean isCommon() {
        return id <= EventSchema.LAST_COMMON_ID;
    }

    /** Offset in the fixed block (numbers and enumerations), number of the data (text) or of the group (levels). */
    int place() {
        return place;
    }

    /** Bytes in the fixed block; 0 for text and levels. */
    int fixedLength() {
        return fixedLength;
    }

    @Override
    public String toString() {
        return recordType.table() + "." + name;
    }
}
