package io.qaexchange.job.ledger.book;

/** Takes what the bookings of an instrument mean for others. */
public interface BookOutput {

    /** The sums of an account's day, to be added to. */
    AccountSums change(String account, int day);

    void alert(Alert alert);

    /** A position at the settlement of its instrument's day. */
    void settled(SettledPosition position);
}
