package io.qaexchange.job.query.sql;

import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.RowParquetWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Rows of the ledger's tables that a checkpoint has and the archive not yet, as temporary Parquet files. */
final class LedgerRows {

    private LedgerRows() {
    }

    /** Writes the rows of a checkpoint and adds the files to those of their tables. */
    static void write(CheckpointReader checkpoint, Path folder, Map<String, List<String>> filesByTable) throws Exception {
        Map<LedgerTable, List<LedgerRow>> rows = new EnumMap<>(LedgerTable.class);
        for (LedgerRow row : checkpoint.listState(OperatorUids.LEDGER_TABLES, LedgerRow.state())) {
            rows.computeIfAbsent(row.table(), table -> new ArrayList<>()).add(row);
        }
        for (Map.Entry<LedgerTable, List<LedgerRow>> entry : rows.entrySet()) {
            LedgerTable table = entry.getKey();
            filesByTable.computeIfAbsent(table.table(), name -> new ArrayList<>()).add(write(folder, table, entry.getValue()));
        }
    }

    /** A file without rows, so that the table has columns. */
    static String empty(Path folder, LedgerTable table) throws IOException {
        return write(folder, table, List.of());
    }

    private static String write(Path folder, LedgerTable table, List<LedgerRow> rows) throws IOException {
        try (RowParquetWriter writer = RowParquetWriter.create(folder.resolve(table.table() + ".parquet"), table.table(),
                table.allColumns(), new ParquetOptions(ParquetOptions.Compression.SNAPPY, ParquetOptions.DEFAULT.rowGroupRows()))) {
            for (LedgerRow row : rows) {
                writer.write(row.eventTimeNs(), row.values());
            }
            writer.finish(Map.of());
            return writer.file().toString();
        }
    }
}
