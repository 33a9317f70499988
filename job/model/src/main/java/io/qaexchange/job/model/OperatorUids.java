package io.qaexchange.job.model;

/** Uids of the job's operators. They name state in savepoints and never change. */
public final class OperatorUids {

    public static final String SOURCE = "kafka-source";
    public static final String DECODE = "decode";
    public static final String EVENT_STORE = "event-store";
    public static final String ARCHIVE = "archive";
    public static final String DEAD_LETTERS = "dead-letters";
    public static final String INSTRUMENT_LEDGER = "instrument-ledger";
    public static final String ACCOUNT_LEDGER = "account-ledger";
    public static final String LEDGER_TABLES = "ledger-tables";

    private OperatorUids() {
    }
}
