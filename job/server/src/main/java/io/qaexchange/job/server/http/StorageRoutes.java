package io.qaexchange.job.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionGroup;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.sql.SystemTable;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.engine.StoreHistory;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;

/** The stores of the subtasks and the archive, and compactions of both, with a dry run. Thread-safe. */
public final class StorageRoutes {

    private static final int MOST_DAYS = 36_500;

    private final LiveReader reader;
    private final StoreHistory history;
    private final Operations operations;
    private final Clock clock;

    /** @param clock wall clock */
    public StorageRoutes(LiveReader reader, StoreHistory history, Operations operations, Clock clock) {
        this.reader = reader;
        this.history = history;
        this.operations = operations;
        this.clock = clock;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/storage", Role.READER, (exchange, path) -> storage(exchange));
        endpoint.add("GET", "/v1/storage/history", Role.READER, (exchange, path) -> {
            exchange.allow();
            exchange.compactJson(200, Map.of("samples", history.samples()));
        });
        endpoint.add("GET", "/v1/storage/retention", Role.READER, (exchange, path) -> retention(exchange));
        endpoint.add("GET", "/admin/storage/stats", Role.OPERATOR, (exchange, path) -> storage(exchange));
        endpoint.add("POST", "/admin/compaction/trigger", Role.OPERATOR, (exchange, path) -> compact(exchange));
        endpoint.add("DELETE", "/admin/compaction", Role.OPERATOR, (exchange, path) -> cancelCompaction(exchange));
        endpoint.add("POST", "/admin/archive/compact", Role.OPERATOR, (exchange, path) -> compactArchive(exchange));
    }

    /** The stores of the subtasks, and the archive by table and trading day. */
    private void storage(Exchange exchange) throws IOException {
        exchange.allow();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("subtasks", subtasks());
        document.put("archive", ArchiveJson.of(reader.archive().latest()));
        exchange.compactJson(200, document);
    }

    private List<JsonNode> subtasks() throws IOException {
        List<JsonNode> subtasks = new ArrayList<>();
        for (String json : reader.stores()) {
            subtasks.add(Exchange.JSON.readTree(json));
        }
        return subtasks;
    }

    /** Compacts the event store: all rows, or those of an instrument in its subtask. The engine keeps the rows of all tables together, by instrument. */
    private void compact(Exchange exchange) throws IOException {
        exchange.allow("dry-run", "instrument", "table");
        String instrument = exchange.parameter("instrument");
        String table = table(exchange);
        if (instrument != null && table != null) {
            throw Problem.badRequest("bad-parameter", "say an instrument or a table, not both: the engine keeps the rows of all tables of an instrument together");
        }
        String scope = instrument != null ? "the rows of " + instrument + ", and what lies in the same files"
                : table == null ? "all rows" : "all rows: the engine keeps those of table " + table + " together with the other tables', by instrument";
        InstrumentStatistics of = instrument == null ? null : instrument(instrument);
        if (exchange.flag("dry-run")) {
            Map<String, Object> document = of == null ? compactionPlan(subtasks()) : compactionPlan(of);
            document.put("scope", scope);
            exchange.json(200, document);
            return;
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("compaction", "started");
        document.put("scope", scope);
        if (of == null) {
            reader.compact(true);
        } else {
            document.put("subtask", reader.compact(instrument));
        }
        document.put("progress", "/v1/storage tells of each subtask in askedCompaction");
        exchange.json(202, document);
    }

    private InstrumentStatistics instrument(String id) throws IOException {
        List<InstrumentStatistics> all = reader.statistics();
        return all.stream().filter(of -> of.routeKey().equals(id)).findFirst().orElseThrow(() -> Problem.unknown("unknown-instrument",
                "the job has no row of instrument " + id, NearNames.of(id, all.stream().filter(of -> !of.isAccount()).map(InstrumentStatistics::routeKey).toList())));
    }

    /** As of the last barrier. */
    private static Map<String, Object> compactionPlan(InstrumentStatistics of) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("instrument", of.routeKey());
        document.put("rows", of.stored() - of.archived());
        document.put("bytes", of.unarchivedBytes());
        return document;
    }

    /** Files and bytes that a compaction of everything would read, and write again as far as nothing can be dropped. */
    private static Map<String, Object> compactionPlan(List<JsonNode> subtasks) {
        List<Map<String, Object>> each = new ArrayList<>();
        long allFiles = 0;
        long allBytes = 0;
        for (JsonNode subtask : subtasks) {
            long files = subtask.at("/statistics/files").asLong();
            long memory = subtask.at("/statistics/memtable.active.bytes").asLong() + subtask.at("/statistics/memtable.frozen.bytes").asLong();
            long bytes = subtask.at("/statistics/files.bytes").asLong() + memory;
            each.add(Map.of("subtask", subtask.path("subtask").asInt(), "files", files, "bytes", bytes, "memtableBytes", memory));
            allFiles += files;
            allBytes += bytes;
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("files", allFiles);
        document.put("bytes", allBytes);
        document.put("subtasks", each);
        return document;
    }

    private void cancelCompaction(Exchange exchange) throws IOException {
        exchange.allow();
        reader.compact(false);
        exchange.json(202, Map.of("compaction", "is being cancelled"));
    }

    /** Merges small files of the archive, as {@code bin/archive compact} does. */
    private void compactArchive(Exchange exchange) throws IOException {
        exchange.allow("dry-run", "table", "day");
        String table = table(exchange);
        String day = day(exchange);
        ManifestStore archive = reader.archive();
        if (exchange.flag("dry-run")) {
            List<CompactionGroup> groups = compaction(archive, Path.of("")).plan(file -> isOf(file, table, day));
            exchange.json(200, archivePlan(groups));
            return;
        }
        Operations.Operation operation = operations.start("compaction of the archive", exchange.user().name(), () -> compactArchive(archive, table, day));
        exchange.setHeader("Location", "/admin/operations/" + operation.getId());
        exchange.json(202, operation);
    }

    @Nullable
    static String table(Exchange exchange) {
        String table = exchange.parameter("table");
        if (table != null && (!SqlTables.names().contains(table) || SystemTable.find(table) != null)) {
            throw Problem.unknown("unknown-table", "there is no table " + table, NearNames.of(table, SqlTables.names()));
        }
        return table;
    }

    @Nullable
    private static String day(Exchange exchange) {
        String day = exchange.parameter("day");
        try {
            return day == null ? null : LocalDate.parse(day).toString();
        } catch (DateTimeParseException e) {
            throw Problem.badRequest("bad-parameter", "parameter day: \"" + day + "\" is no day such as 2026-01-05");
        }
    }

    private static boolean isOf(DataFile file, @Nullable String table, @Nullable String day) {
        return (table == null || table.equals(file.table())) && (day == null || day.equals(file.tradingDay()));
    }

    private ArchiveCompaction compaction(ManifestStore archive, Path temporary) {
        return new ArchiveCompaction(archive, CompactionOptions.DEFAULT, temporary, clock);
    }

    private String compactArchive(ManifestStore archive, @Nullable String table, @Nullable String day) throws IOException {
        Path temporary = Files.createTempDirectory("compaction");
        try {
            CompactionReport report = compaction(archive, temporary).run(file -> isOf(file, table, day), file -> { });
            return report.left().isEmpty() ? report.sentence() : report.sentence() + "; left as they are: " + String.join("; ", report.left());
        } finally {
            FileUtils.deleteDirectoryQuietly(temporary.toFile());
        }
    }

    private static Map<String, Object> archivePlan(List<CompactionGroup> groups) {
        List<Map<String, Object>> each = new ArrayList<>();
        groups.forEach(group -> each.add(Map.of("table", group.table(), "tradingDay", group.tradingDay(), "files", group.files().size(), "rows", group.rows(), "bytes",
                group.bytes())));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("files", groups.stream().mapToInt(group -> group.files().size()).sum());
        document.put("becomeFiles", groups.size());
        document.put("bytes", groups.stream().mapToLong(CompactionGroup::bytes).sum());
        document.put("groups", each);
        return document;
    }

    /** Files that would leave the archive at an age; nothing is let go here. */
    private void retention(Exchange exchange) throws IOException {
        exchange.allow("delete-after", "table");
        exchange.required("delete-after");
        int days = (int) exchange.number("delete-after", 0, 1, MOST_DAYS);
        String table = table(exchange);
        RetentionStages stages = new RetentionStages(null, null, days);
        RetentionPolicy policy = table == null ? new RetentionPolicy(stages, Map.of()) : new RetentionPolicy(RetentionStages.KEEP, Map.of(table, stages));
        ArchiveManifest latest = reader.archive().latest();
        List<DataFile> old = policy.expired(latest, clock.instant());
        List<DataFile> leaving = old.stream().filter(file -> !latest.isHeld(file)).toList();
        Map<String, Map<String, Object>> byDay = new TreeMap<>();
        for (DataFile file : leaving) {
            Map<String, Object> day = byDay.computeIfAbsent(file.tradingDay() + " " + file.table(), key -> new LinkedHashMap<>(
                    Map.of("table", file.table(), "tradingDay", file.tradingDay(), "files", 0L, "rows", 0L, "bytes", 0L)));
            day.merge("files", 1L, StorageRoutes::sum);
            day.merge("rows", file.rows(), StorageRoutes::sum);
            day.merge("bytes", file.lengthBytes(), StorageRoutes::sum);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("deleteAfterDays", days);
        document.put("files", leaving.size());
        document.put("rows", leaving.stream().mapToLong(DataFile::rows).sum());
        document.put("bytes", leaving.stream().mapToLong(DataFile::lengthBytes).sum());
        document.put("heldFiles", old.size() - leaving.size());
        document.put("days", List.copyOf(byDay.values()));
        document.put("command", "bin/archive retain --delete-after " + (table == null ? "" : table + "=") + days);
        exchange.json(200, document);
    }

    private static Object sum(Object a, Object b) {
        return (Long) a + (Long) b;
    }
}
