package io.qaexchange.job.cli.read;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.PositionSide;
import io.qaexchange.job.model.book.Report;
import io.qaexchange.job.model.book.Side;
import io.qaexchange.job.model.book.Trade;
import io.qaexchange.job.query.ledger.LedgerSums;
import io.qaexchange.job.query.ledger.LedgerView;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A ledger as tables for people. */
final class LedgerText {

    private final PrintStream out;

    LedgerText(PrintStream out) {
        this.out = out;
    }

    void print(LedgerView view, LedgerSums sums) {
        printAccounts(view);
        printPositions(view);
        printOrders(view);
        printWaiting(view);
        printDifferences(view);
        printSums(view, sums);
    }

    private void printAccounts(LedgerView view) {
        Table table = new Table("ACCOUNTS", "<account", "<opened by", "pre_balance", "deposit", "withdraw", "close_profit", "commission", "static",
                "frozen", "margin", "money", "float_profit", "balance", "risk");
        for (Map.Entry<String, Account> entry : view.accounts().entrySet()) {
            AccountDay now = view.now(entry.getKey());
            AccountDay today = entry.getValue().day(entry.getValue().newestDay());
            table.add(entry.getKey(), openedBy(entry.getValue()), Micros.toText(today.preBalance()), Micros.toText(today.sums().deposits()),
                    Micros.toText(today.sums().withdrawals()), Micros.toText(today.sums().closeProfit()),
                    Micros.toText(today.sums().commission()), Micros.toText(now.staticBalance()), Micros.toText(now.frozen()),
                    Micros.toText(now.margin()), Micros.toText(now.money()), Micros.toText(now.floatProfit()), Micros.toText(now.balance()),
                    String.format("%.4f", now.riskRatio()));
        }
        table.print(out);
    }

    private static String openedBy(Account account) {
        return switch (account.opening()) {
            case NONE -> "nothing";
            case REPORT -> "report";
            case EVENT -> "account_open";
        };
    }

    private void printPositions(LedgerView view) {
        Table table = new Table("POSITIONS", "<instrument", "<account", "<side", "volume", "today", "frozen", "open_cost", "margin",
                "last_price", "float_profit");
        for (LedgerView.Holding holding : view.holdings()) {
            for (Side side : Side.values()) {
                PositionSide held = holding.position().side(side);
                if (held.volume() != 0) {
                    table.add(holding.instrument(), holding.account(), side.name(), volume(held.volume()), volume(held.today()),
                            volume(held.frozen()), Micros.toText(held.cost()), Micros.toText(held.margin()),
                            Double.toString(holding.lastPrice()), Micros.toText(holding.floatProfit(side)));
                }
            }
        }
        table.print(out);
    }

    private void printOrders(LedgerView view) {
        Table table = new Table("OPEN ORDERS", "<instrument", "<order_id", "<account", "<direction", "<offset", "price", "volume", "left",
                "frozen money", "frozen volume");
        for (LedgerView.OpenOrder open : view.orders()) {
            Order order = open.order();
            table.add(open.instrument(), order.id(), order.account(), order.direction().name(), order.offset().name(),
                    Double.toString(order.price()), volume(order.volume()), volume(order.left()), Micros.toText(order.frozenMoney()),
                    volume(order.frozenVolume()));
        }
        table.print(out);
    }

    private void printWaiting(LedgerView view) {
        if (view.waiting().isEmpty()) {
            return;
        }
        Table table = new Table("TRADES WAITING FOR THEIR ORDERS", "<instrument", "<trade_id", "<order_id", "<account", "<direction", "<offset",
                "price", "volume");
        for (LedgerView.WaitingTrade waiting : view.waiting()) {
            Trade trade = waiting.trade();
            table.add(waiting.instrument(), trade.tradeId(), trade.orderId(), trade.account(), trade.direction().name(),
                    trade.offset().name(), Double.toString(trade.price()), Double.toString(trade.volume()));
        }
        table.print(out);
    }

    private void printDifferences(LedgerView view) {
        List<String> lines = new ArrayList<>();
        view.accounts().forEach((id, account) -> {
            if (account.report() != null && !account.isReportOutdated()) {
                for (Report.Difference difference : account.report().differences(account)) {
                    lines.add("account " + id + ": " + difference);
                }
            }
        });
        for (Map.Entry<String, InstrumentHead> entry : view.instruments().entrySet()) {
            if (entry.getValue().differences() > 0) {
                lines.add(entry.getKey() + ": " + entry.getValue().differences() + " figures of " + entry.getValue().reports()
                        + " reports, last: " + entry.getValue().lastDifference());
            }
        }
        if (!lines.isEmpty()) {
            out.printf("REPORTED AND NOT BOOKED%n%n");
            lines.forEach(out::println);
            out.println();
        }
    }

    private void printSums(LedgerView view, LedgerSums sums) {
        out.printf("THE WHOLE LEDGER OF CHECKPOINT %d%n%n", view.checkpointId());
        out.printf("%,d accounts, %,d positions, %,d open orders, %,d trades waiting; %,d events booked%n", sums.accounts(), sums.positions(),
                sums.orders(), sums.waitingTrades(), sums.booked());
        out.printf("reports: %,d of orders and positions, %,d figures not ours; %,d accounts with a report to compare, %,d not as booked%n", sums.reports(),
                sums.differences(), sums.reportedAccounts(), sums.differingAccounts());
        out.printf("alerts: %s%n%n", sums.alerts().isEmpty() ? "none" : sums.alerts());
        printBalance(out, sums);
    }

    /** Where the money is that came in. */
    private static void printBalance(PrintStream out, LedgerSums sums) {
        int width = 24;
        line(out, width, "money of accounts", sums.money());
        line(out, width, "+ frozen by orders", sums.frozen());
        line(out, width, "+ margin of positions", sums.margin());
        line(out, width, "- close profit", -sums.closeProfit());
        line(out, width, "+ commissions", sums.commission());
        line(out, width, "= accounted for", sums.accountedFor());
        line(out, width, "money in", sums.moneyIn());
        out.println(sums.addsUp() ? "the accounts add up" : "THE ACCOUNTS DO NOT ADD UP");
    }

    private static void line(PrintStream out, int width, String what, long micros) {
        out.printf("%-24s %" + width + "s%n", what, String.format("%,.6f", Micros.toDecimal(micros)));
    }

    private static String volume(long micros) {
        return Micros.toDecimal(micros).stripTrailingZeros().toPlainString();
    }

    /** Columns as wide as they need to be; those whose name begins with {@code <} to the left. */
    private static final class Table {
        private final String title;
        private final List<String[]> lines = new ArrayList<>();
        private final boolean[] left;

        Table(String title, String... columns) {
            this.title = title;
            left = new boolean[columns.length];
            for (int i = 0; i < columns.length; i++) {
                left[i] = columns[i].startsWith("<");
                columns[i] = left[i] ? columns[i].substring(1) : columns[i];
            }
            lines.add(columns);
        }

        void add(String... values) {
            lines.add(values);
        }

        void print(PrintStream out) {
            out.printf("%s%s%n%n", title, lines.size() == 1 ? ": none" : "");
            if (lines.size() == 1) {
                return;
            }
            int[] widths = new int[left.length];
            lines.forEach(line -> {
                for (int i = 0; i < widths.length; i++) {
                    widths[i] = Math.max(widths[i], line[i].length());
                }
            });
            for (String[] line : lines) {
                StringBuilder text = new StringBuilder();
                for (int i = 0; i < widths.length; i++) {
                    String pad = " ".repeat(widths[i] - line[i].length());
                    text.append(i == 0 ? "" : "  ").append(left[i] ? line[i] + pad : pad + line[i]);
                }
                out.println(text.toString().stripTrailing());
            }
            out.println();
        }
    }
}
