package io.qaexchange.parquet.bar;

import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import javax.annotation.Nullable;

/** Partial bars of one width, of rows that come in any order; those of an instrument and width of time best together. One thread. */
final class WidthBars {

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final int widthSeconds;
    private final long widthNs;
    /** By instrument and number of widths since 1970. */
    private final Map<String, TreeMap<Long, PartialBar>> byInstrument = new TreeMap<>();
    private int size;

    /** The bar of the row before, the UTF-8 of its instrument, and its beginning. */
    @Nullable
    private PartialBar bar;
    private byte[] instrument = {};
    private long beginNs;

    WidthBars(int widthSeconds) {
        this.widthSeconds = widthSeconds;
        this.widthNs = widthSeconds * NANOS_PER_SECOND;
    }

    /** Adds a row that has a price. */
    void add(PricedEvent priced) {
        EventView event = priced.event();
        long timeNs = event.eventTime();
        if (bar == null || Long.compareUnsigned(timeNs - beginNs, widthNs) >= 0 || !isOf(event)) {
            turnTo(event, timeNs);
        }
        bar.add(timeNs, priced.source(), priced.sequence(), priced.price(), priced.volume());
    }

    private boolean isOf(EventView event) {
        Field field = event.recordType().instrument();
        int from = event.textOffset(field);
        return Arrays.equals(instrument, 0, instrument.length, event.array(), from, from + event.textLength(field));
    }

    private void turnTo(EventView event, long timeNs) {
        Field field = event.recordType().instrument();
        int from = event.textOffset(field);
        instrument = Arrays.copyOfRange(event.array(), from, from + event.textLength(field));
        long begin = Math.floorDiv(timeNs, widthNs);
        beginNs = begin * widthNs;
        bar = bar(event.instrument(), begin);
    }

    private PartialBar bar(String of, long begin) {
        return byInstrument.computeIfAbsent(of, none -> new TreeMap<>()).computeIfAbsent(begin, none -> {
            size++;
            return new PartialBar();
        });
    }

    /** The same rows in bars of a width that is a multiple of this one. */
    WidthBars wider(int seconds) {
        WidthBars wider = new WidthBars(seconds);
        int times = seconds / widthSeconds;
        byInstrument.forEach((of, each) -> each.forEach((begin, made) -> wider.bar(of, Math.floorDiv(begin, times)).add(made)));
        return wider;
    }

    int widthSeconds() {
        return widthSeconds;
    }

    long widthNs() {
        return widthNs;
    }

    /** By instrument and number of widths since 1970. */
    Map<String, TreeMap<Long, PartialBar>> byInstrument() {
        return byInstrument;
    }

    /** How many bars there are. */
    int size() {
        return size;
    }
}
