package io.qaexchange.job.model.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import javax.annotation.Nullable;

/**
 * One side of a position: how much, since when, what it cost. Volumes and money in {@link Micros}.
 *
 * <p>What was opened today is kept by trading day until that day is settled; usually that is one day, which needs no further object. Cost and margin shrink with the
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
     * The volume and cost that a closing took out.
     *
     * @param cost share of the open cost
     * @param margin share of the margin
     */
    record Closed(long cost, long margin) {
    }

    private long history;
    private long today;
    /** Newest day of what was opened today; of no meaning if there is none. */
    private int newestDay;
    /** The volume opened on earlier days that are not settled; null if nothing is left of it. */
    @Nullable
    private DayVolumes earlier;
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

    /** The part of the volume that open orders to close have frozen. */
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

    /** The part of a pool that an order for that volume can freeze. */
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

    /** The volume and cost that closing that volume will take out. */
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
        if (earlier != null) {
            long settled = earlier.takeThrough(day);
            history += settled;
            today -= settled;
            forgetEmpty();
        }
        if (today > 0 && newestDay <= day) {
            history += today;
            today = 0;
        }
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
        if (today == 0 || day == newestDay) {
            newestDay = day;
        } else {
            if (earlier == null) {
                earlier = new DayVolumes();
            }
            if (day < newestDay) {
                earlier.add(day, volume);
            } else {
                earlier.add(newestDay, newestVolume());
                newestDay = day;
            }
        }
        today += volume;
    }

    /** The volume opened on the newest day: the rest. */
    private long newestVolume() {
        long volume = today;
        for (int i = 0; earlier != null && i < earlier.count(); i++) {
            volume -= earlier.volume(i);
        }
        return volume;
    }

    /** Takes from the oldest days first. */
    private void takeToday(long volume) {
        today -= volume;
        if (earlier != null) {
            earlier.takeOldest(volume);
            forgetEmpty();
        }
    }

    private void forgetEmpty() {
        if (earlier.count() == 0) {
            earlier = null;
        }
    }

    void write(DataOutput out) throws IOException {
        out.writeLong(history);
        out.writeLong(frozen);
        out.writeLong(cost);
        out.writeLong(margin);
        int before = earlier == null ? 0 : earlier.count();
        out.writeShort(before + (today == 0 ? 0 : 1));
        for (int i = 0; i < before; i++) {
            out.writeInt(earlier.day(i));
            out.writeLong(earlier.volume(i));
        }
        if (today != 0) {
            out.writeInt(newestDay);
            out.writeLong(newestVolume());
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
