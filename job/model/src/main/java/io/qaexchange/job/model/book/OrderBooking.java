package io.qaexchange.job.model.book;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.Utf8View;

/** Books orders: what they freeze, and what fills, cancels and rejections release. One thread. */
final class OrderBooking {

    static final RecordType INSERT = EventSchema.get().table("order_insert");
    private static final Field INSERT_ID = INSERT.field("order_id");
    private static final Field INSERT_ACCOUNT = INSERT.field("account");
    private static final Field INSERT_EXCHANGE_ID = INSERT.field("exchange_order_id");
    private static final Field INSERT_DIRECTION = INSERT.field("direction");
    private static final Field INSERT_OFFSET = INSERT.field("offset");
    private static final Field INSERT_PRICE = INSERT.field("price");
    private static final Field INSERT_VOLUME = INSERT.field("volume");

    static final RecordType UPDATE = EventSchema.get().table("order_update");
    private static final Field UPDATE_ID = UPDATE.field("order_id");
    private static final Field UPDATE_ACCOUNT = UPDATE.field("account");
    private static final Field UPDATE_STATUS = UPDATE.field("status");
    private static final Field UPDATE_LEFT = UPDATE.field("volume_left");
    private static final Field UPDATE_CANCELLED = UPDATE.field("volume_cancelled");
    private static final int PARTIALLY_CANCELLED = UPDATE_STATUS.enumCode("PARTIALLY_CANCELLED");
    private static final int CANCELLED = UPDATE_STATUS.enumCode("CANCELLED");
    private static final int REJECTED = UPDATE_STATUS.enumCode("REJECTED");

    private final Booking on;
    private final ReportCheck reports;
    private final Utf8View orderId = new Utf8View();

    OrderBooking(Booking on, ReportCheck reports) {
        this.on = on;
        this.reports = reports;
    }

    /** Trades may have come before their order. */
    @FunctionalInterface
    interface Arrived {
        void order(Order order) throws Exception;
    }

    /** Books a new order. */
    void insert(Arrived arrived) throws Exception {
        String account = on.event.getText(INSERT_ACCOUNT, on.accounts);
        Direction direction = Direction.ofCode(on.event.getEnumCode(INSERT_DIRECTION));
        Offset offset = Offset.ofCode(on.event.getEnumCode(INSERT_OFFSET));
        if (account.isEmpty() && offset == Offset.NONE) {
            on.head.tape = true;
            on.head.tapeEvents++;
            return;
        }
        String id = Trade.text(on.event, INSERT_ID);
        int day = on.tradingDay();
        if (account.isEmpty()) {
            on.alert(AlertReason.NO_ACCOUNT, day, "", id, "", "order");
            return;
        }
        double price = on.event.getDouble(INSERT_PRICE);
        long volume = Micros.of(on.event.getDouble(INSERT_VOLUME));
        if (volume <= 0 || direction == Direction.NONE) {
            on.alert(AlertReason.BAD_VALUE, day, account, id, "", direction + " " + Micros.toText(volume));
            return;
        }
        if (on.state.order(id) != null) {
            on.alert(AlertReason.DUPLICATE_ORDER, day, account, id, "", direction + " " + Micros.toText(volume));
            return;
        }
        on.checkKnown(day);
        Side opens = direction.opens();
        Position position = offset == Offset.OPEN ? null : on.state.position(account);
        long toFreeze = 0;
        if (position != null) {
            toFreeze = position.side(opens.other()).freezable(on.pool(offset), volume);
        }
        long toOpen = offset == Offset.OPEN ? volume : offset == Offset.NONE ? volume - toFreeze : 0;
        long money = toOpen == 0 ? 0 : on.contract.margin(opens, price, toOpen);
        if (offset != Offset.OPEN && offset != Offset.NONE && toFreeze < volume) {
            on.alert(AlertReason.INSUFFICIENT_POSITION, day, account, id, "",
                    "asks " + Micros.toText(volume) + ", free " + Micros.toText(toFreeze));
        }
        if (toFreeze > 0) {
            position.side(opens.other()).freeze(toFreeze);
            on.state.putPosition(account, position);
        }
        Order order = new Order(id, account, Trade.text(on.event, INSERT_EXCHANGE_ID), direction, offset, price, volume, day,
                on.event.eventTime(), money, toFreeze);
        AccountSums sums = on.change(account, day);
        sums.frozen += money;
        sums.orders++;
        on.head.booked++;
        on.checkNotSettled(day, account, id, "");
        on.state.putOrder(order);
        arrived.order(order);
    }

    /** Books a cancel or a rejection; other updates are compared. */
    void update() throws Exception {
        int status = on.event.getEnumCode(UPDATE_STATUS);
        boolean whole = status == CANCELLED || status == REJECTED;
        if (!whole && status != PARTIALLY_CANCELLED) {
            if (!on.head.tape || on.event.textLength(UPDATE_ACCOUNT) != 0) {
                reports.compareLeft(on.head, on.event, UPDATE_ID, UPDATE_LEFT);
            }
            return;
        }
        Utf8View id = on.event.getText(UPDATE_ID, orderId);
        Order order = on.state.order(id);
        int day = on.tradingDay();
        if (order == null) {
            String account = on.event.getText(UPDATE_ACCOUNT, on.accounts);
            if (on.head.tape && account.isEmpty()) {
                on.head.tapeEvents++;
            } else {
                on.alert(AlertReason.UNKNOWN_ORDER, day, account, id.toString(), "", UPDATE_STATUS.enumName(status));
            }
            return;
        }
        long cancelled = order.left;
        if (!whole) {
            cancelled = !on.event.isNull(UPDATE_CANCELLED) ? Micros.of(on.event.getDouble(UPDATE_CANCELLED))
                    : on.event.isNull(UPDATE_LEFT) ? 0 : order.left - Micros.of(on.event.getDouble(UPDATE_LEFT));
            if (cancelled <= 0) {
                on.alert(AlertReason.BAD_VALUE, day, order.account, order.id, "", "cancelled " + Micros.toText(cancelled));
                return;
            }
        }
        on.head.booked++;
        take(order, cancelled, day, null, null);
    }

    /**
     * Takes a fill or cancel off an order and releases what it froze.
     *
     * @param held account whose position the caller holds and puts back itself, or null
     * @param position that position
     */
    void take(Order order, long volume, int day, String held, Position position) throws Exception {
        long money = order.releaseMoney(volume);
        long frozen = order.releaseVolume(volume);
        order.take(volume);
        if (money != 0) {
            on.change(order.account, day).frozen -= money;
        }
        if (frozen != 0) {
            boolean isHeld = order.account.equals(held);
            Position own = isHeld ? position : on.state.position(order.account);
            if (own != null) {
                own.side(order.closes()).release(frozen);
                if (!isHeld) {
                    on.state.putPosition(order.account, own);
                }
            }
        }
        if (order.left == 0) {
            on.state.removeOrder(order.id);
        } else {
            on.state.putOrder(order);
        }
    }
}
