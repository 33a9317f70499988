package io.qaexchange.job.server.http;

import io.qaexchange.archive.control.ArchiveControl;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import javax.annotation.Nullable;

/**
 * Pauses and resumes archiving, asks for it now, and runs the retention, which needs the plan that was seen before. Each call may be repeated.
 * Thread-safe.
 */
public final class ArchiveRoutes {

    private static final int MOST_DAYS = 36_500;
    private static final int GRACE_DAYS = 7;
    private static final int MOST_REASON = 500;

    private final LiveReader reader;
    private final Operations operations;
    @Nullable
    private final Callable<List<RetainedCheckpoint>> snapshots;
    private final Clock clock;

    /**
     * Routes of an archive.
     *
     * @param snapshots the checkpoints and savepoints from which the job may be restored; null if they are not known here
     * @param clock wall clock
     */
    public ArchiveRoutes(LiveReader reader, Operations operations, @Nullable Callable<List<RetainedCheckpoint>> snapshots, Clock clock) {
        this.reader = reader;
        this.operations = operations;
        this.snapshots = snapshots;
        this.clock = clock;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/admin/archive", Role.OPERATOR, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, stateOf(control().read()));
        });
        endpoint.add("POST", "/admin/archive/pause", Role.OPERATOR, (exchange, path) -> pause(exchange));
        endpoint.add("POST", "/admin/archive/resume", Role.OPERATOR, (exchange, path) -> {
            exchange.allow();
            changed(exchange, 200, control().resume());
        });
        endpoint.add("POST", "/admin/archive/now", Role.OPERATOR, (exchange, path) -> {
            exchange.allow();
            control().archiveNow(exchange.user().name(), exchange.id(), clock);
            changed(exchange, 202, true);
        });
        endpoint.add("POST", "/admin/archive/retain", Role.ADMIN, (exchange, path) -> retain(exchange));
    }

    private ArchiveControl control() throws IOException {
        return ArchiveControl.of(reader.archive());
    }

    private void pause(Exchange exchange) throws IOException {
        exchange.allow("reason");
        String reason = exchange.parameter("reason", "");
        if (reason.length() > MOST_REASON) {
            throw Problem.badRequest("bad-parameter", "parameter reason has " + reason.length() + " characters; " + MOST_REASON + " are the most");
        }
        changed(exchange, 200, control().pause(exchange.user().name(), reason, exchange.id(), clock));
    }

    private void changed(Exchange exchange, int status, boolean changed) throws IOException {
        Map<String, Object> document = stateOf(control().read());
        document.put("changed", changed);
        exchange.json(status, document);
    }

    private static Map<String, Object> stateOf(ArchiveControl.State state) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("archiving", state.paused() == null ? "on" : "paused");
        document.put("pause", state.paused());
        document.put("now", state.now());
        document.put("seen", "by each subtask within 2 s; metrics archivingPaused and archiving tell");
        return document;
    }

    /** Without a plan: what would be let go, and the plan's name. With it: lets go, if the plan is still that. */
    private void retain(Exchange exchange) throws Exception {
        exchange.allow("delete-after", "table", "grace-days", "plan");
        if (snapshots == null) {
            throw new Problem(409, "checkpoints-not-known", "this server does not know from which checkpoints and savepoints the job may be restored: start it with"
                    + " bin/serve --checkpoints FOLDER,FOLDER, or run bin/archive retain");
        }
        String table = StorageRoutes.table(exchange);
        Integer days = exchange.parameter("delete-after") == null ? null : (int) exchange.number("delete-after", 0, 1, MOST_DAYS);
        if (table != null && days == null) {
            throw Problem.badRequest("missing-parameter", "parameter delete-after is missing: table " + table + " has no age");
        }
        RetentionStages stages = new RetentionStages(null, null, days);
        RetentionPolicy policy = table == null ? new RetentionPolicy(stages, Map.of()) : new RetentionPolicy(RetentionStages.KEEP, Map.of(table, stages));
        Duration grace = Duration.ofDays(exchange.number("grace-days", GRACE_DAYS, 1, MOST_DAYS));
        ManifestStore archive = reader.archive();
        RetentionReport planned = new ArchiveRetention(archive, policy, grace, snapshots.call(), clock).plan();
        String name = nameOf(planned);
        String asked = exchange.parameter("plan");
        if (asked == null) {
            exchange.json(200, planOf(planned, name));
            return;
        }
        if (!asked.equals(name)) {
            throw new Problem(409, "another-plan", "plan " + asked + " is not what would be let go now: ask again without plan, look at the answer, and send its plan");
        }
        Operations.Operation operation = operations.start("retention", exchange.user().name(), () -> {
            RetentionReport report = new ArchiveRetention(archive, policy, grace, snapshots.call(), clock).run();
            return String.format(Locale.ROOT, "%,d files left the table, %,d were deleted; %,d wait for the grace time or a lease, %,d are needed%s",
                    report.expired().size(), report.deleted().size(), report.waiting().size(), report.needed().size(),
                    report.notes().isEmpty() ? "" : "; " + String.join("; ", report.notes()));
        });
        exchange.setHeader("Location", "/admin/operations/" + operation.getId());
        exchange.json(202, operation);
    }

    /** A name that says which files go, so that no others do. */
    private static String nameOf(RetentionReport plan) {
        StringBuilder paths = new StringBuilder();
        Stream.of(plan.expired().stream().map(DataFile::path), plan.deleted().stream().map(file -> file.file().path()), plan.unnamed().stream())
                .forEach(some -> some.sorted().forEach(path -> paths.append(path).append('\n')));
        return UUID.nameUUIDFromBytes(paths.toString().getBytes(StandardCharsets.UTF_8)).toString();
    }

    private static Map<String, Object> planOf(RetentionReport plan, String name) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("plan", name);
        document.put("leaveTheTable", plan.expired().stream().map(DataFile::path).toList());
        document.put("leaveTheTableRows", plan.expired().stream().mapToLong(DataFile::rows).sum());
        document.put("leaveTheDisk", plan.deleted().stream().map(RetiredFile::file).map(DataFile::path).toList());
        document.put("heldFiles", plan.held().size());
        document.put("waitingFiles", plan.waiting().size());
        document.put("neededFiles", plan.needed().size());
        document.put("notes", plan.notes());
        return document;
    }
}
