package io.qaexchange.job.model.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Changes of an account's money on one trading day, as sums in {@link Micros}. Only ever added, so no order of arrival matters.
 *
 * <p>Mutable, one thread. Written as eleven numbers.
 */
public final class AccountSums {

    private static final long FULL = 1L << 62;

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

    /** Newest event time of what was booked, ns since 1970. */
    public long newestNs() {
        return newestNs;
    }

    /** The change of the static balance: deposits − withdrawals + close profit − commission. */
    public long staticChange() {
        return deposits - withdrawals + closeProfit - commission;
    }

    /**
     * Adds.
     *
     * @throws ArithmeticException if a sum does not fit 64 bits; nothing more of it may be used then
     */
    public void add(AccountSums other) {
        deposits = Math.addExact(deposits, other.deposits);
        withdrawals = Math.addExact(withdrawals, other.withdrawals);
        closeProfit = Math.addExact(closeProfit, other.closeProfit);
        commission = Math.addExact(commission, other.commission);
        frozen = Math.addExact(frozen, other.frozen);
        margin = Math.addExact(margin, other.margin);
        floatProfit = Math.addExact(floatProfit, other.floatProfit);
        orders += other.orders;
        trades += other.trades;
        settlements += other.settlements;
        newestNs = Math.max(newestNs, other.newestNs);
    }

    /** Back to nothing. */
    public void clear() {
        deposits = 0;
        withdrawals = 0;
        closeProfit = 0;
        commission = 0;
        frozen = 0;
        margin = 0;
        floatProfit = 0;
        orders = 0;
        trades = 0;
        settlements = 0;
        newestNs = Long.MIN_VALUE;
    }

    /** A copy with others added. */
    AccountSums with(AccountSums other) {
        AccountSums sum = new AccountSums();
        sum.add(this);
        sum.add(other);
        return sum;
    }

    /** Whether another booking might not fit: each changes a sum by less than four times {@link Micros#LIMIT}. */
    public boolean isNearlyFull() {
        return (magnitude(deposits) | magnitude(withdrawals) | magnitude(closeProfit) | magnitude(commission) | magnitude(frozen)
                | magnitude(margin) | magnitude(floatProfit)) >= FULL;
    }

    /** Whether a sum is larger than an account's may be, {@link Micros#LIMIT}: up to there no figure made of them is out of range. */
    boolean isBeyondLimit() {
        return magnitude(deposits) > Micros.LIMIT || magnitude(withdrawals) > Micros.LIMIT || magnitude(closeProfit) > Micros.LIMIT
                || magnitude(commission) > Micros.LIMIT || magnitude(frozen) > Micros.LIMIT || magnitude(margin) > Micros.LIMIT
                || magnitude(floatProfit) > Micros.LIMIT;
    }

    /** The number without its sign, or one less. */
    private static long magnitude(long number) {
        return number ^ number >> 63;
    }

    @Override
    public String toString() {
        return "deposits " + Micros.toText(deposits) + ", withdrawals " + Micros.toText(withdrawals) + ", close profit "
                + Micros.toText(closeProfit) + ", commission " + Micros.toText(commission) + ", frozen " + Micros.toText(frozen)
                + ", margin " + Micros.toText(margin) + ", float profit " + Micros.toText(floatProfit);
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
