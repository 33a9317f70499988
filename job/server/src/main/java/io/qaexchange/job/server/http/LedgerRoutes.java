package io.qaexchange.job.server.http;

import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.ledger.LedgerJson;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.server.engine.LiveLedger;
import io.qaexchange.job.server.security.Role;
import java.util.LinkedHashMap;
import java.util.Map;

/** The ledger as of the last completed Flink checkpoint, in the fields of {@code bin/ledger --json}. Thread-safe. */
public final class LedgerRoutes {

    private final LiveLedger ledger;

    public LedgerRoutes(LiveLedger ledger) {
        this.ledger = ledger;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/ledger", Role.READER, (exchange, path) -> sums(exchange));
        endpoint.add("GET", "/v1/accounts", Role.READER, (exchange, path) -> accounts(exchange));
        endpoint.add("GET", "/v1/accounts/*", Role.READER, this::account);
    }

    private void sums(Exchange exchange) throws Exception {
        exchange.allow();
        LedgerView view = ledger.view();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("checkpoint", view.checkpointId());
        document.putAll(LedgerJson.sums(view.sums()));
        exchange.json(200, document);
    }

    private void accounts(Exchange exchange) throws Exception {
        exchange.allow();
        LedgerView view = ledger.view();
        exchange.compactJson(200, Map.of("checkpoint", view.checkpointId(), "accounts", LedgerJson.accounts(view)));
    }

    private void account(Exchange exchange, String id) throws Exception {
        exchange.allow();
        LedgerView view = ledger.view();
        if (!view.accounts().containsKey(id)) {
            throw Problem.unknown("unknown-account", "checkpoint " + view.checkpointId() + " has no account " + id,
                    NearNames.of(id, view.accounts().keySet()));
        }
        exchange.json(200, LedgerJson.ofAccount(view, id));
    }
}
