package io.qaexchange.events;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigInteger;

/**
 * Reads and writes events as JSON: one object per line, {@code type} first, then the columns that are present, in schema order.
 *
 * <pre>
 *   {"type":"tick","event_time":1700000000000000000,"instrument":"SHFE.rb2501","last_price":3801.0}
 *   {"type":"book_snapshot","event_time":1700000000000000000,"instrument":"AMZN","bids":[[100.5,3.0],[100.4,7.0]],"asks":[]}
 * </pre>
 *
 * <p>Written: times in nanoseconds, enumerations by name, levels as arrays of [price, volume], best first, absent columns left out (so is
 * a trading day of 0). Numbers keep every bit, so what is written reads back as the same event.
 *
 * <p>Read: keys in any order; {@code event_time} as integer or as ISO-8601 text with an offset; null is absent; unknown keys are counted
 * and ignored, whatever their value. Texts that are too long, repeated keys, wrong types, NaN and anything after the object are rejected.
 *
 * <p>One thread.
 */
public final class EventJson {

    /** JSON key of the record's table name. */
    public static final String TYPE_KEY = "type";

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(EventSchema.MAX_MESSAGE_BYTES).maxNestingDepth(100).maxNumberLength(400).build())
            .build();

    private final EventSchema schema;
    private final EventBuilder builder;
    private long unknownKeys;

    public EventJson() {
        this(EventSchema.get());
    }

    EventJson(EventSchema schema) {
        this.schema = schema;
        this.builder = new EventBuilder(schema);
    }

    /** Number of unknown keys since this reader was created. */
    public long unknownKeys() {
        return unknownKeys;
    }

    /** The event as one line of JSON, without the line's end. */
    public static String write(EventView event) {
        StringWriter out = new StringWriter(256);
        try {
            write(event, out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return out.toString();
    }

    /** Writes the event as one line of JSON, without the line's end. */
    public static void write(EventView event, Writer out) throws IOException {
        RecordType type = event.recordType();
        try (JsonGenerator json = FACTORY.createGenerator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET)) {
            json.writeStartObject();
            json.writeStringField(TYPE_KEY, type.table());
            for (Field field : type.fields()) {
                boolean derivedDay = field == type.tradingDay() && event.tradingDay() == 0;
                if (!event.isNull(field) && !derivedDay) {
                    json.writeFieldName(field.name());
                    writeValue(event, field, json);
                }
            }
            json.writeEndObject();
        }
    }

    private static void writeValue(EventView event, Field field, JsonGenerator json) throws IOException {
        switch (field.kind()) {
            case LONG, INT -> json.writeNumber(event.getLong(field));
            case DOUBLE -> json.writeNumber(event.getDouble(field));
            case STRING, ENUM -> json.writeString(event.getString(field));
            case LEVELS -> {
                json.writeStartArray();
                for (int i = 0; i < event.levelCount(field); i++) {
                    json.writeStartArray();
                    json.writeNumber(event.levelPrice(field, i));
                    json.writeNumber(event.levelVolume(field, i));
                    json.writeEndArray();
                }
                json.writeEndArray();
            }
        }
    }

    /**
     * Where JSON may begin: after a byte order mark and white space, which JSON allows. A message in SBE has a small block length, so its
     * second byte is none of them, and this is 0 or 1 there.
     */
    public static int start(byte[] text) {
        int at = text.length >= 3 && text[0] == (byte) 0xEF && text[1] == (byte) 0xBB && text[2] == (byte) 0xBF ? 3 : 0;
        while (at < text.length && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
            at++;
        }
        return at;
    }

    /** Reads one JSON object from {@code bytes[offset, offset + length)}. Never throws because of the content. */
    public Decoded read(byte[] bytes, int offset, int length) {
        int invalid = Utf8.firstInvalid(bytes, offset, offset + length);
        if (invalid >= 0) {
            return Decoded.rejected(RejectionReason.INVALID_UTF8, "not UTF-8 at byte " + (invalid - offset));
        }
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] == 0) {
                return Decoded.rejected(RejectionReason.BAD_JSON, "zero byte at " + (i - offset));
            }
        }
        try {
            RecordType type = findType(bytes, offset, length);
            readFields(type, bytes, offset, length);
            return Decoded.accepted(builder.build());
        } catch (MalformedEventException e) {
            return Decoded.rejected(e.reason(), e.detail());
        } catch (JsonEOFException e) {
            return Decoded.rejected(RejectionReason.TRUNCATED, at(e));
        } catch (JsonProcessingException e) {
            return Decoded.rejected(RejectionReason.BAD_JSON, at(e));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }

    private static String at(JsonProcessingException e) {
        String place = e.getLocation() == null ? "" : " at byte " + e.getLocation().getByteOffset();
        return EventBuilder.abbreviate(e.getOriginalMessage().replace('\n', ' ')) + place;
    }

    /** The record type, which may stand anywhere in the object; usually it is the first key. */
    private RecordType findType(byte[] bytes, int offset, int length) throws IOException {
        try (JsonParser parser = FACTORY.createParser(bytes, offset, length)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedEventException(RejectionReason.BAD_JSON, "not an object");
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                JsonToken token = parser.nextToken();
                if (!TYPE_KEY.equals(key)) {
                    parser.skipChildren();
                    continue;
                }
                if (token != JsonToken.VALUE_STRING) {
                    throw new MalformedEventException(RejectionReason.WRONG_TYPE, "type: expected a text, found " + token);
                }
                RecordType type = schema.findTable(parser.getText());
                if (type == null) {
                    throw new MalformedEventException(RejectionReason.UNKNOWN_TYPE,
                            "type: " + EventBuilder.abbreviate(parser.getText()) + " is none of " + schema.tables());
                }
                return type;
            }
            throw new MalformedEventException(RejectionReason.MISSING_FIELD, "type is required");
        }
    }

    private void readFields(RecordType type, byte[] bytes, int offset, int length) throws IOException {
        builder.start(type);
        long seen = 0;
        boolean seenType = false;
        try (JsonParser parser = FACTORY.createParser(bytes, offset, length)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                JsonToken token = parser.nextToken();
                Field field = type.findField(key);
                if (field != null) {
                    long bit = 1L << field.index();
                    rejectIf((seen & bit) != 0, RejectionReason.DUPLICATE_KEY, field.name());
                    seen |= bit;
                    readValue(field, token, parser);
                } else if (TYPE_KEY.equals(key)) {
                    rejectIf(seenType, RejectionReason.DUPLICATE_KEY, TYPE_KEY);
                    seenType = true;
                } else {
                    unknownKeys++;
                    parser.skipChildren();
                }
            }
            if (parser.nextToken() != null) {
                throw new MalformedEventException(RejectionReason.BAD_JSON, "unexpected content after the object");
            }
        }
    }

    private void readValue(Field field, JsonToken token, JsonParser parser) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        switch (field.kind()) {
            case LONG -> builder.set(field, field == field.recordType().eventTime() ? time(field, token, parser)
                    : integer(field, token, parser, RejectionReason.WRONG_TYPE));
            case INT -> builder.set(field, integer(field, token, parser, RejectionReason.WRONG_TYPE));
            case DOUBLE -> builder.set(field, number(field, token, parser));
            case STRING, ENUM -> {
                if (token != JsonToken.VALUE_STRING) {
                    throw wrongType(field, "a text", token);
                }
                builder.set(field, parser.getText());
            }
            case LEVELS -> readLevels(field, token, parser, builder);
        }
    }

    private static long integer(Field field, JsonToken token, JsonParser parser, RejectionReason outOfRange) throws IOException {
        if (token != JsonToken.VALUE_NUMBER_INT) {
            throw wrongType(field, "an integer", token);
        }
        if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            BigInteger value = parser.getBigIntegerValue();
            throw new MalformedEventException(outOfRange, field + ": " + value.bitLength() + " bits do not fit 64");
        }
        return parser.getLongValue();
    }

    private static long time(Field field, JsonToken token, JsonParser parser) throws IOException {
        if (token != JsonToken.VALUE_STRING) {
            return integer(field, token, parser, RejectionReason.BAD_TIME);
        }
        return EventText.isoTime(field, parser.getText());
    }

    private static double number(Field field, JsonToken token, JsonParser parser) throws IOException {
        if (token != JsonToken.VALUE_NUMBER_INT && token != JsonToken.VALUE_NUMBER_FLOAT) {
            throw wrongType(field, "a number", token);
        }
        return parser.getDoubleValue();
    }

    /**
     * Adds the levels that a text holds as JSON.
     *
     * @throws MalformedEventException if it is no array of [price, volume]
     */
    static void readLevels(String text, Field field, EventBuilder builder) {
        try (JsonParser parser = FACTORY.createParser(text)) {
            readLevels(field, parser.nextToken(), parser, builder);
            rejectIf(parser.nextToken() != null, RejectionReason.BAD_JSON, field + ": unexpected content after the levels");
        } catch (JsonProcessingException e) {
            throw new MalformedEventException(RejectionReason.BAD_JSON, field + ": " + at(e));
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }

    private static void readLevels(Field field, JsonToken token, JsonParser parser, EventBuilder builder) throws IOException {
        if (token != JsonToken.START_ARRAY) {
            throw wrongType(field, "an array of [price, volume]", token);
        }
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
            if (t != JsonToken.START_ARRAY) {
                throw wrongType(field, "[price, volume]", t);
            }
            double price = number(field, parser.nextToken(), parser);
            double volume = number(field, parser.nextToken(), parser);
            JsonToken end = parser.nextToken();
            if (end != JsonToken.END_ARRAY) {
                throw wrongType(field, "two numbers", end);
            }
            builder.addLevel(field, price, volume);
        }
    }

    private static void rejectIf(boolean condition, RejectionReason reason, String detail) {
        if (condition) {
            throw new MalformedEventException(reason, detail);
        }
    }

    private static MalformedEventException wrongType(Field field, String expected, JsonToken found) {
        return new MalformedEventException(RejectionReason.WRONG_TYPE, field + ": expected " + expected + ", found " + found);
    }
}
