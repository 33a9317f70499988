package io.qaexchange.events;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Flyweight that reads one encoded message in place. Reusable: call {@link #wrap} for each message.
 *
 * <p>{@link #wrap} checks the structure of the message (header, block, groups, text lengths) against its length, so no later read can leave
 * the message. {@link EventDecoder} checks values before they are stored. In messages of older schema versions, newer fields are absent.
 * Fields that newer versions appended are skipped.
 *
 * <p>The bytes are not copied: they must not change while the view is in use. Reading numbers allocates nothing, reading texts
 * makes a String each time; {@link #textOffset} and {@link #textLength} give a text's bytes without one.
 *
 * <p>One thread.
 */
public final class EventView {

    /** Within a level. */
    static final int LEVEL_VOLUME_OFFSET = 8;

    private final EventSchema schema;
    private final int[] textOffsets;
    private final int[] textLengths;
    private final int[] groupOffsets;
    private final int[] groupCounts;
    private final int[] groupEntryLengths;

    private byte[] bytes;
    private int offset;
    private int length;
    private int block;
    private int blockLength;
    private int actingVersion;
    private RecordType type;
    private String problem;

    public EventView() {
        this(EventSchema.get());
    }

    EventView(EventSchema schema) {
        this.schema = schema;
        textOffsets = new int[schema.maxDataCount()];
        textLengths = new int[schema.maxDataCount()];
        groupOffsets = new int[schema.maxGroupCount()];
        groupCounts = new int[schema.maxGroupCount()];
        groupEntryLengths = new int[schema.maxGroupCount()];
    }

    /**
     * Moves the view to the whole of {@code bytes}.
     *
     * @throws MalformedEventException as {@link #wrap(byte[], int, int)}
     */
    public EventView wrap(byte[] bytes) {
        return wrap(bytes, 0, bytes.length);
    }

    /**
     * Moves the view to the message in {@code bytes[offset, offset + length)}.
     *
     * @return this
     * @throws MalformedEventException if there is no message of this schema; the view then reads nothing until the next wrap
     * @throws IndexOutOfBoundsException if the range is not inside the array
     */
    public EventView wrap(byte[] bytes, int offset, int length) {
        RejectionReason reason = tryWrap(bytes, offset, length);
        if (reason != null) {
            throw new MalformedEventException(reason, problem);
        }
        return this;
    }

    /** As {@link #wrap(byte[], int, int)}, but answers with the reason (null: good); {@link #problem()} then says more. */
    RejectionReason tryWrap(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        type = null;
        if (length < EventSchema.HEADER_LENGTH) {
            return fail(RejectionReason.TRUNCATED, "message has " + length + " bytes, an SBE header has 8");
        }
        int declaredBlockLength = Bytes.getUnsignedShort(bytes, offset);
        int templateId = Bytes.getUnsignedShort(bytes, offset + 2);
        int schemaId = Bytes.getUnsignedShort(bytes, offset + 4);
        int version = Bytes.getUnsignedShort(bytes, offset + 6);
        if (schemaId != schema.schemaId()) {
            return fail(RejectionReason.WRONG_SCHEMA, "schema id " + schemaId + ", expected " + schema.schemaId());
        }
        if (version == 0) {
            return fail(RejectionReason.WRONG_VERSION, "schema version 0 never existed, this build writes " + schema.version());
        }
        RecordType found = schema.findTemplate(templateId);
        if (found == null) {
            return fail(RejectionReason.UNKNOWN_TYPE, "template id " + templateId + " of schema version " + version);
        }
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        this.block = offset + EventSchema.HEADER_LENGTH;
        this.blockLength = declaredBlockLength;
        this.actingVersion = version;
        RejectionReason reason = locate(found);
        if (reason == null) {
            type = found;
        }
        return reason;
    }

    /** Finds groups and texts after the block; nothing may pass the end of the message. */
    private RejectionReason locate(RecordType found) {
        boolean newer = actingVersion > schema.version();
        int expected = found.blockLength(actingVersion);
        if (newer ? blockLength < expected : blockLength != expected) {
            return fail(RejectionReason.BAD_LENGTH, found.table() + ": block of " + blockLength + " bytes in schema version "
                    + actingVersion + ", expected " + expected);
        }
        int end = offset + length;
        int at = block + blockLength;
        if (at > end) {
            return fail(RejectionReason.TRUNCATED, found.table() + ": block ends at byte " + (at - offset) + " of " + length);
        }
        Field[] groups = found.groups();
        for (int g = 0; g < groups.length; g++) {
            if (end - at < EventSchema.GROUP_HEADER_LENGTH) {
                return fail(RejectionReason.TRUNCATED, groups[g] + " begins at byte " + (at - offset) + " of " + length);
            }
            int entryLength = Bytes.getUnsignedShort(bytes, at);
            int count = Bytes.getUnsignedShort(bytes, at + 2);
            if (newer ? entryLength < EventSchema.LEVEL_LENGTH : entryLength != EventSchema.LEVEL_LENGTH) {
                return fail(RejectionReason.BAD_LENGTH, groups[g] + ": levels of " + entryLength + " bytes, expected 16");
            }
            at += EventSchema.GROUP_HEADER_LENGTH;
            if (end - at < (long) entryLength * count) {
                return fail(RejectionReason.TRUNCATED, groups[g] + ": " + count + " levels do not fit the message");
            }
            groupOffsets[g] = at;
            groupCounts[g] = count;
            groupEntryLengths[g] = entryLength;
            at += entryLength * count;
        }
        return locateTexts(found, at, end, newer);
    }

    private RejectionReason locateTexts(RecordType found, int from, int end, boolean newer) {
        int at = from;
        Field[] data = found.data();
        int present = found.dataCount(actingVersion);
        for (int d = 0; d < present; d++) {
            if (end - at < EventSchema.STRING_HEADER_LENGTH) {
                return fail(RejectionReason.TRUNCATED, data[d] + " begins at byte " + (at - offset) + " of " + length);
            }
            int textLength = Bytes.getUnsignedShort(bytes, at);
            at += EventSchema.STRING_HEADER_LENGTH;
            if (textLength > EventSchema.MAX_STRING_BYTES) {
                return fail(RejectionReason.TOO_LONG, data[d] + " has " + textLength + " bytes, at most 255 are allowed");
            }
            if (end - at < textLength) {
                return fail(RejectionReason.TRUNCATED, data[d] + " ends at byte " + (at + textLength - offset) + " of " + length);
            }
            textOffsets[d] = at;
            textLengths[d] = textLength;
            at += textLength;
        }
        for (int d = present; d < data.length; d++) {
            textOffsets[d] = at;
            textLengths[d] = 0;
        }
        if (at != end && !newer) {
            return fail(RejectionReason.BAD_LENGTH, found.table() + " ends at byte " + (at - offset) + ", the message at " + length);
        }
        return null;
    }

    private RejectionReason fail(RejectionReason reason, String detail) {
        problem = detail;
        return reason;
    }

    /** Description of the last failed wrap. */
    String problem() {
        return problem;
    }

    /** The message's record type. */
    public RecordType recordType() {
        if (type == null) {
            throw new IllegalStateException("no message is wrapped: call wrap first");
        }
        return type;
    }

    /** The array of the message, from {@link #offset()} for {@link #length()} bytes. */
    public byte[] array() {
        return bytes;
    }

    public int offset() {
        return offset;
    }

    public int length() {
        return length;
    }

    /** Tells rows where the parts of this message are. */
    void copyPlaces(EventRows rows, int row) {
        rows.place(row, block, blockLength, textOffsets, textLengths, groupOffsets, groupCounts, groupEntryLengths);
    }

    /** A copy of the message. */
    public byte[] toByteArray() {
        recordType();
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    /** The schema version that wrote the message. */
    public int version() {
        recordType();
        return actingVersion;
    }

    /** Nanoseconds since 1970, UTC. */
    public long eventTime() {
        return getLong(recordType().eventTime());
    }

    /** The instrument, or "" if the event has none. */
    public String instrument() {
        return text(recordType().instrument());
    }

    /** Whether the event names an instrument. */
    public boolean hasInstrument() {
        return textLengths[recordType().instrument().place()] != 0;
    }

    /** The account, or "" if the event has none. */
    public String account() {
        Field account = recordType().account();
        return account == null ? "" : text(account);
    }

    /** The source that numbered the event, or "" if there is none. */
    public String source() {
        return text(recordType().source());
    }

    /** The number in {@link #source()}; {@link Long#MIN_VALUE} if there is none. */
    public long sequence() {
        return getLong(recordType().sequence());
    }

    /** Whether the producer set both source and sequence, so that the event has an identity of its own. */
    public boolean hasOwnIdentity() {
        return textLengths[recordType().source().place()] != 0 && !isNull(type.sequence());
    }

    /** The trading day as yyyymmdd; 0: to be derived from the event time, see {@code Instruments}. */
    public int tradingDay() {
        return getInt(recordType().tradingDay());
    }

    /** The key of the event in Kafka and in the store: the instrument, or {@code @} and the account. */
    public String routeKey() {
        return hasInstrument() ? instrument() : "@" + account();
    }

    /** {@link #routeKey()}, from a pool. */
    public String routeKey(TextPool pool) {
        int place = recordType().instrument().place();
        if (textLengths[place] != 0) {
            return pool.get(bytes, textOffsets[place], textLengths[place]);
        }
        byte[] key = routeKeyBytes();
        return pool.get(key, 0, key.length);
    }

    /** {@link #routeKey()} in UTF-8. */
    public byte[] routeKeyBytes() {
        int place = recordType().instrument().place();
        if (textLengths[place] != 0) {
            return Arrays.copyOfRange(bytes, textOffsets[place], textOffsets[place] + textLengths[place]);
        }
        Field account = type.account();
        int accountLength = account == null ? 0 : textLengths[account.place()];
        byte[] key = new byte[1 + accountLength];
        key[0] = EventRules.ROUTE_MARK;
        if (accountLength != 0) {
            System.arraycopy(bytes, textOffsets[account.place()], key, 1, accountLength);
        }
        return key;
    }

    /** Whether the field is absent; levels never are. */
    public boolean isNull(Field field) {
        check(field);
        return switch (field.kind()) {
            case STRING -> textLengths[field.place()] == 0;
            case LEVELS -> false;
            default -> missing(field) || switch (field.kind()) {
                case LONG -> Bytes.getLong(bytes, block + field.place()) == Long.MIN_VALUE;
                case INT -> Bytes.getInt(bytes, block + field.place()) == Integer.MIN_VALUE;
                case DOUBLE -> Double.isNaN(Bytes.getDouble(bytes, block + field.place()));
                default -> (bytes[block + field.place()] & 0xFF) == Field.ENUM_NULL;
            };
        };
    }

    /** A LONG or INT; {@link Long#MIN_VALUE} if absent. */
    public long getLong(Field field) {
        if (field.kind() == Field.Kind.INT) {
            int value = getInt(field);
            return value == Integer.MIN_VALUE ? Long.MIN_VALUE : value;
        }
        check(field, Field.Kind.LONG);
        return missing(field) ? Long.MIN_VALUE : Bytes.getLong(bytes, block + field.place());
    }

    /** An INT; {@link Integer#MIN_VALUE} if absent. */
    public int getInt(Field field) {
        check(field, Field.Kind.INT);
        return missing(field) ? Integer.MIN_VALUE : Bytes.getInt(bytes, block + field.place());
    }

    /** A DOUBLE; NaN if absent. */
    public double getDouble(Field field) {
        check(field, Field.Kind.DOUBLE);
        return missing(field) ? Double.NaN : Bytes.getDouble(bytes, block + field.place());
    }

    /** The code of an ENUM; 255 if absent. */
    public int getEnumCode(Field field) {
        check(field, Field.Kind.ENUM);
        return missing(field) ? Field.ENUM_NULL : bytes[block + field.place()] & 0xFF;
    }

    /**
     * The text of a STRING or the name of an ENUM; null if absent.
     *
     * @throws MalformedEventException if an enumeration's code has no name
     */
    public String getString(Field field) {
        if (field.kind() == Field.Kind.ENUM) {
            int code = getEnumCode(field);
            if (code == Field.ENUM_NULL) {
                return null;
            }
            String name = field.enumName(code);
            if (name == null) {
                throw new MalformedEventException(RejectionReason.BAD_VALUE, field + ": no name for code " + code);
            }
            return name;
        }
        String text = text(field);
        return text.isEmpty() ? null : text;
    }

    /** The text of a STRING from a pool, "" if absent. */
    public String getText(Field field, TextPool pool) {
        check(field, Field.Kind.STRING);
        int textLength = textLengths[field.place()];
        return textLength == 0 ? "" : pool.get(bytes, textOffsets[field.place()], textLength);
    }

    /** A STRING in place, empty if absent: moves the given view there, and returns it. */
    public Utf8View getText(Field field, Utf8View text) {
        check(field, Field.Kind.STRING);
        return text.wrap(bytes, textOffsets[field.place()], textLengths[field.place()]);
    }

    /** The UTF-8 bytes of a STRING, copied; null if absent. */
    public byte[] getBytes(Field field) {
        check(field, Field.Kind.STRING);
        int textLength = textLengths[field.place()];
        int at = textOffsets[field.place()];
        return textLength == 0 ? null : Arrays.copyOfRange(bytes, at, at + textLength);
    }

    /** Where the bytes of a STRING begin in {@link #array()}. */
    public int textOffset(Field field) {
        check(field, Field.Kind.STRING);
        return textOffsets[field.place()];
    }

    /** Number of bytes of a STRING; 0 if absent. */
    public int textLength(Field field) {
        check(field, Field.Kind.STRING);
        return textLengths[field.place()];
    }

    /** Number of LEVELS. */
    public int levelCount(Field field) {
        check(field, Field.Kind.LEVELS);
        return groupCounts[field.place()];
    }

    /** Price of level {@code level}, 0 being the best. */
    public double levelPrice(Field field, int level) {
        return Bytes.getDouble(bytes, levelOffset(field, level));
    }

    /** Volume of level {@code level}, 0 being the best. */
    public double levelVolume(Field field, int level) {
        return Bytes.getDouble(bytes, levelOffset(field, level) + LEVEL_VOLUME_OFFSET);
    }

    private int levelOffset(Field field, int level) {
        check(field, Field.Kind.LEVELS);
        Objects.checkIndex(level, groupCounts[field.place()]);
        return groupOffsets[field.place()] + level * groupEntryLengths[field.place()];
    }

    private String text(Field field) {
        check(field, Field.Kind.STRING);
        int textLength = textLengths[field.place()];
        return textLength == 0 ? "" : new String(bytes, textOffsets[field.place()], textLength, StandardCharsets.UTF_8);
    }

    /** Whether an older version wrote the message, without this field of the block. */
    private boolean missing(Field field) {
        return field.place() + field.fixedLength() > blockLength;
    }

    private void check(Field field) {
        if (field.recordType() != type) {
            throw wrongRecord(field);
        }
    }

    private void check(Field field, Field.Kind kind) {
        check(field);
        if (field.kind() != kind) {
            throw new IllegalArgumentException(field + " is " + field.kind() + ", not " + kind);
        }
    }

    private RuntimeException wrongRecord(Field field) {
        return type == null
                ? new IllegalStateException("no message is wrapped: call wrap first")
                : new IllegalArgumentException(field + " is not a field of " + type.table());
    }
}
