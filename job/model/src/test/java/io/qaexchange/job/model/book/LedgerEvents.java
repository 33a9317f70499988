package io.qaexchange.job.model.book;

import io.qaexchange.events.EventBuilder;

/** Short ways to write events of orders and money. Each event is a second later than the one before unless said. */
public final class LedgerEvents {

    /** Monday, 5 January 2026, 01:00 UTC: 09:00 in Shanghai. */
    public static final long START_NS = 1_767_574_800_000_000_000L;
    private static final long SECOND_NS = 1_000_000_000L;

    private final EventBuilder builder = new EventBuilder();
    private long nowNs = START_NS;
    private long sequence;
    private int day = 20260105;

    /** From here on events count for that day, and are of its time. */
    public LedgerEvents day(int yyyymmdd) {
        nowNs += Math.max(0, yyyymmdd - day) * 86_400 * SECOND_NS;
        day = yyyymmdd;
        return this;
    }

    /** Lets event time pass. */
    public LedgerEvents pass(long seconds) {
        nowNs += seconds * SECOND_NS;
        return this;
    }

    private EventBuilder start(String table) {
        nowNs += SECOND_NS;
        return builder.start(table).eventTime(nowNs).tradingDay(day).identity("test", ++sequence);
    }

    public byte[] open(String account, double cash) {
        return start("account_open").set("account", account).set("account_type", "INDIVIDUAL").set("init_cash", cash).build();
    }

    public byte[] cash(String account, String kind, double amount) {
        return start("cash_movement").set("account", account).set("kind", kind).set("amount", amount).build();
    }

    public byte[] insert(String instrument, String account, String id, String direction, String offset, double price, double volume) {
        return start("order_insert").instrument(instrument).set("order_id", id).set("account", account).set("direction", direction)
                .set("offset", offset).set("price_type", "LIMIT").set("price", price).set("volume", volume).build();
    }

    public byte[] update(String instrument, String id, String status) {
        return start("order_update").instrument(instrument).set("order_id", id).set("status", status).build();
    }

    public byte[] cancelPart(String instrument, String id, double cancelled) {
        return start("order_update").instrument(instrument).set("order_id", id).set("status", "PARTIALLY_CANCELLED")
                .set("volume_cancelled", cancelled).build();
    }

    public byte[] trade(String instrument, String account, String orderId, String direction, String offset, double price, double volume,
            double commission) {
        start("trade").instrument(instrument).set("trade_id", "T" + sequence).set("order_id", orderId).set("account", account)
                .set("direction", direction).set("offset", offset).set("price", price).set("volume", volume).set("kind", "NORMAL");
        if (!Double.isNaN(commission)) {
            builder.set("commission", commission);
        }
        return builder.build();
    }

    public byte[] settle(String instrument, double price) {
        return start("settlement").instrument(instrument).set("settlement_price", price).build();
    }

    public byte[] tick(String instrument, double price) {
        return start("tick").instrument(instrument).set("last_price", price).build();
    }

    public byte[] report(String account, double balance, double available, double margin) {
        return start("account_update").set("account", account).set("balance", balance).set("available", available).set("margin", margin)
                .build();
    }
}
