package io.qaexchange.job.query.typed;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.parquet.TableReader;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/**
 * The rows of a live read, hot and cold, each once, without a database.
 *
 * <p>The first rows in an order are found without reading the others. A file is opened only if its times can still bring a row that is better than the worst of
 * those found.
 *
 * <p>One thread.
 */
public final class UnionScan {

    /** Widths of the newest part of the state that is looked at for the newest rows of all instruments, before all of it is. */
    private static final long[] LOOK_BACK_NS = {10_000_000L, 1_000_000_000L, 60_000_000_000L};

    private final LiveRead read;
    private final ManifestStore archive;
    private final ColdFiles coldFiles;
    private final StoredEvent view = new StoredEvent();

    /**
     * Rows that are wanted.
     *
     * @param type record type
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive; {@link Long#MIN_VALUE} for no bound
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     */
    public record Range(RecordType type, @Nullable String instrument, long fromNs, long toNs) {

        boolean isEmpty() {
            return fromNs >= toNs;
        }

        RowFilter filter() {
            RowFilter times = RowFilter.ofTimes(fromNs, toNs == Long.MAX_VALUE ? Long.MAX_VALUE : toNs - 1);
            return instrument == null ? times : times.and(RowFilter.ofInstruments(Set.of(instrument)));
        }
    }

    /** Takes rows. */
    @FunctionalInterface
    public interface Visitor {
        void accept(UnionRow row) throws IOException;
    }

    public UnionScan(LiveRead read, ManifestStore archive) {
        this.read = read;
        this.archive = archive;
        this.coldFiles = read.coldFiles(archive);
    }

    /** Visits all rows of a range: hot ones, then cold ones, in no order. */
    public void forEach(Range range, Visitor visitor) throws IOException {
        if (range.isEmpty()) {
            return;
        }
        hot(wanted(range), visitor);
        for (DataFile file : files(range)) {
            cold(file, range, visitor);
        }
    }

    /** Takes stored events; the view is good during the call. */
    @FunctionalInterface
    interface StoredVisitor {
        void accept(StoredEvent stored) throws IOException;
    }

    /** Visits the hot rows of a range, for whoever needs no place in an order. */
    void forEachHot(Range range, StoredVisitor visitor) throws IOException {
        if (!range.isEmpty()) {
            read.scan(wanted(range), (bytes, offset, length) -> {
                visitor.accept(view.wrap(Arrays.copyOfRange(bytes, offset, offset + length)));
                return true;
            });
        }
    }

    /** Visits the rows of a range in some of its {@link #files}, for whoever needs no place in an order. */
    void forEachCold(Range range, List<DataFile> files, StoredVisitor visitor) throws IOException {
        if (!range.isEmpty()) {
            for (DataFile file : files) {
                cold(file, range, row -> visitor.accept(view));
            }
        }
    }

    /** Visits the rows of a range in some of its {@link #files} that have a price; for a read that {@linkplain #seesAll shows} every row. */
    void forEachPriced(Range range, List<DataFile> files, BarTable table, ColdRows.PricedVisitor visitor) throws IOException {
        if (!seesAll()) {
            throw new IllegalStateException("rows are kept from who asks, and prices alone do not say which");
        }
        if (!range.isEmpty()) {
            for (DataFile file : files) {
                ColdRows.forEachPriced(coldFiles, file, table, range.instrument(), range.fromNs(), range.toNs(), visitor);
            }
        }
    }

    /** As {@link LiveRead#bars}, of the hot rows of a range. */
    List<FileBars> hotBars(Range range, int widthSeconds) throws IOException {
        return range.isEmpty() ? List.of() : read.bars(wanted(range), widthSeconds);
    }

    /** Whether no rows are kept from who asks. */
    boolean seesAll() {
        return read.access().isAll();
    }

    /** Opens a file. Whoever does closes it. */
    ColdFile open(DataFile file) throws IOException {
        return coldFiles.open(file);
    }

    /** The first rows of a range by event time, source and sequence, or the last ones, last first. */
    public List<UnionRow> first(Range range, int limit, boolean descending) throws IOException {
        BestRows best = new BestRows(limit, descending);
        if (range.isEmpty()) {
            return List.of();
        }
        if (range.instrument() != null) {
            hot(wanted(range).firstWithTies(limit, descending), best::offer);
        } else if (descending) {
            hotNewest(range, best);
        } else {
            hot(wanted(range), best::offer);
        }
        List<DataFile> files = files(range);
        files.sort(descending ? Comparator.comparingLong(DataFile::maxEventTimeNs).reversed() : Comparator.comparingLong(DataFile::minEventTimeNs));
        for (DataFile file : files) {
            Range left = new Range(range.type(), range.instrument(), best.fromNs(range.fromNs()), best.toNs(range.toNs()));
            if (left.filter().hasTimes(file.minEventTimeNs(), file.maxEventTimeNs())) {
                cold(file, left, best::offer);
            }
        }
        return best.sorted();
    }

    /**
     * The rows of a range with a value in a column of texts, such as an order or trade id, by event time, source and sequence. The subtasks look for its
     * bytes in their hot rows and send no others; of the files, row groups whose Bloom filter or statistics exclude it are not read.
     *
     * @param most more rows than this are left out
     */
    public List<UnionRow> having(Range range, String column, String value, int most) throws IOException {
        Field field = range.type().field(column);
        BestRows best = new BestRows(most, false);
        StoredEvent row = new StoredEvent();
        hot(wanted(range).having(value), found -> {
            EventView event = row.wrap(found.stored()).event();
            if (!event.isNull(field) && event.getString(field).equals(value)) {
                best.offer(found);
            }
        });
        for (DataFile file : files(range)) {
            cold(file, range, new TableReader.Text(column, value), best::offer);
        }
        return best.sorted();
    }

    /** Files that may have rows of a range. */
    public List<DataFile> files(Range range) {
        RowFilter filter = range.filter().and(read.access().filter(range.type()));
        List<DataFile> files = new ArrayList<>();
        for (DataFile file : read.files(range.type().table())) {
            if (filter.hasTimes(file.minEventTimeNs(), file.maxEventTimeNs())
                    && filter.hasInstrumentBetween(file.minInstrument(), file.maxInstrument())) {
                files.add(file);
            }
        }
        return files;
    }

    /**
     * The rows of a range in parts, hot ones first, for readers in other processes; good as long as the read is open.
     *
     * @throws IllegalStateException if the read does not show every row
     */
    public List<UnionPart> parts(Range range) {
        List<UnionPart> parts = new ArrayList<>();
        if (!range.isEmpty()) {
            read.parts(wanted(range)).forEach(part -> parts.add(new UnionPart.Hot(part)));
            for (DataFile file : files(range)) {
                parts.add(new UnionPart.Cold(archive.root().toString(), file, coldFiles.copyOf(file), range.instrument(), range.fromNs(), range.toNs()));
            }
        }
        return parts;
    }

    private static LiveRead.Wanted wanted(Range range) {
        LiveRead.Wanted wanted = LiveRead.Wanted.all(range.type()).between(range.fromNs(), range.toNs());
        return range.instrument() == null ? wanted : wanted.of(range.instrument());
    }

    private void hotNewest(Range range, BestRows best) throws IOException {
        long[] newest = {Long.MIN_VALUE};
        hot(wanted(range).newestOfEach(), row -> newest[0] = Math.max(newest[0], row.eventTimeNs()));
        if (newest[0] == Long.MIN_VALUE) {
            return;
        }
        for (long width : LOOK_BACK_NS) {
            long from = newest[0] - width;
            if (from <= range.fromNs()) {
                break;
            }
            BestRows found = new BestRows(best.limit(), true);
            hot(wanted(range).between(from, range.toNs()), found::offer);
            if (found.isFull()) {
                found.sorted().forEach(best::offer);
                return;
            }
        }
        hot(wanted(range), best::offer);
    }

    private void hot(LiveRead.Wanted wanted, Visitor visitor) throws IOException {
        read.scan(wanted, (bytes, offset, length) -> {
            visitor.accept(UnionRow.of(Arrays.copyOfRange(bytes, offset, offset + length), view));
            return true;
        });
    }

    private void cold(DataFile file, Range range, Visitor visitor) throws IOException {
        cold(file, range, null, visitor);
    }

    private void cold(DataFile file, Range range, @Nullable TableReader.Text text, Visitor visitor) throws IOException {
        ColdRows.forEach(coldFiles, file, range.instrument(), range.fromNs(), range.toNs(), text, view, row -> {
            if (read.access().allows(view.event())) {
                visitor.accept(row);
            }
        });
    }
}
