package io.qaexchange.events;

/** Reason why a message is not stored. The label is part of dead letters and metrics and never changes. */
public enum RejectionReason {
    /** No bytes, or none but a tombstone's null. */
    EMPTY("empty"),
    /** Neither JSON nor an SBE header of the event schema. */
    NOT_AN_EVENT("not an event"),
    /** An SBE header with another schema id. */
    WRONG_SCHEMA("wrong schema"),
    /** A schema version that never existed. */
    WRONG_VERSION("wrong version"),
    /** A template id or a JSON type that this build does not know. */
    UNKNOWN_TYPE("unknown type"),
    /** The message ends before its fields do. */
    TRUNCATED("truncated"),
    /** A block, group or message length that cannot be. */
    BAD_LENGTH("bad length"),
    /** Longer than {@link EventSchema#MAX_MESSAGE_BYTES}. */
    TOO_LARGE("too large"),
    /** Not well-formed JSON, or something after its end. */
    BAD_JSON("bad json"),
    /** A JSON key that stands twice. */
    DUPLICATE_KEY("duplicate key"),
    /** A required field is absent. */
    MISSING_FIELD("missing field"),
    /** A JSON value of another type than its column, or an integer out of range. */
    WRONG_TYPE("wrong type"),
    /** A value that its column does not allow: an unknown name of an enumeration, an impossible day. */
    BAD_VALUE("bad value"),
    /** A text longer than {@link EventSchema#MAX_STRING_BYTES}. */
    TOO_LONG("too long"),
    /** Bytes that are not UTF-8, or half a surrogate pair. */
    INVALID_UTF8("invalid utf-8"),
    /** NaN or an infinity. */
    NOT_FINITE("not finite"),
    /** An event time before 1970, after 2262, not a time at all, or too far ahead of the clock. */
    BAD_TIME("bad time"),
    /** Older than the hot retention of its instrument; found by the event store. */
    TOO_OLD("too old"),
    /** An event of this identity is stored with other bytes; found by the event store. */
    CONFLICT("conflict");

    private final String label;

    RejectionReason(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
