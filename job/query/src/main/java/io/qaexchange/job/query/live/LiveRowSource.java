package io.qaexchange.job.query.live;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * The tables of SQL over a live read. One thread.
 */
public final class LiveRowSource implements RowSource {

    private final LiveRead read;
    private final ColdFiles coldFiles;
    private final Path archiveFolder;
    private final LedgerRows ledgerRows;
    private final StoredEvent row = new StoredEvent();

    /** Finds rows of the ledger's tables that are in no file yet. */
    @FunctionalInterface
    public interface LedgerRows {
        List<LedgerRow> get() throws Exception;
    }

    public LiveRowSource(LiveRead read, ManifestStore archive, LedgerRows ledgerRows) {
        this.read = read;
        this.coldFiles = read.coldFiles(archive);
        this.archiveFolder = archive.root();
        this.ledgerRows = ledgerRows;
    }

    @Override
    public List<DataFile> files() {
        return read.files();
    }

    @Override
    public ColdFile open(DataFile file) throws IOException {
        return coldFiles.open(file);
    }

    @Override
    public String tierOf(DataFile file) {
        return coldFiles.tierOf(file);
    }

    @Override
    public Set<String> folders() {
        return RowSource.localFolders(archiveFolder);
    }

    @Override
    public Instruments instruments() {
        return read.instruments();
    }

    @Override
    public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
        for (Map.Entry<RecordType, RowFilter> table : filter.tables().entrySet()) {
            for (LiveRead.Wanted wanted : wanted(table.getKey(), table.getValue())) {
                scan(wanted, table.getValue(), visitor);
            }
        }
    }

    /** The rows that a filter lets through, but for their trading days. */
    private static List<LiveRead.Wanted> wanted(RecordType type, RowFilter rows) {
        if (rows.fromNs() > rows.toNs()) {
            return List.of();
        }
        LiveRead.Wanted wanted = LiveRead.Wanted.all(type).between(rows.fromNs(), rows.toNs() == Long.MAX_VALUE ? Long.MAX_VALUE : rows.toNs() + 1);
        return rows.instruments() == null ? List.of(wanted) : rows.instruments().stream().map(wanted::of).toList();
    }

    @Override
    @Nullable
    public List<FileBars> hotBars(RecordType type, RowFilter filter, int widthSeconds) throws IOException {
        if (!read.access().isAll() || filter.hasDays()) {
            return null;
        }
        List<FileBars> bars = new ArrayList<>();
        for (LiveRead.Wanted wanted : wanted(type, filter)) {
            bars.addAll(read.bars(wanted, widthSeconds));
        }
        return bars;
    }

    private void scan(LiveRead.Wanted wanted, RowFilter rows, HotRow visitor) throws IOException {
        read.scan(wanted, (bytes, offset, length) -> {
            row.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
            if (rows.hasDay(read.instruments().tradingDay(row.event()))) {
                try {
                    visitor.accept(row.event().routeKey(), row);
                } catch (IOException | RuntimeException e) {
                    throw e;
                } catch (Exception e) {
                    throw new IOException("a hot row could not be taken: " + e.getMessage(), e);
                }
            }
            return true;
        });
    }

    @Override
    public List<LedgerRow> hotLedgerRows() throws Exception {
        return ledgerRows.get();
    }
}
