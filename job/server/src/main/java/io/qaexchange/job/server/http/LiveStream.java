package io.qaexchange.job.server.http;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventJson;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.server.engine.QueryEngine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Follows the rows of an instrument, of one table or of several, as server-sent events: each row once, as JSON with its table as {@code type}, in the
 * order of its event time as far as it had arrived.
 *
 * <p>Looks at the state every 50 ms, for rows of the last second of the instrument's own clock, and once a second for rows of its last
 * minute; a row that arrives later than that is not shown.
 * Tells when the job restarts, and goes on.
 */
final class LiveStream {

    private static final long PERIOD_MS = 50;
    private static final long HEARTBEAT_MS = 10_000;
    private static final long OVERLAP_NS = TimeUnit.SECONDS.toNanos(1);
    /** Every so many looks, rows that came later than that are looked for. */
    private static final int LONG_LOOK = 20;
    private static final long LONG_OVERLAP_NS = TimeUnit.MINUTES.toNanos(1);

    private final QueryEngine engine;
    private final RowAccess access;
    private final List<Followed> tables;

    /** A table, and what was shown of it. */
    private static final class Followed {
        final RecordType type;
        /** Identities that were shown, and their event times. */
        final Map<String, Long> shown = new HashMap<>();
        long newestNs = Long.MIN_VALUE;

        Followed(RecordType type) {
            this.type = type;
        }
    }

    LiveStream(QueryEngine engine, List<RecordType> types, RowAccess access) {
        this.engine = engine;
        this.access = access;
        this.tables = types.stream().map(Followed::new).toList();
    }

    /** Goes on until the client goes. Rows that are there before {@code event: begin} are not shown. */
    void answer(Exchange exchange) throws Exception {
        exchange.allow("instrument");
        String instrument = exchange.required("instrument");
        try (LiveRead read = engine.reader().open(ReadLevel.LIVE, access)) {
            for (Followed table : tables) {
                read.scan(LiveRead.Wanted.all(table.type).of(instrument).newestOfEach(), (bytes, offset, length) -> {
                    StoredEvent row = new StoredEvent().wrap(Arrays.copyOfRange(bytes, offset, offset + length));
                    table.newestNs = Math.max(table.newestNs, row.event().eventTime());
                    return true;
                });
            }
        }
        next(instrument, LONG_OVERLAP_NS);
        long heardMs = System.currentTimeMillis();
        OutputStream out = exchange.beginEvents();
        send(out, "event: begin\ndata: {\"table\":\"" + tables.stream().map(table -> table.type.table()).collect(Collectors.joining(",")) + "\"}\n\n");
        for (int look = 1;; look++) {
            try {
                List<String> rows = next(instrument, look % LONG_LOOK == 0 ? LONG_OVERLAP_NS : OVERLAP_NS);
                for (String row : rows) {
                    send(out, "data: " + row + "\n\n");
                }
                if (!rows.isEmpty()) {
                    heardMs = System.currentTimeMillis();
                }
            } catch (JobNotRunningException e) {
                send(out, "event: waiting\ndata: " + Exchange.JSON.writeValueAsString(e.getMessage()) + "\n\n");
            }
            if (System.currentTimeMillis() - heardMs > HEARTBEAT_MS) {
                send(out, ": still here\n\n");
                heardMs = System.currentTimeMillis();
            }
            TimeUnit.MILLISECONDS.sleep(PERIOD_MS);
        }
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private record Row(long eventTimeNs, String json) {
    }

    /** Rows that were not shown yet. */
    private List<String> next(String instrument, long overlapNs) throws Exception {
        List<Row> found = new ArrayList<>();
        try (LiveRead read = engine.reader().open(ReadLevel.LIVE, access)) {
            for (Followed table : tables) {
                next(read, table, instrument, overlapNs, found);
            }
        }
        found.sort(Comparator.comparingLong(Row::eventTimeNs));
        return found.stream().map(Row::json).toList();
    }

    private static void next(LiveRead read, Followed table, String instrument, long overlapNs, List<Row> found) throws Exception {
        long from = table.newestNs == Long.MIN_VALUE ? Long.MIN_VALUE : table.newestNs - overlapNs;
        LiveRead.Wanted wanted = LiveRead.Wanted.all(table.type).of(instrument).between(from, Long.MAX_VALUE).withArchived();
        read.scan(wanted, (bytes, offset, length) -> {
            StoredEvent row = new StoredEvent().wrap(Arrays.copyOfRange(bytes, offset, offset + length));
            String identity = EventIdentity.of(row.event(), row.topic(), row.partition(), row.offset()).toString();
            if (table.shown.putIfAbsent(identity, row.event().eventTime()) == null) {
                found.add(new Row(row.event().eventTime(), EventJson.write(row.event())));
            }
            table.newestNs = Math.max(table.newestNs, row.event().eventTime());
            return true;
        });
        if (overlapNs == LONG_OVERLAP_NS) {
            table.shown.values().removeIf(time -> time < table.newestNs - 2 * LONG_OVERLAP_NS);
        }
    }
}
