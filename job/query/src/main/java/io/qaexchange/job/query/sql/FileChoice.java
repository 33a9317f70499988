package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.model.table.LedgerTable;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;

/**
 * The files of a table that may have rows which a query asks for, and those that cannot. Ranges of the archive manifest tell; no file is opened.
 *
 * <p>If no file of a table can have an instrument that the query names, those of its days and times stay: messages about an unknown instrument
 * take near names from there.
 *
 * @param read files that are opened
 * @param pruned files that are not, and why
 */
record FileChoice(List<DataFile> read, List<TablePlan.PrunedFile> pruned) {

    /** Chooses among files of one table. */
    static FileChoice of(List<DataFile> files, TableRead wanted) {
        List<DataFile> inTime = new ArrayList<>();
        List<TablePlan.PrunedFile> pruned = new ArrayList<>();
        for (DataFile file : files) {
            TablePlan.Reason reason = outside(file, wanted);
            if (reason == null) {
                inTime.add(file);
            } else {
                pruned.add(new TablePlan.PrunedFile(file, reason));
            }
        }
        List<DataFile> read = new ArrayList<>();
        List<DataFile> ofOthers = new ArrayList<>();
        inTime.forEach(file -> (wanted.rows().hasInstrumentBetween(file.minInstrument(), file.maxInstrument()) ? read : ofOthers).add(file));
        if (read.isEmpty()) {
            return new FileChoice(inTime, pruned);
        }
        ofOthers.forEach(file -> pruned.add(new TablePlan.PrunedFile(file, TablePlan.Reason.INSTRUMENT)));
        return new FileChoice(read, pruned);
    }

    /** A later row of the ledger hides an earlier one of its day, so of its files only the day tells. */
    @Nullable
    private static TablePlan.Reason outside(DataFile file, TableRead wanted) {
        if (!wanted.rows().hasDay(Integer.parseInt(file.tradingDay().replace("-", "")))) {
            return TablePlan.Reason.DAY;
        }
        boolean inTime = LedgerTable.find(file.table()) != null || wanted.rows().hasTimes(file.minEventTimeNs(), file.maxEventTimeNs());
        return inTime ? null : TablePlan.Reason.TIME;
    }
}
