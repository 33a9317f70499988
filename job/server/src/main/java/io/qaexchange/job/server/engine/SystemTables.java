package io.qaexchange.job.server.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.sql.FileRows;
import io.qaexchange.job.query.sql.SystemTable;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rows of the system tables, as things are now. A user who may not see all rows gets no file of the archive, his own queries, and of instruments those
 * that he may see: without numbers, if his accounts are limited.
 *
 * <p>Thread-safe.
 */
public final class SystemTables {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long MICROS_PER_MILLI = 1_000;

    private final LiveReader reader;
    private final JobMonitor monitor;

    public SystemTables(LiveReader reader, JobMonitor monitor) {
        this.reader = reader;
        this.monitor = monitor;
    }

    /** The rows of a table. */
    List<Object[]> rows(SystemTable table, QueryEngine.Asker asker, Collection<QueryEngine.Running> running, List<QueryLog.Entry> ended) throws IOException {
        return switch (table) {
            case QA_SUBTASKS -> subtasks();
            case QA_INSTRUMENTS -> instruments(asker.access());
            case QA_FILES -> files(asker.access());
            case QA_CHECKPOINTS -> checkpoints(asker.access());
            case QA_QUERIES -> queries(asker, running, ended);
        };
    }

    private List<Object[]> subtasks() throws IOException {
        JobDescription job = reader.directory().describe();
        Map<Integer, JsonNode> stores = new HashMap<>();
        if (job.isComplete()) {
            for (String json : reader.stores()) {
                JsonNode store = JSON.readTree(json);
                stores.put(store.path("subtask").asInt(), store.path("statistics"));
            }
        }
        List<Object[]> rows = new ArrayList<>();
        for (EndpointAnnouncement of : job.endpoints()) {
            JsonNode store = stores.get(of.subtask());
            rows.add(new Object[] {of.subtask(), of.attempt(), of.host(), of.port(), of.firstKeyGroup(), of.lastKeyGroup(), of.archiveEpoch(),
                    store == null ? null : (Long) store.path("files").asLong(), store == null ? null : (Long) store.path("files.bytes").asLong(),
                    store == null ? null : (Long) (store.path("memtable.active.bytes").asLong() + store.path("memtable.frozen.bytes").asLong())});
        }
        return rows;
    }

    private List<Object[]> instruments(RowAccess access) throws IOException {
        Instruments all = reader.directory().describeCached().instruments();
        List<Object[]> rows = new ArrayList<>();
        for (InstrumentStatistics of : reader.statistics()) {
            if (of.isAccount() || !access.hasInstrument(of.routeKey())) {
                continue;
            }
            Instrument.Terms terms = all.get(of.routeKey()).terms();
            boolean counted = access.accounts() == null;
            rows.add(new Object[] {of.routeKey(), terms.exchange(), terms.timeZone().getId(), terms.priceTick() > 0 ? (Double) terms.priceTick() : null,
                    (double) terms.multiplier(), counted ? (Long) of.stored() : null, counted ? (Long) (of.stored() - of.archived()) : null,
                    counted ? (Long) of.archived() : null, counted ? (Long) of.unarchivedBytes() : null,
                    counted && of.archivedBytes() != InstrumentState.UNKNOWN ? (Long) of.archivedBytes() : null, counted ? (Long) of.lateRows() : null,
                    counted ? (Long) of.duplicates() : null, counted ? (Long) of.deadLetters() : null,
                    counted && of.newestEventNs() != InstrumentState.NO_TIME ? (Long) Math.floorDiv(of.newestEventNs(), NANOS_PER_MICRO) : null,
                    counted && of.lastArrivalMs() != 0 ? (Long) (of.lastArrivalMs() * MICROS_PER_MILLI) : null});
        }
        return rows;
    }

    private List<Object[]> files(RowAccess access) throws IOException {
        if (!access.isAll()) {
            return List.of();
        }
        ManifestStore archive = reader.archive();
        ArchiveManifest latest = archive.latest();
        return FileRows.of(latest.files(), ColdFiles.of(archive, latest)::tierOf);
    }

    private List<Object[]> checkpoints(RowAccess access) throws IOException {
        List<Long> held = held();
        List<Object[]> rows = new ArrayList<>();
        for (JobStatus.Checkpoint of : monitor.status().checkpoints().newest()) {
            rows.add(new Object[] {of.id(), of.state(), of.savepoint(), held.contains(of.id()), micros(Instant.parse(of.at())), of.durationMs(), of.bytes(),
                    of.newBytes(), access.isAll() ? of.path() : null, access.isAll() ? of.failure() : null});
        }
        return rows;
    }

    /** None while the job does not run, or with a backend that cannot be read live. */
    private List<Long> held() throws IOException {
        try (LiveRead read = reader.open(ReadLevel.LIVE)) {
            return read.heldCheckpoints();
        } catch (JobNotRunningException e) {
            return List.of();
        }
    }

    private static List<Object[]> queries(QueryEngine.Asker asker, Collection<QueryEngine.Running> running, List<QueryLog.Entry> ended) {
        List<Object[]> rows = new ArrayList<>();
        for (QueryEngine.Running of : running) {
            if (maySee(asker, of.user())) {
                rows.add(new Object[] {of.id(), of.request(), of.user(), "RUNNING", of.beganMs() * MICROS_PER_MILLI, System.currentTimeMillis() - of.beganMs(),
                        of.sql(), null});
            }
        }
        for (QueryLog.Entry of : ended) {
            if (maySee(asker, of.user())) {
                rows.add(new Object[] {of.id() == 0 ? null : (Long) of.id(), null, of.user(), of.outcome().name(), micros(Instant.parse(of.began())), of.ms(),
                        of.sql(), of.reason().isEmpty() ? null : of.reason()});
            }
        }
        return rows;
    }

    /** The text of a query names what its user sees. */
    private static boolean maySee(QueryEngine.Asker asker, String user) {
        return asker.access().isAll() || asker.user().equals(user);
    }

    private static long micros(Instant time) {
        return time.getEpochSecond() * 1_000_000 + time.getNano() / NANOS_PER_MICRO;
    }
}
