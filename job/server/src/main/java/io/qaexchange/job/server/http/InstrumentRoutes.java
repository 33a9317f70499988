package io.qaexchange.job.server.http;

import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Instruments with their terms and the numbers of their rows. The numbers are those that the job keeps for each instrument, as of the last barrier of a
 * Flink checkpoint, so no row and no file is read. Thread-safe.
 */
public final class InstrumentRoutes {

    private static final int MOST = 100_000;
    /** Series of Prometheus that one answer has of each metric. */
    private static final int MOST_SERIES = 100;
    private static final String PROMETHEUS = "prometheus";

    private final QueryEngine engine;
    private final Clock clock;
    private final InstrumentRates rates = new InstrumentRates();

    /** @param clock wall clock */
    public InstrumentRoutes(QueryEngine engine, Clock clock) {
        this.engine = engine;
        this.clock = clock;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.addLimited("GET", "/v1/instruments", Role.READER, (exchange, path) -> all(exchange));
        endpoint.addLimited("GET", "/v1/instruments/*", Role.READER, this::one);
    }

    /** All, or the busiest; as series of Prometheus the busiest only. */
    private void all(Exchange exchange) throws IOException {
        exchange.allow("busiest", "format");
        String format = exchange.parameter("format", "json");
        boolean series = format.equals(PROMETHEUS);
        if (!series && !format.equals("json")) {
            throw Problem.badRequest("bad-parameter", "format " + format + " is neither json nor " + PROMETHEUS);
        }
        if (series && exchange.parameter("busiest") == null) {
            throw Problem.badRequest("missing-parameter", "parameter busiest is missing: each instrument would be a series of its own. Say at most " + MOST_SERIES);
        }
        if (series && exchange.access().accounts() != null) {
            throw new Problem(403, "rows-limited", "user " + exchange.user().name() + " may see some accounts only, and numbers of instruments count the rows of all");
        }
        int bound = series ? MOST_SERIES : MOST;
        long most = exchange.number("busiest", bound, 1, bound);
        List<InstrumentStatistics> all = engine.reader().statistics();
        List<InstrumentStatistics> found = new ArrayList<>(ofInstruments(all, exchange.access()));
        found.sort(exchange.parameter("busiest") == null || exchange.access().accounts() != null ? Comparator.comparing(InstrumentStatistics::routeKey)
                : Comparator.comparingLong(InstrumentStatistics::stored).reversed().thenComparing(InstrumentStatistics::routeKey));
        if (series) {
            exchange.text(200, "text/plain; version=0.0.4", InstrumentSeries.text(found.subList(0, (int) Math.min(most, found.size()))));
            return;
        }
        InstrumentDocument document = document(all, exchange);
        exchange.compactJson(200, out -> {
            out.writeStartObject();
            out.writeArrayFieldStart("instruments");
            for (InstrumentStatistics of : found.subList(0, (int) Math.min(most, found.size()))) {
                document.write(of, out);
            }
            out.writeEndArray();
            out.writeEndObject();
        });
    }

    private void one(Exchange exchange, String id) throws IOException {
        exchange.allow();
        List<InstrumentStatistics> everything = engine.reader().statistics();
        List<InstrumentStatistics> all = ofInstruments(everything, exchange.access());
        InstrumentStatistics found = all.stream().filter(of -> of.routeKey().equals(id)).findFirst()
                .orElseThrow(() -> Problem.unknown("unknown-instrument", "the job has no row of instrument " + id,
                        NearNames.of(id, all.stream().map(InstrumentStatistics::routeKey).toList())));
        InstrumentDocument document = document(everything, exchange);
        exchange.compactJson(200, out -> document.write(found, out));
    }

    /** @param everything the numbers of all instruments, whoever asks */
    private InstrumentDocument document(List<InstrumentStatistics> everything, Exchange exchange) throws IOException {
        return new InstrumentDocument(engine.reader().directory().describeCached().instruments(), rates.rates(everything, clock.millis()), exchange.access());
    }

    private static List<InstrumentStatistics> ofInstruments(List<InstrumentStatistics> all, RowAccess access) {
        return all.stream().filter(of -> !of.isAccount() && access.hasInstrument(of.routeKey())).toList();
    }
}
