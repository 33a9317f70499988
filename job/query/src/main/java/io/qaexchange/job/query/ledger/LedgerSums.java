package io.qaexchange.job.query.ledger;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.AccountSums;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Micros;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sums over a whole ledger, and its inconsistencies. Money in {@code Micros}.
 *
 * <p>Accounts, orders and positions are kept by different operators, so this is a check: what an account says is frozen must be what its
 * open orders freeze, and its margin that of its positions. Then all money that came in is money, frozen or margin, less what
 * was won and plus what was lost and paid.
 *
 * @param moneyIn opened with + deposits − withdrawals
 * @param closeProfit of all accounts
 * @param floatProfit of all positions at last prices
 * @param money that can be used
 * @param frozen by open orders, as the orders say
 * @param margin of positions, as the positions say
 * @param alerts by reason, of the instruments
 * @param differences reported figures of orders and positions that were not ours
 * @param reportedAccounts accounts whose newest report is not older than the newest booking
 * @param differingAccounts of them, those whose newest report is not what was booked
 * @param problems what does not agree, in words; empty if all does
 */
public record LedgerSums(long accounts, long positions, long orders, long waitingTrades, long moneyIn, long closeProfit, long commission,
        long floatProfit, long money, long frozen, long margin, long booked, Map<String, Long> alerts, long reports, long differences,
        long reportedAccounts, long differingAccounts, List<String> problems) {

    private static final int MAX_PROBLEMS = 20;

    static LedgerSums of(LedgerView view) {
        try {
            return exactly(view);
        } catch (ArithmeticException e) {
            String problem = "sums over all " + view.accounts().size() + " accounts do not fit 64 bits of millionths, so they cannot be checked";
            return new LedgerSums(view.accounts().size(), view.holdings().size(), view.orders().size(), view.waiting().size(), 0, 0, 0, 0, 0, 0,
                    0, 0, Map.of(), 0, 0, 0, 0, List.of(problem));
        }
    }

    private static LedgerSums exactly(LedgerView view) {
        Map<String, Long> frozenByOrders = new HashMap<>();
        view.orders().forEach(open -> frozenByOrders.merge(open.order().account(), open.order().frozenMoney(), Math::addExact));
        Map<String, Long> marginOfPositions = new HashMap<>();
        view.holdings().forEach(holding -> marginOfPositions.merge(holding.account(), holding.position().margin(), Math::addExact));
        List<String> problems = new ArrayList<>();
        long moneyIn = 0;
        long money = 0;
        long reported = 0;
        long differing = 0;
        AccountSums all = new AccountSums();
        for (Map.Entry<String, Account> entry : view.accounts().entrySet()) {
            String id = entry.getKey();
            AccountDay now = view.now(id);
            compare(problems, id, "frozen", now.frozen(), "its open orders freeze", frozenByOrders.getOrDefault(id, 0L));
            compare(problems, id, "margin", now.margin(), "its positions bind", marginOfPositions.getOrDefault(id, 0L));
            all.add(now.sums());
            moneyIn = Math.addExact(moneyIn, entry.getValue().initial() + now.sums().deposits() - now.sums().withdrawals());
            money = Math.addExact(money, now.money());
            if (entry.getValue().report() != null && !entry.getValue().isReportOutdated()) {
                reported++;
                differing += entry.getValue().report().differences(entry.getValue()).isEmpty() ? 0 : 1;
            }
        }
        frozenByOrders.keySet().stream().filter(id -> !view.accounts().containsKey(id))
                .forEach(id -> problems.add("orders freeze money of account " + id + ", which is not there"));
        marginOfPositions.keySet().stream().filter(id -> !view.accounts().containsKey(id))
                .forEach(id -> problems.add("positions bind money of account " + id + ", which is not there"));
        long frozen = frozenByOrders.values().stream().reduce(0L, Math::addExact);
        long margin = marginOfPositions.values().stream().reduce(0L, Math::addExact);
        long accountedFor = accountedFor(money, frozen, margin, all);
        if (moneyIn != accountedFor) {
            problems.add("money in is " + Micros.toText(moneyIn) + ", accounted for " + Micros.toText(accountedFor));
        }
        Map<String, Long> alerts = new TreeMap<>();
        long booked = 0;
        long reports = 0;
        long differences = 0;
        for (InstrumentHead head : view.instruments().values()) {
            head.alerts().forEach((reason, count) -> alerts.merge(reason.label(), count, Long::sum));
            booked += head.booked();
            reports += head.reports();
            differences += head.differences();
        }
        long floatProfit = view.holdings().stream().map(LedgerView.Holding::floatProfit).reduce(0L, Math::addExact);
        return new LedgerSums(view.accounts().size(), view.holdings().size(), view.orders().size(), view.waiting().size(), moneyIn,
                all.closeProfit(), all.commission(), floatProfit, money, frozen, margin, booked, alerts, reports, differences, reported,
                differing, List.copyOf(problems.subList(0, Math.min(problems.size(), MAX_PROBLEMS))));
    }

    private static long accountedFor(long money, long frozen, long margin, AccountSums all) {
        long held = Math.addExact(Math.addExact(money, frozen), margin);
        return Math.addExact(Math.subtractExact(held, all.closeProfit()), all.commission());
    }

    private static void compare(List<String> problems, String account, String figure, long own, String others, long theirs) {
        if (own != theirs) {
            problems.add("account " + account + ": " + figure + " is " + Micros.toText(own) + ", " + others + " " + Micros.toText(theirs));
        }
    }

    /** Whether everything agrees. */
    public boolean addsUp() {
        return problems.isEmpty();
    }

    /** The money that was deposited, reckoned from the present state: money + frozen + margin − close profit + commission. */
    public long accountedFor() {
        return money + frozen + margin - closeProfit + commission;
    }
}
