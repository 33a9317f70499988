package io.qaexchange.job.model.book;

import io.qaexchange.events.EventView;
import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rules of the ledger once more, in the plainest way: decimals, lists that are searched from the front, money that is added to and
 * taken from as it happens. Knows nothing of the code that it checks.
 */
final class NaiveLedger {

    private static final BigDecimal ZERO = BigDecimal.ZERO;
    private static final long MINUTE_NS = 60_000_000_000L;

    /** Running money of an account. */
    static final class Cash {
        BigDecimal init = ZERO;
        BigDecimal deposits = ZERO;
        BigDecimal withdrawals = ZERO;
        BigDecimal profit = ZERO;
        BigDecimal commission = ZERO;
        BigDecimal frozen = ZERO;
        BigDecimal margin = ZERO;
        BigDecimal money = ZERO;
        boolean opened;
    }

    /** A lot of a position: opened on a day, settled or not. */
    private static final class Lot {
        final int day;
        boolean history;
        BigDecimal volume;

        Lot(int day, boolean history, BigDecimal volume) {
            this.day = day;
            this.history = history;
            this.volume = volume;
        }
    }

    /** One side of a position of one account in one instrument. */
    static final class Holding {
        private final List<Lot> lots = new ArrayList<>();
        BigDecimal cost = ZERO;
        BigDecimal margin = ZERO;
        BigDecimal frozen = ZERO;

        BigDecimal volume(Boolean history) {
            BigDecimal sum = ZERO;
            for (Lot lot : lots) {
                if (history == null || lot.history == history) {
                    sum = sum.add(lot.volume);
                }
            }
            return sum;
        }
    }

    private static final class Open {
        String id;
        String account;
        String direction;
        String offset;
        BigDecimal volume;
        BigDecimal left;
        BigDecimal money;
        BigDecimal moneyLeft;
        BigDecimal frozen;
        BigDecimal frozenLeft;
        int day;
    }

    private record Fill(String id, String orderId, String account, String direction, String offset, BigDecimal price, BigDecimal volume,
            BigDecimal commission, long timeNs, int day) {
    }

    /** All of an instrument. */
    private static final class Market {
        final List<Open> orders = new ArrayList<>();
        final List<Fill> waiting = new ArrayList<>();
        final Map<String, Map<String, Holding>> holdings = new HashMap<>();
        long clockNs = Long.MIN_VALUE;
        long lastPriceNs = Long.MIN_VALUE;
        BigDecimal lastPrice = ZERO;
        int settled;
    }

    private final Instruments instruments;
    private final Map<String, Market> markets = new TreeMap<>();
    final Map<String, Cash> accounts = new TreeMap<>();

    NaiveLedger(Instruments instruments) {
        this.instruments = instruments;
    }

    void accept(byte[] message) {
        EventView e = new EventView().wrap(message);
        if (e.hasInstrument()) {
            Market market = markets.computeIfAbsent(e.instrument(), id -> new Market());
            Instrument terms = instruments.get(e.instrument());
            if (e.eventTime() > market.clockNs) {
                market.clockNs = e.eventTime();
                bookWithoutOrders(market, terms, Integer.MIN_VALUE);
            }
            switch (e.recordType().table()) {
                case "order_insert" -> insert(market, terms, e);
                case "order_update" -> update(market, e);
                case "trade" -> trade(market, terms, e);
                case "settlement" -> settle(market, terms, e);
                default -> { }
            }
        }
        switch (e.recordType().table()) {
            case "account_open" -> open(e);
            case "cash_movement" -> move(e);
            default -> { }
        }
    }

    void end() {
        markets.forEach((id, market) -> {
            while (!market.waiting.isEmpty()) {
                book(market, instruments.get(id), market.waiting.remove(0), null);
            }
        });
    }

    Cash cash(String account) {
        return accounts.computeIfAbsent(account, id -> new Cash());
    }

    Holding holding(String account, String instrument, String side) {
        return holding(markets.computeIfAbsent(instrument, id -> new Market()), account, side);
    }

    BigDecimal orderLeft(String instrument, String id) {
        for (Open order : markets.getOrDefault(instrument, new Market()).orders) {
            if (order.id.equals(id)) {
                return order.left;
            }
        }
        return null;
    }

    BigDecimal floatProfit(String account) {
        BigDecimal sum = ZERO;
        for (Map.Entry<String, Market> market : markets.entrySet()) {
            BigDecimal multiplier = decimal(instruments.get(market.getKey()).terms().multiplier());
            Holding held = holding(market.getValue(), account, "LONG");
            Holding owed = holding(market.getValue(), account, "SHORT");
            sum = sum.add(rounded(market.getValue().lastPrice.multiply(held.volume(null)).multiply(multiplier)).subtract(held.cost));
            sum = sum.add(owed.cost).subtract(rounded(market.getValue().lastPrice.multiply(owed.volume(null)).multiply(multiplier)));
        }
        return sum;
    }

    private static Holding holding(Market market, String account, String side) {
        return market.holdings.computeIfAbsent(account, id -> new HashMap<>()).computeIfAbsent(side, id -> new Holding());
    }

    private void open(EventView e) {
        Cash cash = cash(e.account());
        if (!cash.opened) {
            cash.opened = true;
            cash.init = decimal(number(e, "init_cash"));
            cash.money = cash.money.add(cash.init);
        }
    }

    private void move(EventView e) {
        BigDecimal amount = decimal(number(e, "amount"));
        Cash cash = cash(e.account());
        if (text(e, "kind").equals("DEPOSIT")) {
            cash.deposits = cash.deposits.add(amount);
            cash.money = cash.money.add(amount);
        } else {
            cash.withdrawals = cash.withdrawals.add(amount);
            cash.money = cash.money.subtract(amount);
        }
    }

    private void insert(Market market, Instrument terms, EventView e) {
        Open order = new Open();
        order.id = text(e, "order_id");
        order.account = e.account();
        order.direction = text(e, "direction");
        order.offset = text(e, "offset");
        order.volume = decimal(number(e, "volume"));
        order.left = order.volume;
        order.day = instruments.tradingDay(e);
        if (order.account.isEmpty() || find(market, order.id) != null) {
            return;
        }
        String opens = order.direction.equals("BUY") ? "LONG" : "SHORT";
        Holding closes = holding(market, order.account, other(opens));
        order.frozen = ZERO;
        if (!order.offset.equals("OPEN")) {
            BigDecimal pool = pool(closes, order.offset, terms);
            order.frozen = order.volume.min(pool).min(closes.volume(null).subtract(closes.frozen));
        }
        BigDecimal opening = order.offset.equals("OPEN") ? order.volume
                : order.offset.equals("NONE") ? order.volume.subtract(order.frozen) : ZERO;
        double coefficient = opens.equals("LONG") ? terms.terms().marginLong() : terms.terms().marginShort();
        order.money = rounded(decimal(number(e, "price")).abs().multiply(opening).multiply(decimal(terms.terms().multiplier()))
                .multiply(decimal(coefficient)));
        order.moneyLeft = order.money;
        order.frozenLeft = order.frozen;
        closes.frozen = closes.frozen.add(order.frozen);
        Cash cash = cash(order.account);
        cash.frozen = cash.frozen.add(order.money);
        cash.money = cash.money.subtract(order.money);
        market.orders.add(order);
        for (Fill fill : List.copyOf(market.waiting)) {
            if (fill.orderId.equals(order.id)) {
                market.waiting.remove(fill);
                book(market, terms, fill, find(market, order.id));
            }
        }
    }

    private void update(Market market, EventView e) {
        Open order = find(market, text(e, "order_id"));
        if (order == null) {
            return;
        }
        switch (text(e, "status")) {
            case "CANCELLED", "REJECTED" -> take(market, order, order.left);
            case "PARTIALLY_CANCELLED" -> take(market, order, decimal(number(e, "volume_cancelled")));
            default -> { }
        }
    }

    private void take(Market market, Open order, BigDecimal volume) {
        boolean last = volume.compareTo(order.left) >= 0;
        BigDecimal money = last ? order.moneyLeft : order.moneyLeft.min(share(order.money, volume, order.volume));
        BigDecimal frozen = last ? order.frozenLeft : order.frozenLeft.min(share(order.frozen, volume, order.volume));
        order.moneyLeft = order.moneyLeft.subtract(money);
        order.frozenLeft = order.frozenLeft.subtract(frozen);
        order.left = last ? ZERO : order.left.subtract(volume);
        Cash cash = cash(order.account);
        cash.frozen = cash.frozen.subtract(money);
        cash.money = cash.money.add(money);
        Holding closes = holding(market, order.account, order.direction.equals("BUY") ? "SHORT" : "LONG");
        closes.frozen = closes.frozen.subtract(frozen).max(ZERO);
        if (last) {
            market.orders.remove(order);
        }
    }

    private void trade(Market market, Instrument terms, EventView e) {
        Fill fill = new Fill(text(e, "trade_id"), text(e, "order_id"), e.account(), text(e, "direction"), text(e, "offset"),
                decimal(number(e, "price")), decimal(number(e, "volume")),
                Double.isNaN(number(e, "commission")) ? null : decimal(number(e, "commission")), e.eventTime(),
                instruments.tradingDay(e));
        if (e.eventTime() >= market.lastPriceNs) {
            market.lastPriceNs = e.eventTime();
            market.lastPrice = fill.price;
        }
        Open order = find(market, fill.orderId);
        boolean wait = order == null && !fill.orderId.isEmpty() && market.clockNs - MINUTE_NS <= fill.timeNs
                && fill.day > market.settled;
        if (wait) {
            market.waiting.add(fill);
        } else {
            book(market, terms, fill, order);
        }
    }

    private void bookWithoutOrders(Market market, Instrument terms, int day) {
        for (Iterator<Fill> fills = List.copyOf(market.waiting).iterator(); fills.hasNext();) {
            Fill fill = fills.next();
            if (market.clockNs - MINUTE_NS > fill.timeNs && day == Integer.MIN_VALUE || fill.day <= day) {
                market.waiting.remove(fill);
                book(market, terms, fill, null);
            }
        }
    }

    private void book(Market market, Instrument terms, Fill fill, Open order) {
        String account = !fill.account.isEmpty() ? fill.account : order == null ? "" : order.account;
        if (account.isEmpty()) {
            return;
        }
        String offset = fill.offset.equals("NONE") && order != null ? order.offset : fill.offset;
        String opens = fill.direction.equals("BUY") ? "LONG" : "SHORT";
        if (order != null) {
            take(market, order, fill.volume);
        }
        BigDecimal multiplier = decimal(terms.terms().multiplier());
        Cash cash = cash(account);
        BigDecimal commission = fill.commission != null ? rounded(fill.commission)
                : rounded(fill.volume.multiply(decimal(terms.terms().commissionPerLot())
                        .add(decimal(terms.terms().commissionPerAmount()).multiply(multiplier).multiply(fill.price.abs()))));
        cash.commission = cash.commission.add(commission);
        cash.money = cash.money.subtract(commission);

        BigDecimal opening = fill.volume;
        if (!offset.equals("OPEN")) {
            Holding closes = holding(market, account, other(opens));
            BigDecimal closing = fill.volume.min(pool(closes, offset, terms));
            opening = offset.equals("NONE") ? fill.volume.subtract(closing) : ZERO;
            if (closing.signum() > 0) {
                BigDecimal cost = share(closes.cost, closing, closes.volume(null));
                BigDecimal margin = share(closes.margin, closing, closes.volume(null));
                BigDecimal gain = rounded(fill.price.multiply(closing).multiply(multiplier)).subtract(cost);
                BigDecimal profit = opens.equals("SHORT") ? gain : gain.negate();
                takeLots(closes, offset, terms, closing);
                closes.cost = closes.cost.subtract(cost);
                closes.margin = closes.margin.subtract(margin);
                closes.frozen = closes.frozen.min(closes.volume(null));
                cash.profit = cash.profit.add(profit);
                cash.margin = cash.margin.subtract(margin);
                cash.money = cash.money.add(margin).add(profit);
            }
        }
        if (opening.signum() > 0) {
            Holding opened = holding(market, account, opens);
            double coefficient = opens.equals("LONG") ? terms.terms().marginLong() : terms.terms().marginShort();
            BigDecimal margin = rounded(fill.price.abs().multiply(opening).multiply(multiplier).multiply(decimal(coefficient)));
            opened.lots.add(new Lot(fill.day, fill.day <= market.settled, opening));
            opened.cost = opened.cost.add(rounded(fill.price.multiply(opening).multiply(multiplier)));
            opened.margin = opened.margin.add(margin);
            cash.margin = cash.margin.add(margin);
            cash.money = cash.money.subtract(margin);
        }
    }

    /** History first, then the oldest day. */
    private static void takeLots(Holding holding, String offset, Instrument terms, BigDecimal volume) {
        BigDecimal rest = volume;
        boolean history = !offset.equals("CLOSETODAY");
        boolean today = offset.equals("CLOSETODAY") || offset.equals("NONE") || !historyOnly(terms);
        while (rest.signum() > 0) {
            Lot next = null;
            for (Lot lot : holding.lots) {
                boolean may = lot.history ? history : today;
                boolean before = next == null || lot.history && !next.history || lot.history == next.history && lot.day < next.day;
                if (may && lot.volume.signum() > 0 && before) {
                    next = lot;
                }
            }
            BigDecimal taken = rest.min(next.volume);
            next.volume = next.volume.subtract(taken);
            rest = rest.subtract(taken);
        }
    }

    private static BigDecimal pool(Holding holding, String offset, Instrument terms) {
        return switch (offset) {
            case "CLOSETODAY" -> holding.volume(false);
            case "CLOSE" -> historyOnly(terms) ? holding.volume(true) : holding.volume(null);
            default -> holding.volume(null);
        };
    }

    private void settle(Market market, Instrument terms, EventView e) {
        int day = instruments.tradingDay(e);
        bookWithoutOrders(market, terms, day);
        for (Open order : List.copyOf(market.orders)) {
            if (order.day <= day) {
                take(market, order, order.left);
            }
        }
        if (e.eventTime() >= market.lastPriceNs) {
            market.lastPriceNs = e.eventTime();
            market.lastPrice = decimal(number(e, "settlement_price"));
        }
        market.settled = Math.max(market.settled, day);
        for (Map<String, Holding> sides : market.holdings.values()) {
            for (Holding holding : sides.values()) {
                for (Lot lot : holding.lots) {
                    lot.history |= lot.day <= day;
                }
            }
        }
    }

    private static Open find(Market market, String id) {
        for (Open order : market.orders) {
            if (order.id.equals(id)) {
                return order;
            }
        }
        return null;
    }

    private static String other(String side) {
        return side.equals("LONG") ? "SHORT" : "LONG";
    }

    private static boolean historyOnly(Instrument terms) {
        return terms.terms().close() == Instrument.CloseRule.HISTORY_ONLY;
    }

    private static BigDecimal share(BigDecimal total, BigDecimal part, BigDecimal whole) {
        return total.multiply(part).divide(whole, 6, RoundingMode.HALF_EVEN);
    }

    private static BigDecimal rounded(BigDecimal value) {
        return value.setScale(6, RoundingMode.HALF_EVEN);
    }

    private static BigDecimal decimal(double value) {
        return new BigDecimal(Double.toString(value));
    }

    private static double number(EventView e, String column) {
        return e.getDouble(e.recordType().field(column));
    }

    private static String text(EventView e, String column) {
        String text = e.getString(e.recordType().field(column));
        return text == null ? "" : text;
    }
}
