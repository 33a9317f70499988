package io.qaexchange.job.query.typed;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.BarBuilder;
import io.qaexchange.job.query.finance.Bars;
import io.qaexchange.job.query.finance.EventBars;
import io.qaexchange.job.query.finance.StoredBars;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/** Bars of a live read, made of bars that subtasks make of hot rows and files keep in their footers, and of rows one by one where there are none. Stateless. */
public final class TypedBars {

    /** Bars of more days, or of all instruments in more files, are for a database: here they would all be in memory. */
    private static final int MOST_DAYS = 31;
    private static final int MOST_FILES_OF_ALL = 64;

    private TypedBars() {
    }

    /** The rows that bars are made of. */
    public static UnionScan.Range range(Bars bars) {
        return new UnionScan.Range(EventSchema.get().table(bars.table()), bars.instrument(), bars.fromNs() == null ? Long.MIN_VALUE : bars.fromNs(),
                bars.toNs() == null ? Long.MAX_VALUE : bars.toNs());
    }

    /**
     * The bars; null if more archived rows than some would have to be read for them, or there would be very many bars.
     *
     * @param mostFiles files whose rows may be read
     * @param mostRows rows that they may have together
     */
    @Nullable
    public static List<Bar> of(Bars bars, UnionScan rows, Instruments instruments, int mostFiles, long mostRows) throws IOException {
        BarBuilder builder = new BarBuilder(bars.width(), bars.fill(), instruments);
        UnionScan.Range range = range(bars);
        StoredBars.Wanted wanted = new StoredBars.Wanted(builder, bars.instrument() == null ? null : Set.of(bars.instrument()), range.fromNs(), range.toNs());
        List<DataFile> left = new ArrayList<>(rows.files(range));
        if (left.stream().map(DataFile::tradingDay).distinct().count() > MOST_DAYS || bars.instrument() == null && left.size() > MOST_FILES_OF_ALL) {
            return null;
        }
        if (rows.seesAll()) {
            left.removeAll(StoredBars.ofProcess().addTo(List.of(wanted), left, rows::open, day -> { }).files());
        }
        if (left.size() > mostFiles || left.stream().mapToLong(DataFile::rows).sum() > mostRows) {
            return null;
        }
        EventBars events = new EventBars(builder, bars, instruments);
        if (!rows.seesAll() || !wanted.addAll(rows.hotBars(range, wanted.partSeconds()))) {
            rows.forEachHot(range, events::add);
        }
        if (rows.seesAll()) {
            rows.forEachPriced(range, left, bars.source(), row -> builder.add(row.instrument(), row.tradingDay(), row.timeNs(), row.source(), row.sequence(), row.price(),
                    row.volume()));
        } else {
            rows.forEachCold(range, left, events::add);
        }
        return builder.finish();
    }
}
