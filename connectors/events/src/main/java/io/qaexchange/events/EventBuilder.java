package io.qaexchange.events;

import java.util.Arrays;

/**
 * Writes one event field by field into its canonical bytes: {@code start(type)}, {@code set(...)}, {@code build()}. Reusable.
 *
 * <p>Equal values give equal bytes, in whatever order they are set. A field that is not set is absent (trading day: 0, which means "derive
 * it"). Setting a field twice keeps the last value. Levels are added one by one.
 *
 * <p>Invalid values and missing required fields cause a {@link MalformedEventException}, from the setter or from {@code build}. Only
 * {@code build()} allocates.
 *
 * <p>One thread.
 */
public final class EventBuilder {

    private static final long CANONICAL_NAN = 0x7ff8000000000000L;

    /** The source is the second text of every message: the schema is checked for it. */
    private static final int SOURCE_PLACE = 1;

    private final EventSchema schema;
    private final byte[] block;
    private final byte[] texts;
    private final int[] textLengths;
    private final double[][] levels;
    private final int[] levelCounts;

    private RecordType type;

    public EventBuilder() {
        this(EventSchema.get());
    }

    EventBuilder(EventSchema schema) {
        this.schema = schema;
        block = new byte[schema.maxBlockLength()];
        texts = new byte[schema.maxDataCount() * EventSchema.MAX_STRING_BYTES];
        textLengths = new int[schema.maxDataCount()];
        levels = new double[schema.maxGroupCount()][64];
        levelCounts = new int[schema.maxGroupCount()];
    }

    /** Starts an event and clears all fields. */
    public EventBuilder start(RecordType recordType) {
        if (recordType.schema() != schema) {
            throw new IllegalArgumentException(recordType + " belongs to another schema");
        }
        type = recordType;
        for (Field field : recordType.fixed()) {
            clear(field);
        }
        Bytes.putInt(block, recordType.tradingDay().place(), 0);
        Arrays.fill(textLengths, 0);
        Arrays.fill(levelCounts, 0);
        return this;
    }

    /** Begins an event of that table. */
    public EventBuilder start(String table) {
        return start(schema.table(table));
    }

    /** Begins an event with all values of another. */
    public EventBuilder copyOf(EventView event) {
        start(event.recordType());
        for (Field field : type.fields()) {
            if (!event.isNull(field)) {
                copy(event, field);
            }
        }
        return this;
    }

    private void copy(EventView event, Field field) {
        switch (field.kind()) {
            case LONG, INT -> set(field, event.getLong(field));
            case DOUBLE -> set(field, event.getDouble(field));
            case ENUM -> set(field, event.getEnumCode(field));
            case STRING -> set(field, event.array(), event.textOffset(field), event.textLength(field));
            case LEVELS -> {
                for (int i = 0; i < event.levelCount(field); i++) {
                    addLevel(field, event.levelPrice(field, i), event.levelVolume(field, i));
                }
            }
        }
    }

    /** The record type that was started, or null. */
    public RecordType recordType() {
        return type;
    }

    /** Makes the field absent, or the levels none. */
    public EventBuilder setNull(Field field) {
        check(field);
        switch (field.kind()) {
            case STRING -> textLengths[field.place()] = 0;
            case LEVELS -> levelCounts[field.place()] = 0;
            default -> clear(field);
        }
        if (field == type.tradingDay()) {
            Bytes.putInt(block, field.place(), 0);
        }
        return this;
    }

    /** Sets a LONG, an INT or (by its code) an ENUM. */
    public EventBuilder set(Field field, long value) {
        check(field);
        switch (field.kind()) {
            case LONG -> {
                reject(value == Long.MIN_VALUE, RejectionReason.BAD_VALUE, field, "this number stands for an absent value");
                Bytes.putLong(block, field.place(), value);
            }
            case INT -> {
                reject(value <= Integer.MIN_VALUE || value > Integer.MAX_VALUE, RejectionReason.WRONG_TYPE, field,
                        "outside 32 bits");
                Bytes.putInt(block, field.place(), (int) value);
            }
            case ENUM -> {
                reject(value < 0 || value > 254 || field.enumName((int) value) == null, RejectionReason.BAD_VALUE, field,
                        "no name for this code");
                block[field.place()] = (byte) value;
            }
            case DOUBLE -> set(field, (double) value);
            default -> throw wrongKind(field, "a number");
        }
        return this;
    }

    /** Sets a DOUBLE, which must be finite. */
    public EventBuilder set(Field field, double value) {
        check(field);
        if (field.kind() != Field.Kind.DOUBLE) {
            throw wrongKind(field, "a double");
        }
        reject(!Double.isFinite(value), RejectionReason.NOT_FINITE, field, "must be finite");
        Bytes.putDouble(block, field.place(), value);
        return this;
    }

    /** Sets a STRING (null or "": absent) or an ENUM by its name. */
    public EventBuilder set(Field field, String value) {
        if (value == null) {
            return setNull(field);
        }
        check(field);
        if (field.kind() == Field.Kind.ENUM) {
            int code = field.enumCode(value);
            if (code < 0) {
                throw new MalformedEventException(RejectionReason.BAD_VALUE,
                        field + ": " + abbreviate(value) + " is none of " + field.enumNames());
            }
            block[field.place()] = (byte) code;
            return this;
        }
        if (field.kind() != Field.Kind.STRING) {
            throw wrongKind(field, "a text");
        }
        int place = field.place();
        int length = Utf8.encode(value, texts, place * EventSchema.MAX_STRING_BYTES, EventSchema.MAX_STRING_BYTES);
        reject(length == Utf8.TOO_LONG, RejectionReason.TOO_LONG, field, "longer than 255 bytes of UTF-8");
        reject(length == Utf8.NOT_ENCODABLE, RejectionReason.INVALID_UTF8, field, "half a surrogate pair");
        textLengths[place] = length;
        return this;
    }

    /** Sets a STRING from UTF-8 bytes; length 0: absent. */
    public EventBuilder set(Field field, byte[] utf8, int offset, int length) {
        check(field);
        if (field.kind() != Field.Kind.STRING) {
            throw wrongKind(field, "a text");
        }
        reject(length > EventSchema.MAX_STRING_BYTES, RejectionReason.TOO_LONG, field, "longer than 255 bytes of UTF-8");
        reject(Utf8.firstInvalid(utf8, offset, offset + length) >= 0, RejectionReason.INVALID_UTF8, field, "not UTF-8");
        System.arraycopy(utf8, offset, texts, field.place() * EventSchema.MAX_STRING_BYTES, length);
        textLengths[field.place()] = length;
        return this;
    }

    /** Adds a level after those already added. */
    public EventBuilder addLevel(Field field, double price, double volume) {
        check(field);
        if (field.kind() != Field.Kind.LEVELS) {
            throw wrongKind(field, "levels");
        }
        reject(!Double.isFinite(price) || !Double.isFinite(volume), RejectionReason.NOT_FINITE, field, "levels must be finite");
        int group = field.place();
        int count = levelCounts[group];
        reject(count == EventSchema.MAX_LEVELS, RejectionReason.BAD_LENGTH, field, "more than 65534 levels");
        if (levels[group].length == 2 * count) {
            levels[group] = Arrays.copyOf(levels[group], 4 * count);
        }
        levels[group][2 * count] = price;
        levels[group][2 * count + 1] = volume;
        levelCounts[group] = count + 1;
        return this;
    }

    public EventBuilder eventTime(long nanoseconds) {
        return set(started().eventTime(), nanoseconds);
    }

    /** The event time as it stands; {@link Long#MIN_VALUE} if it is not set. */
    public long eventTime() {
        return Bytes.getLong(block, started().eventTime().place());
    }

    public EventBuilder instrument(String instrument) {
        return set(started().instrument(), instrument);
    }

    /** Sets source and sequence. */
    public EventBuilder identity(String source, long sequence) {
        return set(started().source(), source).set(started().sequence(), sequence);
    }

    public EventBuilder tradingDay(int yyyymmdd) {
        return set(started().tradingDay(), yyyymmdd);
    }

    /** By column name, for tests and tools; hot code keeps the {@link Field}. */
    public EventBuilder set(String column, long value) {
        return set(started().field(column), value);
    }

    /** By column name, for tests and tools; hot code keeps the {@link Field}. */
    public EventBuilder set(String column, double value) {
        return set(started().field(column), value);
    }

    /** By column name, for tests and tools; hot code keeps the {@link Field}. */
    public EventBuilder set(String column, String value) {
        return set(started().field(column), value);
    }

    /** By column name, for tests and tools; hot code keeps the {@link Field}. */
    public EventBuilder addLevel(String column, double price, double volume) {
        return addLevel(started().field(column), price, volume);
    }

    /** Whether both source and sequence are set. */
    public boolean hasOwnIdentity() {
        return textLengths[started().source().place()] != 0 && Bytes.getLong(block, type.sequence().place()) != Long.MIN_VALUE;
    }

    /** Bytes of the event as it stands. */
    public int encodedLength() {
        int total = EventSchema.HEADER_LENGTH + started().blockLength();
        for (int g = 0; g < type.groups().length; g++) {
            total += EventSchema.GROUP_HEADER_LENGTH + EventSchema.LEVEL_LENGTH * levelCounts[g];
        }
        for (int d = 0; d < type.data().length; d++) {
            total += EventSchema.STRING_HEADER_LENGTH + textLengths[d];
        }
        return total;
    }

    /**
     * The canonical bytes of the event.
     *
     * @throws MalformedEventException if a required field is missing or a value is impossible
     */
    public byte[] build() {
        check();
        byte[] target = new byte[encodedLength()];
        encode(target, 0);
        return target;
    }

    /**
     * Writes the canonical bytes of the event and returns their number.
     *
     * @throws MalformedEventException if a required field is missing or a value is impossible
     * @throws IndexOutOfBoundsException if the target is too small
     */
    public int build(byte[] target, int offset) {
        check();
        return encode(target, offset);
    }

    /**
     * Checks what {@link #build()} would check.
     *
     * @throws MalformedEventException if a required field is missing or a value is impossible
     */
    public void check() {
        Rejection rejection = validate();
        if (rejection != null) {
            throw new MalformedEventException(rejection);
        }
    }

    /**
     * Writes the event without checking it and returns the number of bytes. Call {@link #check()} first.
     *
     * @throws IndexOutOfBoundsException if the target is too small
     */
    public int encode(byte[] target, int offset) {
        int sourceOffset = SOURCE_PLACE * EventSchema.MAX_STRING_BYTES;
        return encode(target, offset, texts, sourceOffset, textLengths[SOURCE_PLACE]);
    }

    /**
     * As {@link #encode}, but with this source and sequence in place of the event's; the builder stays as it is.
     *
     * @param source UTF-8, at most 255 bytes
     */
    public int encodeAs(byte[] source, long sequence, byte[] target, int offset) {
        int length = encode(target, offset, source, 0, source.length);
        Bytes.putLong(target, offset + EventSchema.HEADER_LENGTH + type.sequence().place(), sequence);
        return length;
    }

    /** Bytes that {@link #encodeAs} writes for a source of that many bytes. */
    public int encodedLengthWithSource(int sourceLength) {
        return encodedLength() - textLengths[SOURCE_PLACE] + sourceLength;
    }

    private int encode(byte[] target, int offset, byte[] source, int sourceOffset, int sourceLength) {
        Bytes.putShort(target, offset, type.blockLength());
        Bytes.putShort(target, offset + 2, type.templateId());
        Bytes.putShort(target, offset + 4, schema.schemaId());
        Bytes.putShort(target, offset + 6, schema.version());
        int at = offset + EventSchema.HEADER_LENGTH;
        System.arraycopy(block, 0, target, at, type.blockLength());
        at += type.blockLength();
        for (int g = 0; g < type.groups().length; g++) {
            Bytes.putShort(target, at, EventSchema.LEVEL_LENGTH);
            Bytes.putShort(target, at + 2, levelCounts[g]);
            at += EventSchema.GROUP_HEADER_LENGTH;
            for (int i = 0; i < 2 * levelCounts[g]; i++) {
                Bytes.putDouble(target, at, levels[g][i]);
                at += Double.BYTES;
            }
        }
        for (int d = 0; d < type.data().length; d++) {
            boolean isSource = d == SOURCE_PLACE;
            at = putText(target, at, isSource ? source : texts, isSource ? sourceOffset : d * EventSchema.MAX_STRING_BYTES,
                    isSource ? sourceLength : textLengths[d]);
        }
        return at - offset;
    }

    private static int putText(byte[] target, int at, byte[] text, int offset, int length) {
        Bytes.putShort(target, at, length);
        System.arraycopy(text, offset, target, at + EventSchema.STRING_HEADER_LENGTH, length);
        return at + EventSchema.STRING_HEADER_LENGTH + length;
    }

    /** The reason why the current event is invalid, or null. */
    Rejection validate() {
        for (Field field : started().fixed()) {
            if (!field.nullable() && isAbsent(field)) {
                return new Rejection(RejectionReason.MISSING_FIELD, field + " is required");
            }
        }
        for (Field field : type.data()) {
            if (!field.nullable() && textLengths[field.place()] == 0) {
                return new Rejection(RejectionReason.MISSING_FIELD, field + " is required");
            }
        }
        int account = type.account() == null ? 0 : textLengths[type.account().place()];
        int instrumentPlace = type.instrument().place();
        return EventRules.check(type, Bytes.getLong(block, type.eventTime().place()),
                Bytes.getInt(block, type.tradingDay().place()), texts, instrumentPlace * EventSchema.MAX_STRING_BYTES,
                textLengths[instrumentPlace], account);
    }

    private RecordType started() {
        if (type == null) {
            throw new IllegalStateException("start an event first");
        }
        return type;
    }

    private boolean isAbsent(Field field) {
        return switch (field.kind()) {
            case LONG -> Bytes.getLong(block, field.place()) == Long.MIN_VALUE;
            case INT -> Bytes.getInt(block, field.place()) == Integer.MIN_VALUE;
            case DOUBLE -> Double.isNaN(Bytes.getDouble(block, field.place()));
            default -> (block[field.place()] & 0xFF) == Field.ENUM_NULL;
        };
    }

    private void clear(Field field) {
        switch (field.kind()) {
            case LONG -> Bytes.putLong(block, field.place(), Long.MIN_VALUE);
            case INT -> Bytes.putInt(block, field.place(), Integer.MIN_VALUE);
            case DOUBLE -> Bytes.putLong(block, field.place(), CANONICAL_NAN);
            default -> block[field.place()] = (byte) Field.ENUM_NULL;
        }
    }

    private void check(Field field) {
        if (field.recordType() != type) {
            throw new IllegalArgumentException(field + " is not a field of " + started().table());
        }
    }

    private static void reject(boolean condition, RejectionReason reason, Field field, String detail) {
        if (condition) {
            throw new MalformedEventException(reason, field + ": " + detail);
        }
    }

    private static IllegalArgumentException wrongKind(Field field, String given) {
        return new IllegalArgumentException(field + " is " + field.kind() + ", not " + given);
    }

    static String abbreviate(String text) {
        return text.length() <= 40 ? text : text.substring(0, 40) + "…";
    }
}
