package io.qaexchange.job.model.book;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Trades that came before their orders, and wait for them. One thread. */
final class WaitingTrades {

    private final Booking on;
    private final TradeBooking trades;

    WaitingTrades(Booking on, TradeBooking trades) {
        this.on = on;
        this.trades = trades;
    }

    /** Lets a trade wait. */
    void add(Trade trade) throws Exception {
        List<Trade> waiting = new ArrayList<>(on.state.waiting(trade.orderKey()));
        waiting.add(trade);
        on.state.putWaiting(trade.orderKey(), waiting);
        on.head.waiting++;
        on.head.oldestWaitingNs = Math.min(on.head.oldestWaitingNs, trade.eventTimeNs());
    }

    /** Books the trades that wait for an order that has come. */
    void bookFor(Order order) throws Exception {
        if (on.head.waiting > 0) {
            bookFor(order.id);
            if (!order.exchangeOrderId.isEmpty()) {
                bookFor(Trade.exchangeKey(order.exchangeOrderId));
            }
        }
    }

    /** Books trades that wait, without their orders, in the order in which they came. */
    void book(Predicate<Trade> filter) throws Exception {
        if (on.head.waiting == 0) {
            return;
        }
        List<Trade> due = new ArrayList<>();
        on.head.waiting = 0;
        on.head.oldestWaitingNs = Long.MAX_VALUE;
        for (Map.Entry<String, List<Trade>> entry : on.state.waiting().entrySet()) {
            List<Trade> stay = new ArrayList<>();
            for (Trade trade : entry.getValue()) {
                (filter.test(trade) ? due : stay).add(trade);
            }
            if (stay.size() < entry.getValue().size()) {
                on.state.putWaiting(entry.getKey(), stay);
            }
            on.head.waiting += stay.size();
            stay.forEach(trade -> on.head.oldestWaitingNs = Math.min(on.head.oldestWaitingNs, trade.eventTimeNs()));
        }
        due.sort(Comparator.comparingLong(Trade::number));
        for (Trade trade : due) {
            bookLate(trade, null);
        }
    }

    /** Books trades that wait for an order that has come now. */
    private void bookFor(String orderKey) throws Exception {
        List<Trade> waiting = on.state.waiting(orderKey);
        if (waiting.isEmpty()) {
            return;
        }
        on.state.putWaiting(orderKey, List.of());
        on.head.waiting -= waiting.size();
        if (on.head.waiting == 0) {
            on.head.oldestWaitingNs = Long.MAX_VALUE;
        }
        for (Trade trade : waiting) {
            bookLate(trade, trades.orderOf(trade));
        }
    }

    private void bookLate(Trade trade, Order order) throws Exception {
        if (order == null && trade.isTape() && on.head.tape) {
            on.head.tapeEvents++;
            return;
        }
        long of = on.bookedNs;
        on.bookedNs = trade.eventTimeNs();
        try {
            trades.book(trade, order);
        } catch (AmountOutOfRangeException e) {
            on.alert(AlertReason.OUT_OF_RANGE, trade, trade.account(), trade.orderId(), e.getMessage());
        } finally {
            on.bookedNs = of;
        }
    }
}
