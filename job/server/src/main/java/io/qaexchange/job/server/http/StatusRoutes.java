package io.qaexchange.job.server.http;

import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.query.finance.Macros;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Routes about the job, the ledger, the server itself. Thread-safe. */
public final class StatusRoutes {

    private final QueryEngine engine;
    private final QueryRoutes queries;
    private final HttpMetrics metrics;
    private final String server;

    /** @param server id of the server, by which a client knows that it is the one that it looks for */
    public StatusRoutes(QueryEngine engine, QueryRoutes queries, HttpMetrics metrics, String server) {
        this.engine = engine;
        this.queries = queries;
        this.metrics = metrics;
        metrics.addGauge(ServerMetric.QUERIES_RUNNING, queries::running);
        metrics.addGauge(ServerMetric.QUERIES_WAITING, queries::waiting);
        this.server = server;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/healthz", null, (exchange, path) -> exchange.json(200, Map.of("status", "up", "server", server)));
        endpoint.add("GET", "/metrics", null, (exchange, path) -> exchange.text(200, "text/plain; version=0.0.4", metrics.text()));
        endpoint.add("GET", "/openapi.json", null, (exchange, path) -> exchange.text(200, "application/json", openApi()));
        endpoint.add("GET", "/v1/job", Role.READER, (exchange, path) -> exchange.json(200, job()));
        endpoint.addLimited("GET", "/v1/tables", Role.READER, (exchange, path) -> exchange.json(200, tables()));
        endpoint.addLimited("GET", "/v1/user", Role.READER, (exchange, path) -> exchange.json(200, user(exchange)));
        endpoint.addLimited("GET", "/v1/queries", Role.READER, (exchange, path) -> exchange.json(200, running(exchange)));
        endpoint.addLimited("GET", "/v1/queries/ended", Role.READER, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, Map.of("queries", engine.log().newest().stream().filter(query -> maySee(exchange, query.user())).toList()));
        });
        endpoint.addLimited("DELETE", "/v1/queries/*", Role.READER, this::cancel);
    }

    static String openApi() throws IOException {
        try (InputStream in = StatusRoutes.class.getResourceAsStream("openapi.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Map<String, Object> user(Exchange exchange) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("name", exchange.user().name());
        document.put("role", exchange.user().role().name().toLowerCase(Locale.ROOT));
        document.put("limited", !exchange.access().isAll());
        return document;
    }

    private static Map<String, Object> tables() {
        Map<String, Object> columns = new LinkedHashMap<>();
        SqlTables.names().forEach(table -> columns.put(table, SqlTables.columns(table)));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("tables", SqlTables.names());
        document.put("columns", columns);
        document.put("macros", Macros.names().stream().sorted().map(Macros::signature).toList());
        return document;
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

    /** The text of a query names what its user sees: who may not see all rows sees his own queries only. */
    private static boolean maySee(Exchange exchange, String user) {
        return exchange.access().isAll() || exchange.user().name().equals(user);
    }

    private List<Map<String, Object>> running(Exchange exchange) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (QueryEngine.Running query : engine.running()) {
            if (!maySee(exchange, query.user())) {
                continue;
            }
            all.add(Map.of("id", query.id(), "request", query.request() == null ? "" : query.request(), "user", query.user(), "sql", query.sql(), "began",
                    Instant.ofEpochMilli(query.beganMs()).toString()));
        }
        return all;
    }

    /** By its number or by the name of its request. Whoever asked it may; others must be operators. */
    private void cancel(Exchange exchange, String id) throws IOException {
        exchange.allow();
        Optional<QueryEngine.Running> found = engine.running().stream()
                .filter(query -> Long.toString(query.id()).equals(id) || id.equals(query.request())).findFirst();
        boolean own = found.isPresent() && found.get().user().equals(exchange.user().name());
        if (!own && !exchange.user().role().covers(Role.OPERATOR)) {
            throw new Problem(403, "role-needed", "user " + exchange.user().name() + " is " + exchange.user().role()
                    + ", to cancel what is not one's own query needs " + Role.OPERATOR);
        }
        QueryEngine.Running query = found.orElseThrow(() -> new Problem(404, "no-such-query", "query " + id + " does not run; it may have ended"));
        engine.cancel(query, exchange.user().name());
        exchange.json(200, Map.of("cancelled", query.id()));
    }
}
