package io.qaexchange.job.model;

/**
 * Metrics of the job's operators, as {@code docs/metrics.md} lists them. Totals marked as gauges survive restarts; counters begin anew with each
 * attempt of a task.
 */
public enum JobMetric {
    CONSUMED("Decode", "consumed", "gauge", "messages", "Messages read from Kafka, over all attempts."),
    REFUSED("Decode", "refused", "gauge", "messages", "Messages that could not be decoded, over all attempts."),
    REFUSED_BY_REASON("Decode", "refusedByReason", "counter", "messages", "Messages that could not be decoded, with the label reason."),
    UNKNOWN_JSON_KEYS("Decode", "unknownJsonKeys", "gauge", "keys", "Keys of JSON messages that no column has."),
    STORED("Event store", "stored", "gauge", "rows", "Rows that were stored, over all attempts."),
    DUPLICATES("Event store", "duplicates", "gauge", "events", "Events that were already stored, with the same bytes, over all attempts."),
    DEAD_LETTERS("Event store", "deadLetters", "gauge", "events", "Events that the store refused, over all attempts."),
    DEAD_LETTERS_BY_REASON("Event store", "deadLettersByReason", "counter", "events", "Events that the store refused, with the label reason."),
    STORED_BYTES("Event store", "storedBytes", "counter", "bytes", "Stored bytes of rows."),
    LATE_ROWS("Event store", "lateRows", "counter", "rows", "Rows that arrived below the archive watermark of their instrument."),
    HOT_ROWS("Event store", "hotRows", "gauge", "rows", "Rows that were stored and not yet handed over to the archive."),
    ARCHIVED_ROWS("Event store", "archivedRows", "gauge", "rows", "Rows in files that were handed over, over all attempts."),
    ARCHIVED_BYTES("Event store", "archivedBytes", "counter", "bytes", "Stored bytes of the rows in files that were handed over."),
    ARCHIVED_FILES("Event store", "archivedFiles", "counter", "files", "Files that were handed over."),
    ARCHIVING("Event store", "archiving", "gauge", "0 or 1", "Whether an archiving round runs."),
    ARCHIVING_PAUSED("Event store", "archivingPaused", "gauge", "0 or 1", "Whether an operator has paused archiving."),
    ARCHIVING_ROUNDS("Event store", "archivingRounds", "counter", "rounds", "Archiving rounds that ended."),
    ARCHIVING_FAILURES("Event store", "archivingFailures", "counter", "rounds", "Archiving rounds that began again because a file could not be written."),
    ARCHIVING_NS("Event store", "archivingNs", "counter", "nanoseconds", "Time of the task thread that archiving took, by the clock."),
    ARCHIVING_CPU_NS("Event store", "archivingCpuNs", "counter", "nanoseconds", "Processor time of the task thread that archiving took."),
    ARCHIVING_SLICE_MICROS("Event store", "archivingSliceMicros", "histogram", "microseconds", "Time of one archiving slice, by the clock: ingestion waits that long."),
    ARCHIVING_SLICE_CPU_MICROS("Event store", "archivingSliceCpuMicros", "histogram", "microseconds", "Processor time of one archiving slice."),
    EVENT_TIME_LAG_MS("Event store", "eventTimeLagMs", "gauge", "milliseconds", "Clock minus the newest event time that was stored since the task began; -1 before the first event."),
    ARRIVAL_AGE_MS("Event store", "arrivalAgeMs", "gauge", "milliseconds", "Time since the last event was stored; -1 before the first event."),
    DISK_FREE_BYTES("Event store", "diskFreeBytes", "gauge", "bytes", "Space that is left on the disk of Flink's temporary folder, which holds hot state and files to be archived."),
    HANDED_OVER_BATCHES("Event store", "handedOverBatches", "gauge", "batches", "Batches on their way into the archive manifest."),
    UNPUBLISHED_BATCHES("Event store", "unpublishedBatches", "gauge", "batches", "Batches that should be in the archive manifest and are not; 0 is normal."),
    LEDGER_BOOKED("Ledger: instruments", "ledgerBooked", "gauge", "events", "Events that the ledger booked."),
    TAPE_EVENTS("Ledger: instruments", "tapeEvents", "gauge", "events", "Events without an account, of which nothing is booked."),
    WAITING_TRADES("Ledger: instruments", "waitingTrades", "gauge", "trades", "Trades that wait for their orders."),
    REPORTS_COMPARED("Ledger", "reportsCompared", "gauge", "reports", "Reported positions, orders and accounts that were compared with the ledger."),
    REPORT_DIFFERENCES("Ledger", "reportDifferences", "gauge", "reports", "Reports that differ from the ledger."),
    LEDGER_ALERTS("Ledger", "ledgerAlerts", "counter", "alerts", "Alerts of the ledger, with the label reason."),
    REPORTS_OUTDATED("Ledger: accounts", "reportsOutdated", "counter", "reports", "Reports that were older than the newest booking of their account."),
    LEDGER_WRITE_MICROS("Ledger: instruments", "ledgerWriteMicros", "histogram", "microseconds", "Time to write changes at a checkpoint, by the clock."),
    LEDGER_WRITE_CPU_MICROS("Ledger: instruments", "ledgerWriteCpuMicros", "histogram", "microseconds", "Processor time to write changes at a checkpoint."),
    LEDGER_ROWS_WAITING("Ledger: tables", "ledgerRowsWaiting", "gauge", "rows", "Rows of the ledger's tables that wait for a file."),
    MANIFEST_VERSION("Archive", "manifestVersion", "gauge", "version", "Version of the archive manifest."),
    PUBLISHED_FILES("Archive", "publishedFiles", "gauge", "files", "Files in the archive manifest."),
    DEAD_LETTERS_CUT("Dead letters", "deadLettersCut", "counter", "letters", "Dead letters whose value was cut to the size that the topic takes."),
    DEAD_LETTERS_NOT_COMMITTED("Dead letters", "deadLetterTransactionsNotCommitted", "counter", "transactions",
            "Transactions of written dead letters that Kafka did not commit; their letters are not in the topic."),
    DEAD_LETTERS_NOT_WRITTEN("Dead letters", "deadLettersNotWritten", "counter", "letters", "Dead letters that the topic did not take; the log names each.");

    private final String operator;
    private final String id;
    private final String kind;
    private final String unit;
    private final String description;

    JobMetric(String operator, String id, String kind, String unit, String description) {
        this.operator = operator;
        this.id = id;
        this.kind = kind;
        this.unit = unit;
        this.description = description;
    }

    public String operator() {
        return operator;
    }

    /** The name under which Flink knows it. */
    public String id() {
        return id;
    }

    public String kind() {
        return kind;
    }

    public String unit() {
        return unit;
    }

    public String description() {
        return description;
    }
}
