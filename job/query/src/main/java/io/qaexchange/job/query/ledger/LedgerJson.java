package io.qaexchange.job.query.ledger;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.PositionSide;
import io.qaexchange.job.model.book.Side;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A ledger as JSON: an object with {@code accounts}, {@code positions}, {@code orders}, {@code waiting_trades} and {@code sums}. */
public final class LedgerJson {

    private LedgerJson() {
    }

    /** All of it. */
    public static Map<String, Object> of(LedgerView view, LedgerSums sums) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("checkpoint", view.checkpointId());
        root.put("accounts", accounts(view));
        root.put("positions", positions(view, view.holdings().size()));
        root.put("orders", orders(view, view.orders().size()));
        root.put("waiting_trades", view.waiting().stream().map(LedgerJson::waiting).toList());
        root.put("sums", sums(sums));
        return root;
    }

    /** All accounts, as they are now. */
    public static List<Map<String, Object>> accounts(LedgerView view) {
        List<Map<String, Object>> accounts = new ArrayList<>();
        view.accounts().forEach((id, account) -> accounts.add(account(id, account, view.now(id))));
        return accounts;
    }

    /** The first positions, by instrument and account. */
    public static List<Map<String, Object>> positions(LedgerView view, int most) {
        return view.holdings().stream().limit(most).map(LedgerJson::position).toList();
    }

    /** The first open orders, by instrument and id. */
    public static List<Map<String, Object>> orders(LedgerView view, int most) {
        return view.orders().stream().limit(most).map(LedgerJson::order).toList();
    }

    /** An account that is there, with its positions and open orders. */
    public static Map<String, Object> ofAccount(LedgerView view, String id) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("checkpoint", view.checkpointId());
        out.putAll(account(id, view.accounts().get(id), view.now(id)));
        out.put("positions", view.holdings().stream().filter(holding -> holding.account().equals(id)).map(LedgerJson::position).toList());
        out.put("orders", view.orders().stream().filter(open -> open.order().account().equals(id)).map(LedgerJson::order).toList());
        return out;
    }

    private static Map<String, Object> account(String id, Account account, AccountDay now) {
        AccountDay today = account.day(account.newestDay());
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("account", id);
        out.put("user", account.user());
        out.put("opened_by", account.opening().name().toLowerCase(Locale.ROOT));
        out.put("trading_day", account.newestDay());
        out.put("pre_balance", money(today.preBalance()));
        out.put("deposit", money(today.sums().deposits()));
        out.put("withdraw", money(today.sums().withdrawals()));
        out.put("close_profit", money(today.sums().closeProfit()));
        out.put("commission", money(today.sums().commission()));
        out.put("static_balance", money(now.staticBalance()));
        out.put("frozen", money(now.frozen()));
        out.put("margin", money(now.margin()));
        out.put("money", money(now.money()));
        out.put("float_profit", money(now.floatProfit()));
        out.put("balance", money(now.balance()));
        out.put("risk_ratio", now.riskRatio());
        if (account.report() != null) {
            out.put("reported_at_ns", account.report().eventTimeNs());
            out.put("report_outdated", account.isReportOutdated());
            Map<String, Object> differences = new LinkedHashMap<>();
            account.report().differences(account).forEach(difference -> differences.put(difference.figure().label(),
                    Map.of("reported", money(difference.reported()), "booked", money(difference.own()))));
            out.put("differences", differences);
        }
        return out;
    }

    private static Map<String, Object> position(LedgerView.Holding holding) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("instrument", holding.instrument());
        out.put("account", holding.account());
        for (Side side : Side.values()) {
            PositionSide held = holding.position().side(side);
            String name = side.name().toLowerCase(Locale.ROOT);
            out.put("volume_" + name, volume(held.volume()));
            out.put("volume_" + name + "_today", volume(held.today()));
            out.put("volume_" + name + "_frozen", volume(held.frozen()));
            out.put("open_cost_" + name, money(held.cost()));
            out.put("margin_" + name, money(held.margin()));
            out.put("float_profit_" + name, money(holding.floatProfit(side)));
        }
        out.put("last_price", Double.isNaN(holding.lastPrice()) ? null : holding.lastPrice());
        return out;
    }

    private static Map<String, Object> order(LedgerView.OpenOrder open) {
        Order order = open.order();
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("instrument", open.instrument());
        out.put("order_id", order.id());
        out.put("account", order.account());
        out.put("trading_day", order.day());
        out.put("direction", order.direction().name());
        out.put("offset", order.offset().name());
        out.put("price", order.price());
        out.put("volume", volume(order.volume()));
        out.put("volume_left", volume(order.left()));
        out.put("frozen_money", money(order.frozenMoney()));
        out.put("frozen_volume", volume(order.frozenVolume()));
        return out;
    }

    private static Map<String, Object> waiting(LedgerView.WaitingTrade waiting) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("instrument", waiting.instrument());
        out.put("trade_id", waiting.trade().tradeId());
        out.put("order_id", waiting.trade().orderId());
        out.put("account", waiting.trade().account());
        out.put("direction", waiting.trade().direction().name());
        out.put("offset", waiting.trade().offset().name());
        out.put("price", waiting.trade().price());
        out.put("volume", waiting.trade().volume());
        return out;
    }

    /** The sums, and whether they add up. */
    public static Map<String, Object> sums(LedgerSums sums) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("accounts", sums.accounts());
        out.put("positions", sums.positions());
        out.put("orders", sums.orders());
        out.put("waiting_trades", sums.waitingTrades());
        out.put("events_booked", sums.booked());
        out.put("money_in", money(sums.moneyIn()));
        out.put("accounted_for", money(sums.accountedFor()));
        out.put("money", money(sums.money()));
        out.put("frozen", money(sums.frozen()));
        out.put("margin", money(sums.margin()));
        out.put("close_profit", money(sums.closeProfit()));
        out.put("commission", money(sums.commission()));
        out.put("float_profit", money(sums.floatProfit()));
        out.put("alerts", sums.alerts());
        out.put("reports", sums.reports());
        out.put("report_differences", sums.differences());
        out.put("accounts_reported", sums.reportedAccounts());
        out.put("accounts_not_as_reported", sums.differingAccounts());
        out.put("adds_up", sums.addsUp());
        out.put("problems", sums.problems());
        return out;
    }

    private static BigDecimal money(long micros) {
        return Micros.toDecimal(micros);
    }

    private static BigDecimal volume(long micros) {
        return new BigDecimal(Micros.toDecimal(micros).stripTrailingZeros().toPlainString());
    }
}
