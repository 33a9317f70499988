package io.qaexchange.events.instruments;

import java.io.Serializable;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;

/**
 * Hours of a session in local time, such as {@code 09:00-10:15}; one that ends at or before its beginning ends on the next date. Immutable.
 */
public record SessionHours(LocalTime from, LocalTime to) implements Serializable {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /**
     * Reads hours.
     *
     * @throws IllegalArgumentException or DateTimeException if they are none
     */
    static SessionHours parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 0) {
            throw new IllegalArgumentException("no hours such as 09:00-10:15");
        }
        SessionHours hours = new SessionHours(LocalTime.parse(text.substring(0, dash).strip()), LocalTime.parse(text.substring(dash + 1).strip()));
        if (hours.from.toSecondOfDay() % 60 != 0 || hours.to.toSecondOfDay() % 60 != 0) {
            throw new IllegalArgumentException("sessions begin and end with a minute");
        }
        return hours;
    }

    /** Hours that are separated by blanks. */
    static List<SessionHours> parseAll(String text) {
        List<SessionHours> all = new ArrayList<>();
        for (String part : text.strip().split("\\s+")) {
            if (!part.isEmpty()) {
                all.add(parse(part));
            }
        }
        return List.copyOf(all);
    }

    /** The session that begins on a date; summer time makes it shorter or longer. */
    Session on(LocalDate date, ZoneId zone) {
        LocalDate end = to.isAfter(from) ? date : date.plusDays(1);
        return new Session(nanos(date.atTime(from).atZone(zone)), nanos(end.atTime(to).atZone(zone)));
    }

    private static long nanos(ZonedDateTime time) {
        return Math.multiplyExact(time.toEpochSecond(), NANOS_PER_SECOND);
    }
}
