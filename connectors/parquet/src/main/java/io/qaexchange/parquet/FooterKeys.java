package io.qaexchange.parquet;

/** Names of the metadata entries in the footer of every file. Values are text. */
public final class FooterKeys {

    /** Record type. */
    public static final String TABLE = "qaexchange.table";
    /** Version of the event schema that wrote the file. */
    public static final String SCHEMA_VERSION = "qaexchange.schema_version";
    /** Number of rows. */
    public static final String ROWS = "qaexchange.rows";
    /** Stored bytes of the rows before they were converted. */
    public static final String RAW_BYTES = "qaexchange.raw_bytes";
    /** Smallest event time, ns since 1970. */
    public static final String MIN_EVENT_TIME = "qaexchange.min_event_time_ns";
    /** Greatest event time, ns since 1970. */
    public static final String MAX_EVENT_TIME = "qaexchange.max_event_time_ns";
    /** Identity of the batch; no two files of a table have the same. */
    public static final String BATCH_ID = "qaexchange.batch_id";
    /** The epoch in which the job wrote the file. */
    public static final String EPOCH = "qaexchange.epoch";
    /** Trading day of all rows, yyyy-mm-dd. */
    public static final String TRADING_DAY = "qaexchange.trading_day";
    /** Smallest instrument, by the bytes of its UTF-8; empty if a row has none. */
    public static final String MIN_INSTRUMENT = "qaexchange.min_instrument";
    /** Greatest instrument, by the bytes of its UTF-8. */
    public static final String MAX_INSTRUMENT = "qaexchange.max_instrument";
    /** The event-store subtask that wrote the file, from 0; absent in files of the ledger. */
    public static final String SUBTASK = "qaexchange.subtask";
    /** Number of the file among those of its subtask in its archive epoch, ascending in the order of hand-over, from 1. */
    public static final String ORDINAL = "qaexchange.ordinal";

    private FooterKeys() {
    }

    /**
     * Bars of a width, of all rows of the file; see {@link io.qaexchange.parquet.bar.FileBars}. Absent if there are too many for the rows.
     *
     * @param widthSeconds 60, 900 or 3600
     */
    public static String bars(int widthSeconds) {
        return "qaexchange.bars_" + widthSeconds + "s";
    }
}
