package io.qaexchange.job.query.finance;

import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.events.instruments.Session;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
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
    private Open bar;
    private String barInstrument;
    private int barTradingDay;
    /** Rows of that instrument and day belong to that bar from this time on, and before the next one. */
    private long barFromNs;
    private long barToNs;

    /** Bars of an instrument, and the session of the row before. */
    private static final class OfInstrument {
        private final Instrument instrument;
        private final NavigableMap<Slot, Open> bars = new TreeMap<>();
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

    /** Where a bar is. */
    private record Slot(int tradingDay, long beginNs) implements Comparable<Slot> {
        @Override
        public int compareTo(Slot other) {
            int order = Integer.compare(tradingDay, other.tradingDay);
            return order != 0 ? order : Long.compare(beginNs, other.beginNs);
        }
    }

    /** A bar that takes rows. */
    private static final class Open {
        private long firstNs = Long.MAX_VALUE;
        private byte[] firstSource;
        private long firstSequence;
        private long lastNs = Long.MIN_VALUE;
        private byte[] lastSource;
        private long lastSequence;
        private double open;
        private double high = Double.NEGATIVE_INFINITY;
        private double low = Double.POSITIVE_INFINITY;
        private double close;
        private final ExactSum volume = new ExactSum();
        private final ExactSum turnover = new ExactSum();
        private long rows;

        void add(long timeNs, byte[] source, long sequence, double price, double lots) {
            if (timeNs <= firstNs && isFirst(timeNs, source, sequence)) {
                firstNs = timeNs;
                firstSource = source;
                firstSequence = sequence;
                open = price;
            }
            if (timeNs >= lastNs && isLast(timeNs, source, sequence)) {
                lastNs = timeNs;
                lastSource = source;
                lastSequence = sequence;
                close = price;
            }
            high = Math.max(high, price);
            low = Math.min(low, price);
            volume.add(lots);
            turnover.add(lots * price);
            rows++;
        }

        private boolean isFirst(long timeNs, byte[] source, long sequence) {
            return timeNs < firstNs || timeNs == firstNs && (rows == 0 || before(source, sequence, firstSource, firstSequence));
        }

        private boolean isLast(long timeNs, byte[] source, long sequence) {
            return timeNs > lastNs || timeNs == lastNs && (rows == 0 || before(lastSource, lastSequence, source, sequence));
        }

        private static boolean before(byte[] source, long sequence, byte[] than, long thanSequence) {
            int order = Arrays.compareUnsigned(source, than);
            return order != 0 ? order < 0 : sequence < thanSequence;
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
        if (bar == null || timeNs < barFromNs || timeNs >= barToNs || tradingDay != barTradingDay || !instrument.equals(barInstrument)) {
            find(instrument, tradingDay, timeNs);
        }
        bar.add(timeNs, source, sequence, price, volume);
    }

    /** Turns to the bar of a row. */
    private void find(String instrument, int tradingDay, long timeNs) {
        OfInstrument of = all.computeIfAbsent(instrument, name -> new OfInstrument(instruments.get(name)));
        Slot slot = slot(of, tradingDay, timeNs);
        bar = of.bars.computeIfAbsent(slot, begin -> new Open());
        barInstrument = instrument;
        barTradingDay = tradingDay;
        if (width.isTradingDay()) {
            barFromNs = Long.MIN_VALUE;
            barToNs = Long.MAX_VALUE;
        } else if (of.session != null && of.session.holds(timeNs)) {
            barFromNs = slot.beginNs();
            barToNs = Math.min(slot.beginNs() + widthNs(), of.session.closeNs());
        } else if (of.instrument.hasSessions()) {
            // A session may open or close meanwhile.
            barFromNs = timeNs;
            barToNs = timeNs + 1;
        } else {
            barFromNs = slot.beginNs();
            barToNs = slot.beginNs() + widthNs();
        }
    }

    private Slot slot(OfInstrument of, int tradingDay, long timeNs) {
        if (width.isTradingDay()) {
            LocalDate day = LocalDate.of(tradingDay / 10_000, tradingDay / 100 % 100, tradingDay % 100);
            return new Slot(tradingDay, day.atStartOfDay(ZoneOffset.UTC).toEpochSecond() * NANOS_PER_SECOND);
        }
        Session session = of.sessionAt(timeNs);
        long origin = session == null ? 0 : session.openNs();
        return new Slot(tradingDay, origin + Math.floorDiv(timeNs - origin, widthNs()) * widthNs());
    }

    private long widthNs() {
        return width.seconds() * NANOS_PER_SECOND;
    }

    /** The bars, by instrument and beginning. */
    public List<Bar> finish() {
        List<Bar> bars = new ArrayList<>();
        for (OfInstrument of : all.values()) {
            if (fill == Bars.Fill.NONE || width.isTradingDay()) {
                of.bars.forEach((slot, bar) -> bars.add(known(of, slot, bar)));
            } else {
                of.bars.keySet().stream().map(Slot::tradingDay).distinct().forEach(day -> fillDay(of,
                        of.bars.subMap(new Slot(day, Long.MIN_VALUE), true, new Slot(day, Long.MAX_VALUE), true), bars));
            }
        }
        return bars;
    }

    private static Bar known(OfInstrument of, Slot slot, Open bar) {
        return new Bar(of.instrument.id(), slot.tradingDay(), slot.beginNs(), bar.open, bar.high, bar.low, bar.close, bar.volume.get(), bar.turnover.get(),
                bar.rows);
    }

    private void fillDay(OfInstrument of, NavigableMap<Slot, Open> day, List<Bar> bars) {
        Bar before = null;
        for (Map.Entry<Slot, Open> entry : day.entrySet()) {
            Bar next = known(of, entry.getKey(), entry.getValue());
            if (before != null) {
                List<Long> between = openSlots(of.instrument, before.beginNs(), next.beginNs());
                for (int i = 0; i < between.size(); i++) {
                    bars.add(Bar.filled(of.instrument.id(), next.tradingDay(), between.get(i), price(before, next, (i + 1.0) / (between.size() + 1))));
                }
            }
            bars.add(next);
            before = next;
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
