package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.hot.CheckpointReader;
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
    private final UnionReader union;
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
    private long doubled;
    private long altered;
    private long unexpected;

    private Audit(SentEvents sent, UnionReader union, Instruments instruments) {
        this.sent = sent;
        this.union = union;
        this.instruments = instruments;
        for (ExpiredBatch batch : union.expired()) {
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
        Audit audit = new Audit(sent, union, instruments);
        audit.compareCounters();
        int parts = (int) Math.max(1, (sent.messages() * ExpectedRows.BYTES_PER_ROW + memoryBytes - 1) / memoryBytes);
        for (int part = 0; part < parts; part++) {
            audit.comparePart(part, parts);
        }
        audit.compareExpired();
        return new AuditReport(sent.messages(), audit.expected, audit.hot, audit.cold, audit.missing, audit.doubled, audit.altered,
                audit.unexpected, audit.problems, audit.findings, audit.expired(), null);
    }

    /** The job's own equation: consumed = stored + duplicates + dead letters; and against what was sent, where the list tells. */
    private void compareCounters() throws Exception {
        CheckpointReader checkpoint = union.checkpoint();
        long consumed = checkpoint.consumed();
        long stored = 0;
        long duplicates = 0;
        long deadLetters = checkpoint.refused();
        for (InstrumentState instrument : checkpoint.instruments().values()) {
            stored += instrument.stored();
            duplicates += instrument.duplicates();
            deadLetters += instrument.deadLetters();
        }
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
        ExpectedRows rows = new ExpectedRows(sent.messages() / parts + sent.messages() / (parts * 10L) + 1000);
        sent.forEachStored((event, identity) -> {
            if (isInPart(digestOf(event, identity), part, parts) && !rows.expect(digest) && !sent.mayRepeat()) {
                problems.add("the list of what was sent has this identity twice: " + identity);
            }
        });
        expected += rows.size();
        union.forEachHotRow((routeKey, stored) -> {
            StoredEvent row = stored;
            EventIdentity identity = EventIdentity.of(row.event(), row.topic(), row.partition(), row.offset());
            if (isInPart(digestOf(row.event(), identity), part, parts)) {
                hot++;
                judge(rows, identity, "hot");
            }
        });
        for (DataFile file : union.files()) {
            try {
                union.forEachRow(file, (source, row) -> judgeCold(rows, source, row, part, parts));
            } catch (IOException e) {
                if (part == 0) {
                    problems.add(e.getMessage());
                }
            }
        }
        long gone = rows.missing() == 0 || expiredByDay.isEmpty() ? 0 : countExpired(rows, part, parts);
        missing += rows.missing() - gone;
        if (rows.missing() > gone && findings.size() < NAMED_KEYS) {
            nameMissing(rows, part, parts);
        }
    }

    /** Counts missing rows of tables and days of which batches expired. */
    private long countExpired(ExpectedRows rows, int part, int parts) throws Exception {
        long[] gone = new long[1];
        sent.forEachStored((event, identity) -> {
            if (isInPart(digestOf(event, identity), part, parts) && rows.isMissing(digest) && mayHaveExpired(event)) {
                goneByDay.merge(tableAndDay(event), 1L, Long::sum);
                gone[0]++;
            }
        });
        return gone[0];
    }

    private boolean mayHaveExpired(EventView event) {
        return expiredByDay.containsKey(tableAndDay(event));
    }

    private String tableAndDay(EventView event) {
        return event.recordType().table() + " " + TradingDay.toIsoDate(instruments.tradingDay(event));
    }

    /** No more rows of a table and day may be gone than expired. */
    private void compareExpired() {
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

    private void judgeCold(ExpectedRows rows, DataFile file, ArchivedEvent row, int part, int parts) {
        EventIdentity identity = EventIdentity.of(row.event(), row.topic(), row.partition(), row.offset());
        if (isInPart(digestOf(row.event(), identity), part, parts)) {
            cold++;
            judge(rows, identity, file.path());
        }
    }

    /** Judges the row whose digest was computed last. */
    private void judge(ExpectedRows rows, EventIdentity identity, String place) {
        switch (rows.found(digest)) {
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

    private void nameMissing(ExpectedRows rows, int part, int parts) throws Exception {
        sent.forEachStored((event, identity) -> {
            if (findings.size() < NAMED_KEYS && isInPart(digestOf(event, identity), part, parts) && rows.isMissing(digest) && !mayHaveExpired(event)) {
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
