package io.qaexchange.job.cli.read;

import io.qaexchange.job.model.book.Described;
import io.qaexchange.job.query.ledger.LedgerView;
import java.util.Map;
import java.util.TreeMap;

/** A ledger read from a checkpoint, in words that are equal for equal ledgers, as {@code PlainLedger.describe} has them. */
public final class DescribedView {

    private DescribedView() {
    }

    /** A ledger in words. */
    public static Map<String, String> of(LedgerView view) {
        Map<String, String> all = new TreeMap<>();
        view.accounts().forEach((id, account) -> all.put("account " + id, Described.of(account)));
        view.holdings().forEach(holding -> all.put("position " + holding.instrument() + " " + holding.account(),
                Described.of(holding.position())));
        view.orders().forEach(open -> all.put("order " + open.instrument() + " " + open.order().id(), Described.of(open.order())));
        view.waiting().forEach(waiting -> all.put("waiting " + waiting.instrument() + " " + waiting.trade().number(),
                waiting.trade().toString()));
        view.instruments().forEach((id, head) -> all.put("instrument " + id, Described.of(head)));
        return all;
    }
}
