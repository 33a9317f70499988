package io.qaexchange.job.server.http;

import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.ledger.LedgerJson;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.server.engine.LiveLedger;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The ledger as of the last completed Flink checkpoint, in the fields of {@code bin/ledger --json}. Thread-safe. */
public final class LedgerRoutes {

    private static final int USUAL_ROWS = 10_000;
    private static final int MOST_ROWS = 1_000_000;

    private final LiveLedger ledger;

    public LedgerRoutes(LiveLedger ledger) {
        this.ledger = ledger;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/ledger", Role.READER, (exchange, path) -> sums(exchange));
        endpoint.addLimited("GET", "/v1/ledger/positions", Role.READER, (exchange, path) -> {
            LedgerView view = part(exchange);
            answer(exchange, view, "positions", view.holdings().size(), LedgerJson.positions(view, most(exchange)));
        });
        endpoint.addLimited("GET", "/v1/ledger/orders", Role.READER, (exchange, path) -> {
            LedgerView view = part(exchange);
            answer(exchange, view, "orders", view.orders().size(), LedgerJson.orders(view, most(exchange)));
        });
        endpoint.addLimited("GET", "/v1/accounts", Role.READER, (exchange, path) -> accounts(exchange));
        endpoint.addLimited("GET", "/v1/accounts/*", Role.READER, this::account);
    }

    /** The accounts, and the positions and orders, that whoever asks may see. An account's money is that of all its instruments. */
    private LedgerView view(Exchange exchange) throws Exception {
        LedgerView view = ledger.view();
        return exchange.access().isAll() ? view : view.only(exchange.access()::hasAccount, exchange.access()::hasInstrument);
    }

    private void sums(Exchange exchange) throws Exception {
        exchange.allow();
        LedgerView view = ledger.view();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("checkpoint", view.checkpointId());
        document.putAll(LedgerJson.sums(view.sums()));
        exchange.json(200, document);
    }

    /** Whether a row is of the account and of the instrument that are asked for. */
    private LedgerView part(Exchange exchange) throws Exception {
        exchange.allow("account", "instrument", "limit");
        String account = exchange.parameter("account");
        String instrument = exchange.parameter("instrument");
        LedgerView view = view(exchange);
        return account == null && instrument == null ? view
                : view.only(id -> account == null || id.equals(account), id -> instrument == null || id.equals(instrument));
    }

    private static int most(Exchange exchange) {
        return (int) exchange.number("limit", USUAL_ROWS, 1, MOST_ROWS);
    }

    private static void answer(Exchange exchange, LedgerView view, String name, int all, List<Map<String, Object>> rows) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("checkpoint", view.checkpointId());
        document.put("all", all);
        document.put(name, rows);
        exchange.compactJson(200, document);
    }

    private void accounts(Exchange exchange) throws Exception {
        exchange.allow();
        LedgerView view = view(exchange);
        exchange.compactJson(200, Map.of("checkpoint", view.checkpointId(), "accounts", LedgerJson.accounts(view)));
    }

    private void account(Exchange exchange, String id) throws Exception {
        exchange.allow();
        LedgerView view = view(exchange);
        if (!view.accounts().containsKey(id)) {
            throw Problem.unknown("unknown-account", "checkpoint " + view.checkpointId() + " has no account " + id,
                    NearNames.of(id, view.accounts().keySet()));
        }
        exchange.json(200, LedgerJson.ofAccount(view, id));
    }
}
