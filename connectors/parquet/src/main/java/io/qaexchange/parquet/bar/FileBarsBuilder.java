package io.qaexchange.parquet.bar;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Makes {@link FileBars} of the rows of a file, which come in any order; those of an instrument and minute best together.
 *
 * <p>Bars of a width are kept only if they are worth it: fewer than one for {@value #LEAST_ROWS} rows, so that they take a small part of the file, and at most
 * 1 MiB.
 *
 * <p>One thread.
 */
public final class FileBarsBuilder {

    /** Rows of a bar, on average, from which on bars are kept. */
    static final int LEAST_ROWS = 32;
    /** More bars than this, of few rows each, are not waited for to become worth it. */
    private static final int MOST_POOR_BARS = 16_384;
    /** A longer text is not kept: whoever opens the file reads its footer. */
    private static final int MOST_CHARACTERS = 1 << 20;

    private final PricedEvent priced;
    /** Bars of the finest width that may be worth it; null if none is. */
    @Nullable
    private WidthBars bars = new WidthBars(FileBars.WIDTHS.get(0));
    private long rows;
    private int tradingDay;

    private FileBarsBuilder(PricedEvent priced) {
        this.priced = priced;
    }

    /** Makes the bars of a table; null if bars are made of others only. */
    @Nullable
    public static FileBarsBuilder of(RecordType type) {
        BarTable table = BarTable.find(type.table());
        return table == null ? null : new FileBarsBuilder(new PricedEvent(type, table));
    }

    /**
     * Adds a row.
     *
     * @param day its trading day, yyyymmdd
     */
    public void add(StoredEvent stored, int day) {
        if (bars == null) {
            return;
        }
        rows++;
        if (rows == 1) {
            tradingDay = day;
        } else if (day != tradingDay) {
            bars = null;
            return;
        }
        if (priced.wrap(stored)) {
            bars.add(priced);
            if (bars.size() > MOST_POOR_BARS && !isWorthIt(bars)) {
                bars = wider(bars);
            }
        }
    }

    private boolean isWorthIt(WidthBars of) {
        return of.size() > 0 && rows >= (long) of.size() * LEAST_ROWS;
    }

    /** The same rows in bars of the next width; null if there is none. */
    @Nullable
    private static WidthBars wider(WidthBars of) {
        int next = FileBars.WIDTHS.indexOf(of.widthSeconds()) + 1;
        return next == FileBars.WIDTHS.size() ? null : of.wider(FileBars.WIDTHS.get(next));
    }

    /** By width in seconds, of those that are worth it, the text that {@link FileBars#parse} reads. */
    public Map<Integer, String> texts() {
        Map<Integer, String> texts = new LinkedHashMap<>();
        for (WidthBars each = bars; each != null; each = wider(each)) {
            if (isWorthIt(each)) {
                String text = Base64.getEncoder().encodeToString(FileBarsWriter.bytes(each, tradingDay));
                if (text.length() <= MOST_CHARACTERS) {
                    texts.put(each.widthSeconds(), text);
                }
            }
        }
        return texts;
    }
}
