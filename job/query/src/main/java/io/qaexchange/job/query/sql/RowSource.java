package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.union.UnionReader;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.flink.core.fs.Path;

/** Where the tables of SQL take their rows from: cold files and hot rows that belong together. */
public interface RowSource {

    /** All files, of events and of the ledger. */
    List<DataFile> files();

    /** Where a file lies. */
    Path locate(DataFile file);

    /** Instruments as the job had them. */
    Instruments instruments();

    /** Visits the hot rows that a filter lets through. */
    void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception;

    /** Rows of the ledger's tables that are in no file yet. */
    List<LedgerRow> hotLedgerRows() throws Exception;

    /** Hot and cold rows. */
    static RowSource of(UnionReader union) {
        return new RowSource() {
            @Override
            public List<DataFile> files() {
                return Stream.concat(union.files().stream(), union.otherFiles().stream()).toList();
            }

            @Override
            public Path locate(DataFile file) {
                return union.locate(file);
            }

            @Override
            public Instruments instruments() {
                return union.instruments();
            }

            @Override
            public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
                union.forEachHotRow(filter, visitor);
            }

            @Override
            public List<LedgerRow> hotLedgerRows() throws Exception {
                return union.checkpoint().listState(OperatorUids.LEDGER_TABLES, LedgerRow.state());
            }
        };
    }

    /** The newest version of an archive, without hot rows. */
    static RowSource of(ManifestStore store) throws IOException {
        return ofFiles(store.latest().files(), store::locate);
    }

    /** Archived files alone, without hot rows. */
    static RowSource ofFiles(List<DataFile> files, Function<DataFile, Path> locate) {
        return new RowSource() {
            @Override
            public List<DataFile> files() {
                return files;
            }

            @Override
            public Path locate(DataFile file) {
                return locate.apply(file);
            }

            @Override
            public Instruments instruments() {
                return Instruments.defaults();
            }

            @Override
            public void forEachHotRow(HotFilter filter, HotRow visitor) {
                // There are none.
            }

            @Override
            public List<LedgerRow> hotLedgerRows() {
                return List.of();
            }
        };
    }
}
