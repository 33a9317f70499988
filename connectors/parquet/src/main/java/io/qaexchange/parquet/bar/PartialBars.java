package io.qaexchange.parquet.bar;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Partial bars of stored events of a table, of any trading days, in any order. One thread. */
public final class PartialBars {

    private final PricedEvent priced;
    private final int widthSeconds;
    private final Map<Integer, WidthBars> byDay = new TreeMap<>();
    private int day;
    private WidthBars ofDay;

    /**
     * Without rows.
     *
     * @param type the record type of {@code table}
     * @param widthSeconds width of the bars, which begin at multiples of it since 1970
     */
    public PartialBars(RecordType type, BarTable table, int widthSeconds) {
        this.priced = new PricedEvent(type, table);
        this.widthSeconds = widthSeconds;
    }

    /**
     * Adds a row, if it has a price.
     *
     * @param tradingDay its trading day, yyyymmdd
     */
    public void add(StoredEvent stored, int tradingDay) {
        if (priced.wrap(stored)) {
            if (ofDay == null || tradingDay != day) {
                ofDay = byDay.computeIfAbsent(tradingDay, none -> new WidthBars(widthSeconds));
                day = tradingDay;
            }
            ofDay.add(priced);
        }
    }

    /** How many bars there are. */
    public int size() {
        return byDay.values().stream().mapToInt(WidthBars::size).sum();
    }

    /** The bars of each trading day, as {@link FileBars#read(byte[])} reads them. They are forgotten; bars of further rows add up with them. */
    public List<byte[]> take() {
        List<byte[]> taken = new ArrayList<>();
        byDay.forEach((of, bars) -> taken.add(FileBarsWriter.bytes(bars, of)));
        byDay.clear();
        ofDay = null;
        return taken;
    }
}
