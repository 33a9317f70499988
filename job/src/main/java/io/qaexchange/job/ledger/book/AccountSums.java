package io.qaexchange.job.ledger.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Changes of an account's money on one trading day, as sums in {@link Micros}. Only ever added, so no order of arrival matters.
 *
 * <p>Mutable, one thread. Written as eleven numbers.
 */
public final class AccountSums {

    long deposits;
    long withdrawals;
    long closeProfit;
    long commission;
    long frozen;
    long margin;
    long floatProfit;
    long orders;
    long trades;
    /** Instruments whose trading day was settled for this account. */
    long settlements;
    /** Newest event time of what was booked. */
    long newestNs = Long.MIN_VALUE;

    public long deposits() {
        return deposits;
    }

    public long withdrawals() {
        return withdrawals;
    }

    public long closeProfit() {
        return closeProfit;
    }

    public long commission() {
        return commission;
    }

    public long frozen() {
        return frozen;
    }

    public long margin() {
        return margin;
    }

    /** Float profit at the last settlement prices. */
    public long floatProfit() {
        return floatProfit;
    }

    public long orders() {
        return orders;
    }

    public long trades() {
        return trades;
    }

    public long settlements() {
        return settlements;
    }

    /** What these changes make of static: deposits − withdrawals + close profit − commission. */
    public long staticChange() {
        return deposits - withdrawals + closeProfit - commission;
    }

    /** Adds. */
    public void add(AccountSums other) {
        deposits += other.deposits;
        withdrawals += other.withdrawals;
        closeProfit += other.closeProfit;
        commission += other.commission;
        frozen += other.frozen;
        margin += other.margin;
        floatProfit += other.floatProfit;
        orders += other.orders;
        trades += other.trades;
        settlements += other.settlements;
        newestNs = Math.max(newestNs, other.newestNs);
    }

    /** Writes the numbers. */
    public void write(DataOutput out) throws IOException {
        out.writeLong(deposits);
        out.writeLong(withdrawals);
        out.writeLong(closeProfit);
        out.writeLong(commission);
        out.writeLong(frozen);
        out.writeLong(margin);
        out.writeLong(floatProfit);
        out.writeLong(orders);
        out.writeLong(trades);
        out.writeLong(settlements);
        out.writeLong(newestNs);
    }

    /** Reads the numbers. */
    public static AccountSums read(DataInput in) throws IOException {
        AccountSums sums = new AccountSums();
        sums.deposits = in.readLong();
        sums.withdrawals = in.readLong();
        sums.closeProfit = in.readLong();
        sums.commission = in.readLong();
        sums.frozen = in.readLong();
        sums.margin = in.readLong();
        sums.floatProfit = in.readLong();
        sums.orders = in.readLong();
        sums.trades = in.readLong();
        sums.settlements = in.readLong();
        sums.newestNs = in.readLong();
        return sums;
    }
}
