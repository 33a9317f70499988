package io.qaexchange.events.instruments;

import io.qaexchange.events.EventView;
import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * Calendar and contract terms of one instrument; computes the trading day of its events.
 *
 * <p>Immutable and thread-safe. The last trading day found is remembered with the span of time in which it holds; threads may
 * overwrite each other's, never see half of one.
 */
public final class Instrument {

    /** Which lots an order with offset CLOSE may close. */
    public enum CloseRule {
        /** History first, then what was opened today. */
        HISTORY_FIRST,
        /** History only; CLOSETODAY takes today's (SHFE, INE). */
        HISTORY_ONLY
    }

    /**
     * The values of an instrument.
     *
     * @param timeZone in which the trading day rolls
     * @param rollHour local hour, 0 to 23, from which on an event belongs to the next trading day; 0: days end at midnight
     * @param weekend days of the week without trading
     * @param holidays dates without trading
     * @param priceTick smallest step of a price, in the currency
     * @param multiplier units of the underlying in one lot
     * @param marginLong margin of a long position, as a share of its value
     * @param marginShort margin of a short position, as a share of its value
     * @param commissionPerLot in the currency
     * @param commissionPerAmount as a share of the value
     * @param firstDay first day of trading, null: unknown
     * @param lastDay last day of trading, null: unknown
     * @param sessions hours in which the market is open, on each date that is no day off; none: not known
     * @param specialSessions hours of dates that have others
     */
    public record Terms(String exchange, ZoneId timeZone, int rollHour, Set<DayOfWeek> weekend, Set<LocalDate> holidays,
            double priceTick, double multiplier, double marginLong, double marginShort, double commissionPerLot,
            double commissionPerAmount, CloseRule close, LocalDate firstDay, LocalDate lastDay,
            List<SessionHours> sessions, Map<LocalDate, List<SessionHours>> specialSessions) {

        public Terms {
            sessions = List.copyOf(sessions);
            specialSessions = Map.copyOf(specialSessions);
            weekend = Set.copyOf(weekend);
            holidays = Set.copyOf(holidays);
        }
    }

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final String id;
    private final Terms terms;
    private DaySpan lastFound = new DaySpan(0, 0, 0);

    /** A trading day and the time, from (inclusive) to (exclusive), that surely belongs to it. */
    private record DaySpan(long fromNs, long toNs, int yyyymmdd) {
    }

    Instrument(String id, Terms terms) {
        this.id = id;
        this.terms = terms;
    }

    public String id() {
        return id;
    }

    public Terms terms() {
        return terms;
    }

    /**
     * The trading day of an event of this instrument: its own if it names one, else derived from its event time.
     *
     * @return yyyymmdd
     */
    public int tradingDay(EventView event) {
        int own = event.tradingDay();
        return own != 0 ? own : tradingDay(event.eventTime());
    }

    /**
     * The trading day of an event time: the local date, or from the roll hour on the date after it, moved on past weekends and
     * holidays. So a night session belongs to the next day of trading, Friday's to Monday.
     *
     * @param eventTimeNs nanoseconds since 1970, UTC
     * @return yyyymmdd
     */
    public int tradingDay(long eventTimeNs) {
        DaySpan span = lastFound;
        if (eventTimeNs >= span.fromNs() && eventTimeNs < span.toNs()) {
            return span.yyyymmdd();
        }
        DaySpan found = find(eventTimeNs);
        lastFound = found;
        return found.yyyymmdd();
    }

    private DaySpan find(long eventTimeNs) {
        Instant instant = Instant.ofEpochSecond(Math.floorDiv(eventTimeNs, NANOS_PER_SECOND),
                Math.floorMod(eventTimeNs, NANOS_PER_SECOND));
        ZonedDateTime local = instant.atZone(terms.timeZone());
        boolean rolled = terms.rollHour() > 0 && local.getHour() >= terms.rollHour();
        LocalDate day = local.toLocalDate().plusDays(rolled ? 1 : 0);
        ZonedDateTime from = day.minusDays(terms.rollHour() > 0 ? 1 : 0).atTime(terms.rollHour(), 0).atZone(terms.timeZone());
        ZonedDateTime to = day.plusDays(terms.rollHour() > 0 ? 0 : 1).atTime(terms.rollHour(), 0).atZone(terms.timeZone());
        LocalDate tradingDay = day;
        while (terms.weekend().contains(tradingDay.getDayOfWeek()) || terms.holidays().contains(tradingDay)) {
            tradingDay = tradingDay.plusDays(1);
        }
        return new DaySpan(saturatedNanos(from), saturatedNanos(to), number(tradingDay));
    }

    private static long saturatedNanos(ZonedDateTime time) {
        long seconds = time.toEpochSecond();
        long limit = Long.MAX_VALUE / NANOS_PER_SECOND;
        return seconds > limit ? Long.MAX_VALUE : seconds < -limit ? Long.MIN_VALUE : seconds * NANOS_PER_SECOND;
    }

    static int number(LocalDate day) {
        return day.getYear() * 10_000 + day.getMonthValue() * 100 + day.getDayOfMonth();
    }

    /** Whether the file says when the market is open. */
    public boolean hasSessions() {
        return !terms.sessions().isEmpty();
    }

    /** The session that a time is in; null if the market is closed then, or nothing is known about it. */
    @Nullable
    public Session sessionAt(long timeNs) {
        List<Session> around = sessions(timeNs, timeNs == Long.MAX_VALUE ? timeNs : timeNs + 1);
        return around.isEmpty() ? null : around.get(0);
    }

    /**
     * Sessions that are open at some time of a span, in their order. They are held on dates that are no days off; a session of the evening on
     * the evening of such a date.
     *
     * @param fromNs inclusive
     * @param toNs exclusive
     */
    public List<Session> sessions(long fromNs, long toNs) {
        if (!hasSessions() || fromNs >= toNs) {
            return List.of();
        }
        List<Session> found = new ArrayList<>();
        LocalDate last = localDate(toNs - 1);
        for (LocalDate date = localDate(fromNs).minusDays(1); !date.isAfter(last); date = date.plusDays(1)) {
            for (SessionHours hours : hoursOf(date)) {
                Session session = hours.on(date, terms.timeZone());
                if (session.openNs() < toNs && session.closeNs() > fromNs) {
                    found.add(session);
                }
            }
        }
        found.sort(Comparator.comparingLong(Session::openNs));
        return found;
    }

    private List<SessionHours> hoursOf(LocalDate date) {
        List<SessionHours> special = terms.specialSessions().get(date);
        if (special != null) {
            return special;
        }
        return terms.weekend().contains(date.getDayOfWeek()) || terms.holidays().contains(date) ? List.of() : terms.sessions();
    }

    private LocalDate localDate(long timeNs) {
        return Instant.ofEpochSecond(Math.floorDiv(timeNs, NANOS_PER_SECOND)).atZone(terms.timeZone()).toLocalDate();
    }

    /** Whether the instrument is traded on that day (yyyymmdd), as far as the file says. */
    public boolean isListed(int yyyymmdd) {
        return (terms.firstDay() == null || yyyymmdd >= number(terms.firstDay()))
                && (terms.lastDay() == null || yyyymmdd <= number(terms.lastDay()));
    }

    /** Commission of a trade, from the file's rates, in the currency. */
    public double commission(double price, double volume) {
        return terms.commissionPerLot() * volume + terms.commissionPerAmount() * price * volume * terms.multiplier();
    }

    @Override
    public String toString() {
        return id + " " + terms;
    }
}
