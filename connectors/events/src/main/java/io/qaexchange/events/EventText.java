package io.qaexchange.events;

import java.time.DateTimeException;
import java.time.OffsetDateTime;

/** Parses column values from text, as in CSV files and on command lines. Stateless. */
public final class EventText {

    private EventText() {
    }

    /**
     * Sets a field from text: numbers in decimal, enumerations by name, {@code event_time} in nanoseconds or ISO-8601 with offset,
     * levels as JSON, {@code [[100.5,3],[100.4,7]]}. The empty text is an absent value.
     *
     * @throws MalformedEventException if the text is no value of the field
     */
    public static void set(EventBuilder builder, Field field, String text) {
        if (text.isEmpty()) {
            builder.setNull(field);
            return;
        }
        switch (field.kind()) {
            case LONG -> builder.set(field, field == field.recordType().eventTime() ? time(field, text) : integer(field, text));
            case INT -> builder.set(field, integer(field, text));
            case DOUBLE -> builder.set(field, number(field, text));
            case STRING, ENUM -> builder.set(field, text);
            case LEVELS -> EventJson.readLevels(text, field, builder);
        }
    }

    private static long time(Field field, String text) {
        return text.indexOf('T') >= 0 ? isoTime(field, text) : integer(field, text);
    }

    /** Nanoseconds since 1970 of an ISO-8601 time with offset. */
    static long isoTime(Field field, String text) {
        try {
            OffsetDateTime time = OffsetDateTime.parse(text);
            return Math.addExact(Math.multiplyExact(time.toEpochSecond(), 1_000_000_000L), time.getNano());
        } catch (DateTimeException e) {
            throw new MalformedEventException(RejectionReason.BAD_TIME,
                    field + ": " + EventBuilder.abbreviate(text) + " is not an ISO-8601 time with an offset");
        } catch (ArithmeticException e) {
            throw new MalformedEventException(RejectionReason.BAD_TIME,
                    field + ": " + EventBuilder.abbreviate(text) + " does not fit 64 bits of nanoseconds");
        }
    }

    private static long integer(Field field, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new MalformedEventException(RejectionReason.WRONG_TYPE,
                    field + ": expected an integer, found " + EventBuilder.abbreviate(text));
        }
    }

    /** Decimal notation only: what {@link Double#parseDouble} takes beyond it is no number in a file. */
    private static double number(Field field, String text) {
        if (text.equalsIgnoreCase("nan") || text.toLowerCase(java.util.Locale.ROOT).matches("[+-]?inf(inity)?")) {
            throw new MalformedEventException(RejectionReason.NOT_FINITE, field + ": " + text);
        }
        boolean decimal = text.chars().allMatch(c -> c >= '0' && c <= '9' || "+-.eE".indexOf(c) >= 0);
        try {
            if (decimal) {
                return Double.parseDouble(text);
            }
        } catch (NumberFormatException e) {
            decimal = false;
        }
        throw new MalformedEventException(RejectionReason.WRONG_TYPE,
                field + ": expected a number, found " + EventBuilder.abbreviate(text));
    }
}
