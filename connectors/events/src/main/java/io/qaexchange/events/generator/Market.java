package io.qaexchange.events.generator;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.generator.Universe.Contract;
import io.qaexchange.events.generator.Universe.OpenOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Simulated exchange of the generator: consistent orders, fills, positions and books. Each call appends the events of one market action to
 * {@link #events()}, in order.
 *
 * <p>Consistent are: order volumes over accept, fill, cancel and reject; closing orders against positions, which they freeze; books,
 * as snapshots and deltas; cash of the accounts that never trade (the first twentieth), which alone report their balance.
 *
 * <p>Memory is bounded: at most {@value #MAX_OPEN_ORDERS} open orders per instrument, one position per account and instrument. One
 * thread.
 */
final class Market {

    /** Most events that one happening makes. */
    static final int MAX_EVENTS_PER_STEP = 16;
    static final double INIT_CASH = 10_000_000;

    private static final int MAX_OPEN_ORDERS = 32;
    private static final long MAX_LATENESS_NS = 600_000_000_000L;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final double SHARE_COMMISSION = 2.5e-4;
    private static final double SHARE_SALES_TAX = 1e-3;

    /** An event and where it goes. */
    record Made(byte[] kafkaKey, byte[] event, EventIdentity identity) {
    }

    private final EventBuilder builder = new EventBuilder();
    private final EventSchema schema = EventSchema.get();
    private final Deque<Made> events = new ArrayDeque<>();
    private final Map<String, long[]> sequences = new HashMap<>();
    private final Prng random;
    private final Universe universe;
    private final MarketHours session;
    private final String idPrefix;
    private final int tradingDay;
    private final String accountSource;
    private final String[] accounts;
    private final byte[][] accountKeys;
    private final double[] deposits;
    private final double[] withdrawals;
    private final Positions longs;
    private final Positions shorts;
    private long nowNs;
    private long orders;
    private long trades;
    private long steps;
    private long stepEvents;

    /** Volume held and, of it, frozen by closing orders, per account and contract. */
    private static final class Positions {
        private final int contracts;
        private final int[] held;
        private final int[] frozen;

        Positions(int accounts, int contracts) {
            this.contracts = contracts;
            held = new int[accounts * contracts];
            frozen = new int[accounts * contracts];
        }

        int free(int account, Contract contract) {
            int at = account * contracts + contract.index;
            return held[at] - frozen[at];
        }

        int frozen(int account, Contract contract) {
            return frozen[account * contracts + contract.index];
        }

        void freeze(int account, Contract contract, int volume) {
            frozen[account * contracts + contract.index] += volume;
        }

        void add(int account, Contract contract, int volume) {
            held[account * contracts + contract.index] += volume;
        }
    }

    /** @param idPrefix begins the ids of orders and trades, so that two runs do not meet */
    Market(Prng random, Universe universe, MarketHours session, int accountCount, String sourcePrefix, String idPrefix) {
        this.random = random;
        this.universe = universe;
        this.session = session;
        this.idPrefix = idPrefix;
        LocalDate day = session.day();
        tradingDay = day.getYear() * 10_000 + day.getMonthValue() * 100 + day.getDayOfMonth();
        nowNs = session.openingNs();
        accountSource = sourcePrefix + "accounts";
        accounts = new String[accountCount];
        accountKeys = new byte[accountCount][];
        for (int i = 0; i < accountCount; i++) {
            accounts[i] = String.format("A%04d", i);
            accountKeys[i] = ("@" + accounts[i]).getBytes(StandardCharsets.UTF_8);
        }
        deposits = new double[accountCount];
        withdrawals = new double[accountCount];
        int contracts = universe.contracts().size();
        longs = new Positions(accountCount, contracts);
        shorts = new Positions(accountCount, contracts);
    }

    /** Events that happened and were not taken yet, in order. */
    Deque<Made> events() {
        return events;
    }

    void openAccount(int account) {
        begin("account_open").tradingDay(tradingDay).set("account", accounts[account]).set("user", "U" + accounts[account])
                .set("name", "Account " + account).set("account_type", account % 10 == 0 ? "INSTITUTIONAL" : "INDIVIDUAL")
                .set("init_cash", INIT_CASH);
        finishAccount(account);
    }

    void changeStatus(int contract, String status) {
        Contract c = universe.contracts().get(contract);
        begin("trading_status").tradingDay(tradingDay).set("status", status);
        finish(c);
    }

    void close(int contract) {
        nowNs = Math.max(nowNs, session.timeNs(1));
        changeStatus(contract, "CLOSE");
    }

    void settle(int contract) {
        nowNs = Math.max(nowNs, session.closingNs());
        Contract c = universe.contracts().get(contract);
        begin("settlement").tradingDay(tradingDay).set("settlement_price", c.price(c.lastPrice));
        finish(c);
    }

    /** Something happens; at most {@link #MAX_EVENTS_PER_STEP} events. */
    void step(double progress) {
        Contract c = moveTo(progress);
        int before = events.size();
        happen(c, random.nextInt(1000));
        steps++;
        stepEvents += events.size() - before;
    }

    /** Number of {@link #step}s so far. */
    long steps() {
        return steps;
    }

    /** Number of events that they made. */
    long stepEvents() {
        return stepEvents;
    }

    private void happen(Contract c, int what) {
        if (what < 300) {
            insertOrder(c, random.chance(0.5), c.middle - 3 + random.nextInt(7));
        } else if (what < 480) {
            match(c);
        } else if (what < 560) {
            cancel(c);
        } else if (what < 780) {
            tick(c);
        } else if (what < 940) {
            changeBook(c);
        } else if (what < 960) {
            showBook(c);
        } else {
            seldom(c, what - 960);
        }
    }

    /** Something happens that is exactly one event. */
    void singleStep(double progress) {
        tick(moveTo(progress));
    }

    /** One event of an instrument that is older than its newest, by 1 s to 10 min. */
    void lateStep(double progress) {
        Contract c = moveTo(progress);
        long time = c.newestNs - NANOS_PER_SECOND - (random.nextLong() >>> 1) % MAX_LATENESS_NS;
        if (random.chance(0.8)) {
            start("tick", time).tradingDay(tradingDay).set("last_price", c.price(c.lastPrice));
        } else {
            start("exchange_response", time).tradingDay(tradingDay).set("response_type", "CANCEL_REJECTED")
                    .set("exchange_order_id", "X0").set("reason", "too late to cancel");
        }
        finish(c);
    }

    private void seldom(Contract c, int what) {
        if (what < 10) {
            moveCash();
        } else if (what < 15) {
            reportAccount();
        } else if (what < 25) {
            finishBar(c);
        } else {
            reportPosition(c);
        }
    }

    private Contract moveTo(double progress) {
        nowNs = Math.max(nowNs, session.timeNs(progress));
        return universe.pick(random, session.isNight(progress));
    }

    private EventBuilder begin(String table) {
        nowNs += session.gapNs(random);
        return start(table, nowNs);
    }

    private EventBuilder start(String table, long timeNs) {
        return builder.start(schema.table(table)).eventTime(timeNs);
    }

    private void finish(Contract c) {
        builder.instrument(c.id);
        long time = add(c.routeKey, c.id, c.source);
        c.newestNs = Math.max(c.newestNs, time);
    }

    private void finishAccount(int account) {
        add(accountKeys[account], "@" + accounts[account], accountSource);
    }

    private long add(byte[] kafkaKey, String routeKey, String source) {
        long sequence = ++sequences.computeIfAbsent(source, s -> new long[1])[0];
        byte[] event = builder.identity(source, sequence).build();
        RecordType type = builder.recordType();
        long time = builder.eventTime();
        events.add(new Made(kafkaKey, event, new EventIdentity(routeKey, type, time, source, sequence)));
        return time;
    }

    private OpenOrder insertOrder(Contract c, boolean buy, long price) {
        if (c.openOrders.size() == MAX_OPEN_ORDERS) {
            cancelWhole(c, c.openOrders.get(0));
        }
        int account = accounts.length / 20 + random.nextInt(accounts.length - accounts.length / 20);
        int volume = 1 + random.nextInt(20);
        Positions closable = buy ? shorts : longs;
        int free = closable.free(account, c);
        boolean open = free == 0 || random.chance(0.3);
        if (!open) {
            volume = Math.min(volume, free);
        }
        long number = ++orders;
        OpenOrder order = new OpenOrder(idPrefix + "O" + number, idPrefix + "X" + number, account, buy, open, price, volume);
        begin("order_insert").set("order_id", order.id).set("account", accounts[account]).set("user", "U" + accounts[account])
                .set("exchange_order_id", order.exchangeId).set("direction", buy ? "BUY" : "SELL").set("offset", offset(c, open))
                .set("price_type", "LIMIT").set("time_condition", "GFD").set("volume_condition", "ANY")
                .set("price", c.price(price)).set("volume", volume);
        finish(c);
        if (random.chance(0.05)) {
            reportOrder(c, order);
        }
        if (random.chance(0.03)) {
            updateOrder(c, order, "REJECTED", 0, 0, "price outside the band");
            return null;
        }
        updateOrder(c, order, "ACCEPTED", volume, 0, null);
        if (!open) {
            closable.freeze(account, c, volume);
        }
        c.openOrders.add(order);
        return order;
    }

    private static String offset(Contract c, boolean open) {
        return open ? "OPEN" : c.exchange.equals("SHFE") ? "CLOSETODAY" : "CLOSE";
    }

    private void updateOrder(Contract c, OpenOrder order, String status, int left, int cancelled, String reason) {
        begin("order_update").set("order_id", order.id).set("account", accounts[order.account]).set("status", status)
                .set("volume_left", left).set("reason", reason);
        if (cancelled > 0) {
            builder.set("volume_cancelled", cancelled);
        }
        finish(c);
    }

    private void reportOrder(Contract c, OpenOrder order) {
        begin("exchange_order").set("exchange", c.exchange).set("exchange_order_id", order.exchangeId)
                .set("direction", order.buy ? "BUY" : "SELL").set("offset", offset(c, order.open)).set("price_type", "LIMIT")
                .set("price", c.price(order.price)).set("volume", order.volume).set("internal_order_id", order.id)
                .set("user", "U" + accounts[order.account]);
        finish(c);
        begin("exchange_response").set("response_type", "ORDER_ACCEPTED").set("exchange_order_id", order.exchangeId)
                .set("user", "U" + accounts[order.account]);
        finish(c);
    }

    /** The best buy and the best sell meet; where they do not, an order comes that takes the best of the other side. */
    private void match(Contract c) {
        OpenOrder buy = best(c, true);
        OpenOrder sell = best(c, false);
        if (buy == null && sell == null) {
            insertOrder(c, random.chance(0.5), c.middle);
            return;
        }
        long price;
        if (buy != null && sell != null && buy.price >= sell.price) {
            boolean buyCameFirst = c.openOrders.indexOf(buy) < c.openOrders.indexOf(sell);
            price = buyCameFirst ? buy.price : sell.price;
        } else {
            boolean takeSell = buy == null || sell != null && random.chance(0.5);
            OpenOrder resting = takeSell ? sell : buy;
            price = resting.price;
            OpenOrder taker = insertOrder(c, takeSell, price);
            if (taker == null || !c.openOrders.contains(resting)) {
                return;
            }
            buy = takeSell ? taker : resting;
            sell = takeSell ? resting : taker;
        }
        fill(c, buy, sell, price);
    }

    private static OpenOrder best(Contract c, boolean buy) {
        OpenOrder best = null;
        for (OpenOrder order : c.openOrders) {
            if (order.buy == buy && (best == null || (buy ? order.price > best.price : order.price < best.price))) {
                best = order;
            }
        }
        return best;
    }

    private void fill(Contract c, OpenOrder buy, OpenOrder sell, long price) {
        int volume = Math.min(buy.left, sell.left);
        c.traded(price, volume);
        String tradeId = idPrefix + "T" + ++trades;
        for (OpenOrder order : List.of(buy, sell)) {
            begin("trade").set("trade_id", tradeId).set("order_id", order.id).set("exchange_order_id", order.exchangeId)
                    .set("account", accounts[order.account]).set("direction", order.buy ? "BUY" : "SELL")
                    .set("offset", offset(c, order.open)).set("price", c.price(price)).set("volume", volume).set("kind", "NORMAL");
            if (c.exchange.equals("SSE")) {
                double rate = SHARE_COMMISSION + (order.buy ? 0 : SHARE_SALES_TAX);
                builder.set("commission", Math.round(c.price(price) * volume * rate * 100) / 100.0);
            }
            finish(c);
            book(c, order, volume);
        }
        if (random.chance(0.05)) {
            begin("exchange_trade").set("exchange", c.exchange).set("trade_id", tradeId)
                    .set("buy_exchange_order_id", buy.exchangeId).set("sell_exchange_order_id", sell.exchangeId)
                    .set("deal_price", c.price(price)).set("deal_volume", volume);
            finish(c);
        }
        updateFilled(c, buy);
        updateFilled(c, sell);
        tick(c);
    }

    private void book(Contract c, OpenOrder order, int volume) {
        order.left -= volume;
        Positions opened = order.buy ? longs : shorts;
        Positions closed = order.buy ? shorts : longs;
        if (order.open) {
            opened.add(order.account, c, volume);
        } else {
            closed.freeze(order.account, c, -volume);
            closed.add(order.account, c, -volume);
        }
    }

    private void updateFilled(Contract c, OpenOrder order) {
        updateOrder(c, order, order.left == 0 ? "FILLED" : "PARTIALLY_FILLED", order.left, 0, null);
        if (order.left == 0) {
            c.openOrders.remove(order);
        }
    }

    private void cancel(Contract c) {
        if (c.openOrders.isEmpty()) {
            tick(c);
            return;
        }
        OpenOrder order = c.openOrders.get(random.nextInt(c.openOrders.size()));
        if (random.chance(0.1)) {
            begin("order_status").set("order_id", order.id).set("account", accounts[order.account]).set("status", "ALIVE")
                    .set("volume_orign", order.volume).set("volume_left", order.left)
                    .set("volume_filled", order.volume - order.left).set("direction", order.buy ? "BUY" : "SELL")
                    .set("offset", offset(c, order.open)).set("limit_price", c.price(order.price));
            finish(c);
        }
        if (order.left > 1 && random.chance(0.3)) {
            int cancelled = 1 + random.nextInt(order.left - 1);
            order.left -= cancelled;
            release(c, order, cancelled);
            updateOrder(c, order, "PARTIALLY_CANCELLED", order.left, cancelled, null);
        } else {
            cancelWhole(c, order);
        }
    }

    private void cancelWhole(Contract c, OpenOrder order) {
        release(c, order, order.left);
        c.openOrders.remove(order);
        updateOrder(c, order, "CANCELLED", 0, order.left, null);
    }

    private void release(Contract c, OpenOrder order, int volume) {
        if (!order.open) {
            (order.buy ? shorts : longs).freeze(order.account, c, -volume);
        }
    }

    private void tick(Contract c) {
        begin("tick").set("last_price", c.price(c.lastPrice)).set("volume", c.dayVolume).set("turnover", c.dayTurnover);
        int bid = firstLevel(c.bids);
        int ask = firstLevel(c.asks);
        if (bid >= 0) {
            builder.set("bid_price", c.price(c.middle - bid)).set("bid_volume", c.bids[bid]);
        }
        if (ask >= 0) {
            builder.set("ask_price", c.price(c.middle + 1 + ask)).set("ask_volume", c.asks[ask]);
        }
        finish(c);
    }

    private static int firstLevel(int[] volumes) {
        for (int i = 0; i < volumes.length; i++) {
            if (volumes[i] > 0) {
                return i;
            }
        }
        return -1;
    }

    private void changeBook(Contract c) {
        boolean bid = random.chance(0.5);
        int level = random.nextInt(Contract.DEPTH);
        int volume = random.chance(0.1) ? 0 : 1 + random.nextInt(100);
        (bid ? c.bids : c.asks)[level] = volume;
        begin("book_delta").set("side", bid ? "BID" : "ASK").set("volume", volume)
                .set("price", c.price(bid ? c.middle - level : c.middle + 1 + level));
        finish(c);
    }

    /** The market has moved by at most a tick, and the whole book is shown. */
    private void showBook(Contract c) {
        c.middle = Math.max(Contract.DEPTH + 4, c.middle + random.nextInt(3) - 1);
        begin("book_snapshot").set("last_price", c.price(c.lastPrice));
        for (int i = 0; i < Contract.DEPTH; i++) {
            if (c.bids[i] > 0) {
                builder.addLevel("bids", c.price(c.middle - i), c.bids[i]);
            }
            if (c.asks[i] > 0) {
                builder.addLevel("asks", c.price(c.middle + 1 + i), c.asks[i]);
            }
        }
        finish(c);
    }

    private void moveCash() {
        int account = random.nextInt(accounts.length);
        int amount = 1000 * (1 + random.nextInt(100));
        boolean withdraw = random.chance(0.4) && withdrawals[account] + amount <= deposits[account];
        (withdraw ? withdrawals : deposits)[account] += amount;
        begin("cash_movement").tradingDay(tradingDay).set("account", accounts[account])
                .set("kind", withdraw ? "WITHDRAW" : "DEPOSIT").set("amount", amount);
        finishAccount(account);
    }

    private void reportAccount() {
        int account = random.nextInt(Math.max(1, accounts.length / 20));
        if (accounts.length < 20) {
            moveCash();
            return;
        }
        double balance = INIT_CASH + deposits[account] - withdrawals[account];
        String table = random.chance(0.5) ? "account_update" : "account_snapshot";
        begin(table).tradingDay(tradingDay).set("account", accounts[account]).set("balance", balance)
                .set("available", balance).set("margin", 0).set("deposit", deposits[account])
                .set("withdraw", withdrawals[account]);
        finishAccount(account);
    }

    private void finishBar(Contract c) {
        long minute = 60_000;
        begin("kline").set("period", 4).set("kline_timestamp", nowNs / 1_000_000 / minute * minute - minute)
                .set("open", c.price(c.barOpen)).set("high", c.price(c.barHigh)).set("low", c.price(c.barLow))
                .set("close", c.price(c.lastPrice)).set("volume", c.barVolume).set("amount", c.barAmount);
        finish(c);
        c.startBar();
    }

    private void reportPosition(Contract c) {
        int account = random.nextInt(accounts.length);
        begin("position_snapshot").set("account", accounts[account]).set("exchange", c.exchange)
                .set("volume_long_today", longs.free(account, c)).set("volume_long_his", 0)
                .set("volume_long_frozen_today", longs.frozen(account, c)).set("volume_long_frozen_his", 0)
                .set("volume_short_today", shorts.free(account, c)).set("volume_short_his", 0)
                .set("volume_short_frozen_today", shorts.frozen(account, c)).set("volume_short_frozen_his", 0)
                .set("last_price", c.price(c.lastPrice));
        finish(c);
    }
}
