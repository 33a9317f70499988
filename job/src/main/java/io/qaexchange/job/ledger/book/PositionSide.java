package io.qaexchange.job.ledger.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/**
 * One side of a position: how much, since when, what it cost. Volumes and money in {@link Micros}.
 *
 * <p>What was opened today is kept by trading day until that day is settled; usually that is one day. Cost and margin shrink with the
 * share that is closed, and reach zero with the last lot.
 *
 * <p>Invariants: nothing is negative but cost (with negative prices); frozen is at most the volume. Mutable, one thread.
 */
public final class PositionSide {

    /** Which lots a closing trade may take. */
    enum Pool {
        HISTORY, TODAY, HISTORY_THEN_TODAY;

        boolean hasHistory() {
            return this != TODAY;
        }

        boolean hasToday() {
            return this != HISTORY;
        }
    }

    /**
     * What a closing took out.
     *
     * @param cost share of the open cost
     * @param margin share of the margin
     */
    record Closed(long cost, long margin) {
    }

    private long history;
    private int days;
    private int[] dayNumbers = new int[1];
    private long[] dayVolumes = new long[1];
    private long today;
    private long frozen;
    private long cost;
    private long margin;

    /** Volume of settled days. */
    public long history() {
        return history;
    }

    /** Volume opened on days that are not settled. */
    public long today() {
        return today;
    }

    public long volume() {
        return history + today;
    }

    /** Of the volume, what open orders to close have frozen. */
    public long frozen() {
        return frozen;
    }

    /** Open cost: value at the prices at which the volume was opened. */
    public long cost() {
        return cost;
    }

    public long margin() {
        return margin;
    }

    /** Volume that a pool has, frozen or not. */
    long in(Pool pool) {
        return (pool.hasHistory() ? history : 0) + (pool.hasToday() ? today : 0);
    }

    /** Of a pool, what an order for that volume can freeze. */
    long freezable(Pool pool, long volume) {
        return Math.min(volume, Math.min(in(pool), volume() - frozen));
    }

    void freeze(long volume) {
        frozen += volume;
    }

    void release(long volume) {
        frozen = Math.max(0, frozen - volume);
    }

    /** Opens; a day that is settled already is history. */
    void open(int day, long volume, long addedCost, long addedMargin, int settledThrough) {
        if (day <= settledThrough) {
            history += volume;
        } else {
            addToday(day, volume);
        }
        cost += addedCost;
        margin += addedMargin;
    }

    /** What closing that volume will take out. */
    Closed shareOf(long volume) {
        long all = volume();
        return new Closed(Micros.share(cost, volume, all), Micros.share(margin, volume, all));
    }

    /** Closes a volume that the pool has; history first, then the oldest day. */
    void close(Pool pool, long volume, Closed share) {
        long fromHistory = pool.hasHistory() ? Math.min(history, volume) : 0;
        history -= fromHistory;
        takeToday(volume - fromHistory);
        cost -= share.cost();
        margin -= share.margin();
        frozen = Math.min(frozen, volume());
    }

    /** Makes history of what was opened up to a day. */
    void settle(int day) {
        int settled = 0;
        while (settled < days && dayNumbers[settled] <= day) {
            history += dayVolumes[settled];
            today -= dayVolumes[settled];
            settled++;
        }
        removeDays(settled);
    }

    /** Value at a price minus cost, for the long side; the opposite for the short one. */
    public long floatProfit(Side side, Contract contract, double price) {
        if (volume() == 0) {
            return 0;
        }
        long gain = contract.value(price, volume()) - cost;
        return side == Side.LONG ? gain : -gain;
    }

    private void addToday(int day, long volume) {
        int at = days;
        while (at > 0 && dayNumbers[at - 1] > day) {
            at--;
        }
        today += volume;
        if (at > 0 && dayNumbers[at - 1] == day) {
            dayVolumes[at - 1] += volume;
            return;
        }
        if (days == dayNumbers.length) {
            dayNumbers = Arrays.copyOf(dayNumbers, days + 1);
            dayVolumes = Arrays.copyOf(dayVolumes, days + 1);
        }
        System.arraycopy(dayNumbers, at, dayNumbers, at + 1, days - at);
        System.arraycopy(dayVolumes, at, dayVolumes, at + 1, days - at);
        dayNumbers[at] = day;
        dayVolumes[at] = volume;
        days++;
    }

    private void takeToday(long volume) {
        long rest = volume;
        int emptied = 0;
        while (rest > 0) {
            long taken = Math.min(rest, dayVolumes[emptied]);
            dayVolumes[emptied] -= taken;
            today -= taken;
            rest -= taken;
            if (dayVolumes[emptied] == 0) {
                emptied++;
            }
        }
        removeDays(emptied);
    }

    private void removeDays(int count) {
        if (count > 0) {
            days -= count;
            System.arraycopy(dayNumbers, count, dayNumbers, 0, days);
            System.arraycopy(dayVolumes, count, dayVolumes, 0, days);
        }
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(history);
        out.writeLong(frozen);
        out.writeLong(cost);
        out.writeLong(margin);
        out.writeShort(days);
        for (int i = 0; i < days; i++) {
            out.writeInt(dayNumbers[i]);
            out.writeLong(dayVolumes[i]);
        }
    }

    static PositionSide read(DataInput in) throws IOException {
        PositionSide side = new PositionSide();
        side.history = in.readLong();
        side.frozen = in.readLong();
        side.cost = in.readLong();
        side.margin = in.readLong();
        int count = in.readShort();
        for (int i = 0; i < count; i++) {
            side.addToday(in.readInt(), in.readLong());
        }
        return side;
    }
}
