package io.qaexchange.job.model.book;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Settles an instrument's trading day: open orders expire, positions become history. One thread. */
final class Settlement {

    static final RecordType TYPE = EventSchema.get().table("settlement");
    private static final Field SETTLEMENT_PRICE = TYPE.field("settlement_price");

    private final Booking on;
    private final OrderBooking orders;
    private final WaitingTrades waiting;

    Settlement(Booking on, OrderBooking orders, WaitingTrades waiting) {
        this.on = on;
        this.orders = orders;
        this.waiting = waiting;
    }

    /** Ends a trading day of the instrument. */
    void settle() throws Exception {
        int day = on.tradingDay();
        double price = on.event.getDouble(SETTLEMENT_PRICE);
        long settledAtNs = on.event.eventTime();
        Micros.of(price);
        if (day <= on.head.settledThrough) {
            on.alert(AlertReason.SETTLED_AGAIN, day, "", "", "", "at " + price);
        }
        waiting.book(trade -> trade.day() <= day);
        Map<String, Position> positions = on.state.positions();
        for (Position position : positions.values()) {
            // A price out of range shows here, before the first change.
            Micros.checked(position.floatProfit(on.contract, price));
        }
        Set<String> concerned = new HashSet<>();
        for (Order order : on.state.orders()) {
            if (order.day <= day) {
                concerned.add(order.account);
                orders.take(order, order.left, day, null, null);
            }
        }
        if (settledAtNs >= on.head.lastPriceNs) {
            on.head.lastPrice = price;
            on.head.lastPriceNs = settledAtNs;
        }
        on.head.settledThrough = Math.max(on.head.settledThrough, day);
        on.head.booked++;
        for (Map.Entry<String, Position> entry : on.state.positions().entrySet()) {
            concerned.add(entry.getKey());
            settle(entry.getKey(), entry.getValue(), day, price, settledAtNs);
        }
        for (String account : concerned) {
            on.change(account, day).settlements++;
        }
    }

    private void settle(String account, Position position, int day, double price, long settledAtNs) throws Exception {
        PositionSide longSide = position.side(Side.LONG);
        PositionSide shortSide = position.side(Side.SHORT);
        long longProfit = longSide.floatProfit(Side.LONG, on.contract, price);
        long shortProfit = shortSide.floatProfit(Side.SHORT, on.contract, price);
        Position.Flow flow = position.flowsThrough(day);
        on.output.settled(new SettledPosition(day, settledAtNs, on.instrument.id(), account, price, longSide.volume(), longSide.today(),
                longSide.cost(), longSide.margin(), longProfit, shortSide.volume(), shortSide.today(), shortSide.cost(),
                shortSide.margin(), shortProfit, flow.closeProfit, flow.commission, flow.bought, flow.sold, flow.trades));
        on.change(account, day).floatProfit += position.tellFloatProfit(longProfit + shortProfit);
        position.settle(day);
        if (position.isEmpty()) {
            on.state.removePosition(account);
        } else {
            on.state.putPosition(account, position);
        }
    }
}
