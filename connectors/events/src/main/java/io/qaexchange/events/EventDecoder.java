package io.qaexchange.events;

/**
 * Decodes every message from outside. Any bytes give a canonical event or a rejection with a reason, never an exception.
 *
 * <p>A message that begins with an opening brace is JSON ({@link EventJson}); anything else must begin with an SBE header of the event
 * schema. An SBE message is accepted unchanged if it is the canonical encoding of its schema version. A message of a newer version is
 * accepted if all fields that this version knows are valid. Checks that need a clock or the store (too far ahead, too old, conflict) are
 * the caller's.
 *
 * <p>One thread.
 */
public final class EventDecoder {

    private static final long CANONICAL_NAN = 0x7ff8000000000000L;

    private final EventView view;
    private final EventJson json;

    public EventDecoder() {
        this(EventSchema.get());
    }

    EventDecoder(EventSchema schema) {
        view = new EventView(schema);
        json = new EventJson(schema);
    }

    /** Decodes a message. Null counts as an empty message. */
    public Decoded decode(byte[] message) {
        if (message == null || message.length == 0) {
            return Decoded.rejected(RejectionReason.EMPTY, "message has no bytes");
        }
        if (message.length > EventSchema.MAX_MESSAGE_BYTES) {
            return Decoded.rejected(RejectionReason.TOO_LARGE,
                    "message has " + message.length + " bytes, at most " + EventSchema.MAX_MESSAGE_BYTES + " are allowed");
        }
        int start = EventJson.start(message);
        if (start < message.length && message[start] == '{') {
            Decoded decoded = json.read(message, start, message.length - start);
            if (decoded.isAccepted()) {
                view.wrap(decoded.event());
            }
            return decoded;
        }
        return decodeSbe(message);
    }

    /** The event that the last {@link #decode} accepted, until the next call. */
    public EventView event() {
        return view;
    }

    /** Number of unknown JSON keys since this decoder was created. They are ignored. */
    public long unknownKeys() {
        return json.unknownKeys();
    }

    private Decoded decodeSbe(byte[] message) {
        RejectionReason shape = view.tryWrap(message, 0, message.length);
        if (shape != null) {
            boolean foreign = shape == RejectionReason.TRUNCATED && message.length < EventSchema.HEADER_LENGTH;
            return Decoded.rejected(foreign ? RejectionReason.NOT_AN_EVENT : shape, view.problem());
        }
        Rejection rejection = validate(view);
        return rejection == null ? Decoded.accepted(message) : new Decoded(null, rejection);
    }

    /** Checks the values of a well-formed message. */
    static Rejection validate(EventView view) {
        RecordType type = view.recordType();
        byte[] bytes = view.array();
        for (Field field : type.fixed()) {
            Rejection rejection = checkNumber(view, field);
            if (rejection != null) {
                return rejection;
            }
        }
        for (Field field : type.groups()) {
            for (int i = 0; i < view.levelCount(field); i++) {
                if (!Double.isFinite(view.levelPrice(field, i)) || !Double.isFinite(view.levelVolume(field, i))) {
                    return new Rejection(RejectionReason.NOT_FINITE, field + ": level " + i + " is not finite");
                }
            }
        }
        for (Field field : type.data()) {
            int length = view.textLength(field);
            if (length == 0) {
                if (!field.nullable()) {
                    return new Rejection(RejectionReason.MISSING_FIELD, field + " is required");
                }
                continue;
            }
            int from = view.textOffset(field);
            int invalid = Utf8.firstInvalid(bytes, from, from + length);
            if (invalid >= 0) {
                return new Rejection(RejectionReason.INVALID_UTF8, field + ": not UTF-8 at byte " + (invalid - view.offset()));
            }
        }
        int account = type.account() == null ? 0 : view.textLength(type.account());
        return EventRules.check(type, view.eventTime(), view.tradingDay(), bytes, view.textOffset(type.instrument()),
                view.textLength(type.instrument()), account);
    }

    private static Rejection checkNumber(EventView view, Field field) {
        switch (field.kind()) {
            case DOUBLE -> {
                double value = view.getDouble(field);
                if (Double.isFinite(value)) {
                    return null;
                }
                boolean absent = Double.doubleToRawLongBits(value) == CANONICAL_NAN;
                if (absent && field.nullable()) {
                    return null;
                }
                return absent ? new Rejection(RejectionReason.NOT_FINITE, field + " is required and is NaN")
                        : new Rejection(RejectionReason.NOT_FINITE, field + ": " + value);
            }
            case ENUM -> {
                int code = view.getEnumCode(field);
                if (code == Field.ENUM_NULL ? field.nullable() : field.enumName(code) != null) {
                    return null;
                }
                return code == Field.ENUM_NULL ? new Rejection(RejectionReason.MISSING_FIELD, field + " is required")
                        : new Rejection(RejectionReason.BAD_VALUE, field + ": no name for code " + code);
            }
            default -> {
                if (!field.nullable() && view.isNull(field) && field != field.recordType().eventTime()) {
                    return new Rejection(RejectionReason.MISSING_FIELD, field + " is required");
                }
                return null;
            }
        }
    }
}
