package io.qaexchange.job.server.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.events.EventJson;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.SqlText;
import io.qaexchange.job.query.finance.Bar;
import io.qaexchange.job.query.finance.Bars;
import io.qaexchange.job.query.finance.Granularity;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.ResultFormat;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.sql.SystemTable;
import io.qaexchange.job.query.typed.BarJson;
import io.qaexchange.job.query.typed.RowJson;
import io.qaexchange.job.query.typed.TypedBars;
import io.qaexchange.job.query.typed.UnionRow;
import io.qaexchange.job.query.typed.UnionScan;
import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import io.qaexchange.job.server.session.ReadMoment;
import java.io.IOException;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.annotation.Nullable;

/** Routes that give rows. Thread-safe. */
public final class QueryRoutes {

    private static final int MAX_ROWS = 1_000_000;
    private static final long USUAL_ROWS = 1_000;
    /** Bars of more files, or of files with more rows, are made by DuckDB, on all cores and within the limits of a query; it takes some 10 ms to begin, this a ms for each file. */
    private static final int MOST_ARCHIVED_FILES = 32;
    private static final long MOST_ARCHIVED_ROWS = 1_000_000;

    private final QueryEngine engine;
    private final Admission admission;

    public QueryRoutes(QueryEngine engine, Admission admission) {
        this.engine = engine;
        this.admission = admission;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.addLimited("GET", "/v1/query", Role.READER, (exchange, path) -> {
            exchange.allow("sql", "level", "format");
            query(exchange, exchange.required("sql"), exchange.parameter("level", "live"));
        });
        endpoint.addLimited("POST", "/v1/query", Role.READER, (exchange, path) -> post(exchange));
        endpoint.addLimited("GET", "/v1/rows/*", Role.READER, this::rows);
        endpoint.addLimited("GET", "/v1/latest/*", Role.READER, this::latest);
        endpoint.addLimited("GET", "/v1/bars/*", Role.READER, this::bars);
        endpoint.addLimited("GET", "/v1/stream/*", Role.READER, (exchange, tables) -> new LiveStream(engine, types(tables), exchange.access()).answer(exchange));
    }

    int running() {
        return admission.running();
    }

    int waiting() {
        return admission.waiting();
    }

    private void post(Exchange exchange) throws Exception {
        String body = exchange.body();
        String type = exchange.header("Content-Type");
        if (type != null && type.startsWith("application/json")) {
            JsonNode document;
            try {
                document = Exchange.JSON.readTree(body);
            } catch (JsonProcessingException e) {
                throw Problem.badRequest("bad-json", "the body is no JSON: " + e.getOriginalMessage());
            }
            if (!document.path("sql").isTextual()) {
                throw Problem.badRequest("missing-parameter", "the body has no text \"sql\"");
            }
            query(exchange, document.get("sql").asText(), document.path("level").asText("live"));
            return;
        }
        query(exchange, body, exchange.parameter("level", "live"));
    }

    private void query(Exchange exchange, String sql, String level) throws Exception {
        MediaTypes type = MediaTypes.choose(exchange.parameter("format"), exchange.header("Accept"));
        ReadLevel at = ReadLevel.parse(level);
        try (Admission.Place place = admission.enter()) {
            engine.run(sql, at, type.format(), exchange.asker(), moment -> {
                describe(exchange, moment);
                OutputStream out = exchange.begin(200, type.contentType());
                return type == MediaTypes.JSON ? new JsonArrayStream(out) : out;
            });
        } catch (Admission.RefusedException e) {
            engine.refused(sql, exchange.asker(), e);
            throw e;
        }
    }

    /** Names the level, the moments or offsets, and the manifest version in headers. */
    static void describe(Exchange exchange, LiveRead read) {
        describe(exchange, QueryEngine.moment(read, List.of()));
    }

    private static void describe(Exchange exchange, ReadMoment moment) {
        exchange.setHeader("Qaexchange-Level", moment.level());
        exchange.setHeader("Qaexchange-Manifest-Version", Long.toString(moment.manifestVersion()));
        if (moment.pinnedToMs() > 0) {
            exchange.setHeader("Qaexchange-Pinned-From", Instant.ofEpochMilli(moment.pinnedFromMs()).toString());
            exchange.setHeader("Qaexchange-Pinned-To", Instant.ofEpochMilli(moment.pinnedToMs()).toString());
        }
        if (!moment.offsets().isEmpty()) {
            exchange.setHeader("Qaexchange-Offsets", moment.offsets());
        }
        moment.notices().forEach(exchange::notice);
    }

    private void rows(Exchange exchange, String table) throws Exception {
        exchange.allow("instrument", "from", "to", "limit", "order", "level", "format");
        requireTable(table);
        List<String> conditions = new ArrayList<>();
        String instrument = exchange.parameter("instrument");
        if (instrument != null) {
            conditions.add("instrument = " + SqlText.quote(instrument));
        }
        Long from = time("from", exchange.parameter("from"));
        Long to = time("to", exchange.parameter("to"));
        if (from != null) {
            conditions.add("event_time >= make_timestamp_ns(" + from + ")::TIMESTAMPTZ_NS");
        }
        if (to != null) {
            conditions.add("event_time < make_timestamp_ns(" + to + ")::TIMESTAMPTZ_NS");
        }
        String order = exchange.parameter("order", "desc").toLowerCase(Locale.ROOT);
        if (!order.equals("asc") && !order.equals("desc")) {
            throw Problem.badRequest("bad-parameter", "parameter order: \"" + order + "\" is none of asc, desc");
        }
        requireRange(from, to);
        long limit = exchange.number("limit", USUAL_ROWS, 1, MAX_ROWS);
        RecordType type = EventSchema.get().findTable(table);
        if (type != null && (instrument == null || type.instrument() != null) && isJson(exchange)) {
            UnionScan.Range range = new UnionScan.Range(type, instrument, from == null ? Long.MIN_VALUE : from, to == null ? Long.MAX_VALUE : to);
            boolean answered = typed(exchange, (read, rows) -> {
                List<UnionRow> found = rows.first(range, (int) limit, order.equals("desc"));
                nameMissing(exchange, table, instrument, found.isEmpty(), read);
                return out -> new RowJson(type, read.instruments(), out).write(found);
            });
            if (answered) {
                return;
            }
        }
        query(exchange, "SELECT * FROM " + SqlText.name(table) + (conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions))
                + " ORDER BY event_time " + order + ", source " + order + ", sequence " + order + " LIMIT " + limit, exchange.parameter("level", "live"));
    }

    private void bars(Exchange exchange, String table) throws Exception {
        exchange.allow("instrument", "interval", "from", "to", "fill", "level", "format");
        String fill = exchange.parameter("fill", "none").toUpperCase(Locale.ROOT);
        Bars.Fill filling = Arrays.stream(Bars.Fill.values()).filter(value -> value.name().equals(fill)).findFirst()
                .orElseThrow(() -> Problem.badRequest("bad-parameter", "parameter fill: \"" + fill.toLowerCase(Locale.ROOT)
                        + "\" is none of none, previous, linear, null"));
        requireRange(time("from", exchange.parameter("from")), time("to", exchange.parameter("to")));
        Bars bars = new Bars(table, Granularity.parse(exchange.parameter("interval", "1m")), exchange.parameter("instrument"),
                time("from", exchange.parameter("from")), time("to", exchange.parameter("to")), filling);
        boolean answered = isJson(exchange) && typed(exchange, (read, rows) -> {
            List<Bar> made = TypedBars.of(bars, rows, read.instruments(), MOST_ARCHIVED_FILES, MOST_ARCHIVED_ROWS);
            if (made == null) {
                return null;
            }
            nameMissing(exchange, table, exchange.parameter("instrument"), made.isEmpty(), read);
            return out -> BarJson.write(made, bars.width().isTradingDay(), out);
        });
        if (!answered) {
            query(exchange, bars.sql(), exchange.parameter("level", "live"));
        }
    }

    /** An instrument of which there is nothing is more often mistyped than quiet. */
    private void nameMissing(Exchange exchange, String table, @Nullable String instrument, boolean empty, LiveRead read) throws IOException {
        if (empty && instrument != null) {
            exchange.notice(engine.noRows(table, instrument, read));
        }
    }

    private static boolean isJson(Exchange exchange) {
        return MediaTypes.choose(exchange.parameter("format"), exchange.header("Accept")).format() == ResultFormat.JSON;
    }

    /** Finds the answer to a request without SQL, while the read is open. */
    @FunctionalInterface
    private interface Finder {
        /** Null leaves the request to SQL. */
        @Nullable
        Answer find(LiveRead read, UnionScan rows) throws Exception;
    }

    /** Writes an answer, an object a line. */
    @FunctionalInterface
    private interface Answer {
        void write(OutputStream out) throws IOException;
    }

    /**
     * Answers a request without SQL in JSON.
     *
     * @return false if it is left to SQL
     */
    private boolean typed(Exchange exchange, Finder finder) throws Exception {
        MediaTypes type = MediaTypes.choose(exchange.parameter("format"), exchange.header("Accept"));
        ReadLevel level = ReadLevel.parse(exchange.parameter("level", "live"));
        if (level instanceof ReadLevel.CheckpointInFiles) {
            return false;
        }
        try (Admission.Place place = admission.enter(); LiveRead read = engine.read(level instanceof ReadLevel.Stale ? ReadLevel.LIVE : level, exchange.asker())) {
            Answer answer = finder.find(read, new UnionScan(read, engine.reader().archive()));
            if (answer == null) {
                return false;
            }
            describe(exchange, read);
            OutputStream out = exchange.begin(200, type.contentType());
            OutputStream lines = type == MediaTypes.JSON ? new JsonArrayStream(out) : out;
            answer.write(lines);
            lines.close();
            return true;
        } catch (JobNotRunningException e) {
            if (level instanceof ReadLevel.Stale) {
                return false;
            }
            throw e;
        }
    }

    /** The newest row of each instrument that is in the state: no SQL, no files. */
    private void latest(Exchange exchange, String table) throws Exception {
        exchange.allow("instrument");
        RecordType type = type(table);
        String instrument = exchange.parameter("instrument");
        Map<String, String> newest = new LinkedHashMap<>();
        Map<String, Long> times = new LinkedHashMap<>();
        try (Admission.Place place = admission.enter(); LiveRead read = engine.read(ReadLevel.LIVE, exchange.asker())) {
            LiveRead.Wanted wanted = LiveRead.Wanted.all(type).newestOfEach();
            StoredEvent row = new StoredEvent();
            read.scan(instrument == null ? wanted : wanted.of(instrument), (bytes, offset, length) -> {
                row.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
                String key = row.event().routeKey();
                if (row.event().eventTime() >= times.getOrDefault(key, Long.MIN_VALUE)) {
                    times.put(key, row.event().eventTime());
                    newest.put(key, EventJson.write(row.event()));
                }
                return true;
            });
            if (instrument != null && newest.isEmpty()) {
                throw new Problem(404, "no-row", "instrument " + instrument + " has no row of " + table + " in the state of the job; older rows may be in the "
                        + "archive: ask /v1/rows/" + table);
            }
            describe(exchange, read);
            exchange.text(200, "application/json", "[" + String.join(",\n", newest.values()) + "]\n");
        }
    }

    /** One table, or several with commas between them. */
    private static List<RecordType> types(String tables) {
        return Arrays.stream(tables.split(",")).map(QueryRoutes::type).distinct().toList();
    }

    static RecordType type(String table) {
        RecordType type = EventSchema.get().findTable(table);
        if (type == null) {
            requireTable(table);
            throw Problem.badRequest("no-events", "table " + table + " is the ledger's; rows of events are asked for here");
        }
        return type;
    }

    private static void requireTable(String table) {
        if (!SqlTables.names().contains(table)) {
            throw Problem.unknown("unknown-table", "there is no table " + table, NearNames.of(table, SqlTables.names()));
        }
        if (SystemTable.find(table) != null) {
            throw Problem.badRequest("no-events", "table " + table + " tells about the server and has no event times: ask for it by SQL, /v1/query?sql=FROM%20" + table);
        }
    }

    /** A range that ends before it begins is more often two values in the wrong places than a wish for no rows. */
    static void requireRange(@Nullable Long from, @Nullable Long to) {
        if (from != null && to != null && from > to) {
            throw Problem.badRequest("bad-range", "the range ends before it begins: from " + Instant.ofEpochSecond(0, from) + " to " + Instant.ofEpochSecond(0, to)
                    + "; the earlier time is from, the later one to, exclusive");
        }
    }

    /** A time as ISO-8601 with offset, or as nanoseconds since 1970. */
    @Nullable
    static Long time(String name, @Nullable String text) {
        if (text == null) {
            return null;
        }
        if (text.matches("-?\\d{1,19}")) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                throw Problem.badRequest("bad-time", "parameter " + name + ": " + text + " is not a number of nanoseconds");
            }
        }
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
        } catch (DateTimeException | ArithmeticException e) {
            throw Problem.badRequest("bad-time", "parameter " + name + ": \"" + text
                    + "\" is no time such as 2026-01-05T09:30:00Z, 2026-01-05T17:30:00+08:00, or nanoseconds since 1970");
        }
    }
}
