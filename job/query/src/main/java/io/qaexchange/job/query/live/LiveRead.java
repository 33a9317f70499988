package io.qaexchange.job.query.live;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.archive.manifest.LeasedVersions;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.LivePin;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One consistent read of a running job: pins of all subtasks and the manifest version that belongs to them. Every row is in exactly one of the
 * {@linkplain #files() files} and the {@linkplain #scan hot rows}. Close it to release the pins.
 *
 * <p>One thread at a time.
 */
public final class LiveRead implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveRead.class);

    private final EndpointPool pool;
    private final ReadLevel level;
    private final Instruments instruments;
    private final int maxParallelism;
    private final List<Pinned> pins;
    private final CutFiles cut;
    private final RowAccess access;
    @Nullable
    private LeasedVersions.Use lease;

    /** A pinned subtask and its endpoint. */
    record Pinned(EndpointAnnouncement endpoint, LivePin pin) {
    }

    /** Takes hot rows. */
    @FunctionalInterface
    public interface Rows {
        /**
         * A row; the bytes are good during the call.
         *
         * @return false if no more rows are wanted
         */
        boolean accept(byte[] bytes, int offset, int length) throws IOException;
    }

    LiveRead(EndpointPool pool, ReadLevel level, Instruments instruments, int maxParallelism, List<Pinned> pins, CutFiles cut, RowAccess access) {
        this.access = access;
        this.pool = pool;
        this.level = level;
        this.instruments = instruments;
        this.maxParallelism = maxParallelism;
        this.pins = List.copyOf(pins);
        this.cut = cut;
    }

    /** The rows that this read shows. {@link #scan} shows no others; whoever opens {@link #files()} leaves the others out. */
    public RowAccess access() {
        return access;
    }

    /** The level, with the number of the checkpoint if it is one's. */
    public ReadLevel level() {
        return level;
    }

    public Instruments instruments() {
        return instruments;
    }

    ArchiveManifest manifest() {
        return cut.manifest();
    }

    /** Version of the archive manifest. */
    public long manifestVersion() {
        return manifest().version();
    }

    /** The archived files of this read. */
    public List<DataFile> files() {
        return cut.files();
    }

    /** The archived files of this read that have rows of a table. */
    public List<DataFile> files(String table) {
        return cut.ofTable(table);
    }

    /** Opens the files of this read, in an archive. */
    public ColdFiles coldFiles(ManifestStore archive) {
        return ColdFiles.of(archive, cut.copies());
    }

    /** Batches whose rows the retention let go. */
    public List<ExpiredBatch> expired() {
        return manifest().expired();
    }

    /** Rows that were erased by request. */
    public List<Erasure> erasures() {
        return manifest().erasures();
    }

    /** The earliest moment of a pin, ms since 1970; 0 without pins. */
    public long pinnedFromMs() {
        return pins.stream().mapToLong(pinned -> pinned.pin().pinnedAtMs()).min().orElse(0);
    }

    /** The latest moment of a pin, ms since 1970; 0 without pins. */
    public long pinnedToMs() {
        return pins.stream().mapToLong(pinned -> pinned.pin().pinnedAtMs()).max().orElse(0);
    }

    /** By partition the greatest offset whose event is in this read; at a checkpoint every event up to it is. */
    public List<PartitionOffset> offsets() {
        Map<String, PartitionOffset> greatest = new java.util.TreeMap<>();
        for (Pinned pinned : pins) {
            for (PartitionOffset offset : pinned.pin().offsets()) {
                greatest.merge(offset.topic() + " " + String.format("%010d", offset.partition()), offset,
                        (a, b) -> a.offset() >= b.offset() ? a : b);
            }
        }
        return List.copyOf(greatest.values());
    }

    /** How far each subtask had read, at most: an event may be in this read whose offset is not counted yet. */
    public List<SubtaskProgress> progress() {
        return pins.stream().map(pinned -> new SubtaskProgress(pinned.pin().subtask(), pinned.endpoint().incarnation(), pinned.pin().offsets())).toList();
    }

    /** Flink checkpoints that every subtask holds, ascending. */
    public List<Long> heldCheckpoints() {
        return commonCheckpoints(pins);
    }

    static List<Long> commonCheckpoints(List<Pinned> pins) {
        Set<Long> common = new java.util.TreeSet<>();
        for (int i = 0; i < pins.size(); i++) {
            if (i == 0) {
                common.addAll(pins.get(i).pin().heldCheckpoints());
            } else {
                common.retainAll(pins.get(i).pin().heldCheckpoints());
            }
        }
        return List.copyOf(common);
    }

    /**
     * Rows that are wanted.
     *
     * @param type record type
     * @param routeKey the only route key: an instrument, or {@code @account}; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     * @param descending newest first, within each route key
     * @param limit most rows of each subtask
     * @param mostPerKey most rows of each route key
     * @param alsoArchived whether rows count as well that are archived and still in the state
     * @param containing only rows whose stored bytes contain this text; null for all. It may let through rows that have it in another column
     * @param withTies the answer holds the first rows by event time up to the limit, all others of the time of the last of them, and maybe more, in no order
     */
    public record Wanted(RecordType type, @Nullable String routeKey, long fromNs, long toNs, boolean descending, long limit, long mostPerKey,
            boolean alsoArchived, @Nullable String containing, boolean withTies) {

        /** All rows of a type. */
        public static Wanted all(RecordType type) {
            return new Wanted(type, null, Long.MIN_VALUE, Long.MAX_VALUE, false, Long.MAX_VALUE, Long.MAX_VALUE, false, null, false);
        }

        public Wanted of(String key) {
            return new Wanted(type, key, fromNs, toNs, descending, limit, mostPerKey, alsoArchived, containing, withTies);
        }

        public Wanted between(long from, long to) {
            return new Wanted(type, routeKey, from, to, descending, limit, mostPerKey, alsoArchived, containing, withTies);
        }

        /** The newest row of each route key, archived or not, if the state still has it. */
        public Wanted newestOfEach() {
            return new Wanted(type, routeKey, fromNs, toNs, true, limit, 1, true, containing, false);
        }

        /** Without limits on numbers of rows. */
        Wanted unlimited() {
            return new Wanted(type, routeKey, fromNs, toNs, descending, Long.MAX_VALUE, Long.MAX_VALUE, alsoArchived, containing, false);
        }

        /** The first rows of one route key by event time, or the newest ones; all that share the time of the last of them, and maybe more, in no order. */
        public Wanted firstWithTies(long count, boolean newest) {
            return new Wanted(type, routeKey, fromNs, toNs, newest, count, mostPerKey, alsoArchived, containing, true);
        }

        /** Rows up to a number of each subtask. */
        Wanted atMost(long count) {
            return new Wanted(type, routeKey, fromNs, toNs, descending, count, mostPerKey, alsoArchived, containing, false);
        }

        /** Rows, archived or not, that the state still has. */
        public Wanted withArchived() {
            return new Wanted(type, routeKey, fromNs, toNs, descending, limit, mostPerKey, true, containing, withTies);
        }

        /** Rows whose stored bytes contain a text. */
        public Wanted having(String text) {
            return new Wanted(type, routeKey, fromNs, toNs, descending, limit, mostPerKey, alsoArchived, text, withTies);
        }
    }

    /**
     * Reads hot rows, subtask by subtask.
     *
     * @throws io.qaexchange.job.model.live.LiveException if a subtask has gone: what was read so far is not the answer
     */
    public void scan(Wanted wanted, Rows rows) throws IOException {
        boolean[] more = {true};
        for (int i = 0; i < pins.size() && more[0]; i++) {
            if (mayHave(pins.get(i), wanted)) {
                scan(i, wanted, (bytes, offset, length) -> more[0] = rows.accept(bytes, offset, length));
            }
        }
    }

    /** Number of pinned subtasks. */
    public int subtasks() {
        return pins.size();
    }

    /** Reads the hot rows of one subtask, from 0; for a thread of its own. */
    public void scan(int subtask, Wanted wanted, Rows rows) throws IOException {
        if (access.isAll()) {
            scanAll(subtask, wanted, rows);
            return;
        }
        if (access.splits(wanted.type()) || wanted.limit() != Long.MAX_VALUE) {
            // Rows that may not be seen do not count.
            AllowedRows allowed = new AllowedRows(access, wanted.withTies() ? Long.MAX_VALUE : wanted.limit(), wanted.mostPerKey(), rows);
            scanAll(subtask, wanted.unlimited(), allowed::accept);
        } else {
            scanAll(subtask, wanted, new AllowedRows(access, Long.MAX_VALUE, Long.MAX_VALUE, rows)::accept);
        }
    }

    private void scanAll(int subtask, Wanted wanted, Rows rows) throws IOException {
        if (mayHave(pins.get(subtask), wanted)) {
            part(pins.get(subtask), wanted).scan(pool, rows);
        }
    }

    /**
     * Bars of hot rows, which the subtasks make.
     *
     * @param wanted the rows; their order and limits do not count
     * @param widthSeconds width of the bars, which begin at multiples of it since 1970
     * @return of each trading day maybe several, which add up
     * @throws IllegalStateException if this read does not show every row
     * @throws io.qaexchange.job.model.live.LiveException if a subtask has gone
     */
    public List<FileBars> bars(Wanted wanted, int widthSeconds) throws IOException {
        List<FileBars> bars = new ArrayList<>();
        for (HotPart part : parts(wanted)) {
            part.bars(pool, widthSeconds, bars::add);
        }
        return bars;
    }

    /**
     * The hot rows that are wanted, by subtask, for readers in other processes. They are the same as long as this read is open.
     *
     * @throws IllegalStateException if this read does not show every row: whoever reads a part would see the others
     */
    public List<HotPart> parts(Wanted wanted) {
        if (!access.isAll()) {
            throw new IllegalStateException("a read of some rows only is not handed out in parts");
        }
        return pins.stream().filter(pinned -> mayHave(pinned, wanted)).map(pinned -> part(pinned, wanted)).toList();
    }

    /** Renews the leases of the pins without reading a row, for a read whose parts wait to be read. */
    public void renew() throws IOException {
        Wanted none = Wanted.all(EventSchema.get().recordTypes().get(0)).between(0, 0).atMost(1);
        for (Pinned pinned : pins) {
            part(pinned, none).scan(pool, (bytes, offset, length) -> false);
        }
    }

    private HotPart part(Pinned pinned, Wanted wanted) {
        return new HotPart(pinned.endpoint(), new LiveRequest.Scan(pinned.pin().pinId(), wanted.type().code(), wanted.routeKey(), wanted.fromNs(),
                wanted.toNs(), wanted.descending(), wanted.limit(), wanted.mostPerKey(), wanted.alsoArchived() ? null : cut.published(), wanted.containing(), wanted.withTies()));
    }

    private boolean mayHave(Pinned pinned, Wanted wanted) {
        return wanted.routeKey() == null || pinned.endpoint().hasKey(wanted.routeKey(), maxParallelism);
    }

    /** Keeps the files of this read on the disk until it is closed. */
    void keep(LeasedVersions.Use use) {
        lease = use;
    }

    @Override
    public void close() {
        if (lease != null) {
            lease.close();
        }
        release(pool, pins);
    }

    static void release(EndpointPool pool, List<Pinned> pins) {
        Map<EndpointPool.Address, List<Pinned>> byProcess = new LinkedHashMap<>();
        for (Pinned pinned : pins) {
            byProcess.computeIfAbsent(EndpointPool.Address.of(pinned.endpoint()), none -> new ArrayList<>()).add(pinned);
        }
        byProcess.forEach((address, of) -> {
            try {
                pool.use(of.get(0).endpoint(), connection -> {
                    connection.release(of.stream().map(pinned -> pinned.pin().pinId()).toList());
                    return null;
                });
            } catch (IOException e) {
                LOG.debug("pins at {}:{} were not released; their leases end: {}", address.host(), address.port(), of, e);
            }
        });
    }
}
