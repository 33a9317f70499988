package io.qaexchange.job.server.http;

import io.qaexchange.job.model.book.AccountDay;
import io.qaexchange.job.model.book.Micros;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.server.engine.LiveLedger;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Routes about the job, the ledger, the server itself. Thread-safe. */
public final class StatusRoutes {

    private final QueryEngine engine;
    private final LiveLedger ledger;
    private final QueryRoutes queries;
    private final HttpMetrics metrics;
    private final String server;

    /** @param server id of the server, by which a client knows that it is the one that it looks for */
    public StatusRoutes(QueryEngine engine, LiveLedger ledger, QueryRoutes queries, HttpMetrics metrics, String server) {
        this.engine = engine;
        this.ledger = ledger;
        this.queries = queries;
        this.metrics = metrics;
        this.server = server;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/healthz", null, (exchange, path) -> exchange.json(200, Map.of("status", "up", "server", server)));
        endpoint.add("GET", "/metrics", null, (exchange, path) -> exchange.text(200, "text/plain; version=0.0.4", metrics.text(gauges())));
        endpoint.add("GET", "/openapi.json", null, (exchange, path) -> exchange.text(200, "application/json", openApi()));
        endpoint.add("GET", "/v1/job", Role.READER, (exchange, path) -> exchange.json(200, job()));
        endpoint.add("GET", "/v1/tables", Role.READER, (exchange, path) -> exchange.json(200, Map.of("tables", SqlTables.names())));
        endpoint.add("GET", "/v1/accounts", Role.READER, (exchange, path) -> exchange.json(200, accounts()));
        endpoint.add("GET", "/v1/accounts/*", Role.READER, (exchange, account) -> exchange.json(200, account(account)));
        endpoint.add("GET", "/v1/queries", Role.READER, (exchange, path) -> exchange.json(200, running()));
        endpoint.add("DELETE", "/v1/queries/*", Role.OPERATOR, this::cancel);
    }

    private Map<String, Number> gauges() {
        Map<String, Number> gauges = new TreeMap<>();
        gauges.put("qaexchange_server_queries_running", queries.running());
        gauges.put("qaexchange_server_queries_waiting", queries.waiting());
        return gauges;
    }

    static String openApi() throws IOException {
        try (InputStream in = StatusRoutes.class.getResourceAsStream("openapi.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Map<String, Object> job() throws IOException {
        JobDescription job = engine.reader().directory().describe();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("jobId", engine.reader().directory().jobId());
        document.put("archive", job.archive());
        document.put("backend", job.backend());
        document.put("parallelism", job.parallelism());
        document.put("maxParallelism", job.maxParallelism());
        document.put("readable", job.isComplete());
        document.put("endpointsChangedAt", Instant.ofEpochMilli(job.changedAtMs()).toString());
        List<Map<String, Object>> subtasks = new ArrayList<>();
        for (EndpointAnnouncement endpoint : job.endpoints()) {
            subtasks.add(Map.of("subtask", endpoint.subtask(), "attempt", endpoint.attempt(), "host", endpoint.host(), "port", endpoint.port(),
                    "firstKeyGroup", endpoint.firstKeyGroup(), "lastKeyGroup", endpoint.lastKeyGroup()));
        }
        document.put("subtasks", subtasks);
        if (job.isComplete()) {
            try (LiveRead read = engine.reader().open(ReadLevel.LIVE)) {
                document.put("heldCheckpoints", read.heldCheckpoints());
                document.put("manifestVersion", read.manifestVersion());
                document.put("archivedFiles", read.files().size());
                document.put("pinMillis", read.pinnedToMs() - read.pinnedFromMs());
            }
        }
        return document;
    }

    private Map<String, Object> accounts() throws Exception {
        LedgerView view = ledger.view();
        List<Map<String, Object>> all = new ArrayList<>();
        view.accounts().keySet().forEach(account -> all.add(sums(view, account)));
        return Map.of("checkpoint", view.checkpointId(), "accounts", all);
    }

    private Map<String, Object> account(String id) throws Exception {
        LedgerView view = ledger.view();
        if (!view.accounts().containsKey(id)) {
            throw Problem.unknown("unknown-account", "checkpoint " + view.checkpointId() + " has no account " + id,
                    NearNames.of(id, view.accounts().keySet()));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("checkpoint", view.checkpointId());
        document.putAll(sums(view, id));
        List<Map<String, Object>> positions = new ArrayList<>();
        for (LedgerView.Holding holding : view.holdings()) {
            if (holding.account().equals(id)) {
                Map<String, Object> position = new LinkedHashMap<>();
                position.put("instrument", holding.instrument());
                for (io.qaexchange.job.model.book.Side side : io.qaexchange.job.model.book.Side.values()) {
                    position.put(side.name().toLowerCase(java.util.Locale.ROOT), Map.of("today", holding.position().side(side).today(),
                            "history", holding.position().side(side).history(), "frozen", holding.position().side(side).frozen()));
                }
                positions.add(position);
            }
        }
        document.put("positions", positions);
        return document;
    }

    private static Map<String, Object> sums(LedgerView view, String account) {
        AccountDay now = view.now(account);
        Map<String, Object> sums = new LinkedHashMap<>();
        sums.put("account", account);
        sums.put("tradingDay", now.tradingDay());
        sums.put("preBalance", Micros.toText(now.preBalance()));
        sums.put("deposits", Micros.toText(now.sums().deposits()));
        sums.put("withdrawals", Micros.toText(now.sums().withdrawals()));
        sums.put("closeProfit", Micros.toText(now.sums().closeProfit()));
        sums.put("commission", Micros.toText(now.sums().commission()));
        sums.put("frozen", Micros.toText(now.frozen()));
        sums.put("margin", Micros.toText(now.margin()));
        sums.put("floatProfit", Micros.toText(now.floatProfit()));
        return sums;
    }

    private List<Map<String, Object>> running() {
        List<Map<String, Object>> all = new ArrayList<>();
        for (QueryEngine.Running query : engine.running()) {
            all.add(Map.of("id", query.id(), "user", query.user(), "sql", query.sql(), "began", Instant.ofEpochMilli(query.beganMs()).toString()));
        }
        return all;
    }

    private void cancel(Exchange exchange, String id) throws IOException {
        long number;
        try {
            number = Long.parseLong(id);
        } catch (NumberFormatException e) {
            throw Problem.badRequest("bad-parameter", "\"" + id + "\" is no number of a query");
        }
        if (!engine.cancel(number, exchange.user().name())) {
            throw new Problem(404, "no-such-query", "query " + number + " does not run; it may have ended");
        }
        exchange.json(200, Map.of("cancelled", number));
    }
}
