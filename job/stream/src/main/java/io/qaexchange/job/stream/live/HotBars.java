package io.qaexchange.job.stream.live;

import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.parquet.bar.PartialBars;
import java.io.IOException;
import java.util.List;

/** Adds the rows of a scan to bars where they are stored: a reader that wants bars need not take the rows. One thread. */
final class HotBars {

    private final HotRowScan scan;
    private final PartialBars bars;
    private final Instruments instruments;
    private final StoredEvent row = new StoredEvent();
    private long rows;

    HotBars(HotRowScan scan, PartialBars bars, Instruments instruments) {
        this.scan = scan;
        this.bars = bars;
        this.instruments = instruments;
    }

    /**
     * Adds the rows of the next block.
     *
     * @return false if there is none
     */
    boolean next() throws IOException {
        return scan.next(this::add);
    }

    private void add(byte[] bytes, int offset, int length) {
        row.wrap(bytes, offset, length);
        bars.add(row, HotRowService.tradingDay(instruments, row));
        rows++;
    }

    /** How many bars there are. */
    int size() {
        return bars.size();
    }

    /** As {@link PartialBars#take}. */
    List<byte[]> take() {
        return bars.take();
    }

    /** How many rows were read. */
    long rows() {
        return rows;
    }
}
