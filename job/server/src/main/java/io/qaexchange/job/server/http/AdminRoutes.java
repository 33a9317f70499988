package io.qaexchange.job.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.server.engine.JobMonitor;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;

/**
 * Steers the job: Flink checkpoints, savepoints, compactions; and shows what it stores. Whatever takes long is an {@link Operations.Operation}. Thread-safe.
 */
public final class AdminRoutes {

    private static final Duration CHECKPOINT_PATIENCE = Duration.ofMinutes(10);
    private static final Duration SAVEPOINT_PATIENCE = Duration.ofHours(1);
    private static final long MOST_WAIT_MS = 60_000;
    /** A smaller file of a trading day that has several is one that a compaction of the archive would merge. */
    private static final long SMALL_FILE_BYTES = 16 << 20;

    private final LiveReader reader;
    private final JobMonitor monitor;
    private final Operations operations;
    private final AuditLog audit;
    @Nullable
    private final String savepoints;

    /** @param savepoints folder of savepoints, a URI; null if none are taken here */
    public AdminRoutes(LiveReader reader, JobMonitor monitor, Operations operations, AuditLog audit, @Nullable String savepoints) {
        this.reader = reader;
        this.monitor = monitor;
        this.operations = operations;
        this.audit = audit;
        this.savepoints = savepoints;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/storage", Role.READER, (exchange, path) -> storage(exchange));
        endpoint.add("GET", "/admin/storage/stats", Role.OPERATOR, (exchange, path) -> storage(exchange));
        endpoint.add("POST", "/admin/compaction/trigger", Role.OPERATOR, (exchange, path) -> compact(exchange));
        endpoint.add("DELETE", "/admin/compaction", Role.OPERATOR, (exchange, path) -> cancelCompaction(exchange));
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

    /** The stores of the subtasks, and the archive by table and trading day. */
    private void storage(Exchange exchange) throws IOException {
        exchange.allow();
        List<JsonNode> subtasks = new ArrayList<>();
        for (String json : reader.stores()) {
            subtasks.add(Exchange.JSON.readTree(json));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("subtasks", subtasks);
        document.put("archive", archive(reader.archive().latest()));
        exchange.compactJson(200, document);
    }

    private static Map<String, Object> archive(ArchiveManifest manifest) {
        Map<String, TreeMap<String, List<DataFile>>> byTable = new TreeMap<>();
        manifest.files().forEach(file -> byTable.computeIfAbsent(file.table(), table -> new TreeMap<>())
                .computeIfAbsent(file.tradingDay(), day -> new ArrayList<>()).add(file));
        List<Map<String, Object>> days = new ArrayList<>();
        byTable.forEach((table, ofDays) -> ofDays.forEach((day, files) -> days.add(day(table, day, files))));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("manifestVersion", manifest.version());
        document.put("files", manifest.files().size());
        document.put("bytes", manifest.files().stream().mapToLong(DataFile::lengthBytes).sum());
        document.put("rows", manifest.files().stream().mapToLong(DataFile::rows).sum());
        document.put("retiredFiles", manifest.retired().size());
        document.put("supersededFiles", manifest.superseded().size());
        document.put("holds", manifest.holds().size());
        document.put("days", days);
        return document;
    }

    private static Map<String, Object> day(String table, String day, List<DataFile> files) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("table", table);
        document.put("tradingDay", day);
        document.put("files", files.size());
        document.put("bytes", files.stream().mapToLong(DataFile::lengthBytes).sum());
        document.put("rawBytes", files.stream().mapToLong(DataFile::rawBytes).sum());
        document.put("rows", files.stream().mapToLong(DataFile::rows).sum());
        document.put("compacted", files.stream().filter(DataFile::isCompacted).count());
        document.put("smallFiles", files.size() < 2 ? 0 : files.stream().filter(file -> file.lengthBytes() < SMALL_FILE_BYTES).count());
        return document;
    }

    /** Compacts what all subtasks of the event store have. */
    private void compact(Exchange exchange) throws IOException {
        exchange.allow();
        reader.compact(true);
        exchange.json(202, Map.of("compaction", "started", "progress", "/v1/storage tells of each subtask in askedCompaction"));
    }

    private void cancelCompaction(Exchange exchange) throws IOException {
        exchange.allow();
        reader.compact(false);
        exchange.json(202, Map.of("compaction", "is being cancelled"));
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
