package io.qaexchange.events;

/** Rules for events of every type, whichever way they arrive, beyond the types of single fields. */
final class EventRules {

    /** The first character of the route keys of accounts. */
    static final byte ROUTE_MARK = '@';

    private EventRules() {
    }

    /** The reason why the event is invalid, or null. The instrument is passed as bytes. */
    static Rejection check(RecordType type, long eventTime, int tradingDay, byte[] bytes, int instrumentOffset,
            int instrumentLength, int accountLength) {
        if (eventTime < 0) {
            return new Rejection(RejectionReason.BAD_TIME, type + ".event_time: " + eventTime + " ns is before 1970");
        }
        if (tradingDay != 0 && !isDay(tradingDay)) {
            return new Rejection(RejectionReason.BAD_VALUE, type + ".trading_day: " + tradingDay + " is not a day (yyyymmdd)");
        }
        if (instrumentLength == 0) {
            if (accountLength == 0) {
                return new Rejection(RejectionReason.MISSING_FIELD, type + " names neither an instrument nor an account");
            }
        } else if (bytes[instrumentOffset] == ROUTE_MARK) {
            return new Rejection(RejectionReason.BAD_VALUE, type + ".instrument: must not begin with @, which marks accounts");
        }
        return null;
    }

    /** Whether the number is a day of the calendar, as yyyymmdd, 1970 to 2262. */
    static boolean isDay(int yyyymmdd) {
        int year = yyyymmdd / 10_000;
        int month = yyyymmdd / 100 % 100;
        int day = yyyymmdd % 100;
        return year >= 1970 && year <= 2262 && month >= 1 && month <= 12 && day >= 1
                && day <= java.time.YearMonth.of(year, month).lengthOfMonth();
    }
}
