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
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
            RowFilter rows = table.getValue();
            if (rows.fromNs() > rows.toNs()) {
                continue;
            }
            LiveRead.Wanted wanted = LiveRead.Wanted.all(table.getKey())
                    .between(rows.fromNs(), rows.toNs() == Long.MAX_VALUE ? Long.MAX_VALUE : rows.toNs() + 1);
            if (rows.instruments() == null) {
                scan(wanted, rows, visitor);
            } else {
                for (String instrument : rows.instruments()) {
                    scan(wanted.of(instrument), rows, visitor);
                }
            }
        }
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
