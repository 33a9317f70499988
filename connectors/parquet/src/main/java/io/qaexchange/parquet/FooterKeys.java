package io.qaexchange.parquet;

/** Names of what the footer of every file carries, as text. */
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
    /** Which event times and late generations of which instruments the file holds; its writer defines the text. */
    public static final String RANGES = "qaexchange.ranges";

    private FooterKeys() {
    }
}
