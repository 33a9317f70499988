package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.union.UnionReader;
import java.util.List;
import java.util.Optional;

/** The rows that an audit compares with what was sent: all of one Flink checkpoint, hot and cold, as often as they are asked for. */
public interface AuditedRows {

    /**
     * The job's own counters at the checkpoint.
     *
     * @param consumed messages that it read
     * @param stored events that became rows
     * @param duplicates events that repeat a row
     * @param deadLetters messages that it refused
     */
    record Counters(long consumed, long stored, long duplicates, long deadLetters) {
    }

    /** The counters; empty where nobody tells them. */
    Optional<Counters> counters() throws Exception;

    /** Visits the hot rows. */
    void forEachHotRow(HotRow visitor) throws Exception;

    /** The archived files of events. */
    List<DataFile> files();

    /**
     * Visits the rows of one file.
     *
     * @throws java.io.IOException if it is missing or damaged
     */
    void forEachRow(DataFile file, UnionReader.ColdRow visitor) throws Exception;

    /** Batches whose rows the retention let go. */
    List<ExpiredBatch> expired();

    /** Rows that were erased by request. */
    List<Erasure> erasures();

    /** Version of the archive manifest that lists the files. */
    long manifestVersion();
}
