package io.qaexchange.job.model.book;

import io.qaexchange.events.Utf8View;

/** Books trades: what they open and close, and the money of it. One thread. */
final class TradeBooking {

    private final Booking on;
    private final OrderBooking orders;
    private final WaitingTrades waiting;
    private final Utf8View orderId = new Utf8View();

    TradeBooking(Booking on, OrderBooking orders) {
        this.on = on;
        this.orders = orders;
        this.waiting = new WaitingTrades(on, this);
    }

    WaitingTrades waiting() {
        return waiting;
    }

    /** Books a trade, or lets it wait for its order. */
    void trade() throws Exception {
        Utf8View id = on.event.getText(Trade.ORDER_ID, orderId);
        Order order = id.isEmpty() ? null : on.state.order(id);
        Trade trade = Trade.of(on.event, on.tradingDay(), on.accounts, order == null ? id.toString() : order.id);
        Micros.of(trade.price());
        if (trade.eventTimeNs() >= on.head.lastPriceNs) {
            on.head.lastPrice = trade.price();
            on.head.lastPriceNs = trade.eventTimeNs();
        }
        if (id.isEmpty() && trade.namesOrder()) {
            order = orderOf(trade);
        }
        if (order == null && trade.isTape() && (on.head.tape || !trade.namesOrder())) {
            on.head.tapeEvents++;
        } else if (order == null && trade.namesOrder() && !isOver(trade)) {
            waiting.add(trade.waiting(on.ref(), on.head.nextTradeNumber++, on.textOf("trade_id")));
        } else {
            book(trade, order);
        }
    }

    /** Whether it would wait for nothing: its minute is over already, or its day is settled. */
    private boolean isOver(Trade trade) {
        return on.head.clockNs - InstrumentBook.PATIENCE_NS > trade.eventTimeNs() || trade.day() <= on.head.settledThrough;
    }

    /** The order that a trade names; null if it is not there. */
    Order orderOf(Trade trade) throws Exception {
        if (!trade.orderId().isEmpty()) {
            return on.state.order(trade.orderId());
        }
        for (Order order : on.state.orders()) {
            if (order.exchangeOrderId.equals(trade.exchangeOrderId())) {
                return order;
            }
        }
        return null;
    }

    /** Books a trade. */
    void book(Trade trade, Order order) throws Exception {
        String account = !trade.account().isEmpty() ? trade.account() : order == null ? "" : order.account;
        String orderId = order == null ? trade.orderId() : order.id;
        if (order == null && trade.namesOrder()) {
            on.alert(AlertReason.UNKNOWN_ORDER, trade, account, orderId, "");
        }
        if (account.isEmpty()) {
            on.alert(AlertReason.NO_ACCOUNT, trade, "", orderId, "trade");
            return;
        }
        Direction direction = trade.direction() != Direction.NONE || order == null ? trade.direction() : order.direction;
        Offset offset = trade.offset() != Offset.NONE || order == null ? trade.offset() : order.offset;
        long volume = Micros.of(trade.volume());
        if (volume <= 0 || direction == Direction.NONE) {
            on.alert(AlertReason.BAD_VALUE, trade, account, orderId, direction + " " + Micros.toText(volume));
            return;
        }
        on.checkKnown(trade.day());
        Side opens = direction.opens();
        Position position = on.state.position(account);
        if (position == null) {
            position = new Position();
        }
        PositionSide closed = position.side(opens.other());
        PositionSide opened = position.side(opens);
        PositionSide.Pool pool = on.pool(offset);
        long toClose = offset == Offset.OPEN ? 0 : Math.min(volume, closed.in(pool));
        long toOpen = offset == Offset.OPEN || offset == Offset.NONE ? volume - toClose : 0;

        // Everything that can be out of range comes before the first change.
        long commission = Double.isNaN(trade.commission()) ? on.contract.commission(trade.price(), volume) : Micros.of(trade.commission());
        PositionSide.Closed share = toClose == 0 ? null : closed.shareOf(toClose);
        long closedValue = toClose == 0 ? 0 : on.contract.value(trade.price(), toClose);
        long openedCost = toOpen == 0 ? 0 : on.contract.value(trade.price(), toOpen);
        long openedMargin = toOpen == 0 ? 0 : on.contract.margin(opens, trade.price(), toOpen);
        Micros.checked(opened.cost() + openedCost);
        Micros.checked(opened.margin() + openedMargin);
        Micros.checked(opened.volume() + toOpen);
        long gain = toClose == 0 ? 0 : closedValue - share.cost();
        long profit = opens == Side.SHORT ? gain : -gain;
        position.checkRoom(profit, commission, volume);

        AccountSums sums = on.change(account, trade.day());
        if (order != null) {
            if (!order.account.equals(account)) {
                on.alert(AlertReason.OTHER_ACCOUNT, trade, account, orderId, "order of " + order.account);
            }
            if (volume > order.left) {
                on.alert(AlertReason.OVERFILLED, trade, account, orderId,
                        Micros.toText(volume) + " of " + Micros.toText(order.left) + " left");
            }
            orders.take(order, volume, trade.day(), account, position);
        }
        Position.Flow flow = position.flow(trade.day());
        if (toClose > 0) {
            closed.close(pool, toClose, share);
            sums.closeProfit += profit;
            sums.margin -= share.margin();
            flow.closeProfit += profit;
        }
        if (toOpen > 0) {
            opened.open(trade.day(), toOpen, openedCost, openedMargin, on.head.settledThrough);
            sums.margin += openedMargin;
        }
        sums.commission += commission;
        sums.trades++;
        flow.commission += commission;
        flow.trades++;
        flow.bought += direction == Direction.BUY ? toClose + toOpen : 0;
        flow.sold += direction == Direction.SELL ? toClose + toOpen : 0;
        on.head.booked++;
        on.state.putPosition(account, position);
        if (toClose + toOpen < volume) {
            on.alert(AlertReason.CLOSE_BEYOND_POSITION, trade, account, orderId,
                    offset + " " + Micros.toText(volume) + ", booked " + Micros.toText(toClose));
        }
        if (trade.day() <= on.head.settledThrough) {
            on.alert(AlertReason.AFTER_SETTLEMENT, trade, account, orderId, "settled through " + on.head.settledThrough);
        }
    }
}
