package io.qaexchange.job.server.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.query.access.RowAccess;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes instruments as JSON objects, field by field: an answer has ten thousand of them. Most times of an answer share their second, whose text is made
 * once.
 *
 * <p>One thread.
 */
final class InstrumentDocument {

    private static final int NANOS_PER_SECOND = 1_000_000_000;
    private static final int NANOS_PER_MS = 1_000_000;
    private static final int NANOS_PER_MICRO = 1_000;
    private static final int MS_PER_SECOND = 1_000;

    private final Instruments terms;
    private final InstrumentRates.Rates rates;
    private final boolean counts;
    /** Texts of seconds since 1970, up to the letter Z. */
    private final Map<Long, String> seconds = new HashMap<>();

    /** @param access without numbers for a user of some accounts: they count rows of all */
    InstrumentDocument(Instruments terms, InstrumentRates.Rates rates, RowAccess access) {
        this.terms = terms;
        this.rates = rates;
        this.counts = access.accounts() == null;
    }

    /** Writes an instrument. */
    void write(InstrumentStatistics of, JsonGenerator out) throws IOException {
        Instrument.Terms mine = terms.get(of.routeKey()).terms();
        out.writeStartObject();
        out.writeStringField("instrument", of.routeKey());
        out.writeStringField("exchange", mine.exchange());
        out.writeStringField("timeZone", mine.timeZone().getId());
        if (mine.priceTick() > 0) {
            out.writeNumberField("priceTick", BigDecimal.valueOf(mine.priceTick()).stripTrailingZeros());
        } else {
            out.writeNullField("priceTick");
        }
        out.writeNumberField("multiplier", mine.multiplier());
        if (counts) {
            writeCounts(of, out);
        }
        out.writeEndObject();
    }

    private void writeCounts(InstrumentStatistics of, JsonGenerator out) throws IOException {
        out.writeNumberField("storedRows", of.stored());
        out.writeNumberField("hotRows", of.stored() - of.archived());
        out.writeNumberField("coldRows", of.archived());
        out.writeNumberField("hotBytes", of.unarchivedBytes());
        if (of.archivedBytes() == InstrumentState.UNKNOWN) {
            out.writeNullField("coldBytes");
        } else {
            out.writeNumberField("coldBytes", of.archivedBytes());
        }
        Double perSecond = rates.of(of);
        if (perSecond == null) {
            out.writeNullField("rowsPerSecond");
        } else {
            out.writeNumberField("rowsPerSecond", perSecond);
        }
        out.writeNumberField("lateRows", of.lateRows());
        out.writeNumberField("duplicates", of.duplicates());
        out.writeNumberField("deadLetters", of.deadLetters());
        writeTime("newestEvent", of.newestEventNs() != InstrumentState.NO_TIME, of.newestEventNs(), out);
        out.writeFieldName("lastArrival");
        if (of.lastArrivalMs() == 0) {
            out.writeNull();
        } else {
            out.writeString(text(Math.floorDiv(of.lastArrivalMs(), (long) MS_PER_SECOND), Math.floorMod(of.lastArrivalMs(), MS_PER_SECOND) * NANOS_PER_MS));
        }
        writeTime("archivedBefore", of.archived() != 0 && of.archiveWatermarkNs() != InstrumentState.NO_TIME, of.archiveWatermarkNs(), out);
        writeTime("keptSince", of.dropWatermarkNs() != InstrumentState.NO_TIME, of.dropWatermarkNs(), out);
    }

    private void writeTime(String name, boolean known, long ns, JsonGenerator out) throws IOException {
        out.writeFieldName(name);
        if (known) {
            out.writeString(text(Math.floorDiv(ns, (long) NANOS_PER_SECOND), Math.floorMod(ns, NANOS_PER_SECOND)));
        } else {
            out.writeNull();
        }
    }

    /** As {@link Instant#toString}: none, three, six or nine digits behind the seconds. */
    private String text(long second, int nanos) {
        String text = seconds.computeIfAbsent(second, of -> {
            String whole = Instant.ofEpochSecond(of).toString();
            return whole.substring(0, whole.length() - 1);
        });
        if (nanos == 0) {
            return text + "Z";
        }
        if (nanos % NANOS_PER_MS == 0) {
            return text + fraction(nanos / NANOS_PER_MS, MS_PER_SECOND);
        }
        return text + (nanos % NANOS_PER_MICRO == 0 ? fraction(nanos / NANOS_PER_MICRO, NANOS_PER_MS) : fraction(nanos, NANOS_PER_SECOND));
    }

    private static String fraction(int digits, int one) {
        // The leading digit keeps the zeros behind it.
        return "." + Integer.toString(one + digits).substring(1) + "Z";
    }
}
