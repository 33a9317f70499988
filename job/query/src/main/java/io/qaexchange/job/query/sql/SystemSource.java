package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * The rows of another source, and system tables beside them.
 *
 * @param rows rows of events and of the ledger
 * @param tables rows of the system tables
 */
public record SystemSource(RowSource rows, Tables tables) implements RowSource {

    /** Gives rows of system tables. */
    @FunctionalInterface
    public interface Tables {
        /** By column, in the order of the table: Integer, Long, Double, Boolean, String or null. */
        List<Object[]> rows(SystemTable table) throws Exception;
    }

    @Override
    public List<Object[]> systemRows(SystemTable table) throws Exception {
        return tables.rows(table);
    }

    @Override
    public List<DataFile> files() {
        return rows.files();
    }

    @Override
    public ColdFile open(DataFile file) throws IOException {
        return rows.open(file);
    }

    @Override
    public String tierOf(DataFile file) {
        return rows.tierOf(file);
    }

    @Override
    public Set<String> folders() {
        return rows.folders();
    }

    @Override
    public Instruments instruments() {
        return rows.instruments();
    }

    @Override
    public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
        rows.forEachHotRow(filter, visitor);
    }

    @Override
    public List<LedgerRow> hotLedgerRows() throws Exception {
        return rows.hotLedgerRows();
    }
}
