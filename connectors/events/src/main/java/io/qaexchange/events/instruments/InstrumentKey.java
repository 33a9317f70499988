package io.qaexchange.events.instruments;

import io.qaexchange.events.instruments.Instrument.CloseRule;
import java.time.DateTimeException;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The keys of an entry of the instruments file: what they hold, how they are read and what holds without them. */
enum InstrumentKey {
    EXCHANGE("a name", "", InstrumentKey::text),
    TIME_ZONE("a time zone such as Asia/Shanghai", ZoneId.of("UTC"), v -> ZoneId.of(text(v))),
    ROLL_HOUR("a whole hour from 0 to 23", 0, v -> hour(text(v))),
    WEEKEND("a list of at most six days such as [SATURDAY, SUNDAY]", Set.of(), InstrumentKey::weekdays),
    HOLIDAYS("a list of dates such as [2026-01-01]", Set.of(), InstrumentKey::dates),
    SESSIONS("a list of hours such as [21:00-23:00, 09:00-10:15], without overlap", List.of(), InstrumentKey::sessions),
    SPECIAL_SESSIONS("a list of dates with their hours such as [2026-12-24 09:30-13:00]", Map.of(), InstrumentKey::specialSessions),
    PRICE_TICK("a number above 0", 0.01, v -> number(text(v), Double.MIN_VALUE)),
    MULTIPLIER("a number above 0", 1.0, v -> number(text(v), Double.MIN_VALUE)),
    MARGIN_LONG("a number of at least 0", 0.0, v -> number(text(v), 0)),
    MARGIN_SHORT("a number of at least 0", 0.0, v -> number(text(v), 0)),
    COMMISSION_PER_LOT("a number of at least 0", 0.0, v -> number(text(v), 0)),
    COMMISSION_PER_AMOUNT("a number of at least 0", 0.0, v -> number(text(v), 0)),
    CLOSE("history_first or history_only", CloseRule.HISTORY_FIRST, v -> closeRule(text(v))),
    FIRST_DAY("a date such as 2026-01-31", null, v -> LocalDate.parse(text(v))),
    LAST_DAY("a date such as 2026-01-31", null, v -> LocalDate.parse(text(v)));

    private static final int DAYS_OF_WEEK = 7;

    private final String expected;
    private final Object defaultValue;
    private final Function<Object, Object> reader;

    InstrumentKey(String expected, Object defaultValue, Function<Object, Object> reader) {
        this.expected = expected;
        this.defaultValue = defaultValue;
        this.reader = reader;
    }

    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    static InstrumentKey find(String key) {
        for (InstrumentKey k : values()) {
            if (k.key().equals(key)) {
                return k;
            }
        }
        return null;
    }

    /** The form of a good value, for messages. */
    String expected() {
        return expected;
    }

    Object defaultValue() {
        return defaultValue;
    }

    /**
     * Reads a value of the file: a String or a List of Strings.
     *
     * @throws IllegalArgumentException or DateTimeException if it is not what is expected
     */
    Object read(Object value) {
        return reader.apply(value);
    }

    @SuppressWarnings("unchecked")
    static Instrument.Terms terms(Map<InstrumentKey, Object> v) {
        return new Instrument.Terms((String) v.get(EXCHANGE), (ZoneId) v.get(TIME_ZONE), (int) v.get(ROLL_HOUR),
                (Set<DayOfWeek>) v.get(WEEKEND), (Set<LocalDate>) v.get(HOLIDAYS), (double) v.get(PRICE_TICK),
                (double) v.get(MULTIPLIER), (double) v.get(MARGIN_LONG), (double) v.get(MARGIN_SHORT),
                (double) v.get(COMMISSION_PER_LOT), (double) v.get(COMMISSION_PER_AMOUNT), (CloseRule) v.get(CLOSE),
                (LocalDate) v.get(FIRST_DAY), (LocalDate) v.get(LAST_DAY), (List<SessionHours>) v.get(SESSIONS),
                (Map<LocalDate, List<SessionHours>>) v.get(SPECIAL_SESSIONS));
    }

    private static String text(Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException("a list");
    }

    private static List<?> list(Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException("not a list");
    }

    private static int hour(String text) {
        int hour = Integer.parseInt(text);
        if (hour < 0 || hour > 23) {
            throw new IllegalArgumentException("not an hour from 0 to 23");
        }
        return hour;
    }

    private static double number(String text, double least) {
        double number = Double.parseDouble(text);
        if (!Double.isFinite(number) || number < least) {
            throw new IllegalArgumentException("out of range");
        }
        return number;
    }

    private static CloseRule closeRule(String text) {
        return switch (text) {
            case "history_first" -> CloseRule.HISTORY_FIRST;
            case "history_only" -> CloseRule.HISTORY_ONLY;
            default -> throw new IllegalArgumentException("unknown rule");
        };
    }

    private static Set<DayOfWeek> weekdays(Object value) {
        Set<DayOfWeek> days = new HashSet<>();
        for (Object day : list(value)) {
            days.add(DayOfWeek.valueOf(text(day).toUpperCase(Locale.ROOT)));
        }
        if (days.size() == DAYS_OF_WEEK) {
            throw new DateTimeException("all seven days are days off");
        }
        return days;
    }

    private static List<SessionHours> sessions(Object value) {
        List<SessionHours> all = new ArrayList<>();
        for (Object hours : list(value)) {
            all.add(SessionHours.parse(text(hours)));
        }
        return withoutOverlap(all);
    }

    private static Map<LocalDate, List<SessionHours>> specialSessions(Object value) {
        Map<LocalDate, List<SessionHours>> all = new HashMap<>();
        for (Object day : list(value)) {
            String text = text(day).strip();
            int blank = text.indexOf(' ');
            LocalDate date = LocalDate.parse(blank < 0 ? text : text.substring(0, blank));
            all.put(date, withoutOverlap(SessionHours.parseAll(blank < 0 ? "" : text.substring(blank))));
        }
        return all;
    }

    private static List<SessionHours> withoutOverlap(List<SessionHours> hours) {
        LocalDate anyDay = LocalDate.of(2026, 1, 5);
        List<Session> sessions = hours.stream().map(each -> each.on(anyDay, ZoneId.of("UTC"))).sorted(Comparator.comparingLong(Session::openNs)).toList();
        for (int i = 1; i < sessions.size(); i++) {
            if (sessions.get(i).openNs() < sessions.get(i - 1).closeNs()) {
                throw new IllegalArgumentException("sessions overlap");
            }
        }
        return List.copyOf(hours);
    }

    private static Set<LocalDate> dates(Object value) {
        Set<LocalDate> dates = new HashSet<>();
        for (Object date : list(value)) {
            dates.add(LocalDate.parse(text(date)));
        }
        return dates;
    }
}
