package io.qaexchange.job.query.finance;

import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.events.instruments.Session;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.parquet.bar.FileBars;
import io.qaexchange.parquet.bar.PartialBar;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import javax.annotation.Nullable;

/**
 * Makes bars of rows that come in any order: which row is first and last is decided by event time, source and sequence, never by the order in
 * which rows come.
 *
 * <p>In a session of the instruments file bars begin with the session. Outside of sessions, and for instruments without any, they begin at
 * multiples of their width since 1970 in UTC. Bars are filled where a session is open, between the first and the last bar of a trading day;
 * for an instrument without sessions, everywhere between the two.
 *
 * <p>One thread.
 */
public final class BarBuilder {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long SECONDS_PER_MINUTE = 60;

    private final Granularity width;
    private final Bars.Fill fill;
    private final Instruments instruments;
    private final Map<String, OfInstrument> all = new TreeMap<>();

    public BarBuilder(Granularity width, Bars.Fill fill, Instruments instruments) {
        this.width = width;
        this.fill = fill;
        this.instruments = instruments;
    }

    /** The bar of the row before, and its instrument and trading day. */
    @Nullable
    private PartialBar bar;
    private String barInstrument;
    private int barTradingDay;
    /** Rows of that instrument and day belong to that bar from this time on, and before the next one. */
    private long barFromNs;
    private long barToNs;

    /** Bars of an instrument, and the session of the row before. */
    private static final class OfInstrument {
        private final Instrument instrument;
        /** By trading day. */
        private final NavigableMap<Integer, BarsOfDay> days = new TreeMap<>();
        @Nullable
        private Session session;

        OfInstrument(Instrument instrument) {
            this.instrument = instrument;
        }

        @Nullable
        Session sessionAt(long timeNs) {
            if (session == null || !session.holds(timeNs)) {
                session = instrument.sessionAt(timeNs);
            }
            return session;
        }
    }

    /**
     * Adds a row. Where rows of one bar come together, each costs a few comparisons.
     *
     * @param tradingDay yyyymmdd
     * @param timeNs its event time
     * @param source UTF-8 of the name of its source; not to be changed later
     */
    public void add(String instrument, int tradingDay, long timeNs, byte[] source, long sequence, double price, double volume) {
        if (isOfAnotherBar(instrument, tradingDay, timeNs)) {
            find(instrument, tradingDay, timeNs);
        }
        bar.add(timeNs, source, sequence, price, volume);
    }

    private boolean isOfAnotherBar(String instrument, int tradingDay, long timeNs) {
        return bar == null || timeNs < barFromNs || timeNs >= barToNs || tradingDay != barTradingDay || !instrument.equals(barInstrument);
    }

    /** Whether its bars can be made of bars of a width. */
    boolean takesWidth(int seconds) {
        return width.seconds() % seconds == 0;
    }

    /** The greatest width of parts, in seconds, that is no more than a minute and that its bars can be made of where sessions begin at whole minutes. */
    int partSeconds() {
        return BigInteger.valueOf(width.seconds()).gcd(BigInteger.valueOf(SECONDS_PER_MINUTE)).intValue();
    }

    /**
     * Whether the rows of each part belong to one bar, or to none, so that they may be added without being known.
     *
     * @param wanted the only instruments; null for all
     * @param fromNs rows from here, inclusive
     * @param toNs up to here, exclusive
     */
    boolean takes(FileBars parts, @Nullable Set<String> wanted, long fromNs, long toNs) {
        for (Map.Entry<String, List<FileBars.Part>> entry : parts.byInstrument().entrySet()) {
            if (wanted == null || wanted.contains(entry.getKey())) {
                OfInstrument of = ofInstrument(entry.getKey());
                for (FileBars.Part part : entry.getValue()) {
                    PartialBar rows = part.bar();
                    boolean isIn = rows.firstNs() >= fromNs && rows.lastNs() < toNs;
                    boolean isOut = rows.lastNs() < fromNs || rows.firstNs() >= toNs;
                    if (!isOut && (!isIn || begin(of, parts.tradingDay(), rows.firstNs()) != begin(of, parts.tradingDay(), rows.lastNs()))) {
                        return false;
                    }
                }
            }
        }
        return true;
    }

    /** Adds parts that it {@linkplain #takes takes}. */
    void add(FileBars parts, @Nullable Set<String> wanted, long fromNs, long toNs) {
        parts.byInstrument().forEach((instrument, each) -> {
            if (wanted == null || wanted.contains(instrument)) {
                for (FileBars.Part part : each) {
                    PartialBar rows = part.bar();
                    if (rows.firstNs() >= fromNs && rows.lastNs() < toNs) {
                        if (isOfAnotherBar(instrument, parts.tradingDay(), rows.firstNs())) {
                            find(instrument, parts.tradingDay(), rows.firstNs());
                        }
                        bar.add(rows);
                    }
                }
            }
        });
    }

    private OfInstrument ofInstrument(String instrument) {
        return all.computeIfAbsent(instrument, name -> new OfInstrument(instruments.get(name)));
    }

    /** Turns to the bar of a row. */
    private void find(String instrument, int tradingDay, long timeNs) {
        OfInstrument of = ofInstrument(instrument);
        long begin = begin(of, tradingDay, timeNs);
        bar = of.days.computeIfAbsent(tradingDay, day -> new BarsOfDay()).at(begin);
        barInstrument = instrument;
        barTradingDay = tradingDay;
        if (width.isTradingDay()) {
            barFromNs = Long.MIN_VALUE;
            barToNs = Long.MAX_VALUE;
        } else if (of.session != null && of.session.holds(timeNs)) {
            barFromNs = begin;
            barToNs = Math.min(begin + widthNs(), of.session.closeNs());
        } else if (of.instrument.hasSessions()) {
            // A session may open or close meanwhile.
            barFromNs = timeNs;
            barToNs = timeNs + 1;
        } else {
            barFromNs = begin;
            barToNs = begin + widthNs();
        }
    }

    /** Where the bar of a row begins. */
    private long begin(OfInstrument of, int tradingDay, long timeNs) {
        if (width.isTradingDay()) {
            LocalDate day = TradingDay.toDate(tradingDay);
            return day.atStartOfDay(ZoneOffset.UTC).toEpochSecond() * NANOS_PER_SECOND;
        }
        Session session = of.sessionAt(timeNs);
        long origin = session == null ? 0 : session.openNs();
        return origin + Math.floorDiv(timeNs - origin, widthNs()) * widthNs();
    }

    private long widthNs() {
        return width.seconds() * NANOS_PER_SECOND;
    }

    /** The bars, by instrument and beginning. */
    public List<Bar> finish() {
        List<Bar> bars = new ArrayList<>();
        finish(bars::add);
        return bars;
    }

    /** Takes bars. */
    @FunctionalInterface
    public interface Taker<E extends Exception> {
        void accept(Bar bar) throws E;
    }

    /** Gives the bars to somebody, by instrument and beginning. */
    public <E extends Exception> void finish(Taker<E> taker) throws E {
        for (OfInstrument of : all.values()) {
            for (Map.Entry<Integer, BarsOfDay> day : of.days.entrySet()) {
                finish(of, day.getKey(), day.getValue(), taker);
            }
        }
    }

    /** Gives the bars of a trading day to somebody, by instrument and beginning, and forgets them: all its rows have been added. */
    public <E extends Exception> void finishDay(int tradingDay, Taker<E> taker) throws E {
        bar = null;
        for (OfInstrument of : all.values()) {
            BarsOfDay day = of.days.remove(tradingDay);
            if (day != null) {
                finish(of, tradingDay, day, taker);
            }
        }
    }

    private <E extends Exception> void finish(OfInstrument of, int tradingDay, BarsOfDay day, Taker<E> taker) throws E {
        Bar before = null;
        for (int i = 0; i < day.size(); i++) {
            PartialBar made = day.bar(i);
            Bar next = new Bar(of.instrument.id(), tradingDay, day.begin(i), made.open(), made.high(), made.low(), made.close(), made.volume(), made.turnover(), made.rows());
            if (before != null && fill != Bars.Fill.NONE && !width.isTradingDay()) {
                fillBetween(of, before, next, taker);
            }
            taker.accept(next);
            before = next;
        }
    }

    private <E extends Exception> void fillBetween(OfInstrument of, Bar before, Bar next, Taker<E> taker) throws E {
        List<Long> between = openSlots(of.instrument, before.beginNs(), next.beginNs());
        for (int i = 0; i < between.size(); i++) {
            taker.accept(Bar.filled(of.instrument.id(), next.tradingDay(), between.get(i), price(before, next, (i + 1.0) / (between.size() + 1))));
        }
    }

    /** Beginnings of bars between two bars, where the market is open. */
    private List<Long> openSlots(Instrument instrument, long afterNs, long beforeNs) {
        List<Long> slots = new ArrayList<>();
        if (!instrument.hasSessions()) {
            for (long slot = afterNs + widthNs(); slot < beforeNs; slot += widthNs()) {
                slots.add(slot);
            }
            return slots;
        }
        for (Session session : instrument.sessions(afterNs, beforeNs)) {
            for (long slot = session.openNs(); slot < session.closeNs() && slot < beforeNs; slot += widthNs()) {
                if (slot > afterNs) {
                    slots.add(slot);
                }
            }
        }
        return slots;
    }

    @Nullable
    private Double price(Bar before, Bar next, double share) {
        return switch (fill) {
            case PREVIOUS -> before.close();
            case LINEAR -> before.close() + (next.close() - before.close()) * share;
            default -> null;
        };
    }
}
