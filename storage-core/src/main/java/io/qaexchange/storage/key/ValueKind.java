package io.qaexchange.storage.key;

/** Kind of an entry. The codes stand in every file and are never reused. */
public final class ValueKind {
    /** The key has no value from here on back. */
    public static final int DELETE = 0;
    /** The key has this value. */
    public static final int PUT = 1;
    /** This value is joined after what the older entries give (list append, a blind write). */
    public static final int APPEND = 2;
    /** Every key of a range has no value from here on back; the entry's key is the range's lower end, its value the upper end. */
    public static final int DELETE_RANGE = 3;
    /** Every key of a range whose event time lies before a time is gone: value is time (i64) and the upper end of the range. */
    public static final int DROP_BEFORE = 4;

    private ValueKind() {}

    public static String name(int kind) {
        return switch (kind) {
            case DELETE -> "DELETE";
            case PUT -> "PUT";
            case APPEND -> "APPEND";
            case DELETE_RANGE -> "DELETE_RANGE";
            case DROP_BEFORE -> "DROP_BEFORE";
            default -> "UNKNOWN(" + kind + ")";
        };
    }
}
