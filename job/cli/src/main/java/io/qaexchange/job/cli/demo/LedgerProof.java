package io.qaexchange.job.cli.demo;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.book.Contract;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.query.ledger.LedgerSums;
import io.qaexchange.job.query.sql.SqlTables;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether the accounts of a demo add up: before the kill and at the end, in themselves and against the events, which are read from hot and
 * cold storage and summed up apart from the ledger.
 *
 * <p>All trades of the demo have both sides, so what one account wins another loses: closed and open profits of all sum up to nothing.
 */
record LedgerProof(LedgerSums before, LedgerSums after, Expected expected) {

    /**
     * Sums over the events.
     *
     * @param moneyIn initial cash + deposits − withdrawals
     * @param commissions of all trades
     */
    record Expected(long moneyIn, long commissions) {

        private static final String MONEY_IN = "SELECT (SELECT coalesce(sum(CAST(init_cash AS DECIMAL(20, 6))), 0) FROM account_open)"
                + " + (SELECT coalesce(sum(CASE kind WHEN 'DEPOSIT' THEN CAST(amount AS DECIMAL(20, 6))"
                + " ELSE -CAST(amount AS DECIMAL(20, 6)) END), 0) FROM cash_movement)";

        static Expected of(SqlTables tables, Instruments instruments) throws SQLException {
            try (Statement statement = tables.connection().createStatement()) {
                BigDecimal moneyIn;
                try (ResultSet sum = statement.executeQuery(MONEY_IN)) {
                    sum.next();
                    moneyIn = sum.getBigDecimal(1);
                }
                long commissions = 0;
                Map<String, Contract> contracts = new HashMap<>();
                try (ResultSet trades = statement.executeQuery("SELECT instrument, price, volume, commission FROM trade")) {
                    while (trades.next()) {
                        Contract contract = contracts.computeIfAbsent(trades.getString(1), id -> Contract.of(instruments.get(id)));
                        double own = trades.getDouble(4);
                        commissions += trades.wasNull() ? contract.commission(trades.getDouble(2), Micros.of(trades.getDouble(3)))
                                : Micros.of(own);
                    }
                }
                return new Expected(moneyIn.movePointRight(6).longValueExact(), commissions);
            }
        }
    }

    /** The faults, in words. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        before.problems().forEach(problem -> problems.add("before the kill: " + problem));
        after.problems().forEach(problem -> problems.add("at the end: " + problem));
        if (after.moneyIn() != expected.moneyIn()) {
            problems.add("the accounts have got " + Micros.toText(after.moneyIn()) + ", the events brought "
                    + Micros.toText(expected.moneyIn()));
        }
        if (after.commission() != expected.commissions()) {
            problems.add("the accounts paid " + Micros.toText(after.commission()) + " of commissions, the trades cost "
                    + Micros.toText(expected.commissions()));
        }
        if (after.closeProfit() + after.floatProfit() != 0) {
            problems.add("all accounts together won " + Micros.toText(after.closeProfit() + after.floatProfit()));
        }
        return problems;
    }

    boolean holds() {
        return problems().isEmpty();
    }

    void print(PrintStream out) {
        String line = "%-26s %26s %26s%n";
        out.printf(line, "", "before the kill", "at the end");
        out.printf(line, "events booked", String.format("%,d", before.booked()), String.format("%,d", after.booked()));
        out.printf(line, "money of accounts", shown(before.money()), shown(after.money()));
        out.printf(line, "+ frozen by orders", shown(before.frozen()), shown(after.frozen()));
        out.printf(line, "+ margin of positions", shown(before.margin()), shown(after.margin()));
        out.printf(line, "- close profit", shown(-before.closeProfit()), shown(-after.closeProfit()));
        out.printf(line, "+ commissions", shown(before.commission()), shown(after.commission()));
        out.printf(line, "= accounted for", shown(before.accountedFor()), shown(after.accountedFor()));
        out.printf(line, "money in", shown(before.moneyIn()), shown(after.moneyIn()));
        out.printf("%nfrom the events, hot and in Parquet: money in %s, commissions %s%n", shown(expected.moneyIn()),
                shown(expected.commissions()));
        out.printf("won and lost by all accounts together, closed and open: %s%n", shown(after.closeProfit() + after.floatProfit()));
        out.printf("reports of orders and positions: %,d, figures that were not as booked: %,d; alerts: %s%n", after.reports(),
                after.differences(), after.alerts().isEmpty() ? "none" : after.alerts());
        problems().forEach(problem -> out.println("ACCOUNTS DO NOT ADD UP: " + problem));
        if (holds()) {
            out.println("the accounts add up to the last millionth");
        }
    }

    private static String shown(long micros) {
        return String.format("%,.6f", Micros.toDecimal(micros));
    }
}
