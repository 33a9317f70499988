package io.qaexchange.job.model.book;

/** Receives the effects of an instrument's bookings on accounts and tables. */
public interface BookOutput {

    /** Sums to add to, of that account's day; of use until the event is booked. */
    AccountSums change(String account, int day);

    void alert(Alert alert);

    /** A position at the settlement of its instrument's day. */
    void settled(SettledPosition position);
}
