package io.qaexchange.job.model.book;

import java.util.Locale;

/** Why something did not fit. Codes stand in state and are never reused. */
public enum AlertReason {
    /** The instruments file has entries, and none for this instrument; booked with the default terms. Once per instrument. */
    UNKNOWN_INSTRUMENT(1),
    /** Neither the event nor its order names an account; not booked. */
    NO_ACCOUNT(2),
    /** A trade's order had not come within 60 s of event time; booked without order. */
    UNKNOWN_ORDER(3),
    /** An order of this id is open already; the first stays. */
    DUPLICATE_ORDER(4),
    /** No direction, or a volume or amount that is not positive; not booked. */
    BAD_VALUE(5),
    /** An amount is beyond 10^12; not booked. */
    OUT_OF_RANGE(6),
    /** An order to close freezes more than the position has free; only that much is frozen. */
    INSUFFICIENT_POSITION(7),
    /** A trade closes more than the position has; only that much is closed. */
    CLOSE_BEYOND_POSITION(8),
    /** A trade fills more than its order has left; booked. */
    OVERFILLED(9),
    /** A trade names another account than its order; booked to the trade's. */
    OTHER_ACCOUNT(10),
    /** An order or trade came after the settlement of its trading day; booked, positions as history. */
    AFTER_SETTLEMENT(11),
    /** A trading day was settled again; the new price counts. */
    SETTLED_AGAIN(12),
    /** An account was opened twice; the earlier one counts. */
    OPENED_AGAIN(13),
    /** An account had no account_open when a day of it was settled. */
    NOT_OPENED(14),
    /** An account's money was below zero when a day of it was settled. */
    MONEY_BELOW_ZERO(15);

    private static final AlertReason[] ALL = values();

    private final int code;

    AlertReason(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Name in tables and metrics: {@code unknown_order}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The reason of that code; null if this build has none. */
    static AlertReason ofCode(int code) {
        for (AlertReason reason : ALL) {
            if (reason.code == code) {
                return reason;
            }
        }
        return null;
    }
}
