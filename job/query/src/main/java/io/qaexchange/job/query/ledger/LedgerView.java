package io.qaexchange.job.query.ledger;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.Contract;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.Position;
import io.qaexchange.job.model.book.PositionSide;
import io.qaexchange.job.model.book.Side;
import io.qaexchange.job.model.book.Trade;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The ledger at one moment. Immutable as far as nobody changes what it holds. */
public final class LedgerView {

    /**
     * A position.
     *
     * @param lastPrice of the instrument, NaN before the first
     */
    public record Holding(String instrument, String account, Position position, double lastPrice, Contract contract) {

        /** At the last price; 0 without one. */
        public long floatProfit() {
            return floatProfit(Side.LONG) + floatProfit(Side.SHORT);
        }

        /** Floating profit of one side. */
        public long floatProfit(Side side) {
            PositionSide held = position.side(side);
            return held.volume() == 0 || Double.isNaN(lastPrice) ? 0 : held.floatProfit(side, contract, lastPrice);
        }
    }

    /** An open order. */
    public record OpenOrder(String instrument, Order order) {
    }

    /** A trade that waits for its order. */
    public record WaitingTrade(String instrument, Trade trade) {
    }

    private final long checkpointId;
    private final Map<String, Account> accounts;
    private final Map<String, InstrumentHead> instruments;
    private final List<Holding> holdings;
    private final List<OpenOrder> orders;
    private final List<WaitingTrade> waiting;
    private final Map<String, Long> floatProfits = new HashMap<>();

    LedgerView(long checkpointId, Map<String, Account> accounts, Map<String, InstrumentHead> instruments, List<Holding> holdings,
            List<OpenOrder> orders, List<WaitingTrade> waiting) {
        this.checkpointId = checkpointId;
        this.accounts = accounts;
        this.instruments = instruments;
        this.holdings = sorted(holdings, Comparator.comparing(Holding::instrument).thenComparing(Holding::account));
        this.orders = sorted(orders, Comparator.comparing(OpenOrder::instrument).thenComparing(order -> order.order().id()));
        this.waiting = sorted(waiting, Comparator.comparing(WaitingTrade::instrument).thenComparing(trade -> trade.trade().number()));
        holdings.forEach(holding -> floatProfits.merge(holding.account(), holding.floatProfit(), Long::sum));
    }

    private static <T> List<T> sorted(List<T> list, Comparator<T> order) {
        List<T> copy = new ArrayList<>(list);
        copy.sort(order);
        return List.copyOf(copy);
    }

    public long checkpointId() {
        return checkpointId;
    }

    /** All accounts by id, in order. */
    public Map<String, Account> accounts() {
        return accounts;
    }

    /** All instruments by id, in order. */
    public Map<String, InstrumentHead> instruments() {
        return instruments;
    }

    /** Positions by instrument and account. */
    public List<Holding> holdings() {
        return holdings;
    }

    /** Open orders by instrument and id. */
    public List<OpenOrder> orders() {
        return orders;
    }

    /** Trades that wait for their orders. */
    public List<WaitingTrade> waiting() {
        return waiting;
    }

    /** An account now, its float profit at last prices. */
    public AccountDay now(String account) {
        return accounts.get(account).totals().withFloatProfit(floatProfits.getOrDefault(account, 0L));
    }

    /** The part of it that concerns some accounts and instruments. */
    public LedgerView only(Predicate<String> account, Predicate<String> instrument) {
        Map<String, Account> someAccounts = new java.util.TreeMap<>(accounts);
        someAccounts.keySet().removeIf(account.negate());
        Map<String, InstrumentHead> someInstruments = new java.util.TreeMap<>(instruments);
        someInstruments.keySet().removeIf(instrument.negate());
        LedgerView part = new LedgerView(checkpointId, someAccounts, someInstruments,
                holdings.stream().filter(h -> account.test(h.account()) && instrument.test(h.instrument())).toList(),
                orders.stream().filter(o -> account.test(o.order().account()) && instrument.test(o.instrument())).toList(),
                waiting.stream().filter(t -> instrument.test(t.instrument()) && (t.trade().account().isEmpty() || account.test(t.trade().account())))
                        .toList());
        part.floatProfits.putAll(floatProfits);
        return part;
    }

    /** All of it in sums. */
    public LedgerSums sums() {
        return LedgerSums.of(this);
    }
}
