package io.qaexchange.job.model.book;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.TextPool;
import io.qaexchange.events.Utf8View;
import io.qaexchange.events.instruments.Instrument;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Books the events of instruments: orders freeze, trades open and close, a settlement ends the day. What does not fit is booked as far
 * as it can be, counted and told as an {@link Alert}; nothing is refused and nothing throws because of an event.
 *
 * <p>A trade that names an order which has not come waits for it, until the instrument's own clock (its newest event time, of any event)
 * is {@value #PATIENCE_S} s past the trade, or the trade's day is settled. The clock is the instrument's, so that what happens does not
 * depend on other instruments.
 *
 * <p>All of an event is computed before anything is changed, so an amount out of range leaves no half of it behind. One thread.
 */
public final class InstrumentBook {

    /** How long a trade waits for its order, in event time. */
    public static final long PATIENCE_S = 60;
    static final long PATIENCE_NS = PATIENCE_S * 1_000_000_000L;

    private static final RecordType INSERT = EventSchema.get().table("order_insert");
    private static final Field INSERT_ID = INSERT.field("order_id");
    private static final Field INSERT_ACCOUNT = INSERT.field("account");
    private static final Field INSERT_EXCHANGE_ID = INSERT.field("exchange_order_id");
    private static final Field INSERT_DIRECTION = INSERT.field("direction");
    private static final Field INSERT_OFFSET = INSERT.field("offset");
    private static final Field INSERT_PRICE = INSERT.field("price");
    private static final Field INSERT_VOLUME = INSERT.field("volume");

    private static final RecordType UPDATE = EventSchema.get().table("order_update");
    private static final Field UPDATE_ID = UPDATE.field("order_id");
    private static final Field UPDATE_ACCOUNT = UPDATE.field("account");
    private static final Field UPDATE_STATUS = UPDATE.field("status");
    private static final Field UPDATE_LEFT = UPDATE.field("volume_left");
    private static final Field UPDATE_CANCELLED = UPDATE.field("volume_cancelled");
    private static final int PARTIALLY_CANCELLED = UPDATE_STATUS.enumCode("PARTIALLY_CANCELLED");
    private static final int CANCELLED = UPDATE_STATUS.enumCode("CANCELLED");
    private static final int REJECTED = UPDATE_STATUS.enumCode("REJECTED");

    private static final RecordType SETTLEMENT = EventSchema.get().table("settlement");
    private static final Field SETTLEMENT_PRICE = SETTLEMENT.field("settlement_price");

    private static final int INSERT_CODE = INSERT.code();
    private static final int UPDATE_CODE = UPDATE.code();
    private static final int TRADE_CODE = Trade.TYPE.code();
    private static final int SETTLEMENT_CODE = SETTLEMENT.code();

    private static final int POOLED_ACCOUNTS = 8192;

    private final BookState state;
    private final BookOutput output;
    private final ReportCheck reports;
    private final TextPool accounts = new TextPool(POOLED_ACCOUNTS);
    private final Utf8View orderId = new Utf8View();

    private InstrumentHead head;
    private InstrumentTerms terms;
    private Instrument instrument;
    private Contract contract;
    private EventView event;
    /** Event time of what is being booked. */
    private long bookedNs;
    private Arrival arrival;

    /** A book over that state. */
    public InstrumentBook(BookState state, BookOutput output) {
        this.state = state;
        this.output = output;
        this.reports = new ReportCheck(state, accounts);
    }

    /** Whether events of that record type are more to the book than a clock. */
    public static boolean concerns(int recordCode) {
        return recordCode == INSERT_CODE || recordCode == UPDATE_CODE || recordCode == TRADE_CODE || recordCode == SETTLEMENT_CODE
                || ReportCheck.concerns(recordCode);
    }

    /**
     * Books an event of an instrument.
     *
     * @param of what is known of the instrument; is changed
     * @param terms of the instrument
     * @param arrived where the event came from, for those without an identity of their own
     */
    public void accept(InstrumentHead of, InstrumentTerms terms, EventView booked, Arrival arrived) throws Exception {
        begin(of, terms);
        event = booked;
        arrival = arrived;
        tick(of, terms, booked.eventTime());
        bookedNs = booked.eventTime();
        int code = booked.recordType().code();
        try {
            if (code == INSERT_CODE) {
                insert();
            } else if (code == TRADE_CODE) {
                trade();
            } else if (code == UPDATE_CODE) {
                update();
            } else if (code == SETTLEMENT_CODE) {
                settle();
            } else {
                reports.compare(head, booked);
            }
        } catch (AmountOutOfRangeException e) {
            alert(AlertReason.OUT_OF_RANGE, tradingDay(), event.account(), textOf("order_id"), textOf("trade_id"), e.getMessage());
        }
        event = null;
    }

    /** Moves the instrument's clock; trades whose patience ends are booked. */
    public void tick(InstrumentHead of, InstrumentTerms terms, long eventTimeNs) throws Exception {
        if (eventTimeNs <= of.clockNs) {
            return;
        }
        of.clockNs = eventTimeNs;
        if (of.endsWaiting(eventTimeNs)) {
            begin(of, terms);
            bookWaiting(trade -> eventTimeNs - PATIENCE_NS > trade.eventTimeNs());
        }
    }

    /** Books what still waits: no more events will come. */
    public void end(InstrumentHead of, InstrumentTerms terms) throws Exception {
        begin(of, terms);
        bookWaiting(trade -> true);
    }

    private AccountSums change(String account, int day) {
        AccountSums sums = output.change(account, day);
        sums.newestNs = Math.max(sums.newestNs, bookedNs);
        return sums;
    }

    private void begin(InstrumentHead of, InstrumentTerms known) {
        head = of;
        terms = known;
        instrument = terms.instrument();
        contract = terms.contract();
    }

    private String textOf(String column) {
        Field field = event.recordType().findField(column);
        return field == null ? "" : Trade.text(event, field);
    }

    private int tradingDay() {
        return instrument.tradingDay(event);
    }

    private void insert() throws Exception {
        String account = event.getText(INSERT_ACCOUNT, accounts);
        Direction direction = Direction.ofCode(event.getEnumCode(INSERT_DIRECTION));
        Offset offset = Offset.ofCode(event.getEnumCode(INSERT_OFFSET));
        if (account.isEmpty() && offset == Offset.NONE) {
            head.tape = true;
            head.tapeEvents++;
            return;
        }
        String id = Trade.text(event, INSERT_ID);
        int day = tradingDay();
        if (account.isEmpty()) {
            alert(AlertReason.NO_ACCOUNT, day, "", id, "", "order");
            return;
        }
        double price = event.getDouble(INSERT_PRICE);
        long volume = Micros.of(event.getDouble(INSERT_VOLUME));
        if (volume <= 0 || direction == Direction.NONE) {
            alert(AlertReason.BAD_VALUE, day, account, id, "", direction + " " + Micros.toText(volume));
            return;
        }
        if (state.order(id) != null) {
            alert(AlertReason.DUPLICATE_ORDER, day, account, id, "", direction + " " + Micros.toText(volume));
            return;
        }
        checkKnown(day);
        Side opens = direction.opens();
        Position position = offset == Offset.OPEN ? null : state.position(account);
        long toFreeze = 0;
        if (position != null) {
            toFreeze = position.side(opens.other()).freezable(pool(offset), volume);
        }
        long toOpen = offset == Offset.OPEN ? volume : offset == Offset.NONE ? volume - toFreeze : 0;
        long money = toOpen == 0 ? 0 : contract.margin(opens, price, toOpen);
        if (offset != Offset.OPEN && offset != Offset.NONE && toFreeze < volume) {
            alert(AlertReason.INSUFFICIENT_POSITION, day, account, id, "",
                    "asks " + Micros.toText(volume) + ", free " + Micros.toText(toFreeze));
        }
        if (toFreeze > 0) {
            position.side(opens.other()).freeze(toFreeze);
            state.putPosition(account, position);
        }
        Order order = new Order(id, account, Trade.text(event, INSERT_EXCHANGE_ID), direction, offset, price, volume, day,
                event.eventTime(), money, toFreeze);
        AccountSums sums = change(account, day);
        sums.frozen += money;
        sums.orders++;
        head.booked++;
        checkNotSettled(day, account, id, "");
        state.putOrder(order);
        if (head.waiting > 0) {
            bookWaitingFor(order.id);
            if (!order.exchangeOrderId.isEmpty()) {
                bookWaitingFor(Trade.exchangeKey(order.exchangeOrderId));
            }
        }
    }

    private void update() throws Exception {
        int status = event.getEnumCode(UPDATE_STATUS);
        boolean whole = status == CANCELLED || status == REJECTED;
        if (!whole && status != PARTIALLY_CANCELLED) {
            if (!head.tape || event.textLength(UPDATE_ACCOUNT) != 0) {
                reports.compareLeft(head, event, UPDATE_ID, UPDATE_LEFT);
            }
            return;
        }
        Utf8View id = event.getText(UPDATE_ID, orderId);
        Order order = state.order(id);
        int day = tradingDay();
        if (order == null) {
            String account = event.getText(UPDATE_ACCOUNT, accounts);
            if (head.tape && account.isEmpty()) {
                head.tapeEvents++;
            } else {
                alert(AlertReason.UNKNOWN_ORDER, day, account, id.toString(), "", UPDATE_STATUS.enumName(status));
            }
            return;
        }
        long cancelled = order.left;
        if (!whole) {
            cancelled = !event.isNull(UPDATE_CANCELLED) ? Micros.of(event.getDouble(UPDATE_CANCELLED))
                    : event.isNull(UPDATE_LEFT) ? 0 : order.left - Micros.of(event.getDouble(UPDATE_LEFT));
            if (cancelled <= 0) {
                alert(AlertReason.BAD_VALUE, day, order.account, order.id, "", "cancelled " + Micros.toText(cancelled));
                return;
            }
        }
        head.booked++;
        take(order, cancelled, day, null, null);
    }

    private void trade() throws Exception {
        Utf8View id = event.getText(Trade.ORDER_ID, orderId);
        Order order = id.isEmpty() ? null : state.order(id);
        Trade trade = Trade.of(event, tradingDay(), accounts, order == null ? id.toString() : order.id);
        Micros.of(trade.price());
        if (trade.eventTimeNs() >= head.lastPriceNs) {
            head.lastPrice = trade.price();
            head.lastPriceNs = trade.eventTimeNs();
        }
        if (id.isEmpty() && trade.namesOrder()) {
            order = orderOf(trade);
        }
        if (order == null && trade.isTape() && (head.tape || !trade.namesOrder())) {
            head.tapeEvents++;
        } else if (order == null && trade.namesOrder() && !isOver(trade)) {
            List<Trade> waiting = new ArrayList<>(state.waiting(trade.orderKey()));
            waiting.add(trade.waiting(ref(), head.nextTradeNumber++, textOf("trade_id")));
            state.putWaiting(trade.orderKey(), waiting);
            head.waiting++;
            head.oldestWaitingNs = Math.min(head.oldestWaitingNs, trade.eventTimeNs());
        } else {
            book(trade, order);
        }
    }

    /** Whether it would wait for nothing: its minute is over already, or its day is settled. */
    private boolean isOver(Trade trade) {
        return head.clockNs - PATIENCE_NS > trade.eventTimeNs() || trade.day() <= head.settledThrough;
    }

    private Order orderOf(Trade trade) throws Exception {
        if (!trade.orderId().isEmpty()) {
            return state.order(trade.orderId());
        }
        for (Order order : state.orders()) {
            if (order.exchangeOrderId.equals(trade.exchangeOrderId())) {
                return order;
            }
        }
        return null;
    }

    private void book(Trade trade, Order order) throws Exception {
        String account = !trade.account().isEmpty() ? trade.account() : order == null ? "" : order.account;
        String orderId = order == null ? trade.orderId() : order.id;
        if (order == null && trade.namesOrder()) {
            alert(AlertReason.UNKNOWN_ORDER, trade, account, orderId, "");
        }
        if (account.isEmpty()) {
            alert(AlertReason.NO_ACCOUNT, trade, "", orderId, "trade");
            return;
        }
        Direction direction = trade.direction() != Direction.NONE || order == null ? trade.direction() : order.direction;
        Offset offset = trade.offset() != Offset.NONE || order == null ? trade.offset() : order.offset;
        long volume = Micros.of(trade.volume());
        if (volume <= 0 || direction == Direction.NONE) {
            alert(AlertReason.BAD_VALUE, trade, account, orderId, direction + " " + Micros.toText(volume));
            return;
        }
        checkKnown(trade.day());
        Side opens = direction.opens();
        Position position = state.position(account);
        if (position == null) {
            position = new Position();
        }
        PositionSide closed = position.side(opens.other());
        PositionSide opened = position.side(opens);
        PositionSide.Pool pool = pool(offset);
        long toClose = offset == Offset.OPEN ? 0 : Math.min(volume, closed.in(pool));
        long toOpen = offset == Offset.OPEN || offset == Offset.NONE ? volume - toClose : 0;

        // Everything that can be out of range comes before the first change.
        long commission = Double.isNaN(trade.commission()) ? contract.commission(trade.price(), volume) : Micros.of(trade.commission());
        PositionSide.Closed share = toClose == 0 ? null : closed.shareOf(toClose);
        long closedValue = toClose == 0 ? 0 : contract.value(trade.price(), toClose);
        long openedCost = toOpen == 0 ? 0 : contract.value(trade.price(), toOpen);
        long openedMargin = toOpen == 0 ? 0 : contract.margin(opens, trade.price(), toOpen);
        Micros.checked(opened.cost() + openedCost);
        Micros.checked(opened.margin() + openedMargin);
        Micros.checked(opened.volume() + toOpen);
        long gain = toClose == 0 ? 0 : closedValue - share.cost();
        long profit = opens == Side.SHORT ? gain : -gain;
        position.checkRoom(profit, commission, volume);

        AccountSums sums = change(account, trade.day());
        if (order != null) {
            if (!order.account.equals(account)) {
                alert(AlertReason.OTHER_ACCOUNT, trade, account, orderId, "order of " + order.account);
            }
            if (volume > order.left) {
                alert(AlertReason.OVERFILLED, trade, account, orderId,
                        Micros.toText(volume) + " of " + Micros.toText(order.left) + " left");
            }
            take(order, volume, trade.day(), account, position);
        }
        Position.Flow flow = position.flow(trade.day());
        if (toClose > 0) {
            closed.close(pool, toClose, share);
            sums.closeProfit += profit;
            sums.margin -= share.margin();
            flow.closeProfit += profit;
        }
        if (toOpen > 0) {
            opened.open(trade.day(), toOpen, openedCost, openedMargin, head.settledThrough);
            sums.margin += openedMargin;
        }
        sums.commission += commission;
        sums.trades++;
        flow.commission += commission;
        flow.trades++;
        flow.bought += direction == Direction.BUY ? toClose + toOpen : 0;
        flow.sold += direction == Direction.SELL ? toClose + toOpen : 0;
        head.booked++;
        state.putPosition(account, position);
        if (toClose + toOpen < volume) {
            alert(AlertReason.CLOSE_BEYOND_POSITION, trade, account, orderId,
                    offset + " " + Micros.toText(volume) + ", booked " + Micros.toText(toClose));
        }
        if (trade.day() <= head.settledThrough) {
            alert(AlertReason.AFTER_SETTLEMENT, trade, account, orderId, "settled through " + head.settledThrough);
        }
    }

    /**
     * Takes a fill or cancel off an order and releases what it froze.
     *
     * @param held account whose position the caller holds and puts back itself, or null
     * @param position that position
     */
    private void take(Order order, long volume, int day, String held, Position position) throws Exception {
        long money = order.releaseMoney(volume);
        long frozen = order.releaseVolume(volume);
        order.take(volume);
        if (money != 0) {
            change(order.account, day).frozen -= money;
        }
        if (frozen != 0) {
            boolean isHeld = order.account.equals(held);
            Position own = isHeld ? position : state.position(order.account);
            if (own != null) {
                own.side(order.closes()).release(frozen);
                if (!isHeld) {
                    state.putPosition(order.account, own);
                }
            }
        }
        if (order.left == 0) {
            state.removeOrder(order.id);
        } else {
            state.putOrder(order);
        }
    }

    private void settle() throws Exception {
        int day = tradingDay();
        double price = event.getDouble(SETTLEMENT_PRICE);
        long settledAtNs = event.eventTime();
        Micros.of(price);
        if (day <= head.settledThrough) {
            alert(AlertReason.SETTLED_AGAIN, day, "", "", "", "at " + price);
        }
        bookWaiting(trade -> trade.day() <= day);
        Map<String, Position> positions = state.positions();
        for (Position position : positions.values()) {
            // A price out of range shows here, before the first change.
            Micros.checked(position.floatProfit(contract, price));
        }
        Set<String> accounts = new HashSet<>();
        for (Order order : state.orders()) {
            if (order.day <= day) {
                accounts.add(order.account);
                take(order, order.left, day, null, null);
            }
        }
        if (settledAtNs >= head.lastPriceNs) {
            head.lastPrice = price;
            head.lastPriceNs = settledAtNs;
        }
        head.settledThrough = Math.max(head.settledThrough, day);
        head.booked++;
        for (Map.Entry<String, Position> entry : state.positions().entrySet()) {
            accounts.add(entry.getKey());
            settle(entry.getKey(), entry.getValue(), day, price, settledAtNs);
        }
        for (String account : accounts) {
            change(account, day).settlements++;
        }
    }

    private void settle(String account, Position position, int day, double price, long settledAtNs) throws Exception {
        PositionSide longSide = position.side(Side.LONG);
        PositionSide shortSide = position.side(Side.SHORT);
        long longProfit = longSide.floatProfit(Side.LONG, contract, price);
        long shortProfit = shortSide.floatProfit(Side.SHORT, contract, price);
        Position.Flow flow = position.flowsThrough(day);
        output.settled(new SettledPosition(day, settledAtNs, instrument.id(), account, price, longSide.volume(), longSide.today(),
                longSide.cost(), longSide.margin(), longProfit, shortSide.volume(), shortSide.today(), shortSide.cost(),
                shortSide.margin(), shortProfit, flow.closeProfit, flow.commission, flow.bought, flow.sold, flow.trades));
        change(account, day).floatProfit += position.tellFloatProfit(longProfit + shortProfit);
        position.settle(day);
        if (position.isEmpty()) {
            state.removePosition(account);
        } else {
            state.putPosition(account, position);
        }
    }

    private interface TradeFilter {
        boolean test(Trade trade);
    }

    /** Books trades that wait, without their orders, in the order in which they came. */
    private void bookWaiting(TradeFilter filter) throws Exception {
        if (head.waiting == 0) {
            return;
        }
        List<Trade> due = new ArrayList<>();
        head.waiting = 0;
        head.oldestWaitingNs = Long.MAX_VALUE;
        for (Map.Entry<String, List<Trade>> entry : state.waiting().entrySet()) {
            List<Trade> stay = new ArrayList<>();
            for (Trade trade : entry.getValue()) {
                (filter.test(trade) ? due : stay).add(trade);
            }
            if (stay.size() < entry.getValue().size()) {
                state.putWaiting(entry.getKey(), stay);
            }
            head.waiting += stay.size();
            stay.forEach(trade -> head.oldestWaitingNs = Math.min(head.oldestWaitingNs, trade.eventTimeNs()));
        }
        due.sort(Comparator.comparingLong(Trade::number));
        for (Trade trade : due) {
            bookLate(trade, null);
        }
    }

    /** Books trades that wait for an order that has come now. */
    private void bookWaitingFor(String orderKey) throws Exception {
        List<Trade> waiting = state.waiting(orderKey);
        if (waiting.isEmpty()) {
            return;
        }
        state.putWaiting(orderKey, List.of());
        head.waiting -= waiting.size();
        if (head.waiting == 0) {
            head.oldestWaitingNs = Long.MAX_VALUE;
        }
        for (Trade trade : waiting) {
            bookLate(trade, orderOf(trade));
        }
    }

    private void bookLate(Trade trade, Order order) throws Exception {
        if (order == null && trade.isTape() && head.tape) {
            head.tapeEvents++;
            return;
        }
        long of = bookedNs;
        bookedNs = trade.eventTimeNs();
        try {
            book(trade, order);
        } catch (AmountOutOfRangeException e) {
            alert(AlertReason.OUT_OF_RANGE, trade, trade.account(), trade.orderId(), e.getMessage());
        } finally {
            bookedNs = of;
        }
    }

    private PositionSide.Pool pool(Offset offset) {
        return switch (offset) {
            case CLOSETODAY -> PositionSide.Pool.TODAY;
            case CLOSE -> contract.closesHistoryOnly() ? PositionSide.Pool.HISTORY : PositionSide.Pool.HISTORY_THEN_TODAY;
            default -> PositionSide.Pool.HISTORY_THEN_TODAY;
        };
    }

    private void checkKnown(int day) {
        if (!head.unknownTold && !terms.known()) {
            head.unknownTold = true;
            alert(AlertReason.UNKNOWN_INSTRUMENT, day, "", "", "", "booked with the default terms: " + instrument.terms());
        }
    }

    private void checkNotSettled(int day, String account, String orderId, String tradeId) {
        if (day <= head.settledThrough) {
            alert(AlertReason.AFTER_SETTLEMENT, day, account, orderId, tradeId, "settled through " + head.settledThrough);
        }
    }

    private EventRef ref() {
        return event.hasOwnIdentity() ? new EventRef(event.source(), event.sequence())
                : new EventRef(EventIdentity.positionSource(arrival.topic(), arrival.partition()), arrival.offset());
    }

    private void alert(AlertReason reason, Trade trade, String account, String orderId, String detail) {
        EventRef ref = trade.ref() == null ? ref() : trade.ref();
        String tradeId = trade.ref() == null ? textOf("trade_id") : trade.tradeId();
        alert(new Alert(reason, trade.day(), trade.eventTimeNs(), instrument.id(), account, orderId, tradeId, ref.source(),
                ref.sequence(), detail));
    }

    private void alert(AlertReason reason, int day, String account, String orderId, String tradeId, String detail) {
        EventRef ref = event == null ? new EventRef("", 0) : ref();
        long timeNs = event == null ? head.clockNs : event.eventTime();
        alert(new Alert(reason, day, timeNs, instrument.id(), account, orderId, tradeId, ref.source(), ref.sequence(), detail));
    }

    private void alert(Alert alert) {
        head.alerts.merge(alert.reason(), 1L, Long::sum);
        output.alert(alert);
    }
}
