package io.qaexchange.job.server.http;

import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Instruments with their terms and the numbers of their rows. The numbers are those that the job keeps for each instrument, as of the last barrier of a
 * Flink checkpoint, so no row and no file is read. Thread-safe.
 */
public final class InstrumentRoutes {

    private static final int MOST = 100_000;

    private final QueryEngine engine;

    public InstrumentRoutes(QueryEngine engine) {
        this.engine = engine;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.addLimited("GET", "/v1/instruments", Role.READER, (exchange, path) -> all(exchange));
        endpoint.addLimited("GET", "/v1/instruments/*", Role.READER, this::one);
    }

    /** All, or the busiest. */
    private void all(Exchange exchange) throws IOException {
        exchange.allow("busiest");
        long most = exchange.number("busiest", MOST, 1, MOST);
        List<InstrumentStatistics> found = new ArrayList<>(ofInstruments(exchange.access()));
        found.sort(exchange.parameter("busiest") == null || exchange.access().accounts() != null ? Comparator.comparing(InstrumentStatistics::routeKey)
                : Comparator.comparingLong(InstrumentStatistics::stored).reversed().thenComparing(InstrumentStatistics::routeKey));
        Instruments terms = engine.reader().directory().describeCached().instruments();
        exchange.compactJson(200, Map.of("instruments", found.stream().limit(most).map(of -> document(of, terms, exchange.access())).toList()));
    }

    private void one(Exchange exchange, String id) throws IOException {
        exchange.allow();
        List<InstrumentStatistics> all = ofInstruments(exchange.access());
        InstrumentStatistics found = all.stream().filter(of -> of.routeKey().equals(id)).findFirst()
                .orElseThrow(() -> Problem.unknown("unknown-instrument", "the job has no row of instrument " + id,
                        NearNames.of(id, all.stream().map(InstrumentStatistics::routeKey).toList())));
        exchange.json(200, document(found, engine.reader().directory().describeCached().instruments(), exchange.access()));
    }

    private List<InstrumentStatistics> ofInstruments(RowAccess access) throws IOException {
        return engine.reader().statistics().stream().filter(of -> !of.isAccount() && access.hasInstrument(of.routeKey())).toList();
    }

    /** Without numbers for a user of some accounts: they count rows of all. */
    private static Map<String, Object> document(InstrumentStatistics of, Instruments instruments, RowAccess access) {
        Instrument.Terms terms = instruments.get(of.routeKey()).terms();
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("instrument", of.routeKey());
        document.put("exchange", terms.exchange());
        document.put("timeZone", terms.timeZone().getId());
        document.put("priceTick", terms.priceTick() > 0 ? BigDecimal.valueOf(terms.priceTick()).stripTrailingZeros() : null);
        document.put("multiplier", terms.multiplier());
        if (access.accounts() != null) {
            return document;
        }
        document.put("storedRows", of.stored());
        document.put("hotRows", of.stored() - of.archived());
        document.put("coldRows", of.archived());
        document.put("hotBytes", of.unarchivedBytes());
        document.put("lateRows", of.lateRows());
        document.put("duplicates", of.duplicates());
        document.put("deadLetters", of.deadLetters());
        document.put("newestEvent", time(of.newestEventNs()));
        document.put("lastArrival", of.lastArrivalMs() == 0 ? null : Instant.ofEpochMilli(of.lastArrivalMs()).toString());
        document.put("archivedBefore", of.archived() == 0 ? null : time(of.archiveWatermarkNs()));
        document.put("keptSince", time(of.dropWatermarkNs()));
        return document;
    }

    @Nullable
    private static String time(long ns) {
        return ns == InstrumentState.NO_TIME ? null : Instant.ofEpochSecond(0, ns).toString();
    }
}
