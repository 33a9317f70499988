package io.qaexchange.job.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.server.engine.JobMonitor;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;

/**
 * Steers the job: Flink checkpoints and savepoints. Whatever takes long is an {@link Operations.Operation}. Thread-safe.
 */
public final class AdminRoutes {

    private static final Duration CHECKPOINT_PATIENCE = Duration.ofMinutes(10);
    private static final Duration SAVEPOINT_PATIENCE = Duration.ofHours(1);
    private static final long MOST_WAIT_MS = 60_000;

    private final JobMonitor monitor;
    private final Operations operations;
    private final AuditLog audit;
    @Nullable
    private final String savepoints;

    /** @param savepoints folder of savepoints, a URI; null if none are taken here */
    public AdminRoutes(JobMonitor monitor, Operations operations, AuditLog audit, @Nullable String savepoints) {
        this.monitor = monitor;
        this.operations = operations;
        this.audit = audit;
        this.savepoints = savepoints;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("POST", "/admin/checkpoint", Role.OPERATOR, (exchange, path) -> start(exchange, "checkpoint", this::checkpoint));
        endpoint.add("POST", "/admin/savepoint", Role.OPERATOR, (exchange, path) -> savepoint(exchange));
        endpoint.add("GET", "/admin/operations", Role.OPERATOR, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, Map.of("operations", operations.all()));
        });
        endpoint.add("GET", "/admin/operations/*", Role.OPERATOR, this::operation);
        endpoint.add("GET", "/admin/audit", Role.ADMIN, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, Map.of("calls", audit.newest()));
        });
    }

    private String checkpoint() throws Exception {
        FlinkRest rest = monitor.rest();
        String path = "/jobs/" + monitor.status().id() + "/checkpoints";
        JsonNode done = rest.await(path, null, Exchange.JSON.createObjectNode().put("checkpointType", "CONFIGURED"), CHECKPOINT_PATIENCE);
        return "checkpoint " + done.path("checkpointId").asLong();
    }

    private void savepoint(Exchange exchange) throws Exception {
        if (savepoints == null) {
            throw new Problem(409, "no-savepoint-folder", "this server has no folder for savepoints: start it with bin/serve --savepoints FOLDER");
        }
        start(exchange, "savepoint", () -> {
            ObjectNode body = Exchange.JSON.createObjectNode().put("formatType", "CANONICAL").put("target-directory", savepoints).put("cancel-job", false);
            return monitor.rest().await("/jobs/" + monitor.status().id() + "/savepoints", null, body, SAVEPOINT_PATIENCE).path("location").asText();
        });
    }

    /** Starts work; with {@code wait} its end is waited for, but not longer than that. */
    private void start(Exchange exchange, String kind, Callable<String> work) throws Exception {
        exchange.allow("wait");
        long waitMs = exchange.number("wait", 0, 0, MOST_WAIT_MS / 1000) * 1000;
        Operations.Operation operation = operations.start(kind, exchange.user().name(), work);
        if (waitMs > 0) {
            operations.await(operation, waitMs);
        }
        exchange.setHeader("Location", "/admin/operations/" + operation.getId());
        exchange.json(operation.isRunning() ? 202 : 200, operation);
    }

    private void operation(Exchange exchange, String id) throws IOException {
        exchange.allow();
        Operations.Operation found = id.matches("\\d{1,18}") ? operations.find(Long.parseLong(id)) : null;
        if (found == null) {
            throw new Problem(404, "no-such-operation", "operation " + id + " is not known; /admin/operations lists the last ones");
        }
        exchange.json(200, found);
    }
}
