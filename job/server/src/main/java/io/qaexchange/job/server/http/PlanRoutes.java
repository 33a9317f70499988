package io.qaexchange.job.server.http;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.TablePlan;
import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.annotation.Nullable;

/** The plan of a query: what was pushed down, which Parquet files are read and which are pruned, where the rows come from. Thread-safe. */
public final class PlanRoutes {

    /** More files than this are counted, not listed. */
    private static final int MOST_FILES = 200;

    private final QueryEngine engine;
    private final Admission admission;

    public PlanRoutes(QueryEngine engine, Admission admission) {
        this.engine = engine;
        this.admission = admission;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.addLimited("GET", "/v1/plan", Role.READER, (exchange, path) -> {
            exchange.allow("sql", "level");
            plan(exchange, exchange.required("sql"));
        });
        endpoint.addLimited("POST", "/v1/plan", Role.READER, (exchange, path) -> {
            exchange.allow("level");
            plan(exchange, exchange.body());
        });
    }

    private void plan(Exchange exchange, String sql) throws Exception {
        ReadLevel level = ReadLevel.parse(exchange.parameter("level", "live"));
        try (Admission.Place place = admission.enter()) {
            exchange.compactJson(200, document(engine.explain(sql, level, exchange.asker())));
        } catch (Admission.RefusedException e) {
            engine.refused(sql, exchange.asker(), e);
            throw e;
        }
    }

    private static Map<String, Object> document(QueryEngine.QueryPlan plan) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("level", plan.moment().level());
        document.put("manifestVersion", plan.moment().manifestVersion());
        document.put("pinnedTo", plan.moment().pinnedToMs() > 0 ? Instant.ofEpochMilli(plan.moment().pinnedToMs()).toString() : null);
        document.put("notices", plan.moment().notices());
        // A table that only a macro names is left out: none of its rows can matter.
        document.put("tables", plan.tables().stream().filter(table -> table.rows().fromNs() <= table.rows().toNs()).map(PlanRoutes::table).toList());
        document.put("plan", plan.text());
        return document;
    }

    private static Map<String, Object> table(TablePlan plan) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("table", plan.table());
        document.put("columns", plan.columns());
        document.put("conditions", conditions(plan.rows()));
        document.put("hotRows", plan.hotRows());
        document.put("coldRows", plan.read().stream().mapToLong(DataFile::rows).sum());
        document.put("filesRead", plan.read().size());
        document.put("bytesRead", bytes(plan.read()));
        List<DataFile> left = plan.pruned().stream().map(TablePlan.PrunedFile::file).toList();
        document.put("filesPruned", left.size());
        document.put("bytesPruned", bytes(left));
        document.put("rowsPruned", left.stream().mapToLong(DataFile::rows).sum());
        Map<String, Long> reasons = new TreeMap<>();
        plan.pruned().forEach(pruned -> reasons.merge(name(pruned.reason()), 1L, Long::sum));
        document.put("prunedBy", reasons);
        List<Map<String, Object>> files = new ArrayList<>();
        plan.read().stream().limit(MOST_FILES).forEach(file -> files.add(file(file, null)));
        plan.pruned().stream().limit(MOST_FILES - files.size()).forEach(pruned -> files.add(file(pruned.file(), pruned.reason())));
        document.put("files", files);
        return document;
    }

    private static long bytes(List<DataFile> files) {
        return files.stream().mapToLong(DataFile::lengthBytes).sum();
    }

    private static Map<String, Object> file(DataFile file, @Nullable TablePlan.Reason reason) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("path", file.path());
        document.put("tradingDay", file.tradingDay());
        document.put("rows", file.rows());
        document.put("bytes", file.lengthBytes());
        document.put("prunedBy", reason == null ? null : name(reason));
        return document;
    }

    private static String name(TablePlan.Reason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    /** Those that were pushed down; others stay in the query. */
    private static Map<String, Object> conditions(RowFilter rows) {
        Map<String, Object> document = new LinkedHashMap<>();
        if (rows.instruments() != null) {
            document.put("instruments", new TreeSet<>(rows.instruments()));
        }
        if (rows.fromNs() != Long.MIN_VALUE) {
            document.put("from", time(rows.fromNs()));
        }
        if (rows.toNs() != Long.MAX_VALUE) {
            document.put("to", time(rows.toNs()));
        }
        if (rows.fromDay() != Integer.MIN_VALUE) {
            document.put("fromDay", day(rows.fromDay()));
        }
        if (rows.toDay() != Integer.MAX_VALUE) {
            document.put("toDay", day(rows.toDay()));
        }
        return document;
    }

    private static String time(long ns) {
        return Instant.ofEpochSecond(0, ns).toString();
    }

    /** yyyymmdd as a date; a number that is none stays as it was written. */
    private static String day(int number) {
        String text = Integer.toString(number);
        return text.length() == 8 && text.charAt(0) != '-' ? text.substring(0, 4) + "-" + text.substring(4, 6) + "-" + text.substring(6) : text;
    }
}
