package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.Utf8View;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.parquet.ArchivedEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Compares the events that were sent with hot and cold rows, by key and content.
 *
 * <p>Memory is bounded: expected rows are kept as hashes. If they exceed the budget, all data is read several times, each time for one part
 * of the keys.
 */
public final class Audit {

    private static final int NAMED_KEYS = 20;

    private final SentEvents sent;
    private final AuditedRows rows;
    private final Instruments instruments;
    private final RowDigest digest = new RowDigest();
    private final List<String> problems = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();
    private long expected;
    private long hot;
    private long cold;
    private long missing;
    /** Rows that are not there and may have expired, by table and trading day. */
    private final Map<String, Long> goneByDay = new HashMap<>();
    private final Map<String, Long> expiredByDay = new HashMap<>();
    private long erased;
    private final Utf8View text = new Utf8View();
    private long doubled;
    private long altered;
    private long unexpected;

    private Audit(SentEvents sent, AuditedRows rows, Instruments instruments) {
        this.sent = sent;
        this.rows = rows;
        this.instruments = instruments;
        for (ExpiredBatch batch : rows.expired()) {
            // One without rows was emptied by an erasure.
            if (batch.rows() == 0) {
                continue;
            }
            expiredByDay.merge(batch.table() + " " + batch.tradingDay(), batch.rows(), Long::sum);
        }
    }

    /**
     * Runs the audit.
     *
     * @param sent what was sent
     * @param union the rows that are there
     * @param instruments as the job had them
     * @param memoryBytes memory for expected rows
     */
    public static AuditReport run(SentEvents sent, UnionReader union, Instruments instruments, long memoryBytes) throws Exception {
        return run(sent, new CheckpointRows(union), instruments, memoryBytes);
    }

    /** Runs the audit on rows of any source. */
    public static AuditReport run(SentEvents sent, AuditedRows rows, Instruments instruments, long memoryBytes) throws Exception {
        Audit audit = new Audit(sent, rows, instruments);
        audit.compareCounters();
        int parts = (int) Math.max(1, (sent.messages() * ExpectedRows.BYTES_PER_ROW + memoryBytes - 1) / memoryBytes);
        for (int part = 0; part < parts; part++) {
            audit.comparePart(part, parts);
        }
        audit.compareGone();
        return new AuditReport(sent.messages(), audit.expected, audit.hot, audit.cold, audit.missing, audit.doubled, audit.altered,
                audit.unexpected, audit.problems, audit.findings, audit.expired(), audit.erased, null, null, null, rows.manifestVersion());
    }

    /** The job's own equation: consumed = stored + duplicates + dead letters; and against what was sent, where the list tells. */
    private void compareCounters() throws Exception {
        AuditedRows.Counters counters = rows.counters().orElse(null);
        if (counters == null) {
            return;
        }
        long consumed = counters.consumed();
        long stored = counters.stored();
        long duplicates = counters.duplicates();
        long deadLetters = counters.deadLetters();
        if (consumed != stored + duplicates + deadLetters) {
            problems.add("the job consumed " + consumed + " messages, but stored " + stored + ", counted " + duplicates
                    + " duplicates and refused " + deadLetters);
        }
        if (consumed != sent.messages()) {
            problems.add("the job consumed " + consumed + " messages, but " + sent.messages() + " were sent");
        }
        if (sent.duplicates() >= 0 && sent.duplicates() != duplicates) {
            problems.add("the job counted " + duplicates + " duplicates, but " + sent.duplicates() + " were sent");
        }
        if (sent.deadLetters() >= 0 && sent.deadLetters() != deadLetters) {
            problems.add("the job refused " + deadLetters + " messages, but " + sent.deadLetters() + " of those sent had to be");
        }
    }

    private void comparePart(int part, int parts) throws Exception {
        ExpectedRows wanted = new ExpectedRows(sent.messages() / parts + sent.messages() / (parts * 10L) + 1000);
        sent.forEachStored((event, identity) -> {
            if (isInPart(digestOf(event, identity), part, parts) && !wanted.expect(digest) && !sent.mayRepeat()) {
                problems.add("the list of what was sent has this identity twice: " + identity);
            }
        });
        expected += wanted.size();
        rows.forEachHotRow((routeKey, stored) -> {
            StoredEvent row = stored;
            EventIdentity identity = EventIdentity.of(row.event(), row.topic(), row.partition(), row.offset());
            if (isInPart(digestOf(row.event(), identity), part, parts)) {
                hot++;
                judge(wanted, identity, "hot");
            }
        });
        for (DataFile file : rows.files()) {
            try {
                rows.forEachRow(file, (source, row) -> judgeCold(wanted, source, row, part, parts));
            } catch (IOException e) {
                if (part == 0) {
                    problems.add(e.getMessage());
                }
            }
        }
        if (wanted.missing() > 0 && (!expiredByDay.isEmpty() || !rows.erasures().isEmpty())) {
            explainGone(wanted, part, parts);
        }
        missing += wanted.missing();
        if (wanted.missing() > 0 && findings.size() < NAMED_KEYS) {
            nameMissing(wanted, part, parts);
        }
    }

    /** Counts missing rows that were erased, and those of tables and days of which batches expired; each once, though it may have been sent several times. */
    private void explainGone(ExpectedRows wanted, int part, int parts) throws Exception {
        sent.forEachStored((event, identity) -> {
            if (!isInPart(digestOf(event, identity), part, parts) || !wanted.isMissing(digest)) {
                return;
            }
            if (isErased(event)) {
                erased++;
                wanted.explain(digest);
            } else if (mayHaveExpired(event)) {
                goneByDay.merge(tableAndDay(event), 1L, Long::sum);
                wanted.explain(digest);
            }
        });
    }

    private boolean isErased(EventView event) {
        for (Erasure erasure : rows.erasures()) {
            Field account = event.recordType().findField("account");
            if (erasure.covers(event.recordType().table(), TradingDay.toIsoDate(instruments.tradingDay(event)),
                    account == null ? null : event.getText(account, text).toString(), event.hasInstrument() ? event.routeKey() : null)) {
                return true;
            }
        }
        return false;
    }

    private boolean mayHaveExpired(EventView event) {
        return expiredByDay.containsKey(tableAndDay(event));
    }

    private String tableAndDay(EventView event) {
        return event.recordType().table() + " " + TradingDay.toIsoDate(instruments.tradingDay(event));
    }

    /** No more rows may be gone than were erased, and of a table and day than expired. */
    private void compareGone() {
        long erasedByRequest = rows.erasures().stream().mapToLong(Erasure::rows).sum();
        if (erased > erasedByRequest) {
            missing += erased - erasedByRequest;
            problems.add((erased - erasedByRequest) + " rows that erasures cover are missing: " + erased + " are not there, and " + erasedByRequest + " were erased");
            erased = erasedByRequest;
        }
        goneByDay.forEach((tableAndDay, gone) -> {
            long expired = expiredByDay.get(tableAndDay);
            if (gone > expired) {
                missing += gone - expired;
                problems.add((gone - expired) + " rows of table and trading day " + tableAndDay + " are missing: " + gone + " are not there, and "
                        + expired + " expired");
            }
        });
    }

    private long expired() {
        long rows = 0;
        for (Map.Entry<String, Long> day : goneByDay.entrySet()) {
            rows += Math.min(day.getValue(), expiredByDay.get(day.getKey()));
        }
        return rows;
    }

    private void judgeCold(ExpectedRows wanted, DataFile file, ArchivedEvent row, int part, int parts) {
        EventIdentity identity = EventIdentity.of(row.event(), row.topic(), row.partition(), row.offset());
        if (isInPart(digestOf(row.event(), identity), part, parts)) {
            cold++;
            judge(wanted, identity, file.path());
        }
    }

    /** Judges the row whose digest was computed last. */
    private void judge(ExpectedRows wanted, EventIdentity identity, String place) {
        switch (wanted.found(digest)) {
            case RIGHT -> { }
            case DOUBLED -> {
                doubled++;
                name("doubled", identity, place);
            }
            case ALTERED -> {
                altered++;
                name("altered", identity, place);
            }
            case UNEXPECTED -> {
                unexpected++;
                name("unexpected", identity, place);
            }
            default -> throw new AssertionError();
        }
    }

    private void nameMissing(ExpectedRows wanted, int part, int parts) throws Exception {
        sent.forEachStored((event, identity) -> {
            if (findings.size() < NAMED_KEYS && isInPart(digestOf(event, identity), part, parts) && wanted.isMissing(digest)) {
                name("missing", identity, "found neither hot nor in Parquet");
            }
        });
    }

    private void name(String what, EventIdentity identity, String place) {
        if (findings.size() < NAMED_KEYS) {
            findings.add(what + ": " + identity + " (" + place + ")");
        }
    }

    private RowDigest digestOf(EventView event, EventIdentity identity) {
        return digest.of(event, identity.source(), identity.sequence(), instruments.tradingDay(event));
    }

    private static boolean isInPart(RowDigest row, int part, int parts) {
        return Math.floorMod(row.identityHigh(), parts) == part;
    }
}
