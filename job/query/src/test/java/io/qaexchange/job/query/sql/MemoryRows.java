package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.export.ParquetRowWriter;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.bar.FileBars;
import io.qaexchange.parquet.bar.PartialBars;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.Nullable;

/** Hot rows in a list, cold ones in files of a folder. Lets hot rows through that the filter of their table wants, as the engine does. */
final class MemoryRows implements RowSource {

    private static final int BARS_AT_ONCE = 40;

    private final Path folder;
    private final Instruments instruments;
    private final List<byte[]> hot = new ArrayList<>();
    private final List<DataFile> files = new ArrayList<>();
    private boolean makesBars;

    MemoryRows(Path folder, Instruments instruments) {
        this.folder = folder;
        this.instruments = instruments;
    }

    /** Bars of hot rows are made here, as subtasks make them. */
    void makeBars() {
        makesBars = true;
    }

    void addHot(byte[] stored) {
        hot.add(stored);
    }

    /** Writes a file of one table and trading day. */
    void addFile(RecordType type, int tradingDay, List<byte[]> rows) throws IOException {
        String name = type.table() + "-" + files.size() + ".parquet";
        List<byte[]> sorted = new ArrayList<>(rows);
        sorted.sort(Comparator.comparing((byte[] row) -> new StoredEvent().wrap(row).event().instrument())
                .thenComparing(row -> new StoredEvent().wrap(row).event().eventTime()));
        TreeSet<String> names = new TreeSet<>();
        TreeSet<Long> times = new TreeSet<>();
        try (OutputStream out = Files.newOutputStream(folder.resolve(name)); ParquetRowWriter writer = ParquetRowWriter.open(type, out)) {
            for (byte[] row : sorted) {
                StoredEvent stored = new StoredEvent().wrap(row);
                names.add(stored.event().instrument());
                times.add(stored.event().eventTime());
                writer.write(stored, tradingDay);
            }
            writer.finish();
        }
        String day = tradingDay / 10_000 + "-" + String.format("%02d", tradingDay / 100 % 100) + "-" + String.format("%02d", tradingDay % 100);
        files.add(new DataFile(name, type.table(), day, name, Files.size(folder.resolve(name)), rows.size(), 1, times.first(), times.last(), "epoch", 1,
                names.first(), names.last(), 0, files.size(), null, null));
    }

    @Override
    public List<DataFile> files() {
        return files;
    }

    @Override
    public ColdFile open(DataFile file) {
        return ColdFile.at(new org.apache.flink.core.fs.Path(folder.resolve(file.path()).toUri()));
    }

    @Override
    public Set<String> folders() {
        return Set.of(folder.toString());
    }

    @Override
    public Instruments instruments() {
        return instruments;
    }

    @Override
    public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
        StoredEvent stored = new StoredEvent();
        for (byte[] row : hot) {
            stored.wrap(row);
            var wanted = filter.tables().get(stored.event().recordType());
            if (wanted != null && wanted.hasRouteKey(stored.event().routeKey()) && wanted.hasTimes(stored.event().eventTime(), stored.event().eventTime())
                    && wanted.hasDay(instruments.tradingDay(stored.event()))) {
                visitor.accept(stored.event().routeKey(), stored);
            }
        }
    }

    @Override
    @Nullable
    public List<FileBars> hotBars(RecordType type, RowFilter filter, int widthSeconds) throws IOException {
        if (!makesBars || filter.hasDays()) {
            return null;
        }
        PartialBars bars = new PartialBars(type, BarTable.find(type.table()), widthSeconds);
        List<FileBars> parts = new ArrayList<>();
        for (byte[] row : hot) {
            StoredEvent stored = new StoredEvent().wrap(row);
            EventView event = stored.event();
            if (event.recordType() == type && filter.hasRouteKey(event.routeKey()) && filter.hasTimes(event.eventTime(), event.eventTime())) {
                bars.add(stored, instruments.tradingDay(event));
            }
            if (bars.size() == BARS_AT_ONCE) {
                take(bars, parts);
            }
        }
        take(bars, parts);
        return parts;
    }

    private static void take(PartialBars bars, List<FileBars> parts) throws IOException {
        for (byte[] bytes : bars.take()) {
            parts.add(FileBars.read(bytes));
        }
    }

    @Override
    public List<LedgerRow> hotLedgerRows() {
        return List.of();
    }
}
