package io.qaexchange.job.model.book;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import javax.annotation.Nullable;

/**
 * Position of one account in one instrument, with its activity on days that are not settled.
 *
 * <p>Mutable, one thread. Stored as version {@value #FORMAT_VERSION}: both sides, the float profit last told to the account, the days.
 */
public final class Position {

    private static final int FORMAT_VERSION = 1;
    private static final Flow NO_FLOW = new Flow(0);

    /** Figures of a trading day. */
    public static final class Flow {
        final int day;
        long closeProfit;
        long commission;
        long bought;
        long sold;
        int trades;
        /** The flow of another day; usually there is none. */
        @Nullable
        private Flow next;

        Flow(int day) {
            this.day = day;
        }

        public long closeProfit() {
            return closeProfit;
        }

        public long commission() {
            return commission;
        }

        /** Volume bought. */
        public long bought() {
            return bought;
        }

        /** Volume sold. */
        public long sold() {
            return sold;
        }

        public int trades() {
            return trades;
        }

        private void add(Flow other) {
            closeProfit += other.closeProfit;
            commission += other.commission;
            bought += other.bought;
            sold += other.sold;
            trades += other.trades;
        }
    }

    private final PositionSide longSide;
    private final PositionSide shortSide;
    /** The first of the days that are not settled, in the order in which they came; null if there is none. */
    @Nullable
    private Flow flows;
    /** Float profit at the last settlement, as the account knows it. */
    private long toldFloatProfit;

    Position() {
        this(new PositionSide(), new PositionSide());
    }

    private Position(PositionSide longSide, PositionSide shortSide) {
        this.longSide = longSide;
        this.shortSide = shortSide;
    }

    public PositionSide side(Side side) {
        return side == Side.LONG ? longSide : shortSide;
    }

    /** Margin of both sides. */
    public long margin() {
        return longSide.margin() + shortSide.margin();
    }

    /** Float profit of both sides at a price. */
    public long floatProfit(Contract contract, double price) {
        return longSide.floatProfit(Side.LONG, contract, price) + shortSide.floatProfit(Side.SHORT, contract, price);
    }

    /** Figures of the days that are not settled. */
    public Flow unsettled() {
        return flowsThrough(Integer.MAX_VALUE);
    }

    /**
     * Looks whether a trade still fits into the sums of the days that are not settled.
     *
     * @throws AmountOutOfRangeException if one would be too large
     */
    void checkRoom(long profit, long commission, long volume) {
        Flow all = flows == null || flows.next == null ? flows : unsettled();
        if (all == null) {
            all = NO_FLOW;
        }
        Micros.checked(all.closeProfit + Micros.checked(profit));
        Micros.checked(all.commission + commission);
        Micros.checked(all.bought + volume);
        Micros.checked(all.sold + volume);
    }

    Flow flow(int day) {
        Flow last = null;
        for (Flow flow = flows; flow != null; flow = flow.next) {
            if (flow.day == day) {
                return flow;
            }
            last = flow;
        }
        return append(last, new Flow(day));
    }

    private Flow append(@Nullable Flow last, Flow flow) {
        if (last == null) {
            flows = flow;
        } else {
            last.next = flow;
        }
        return flow;
    }

    /** The sum of the days up to one. */
    Flow flowsThrough(int day) {
        Flow sum = new Flow(day);
        for (Flow flow = flows; flow != null; flow = flow.next) {
            if (flow.day <= day) {
                sum.add(flow);
            }
        }
        return sum;
    }

    /** Makes history of the days up to one, and forgets what happened on them. */
    void settle(int day) {
        longSide.settle(day);
        shortSide.settle(day);
        Flow last = null;
        Flow flow = flows;
        flows = null;
        while (flow != null) {
            Flow next = flow.next;
            flow.next = null;
            if (flow.day > day) {
                last = append(last, flow);
            }
            flow = next;
        }
    }

    /**
     * Notes the float profit.
     *
     * @return the change since the account was told last
     */
    long tellFloatProfit(long floatProfit) {
        long change = floatProfit - toldFloatProfit;
        toldFloatProfit = floatProfit;
        return change;
    }

    /** Whether there is nothing left to know of it. */
    boolean isEmpty() {
        return longSide.volume() == 0 && shortSide.volume() == 0 && flows == null && toldFloatProfit == 0;
    }

    /** Writes it as state. */
    public void write(DataOutput out) throws IOException {
        out.writeByte(FORMAT_VERSION);
        longSide.write(out);
        shortSide.write(out);
        out.writeLong(toldFloatProfit);
        int count = 0;
        for (Flow flow = flows; flow != null; flow = flow.next) {
            count++;
        }
        out.writeShort(count);
        for (Flow flow = flows; flow != null; flow = flow.next) {
            out.writeInt(flow.day);
            out.writeLong(flow.closeProfit);
            out.writeLong(flow.commission);
            out.writeLong(flow.bought);
            out.writeLong(flow.sold);
            out.writeInt(flow.trades);
        }
    }

    /**
     * Reads it from state.
     *
     * @throws IOException if a newer build wrote it
     */
    public static Position read(DataInput in) throws IOException {
        FormatVersion.check("position", in.readByte(), FORMAT_VERSION);
        Position position = new Position(PositionSide.read(in), PositionSide.read(in));
        position.toldFloatProfit = in.readLong();
        int count = in.readShort();
        Flow last = null;
        for (int i = 0; i < count; i++) {
            Flow flow = new Flow(in.readInt());
            flow.closeProfit = in.readLong();
            flow.commission = in.readLong();
            flow.bought = in.readLong();
            flow.sold = in.readLong();
            flow.trades = in.readInt();
            last = position.append(last, flow);
        }
        return position;
    }
}
