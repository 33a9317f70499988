package io.qaexchange.job.server.http;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.typed.RowJson;
import io.qaexchange.job.query.typed.UnionRow;
import io.qaexchange.job.query.typed.UnionScan;
import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All rows of an order or of a trade by its id, hot and cold, without SQL: what became of it, by table. {@code instrument}, {@code from} and {@code to} leave
 * out what cannot have it. Thread-safe.
 */
public final class PointRoutes {

    /** An id that more rows of a table share is none. */
    private static final int MOST_ROWS = 10_000;
    private static final int LONGEST_ID = 1_000;

    private final QueryEngine engine;
    private final Admission admission;

    public PointRoutes(QueryEngine engine, Admission admission) {
        this.engine = engine;
        this.admission = admission;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.addLimited("GET", "/v1/orders/*", Role.READER, (exchange, id) -> find(exchange, "order", "order_id", id));
        endpoint.addLimited("GET", "/v1/trades/*", Role.READER, (exchange, id) -> find(exchange, "trade", "trade_id", id));
    }

    private void find(Exchange exchange, String thing, String column, String id) throws Exception {
        exchange.allow("instrument", "from", "to", "level");
        if (id.isEmpty() || id.length() > LONGEST_ID) {
            throw Problem.badRequest("bad-parameter", "an id of an " + thing + " has 1 to " + LONGEST_ID + " characters: /v1/" + thing + "s/ID");
        }
        Long from = QueryRoutes.time("from", exchange.parameter("from"));
        Long to = QueryRoutes.time("to", exchange.parameter("to"));
        QueryRoutes.requireRange(from, to);
        ReadLevel level = ReadLevel.parse(exchange.parameter("level", "live"));
        if (level instanceof ReadLevel.CheckpointInFiles || level instanceof ReadLevel.Stale) {
            throw Problem.badRequest("bad-parameter", "parameter level: " + level + " is not for ids; ask by SQL, or for live, checkpoint, checkpoint:ID or archive");
        }
        try (Admission.Place place = admission.enter(); LiveRead read = engine.read(level, exchange.asker())) {
            UnionScan scan = new UnionScan(read, engine.reader().archive());
            Map<RecordType, List<UnionRow>> found = new LinkedHashMap<>();
            int files = 0;
            for (RecordType type : EventSchema.get().recordTypes()) {
                if (type.hasField(column)) {
                    UnionScan.Range range = new UnionScan.Range(type, exchange.parameter("instrument"), from == null ? Long.MIN_VALUE : from,
                            to == null ? Long.MAX_VALUE : to);
                    files += scan.files(range).size();
                    List<UnionRow> rows = scan.having(range, column, id, MOST_ROWS);
                    if (!rows.isEmpty()) {
                        found.put(type, rows);
                    }
                }
            }
            if (found.isEmpty()) {
                throw new Problem(404, "unknown-" + thing, "nobody has " + thing + " " + id + ": no hot row has this " + column
                        + (exchange.access().isAll() ? ", and none in " + files + " files of manifest version " + read.manifestVersion() : ", and no archived one")
                        + (exchange.parameter("instrument") == null && from == null && to == null ? "" : ", of the instrument and times that were asked for"));
            }
            QueryRoutes.describe(exchange, read);
            OutputStream out = exchange.begin(200, "application/json");
            write(column, id, found, read, out);
            // An answer that breaks off must not look like a whole one.
            out.close();
        }
    }

    /** An object with the id, and the rows of each table that has some. */
    private static void write(String column, String id, Map<RecordType, List<UnionRow>> found, LiveRead read, OutputStream out) throws IOException {
        out.write(("{" + Exchange.JSON.writeValueAsString(column) + ":" + Exchange.JSON.writeValueAsString(id)).getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<RecordType, List<UnionRow>> table : found.entrySet()) {
            out.write((",\n\"" + table.getKey().table() + "\":[").getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            new RowJson(table.getKey(), read.instruments(), lines).write(table.getValue());
            out.write(String.join(",\n", lines.toString(StandardCharsets.UTF_8).strip().split("\n")).getBytes(StandardCharsets.UTF_8));
            out.write(']');
        }
        out.write("}\n".getBytes(StandardCharsets.UTF_8));
    }
}
