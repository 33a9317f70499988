package io.qaexchange.storage.engine;

import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.Store;
import io.qaexchange.storage.StoreEvent.OpenedEvent;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.StoreStatistics;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.checkpoint.StoreRestore;
import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.FamilyCompatibility;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.recovery.StoreRecovery;
import io.qaexchange.storage.sstable.SizeEstimate;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The store: hands each call to the part that does the work.
 *
 * <pre>
 *   put ──► WritePath ──► WalWriter (NNNNNN.wal)
 *               └───────► Memtable ──freeze──► FlushJob ──► level 0 / window ──► CompactionJob ──► deeper levels
 *   get, iterate ──► ReadView: active and frozen memtables, files of one Version
 * </pre>
 *
 * <p>Threads: see {@link Store}.
 */
public final class LsmStore implements Store {
    private static final Slice EMPTY = new Slice();

    private final Path directory;
    private final StoreResources resources;
    private final StoreOptions options;
    private final StoreState state;
    private final SnapshotRegistry snapshots;
    private final Counters counters;
    private final StoreHealth health;
    private final BackgroundJobs jobs;
    private final WritePath writes;
    private final WalWriter wal;
    private final IdleReaders idleReaders = new IdleReaders(new Views());

    private LsmStore(Path directory, StoreResources resources) {
        this.directory = directory;
        this.resources = resources;
        options = resources.options();
        state = resources.state();
        snapshots = resources.snapshots();
        counters = resources.counters();
        health = resources.health();
        jobs = resources.jobs();
        wal = resources.wal();
        writes = new WritePath(options, new WriteThrottle(options, state, counters, jobs, this::freeze), state::addDropWatermark, counters, wal, resources.walSignal(), state.activeMemtable(), resources.recoveredSequence());
    }

    /**
     * Opens the store in a folder, recovering what a crash left.
     *
     * @throws io.qaexchange.storage.error.StoreException if the folder is in use, or is no store and not empty
     * @throws io.qaexchange.storage.error.CorruptionException if bytes that had been durable are wrong
     */
    public static LsmStore open(Path directory, StoreOptions options) throws IOException {
        Arguments.notNull(directory, "directory");
        Arguments.notNull(options, "options");
        StoreRecovery.requireStoreOrRoom(directory, options);
        return begin(directory, options, StoreResources.open(directory, options, () -> StoreRecovery.run(directory, options)));
    }

    /**
     * Makes a store out of checkpoints, in an empty folder: of one, exactly at its sequence number; of several, side by side. Sstables
     * are linked, not rewritten. Under {@link Durability#NO_LOG} what the pieces hold stays in memory; else it is flushed before this
     * returns.
     *
     * @throws IllegalArgumentException if clips overlap
     */
    public static LsmStore restore(Path directory, StoreOptions options, List<CheckpointSource> sources) throws IOException {
        Arguments.notNull(directory, "directory");
        Arguments.notNull(options, "options");
        Arguments.notNull(sources, "sources").forEach(source -> Arguments.notNull(source, "each of the sources"));
        Vfs vfs = options.vfs();
        vfs.createDirectories(directory);
        List<String> strangers = vfs.list(directory);
        if (!strangers.isEmpty()) {
            throw new StoreException("a restore needs an empty folder: " + directory + " holds " + strangers.get(0));
        }
        Path marker = directory.resolve(FileNames.RESTORING);
        vfs.create(marker).close();
        vfs.syncDirectory(directory);
        LsmStore store = begin(directory, options, StoreResources.open(directory, options, () -> StoreRestore.run(directory, options, sources)));
        boolean restored = false;
        try {
            if (options.durability() != Durability.NO_LOG) {
                store.flush();
            }
            vfs.delete(marker);
            vfs.syncDirectory(directory);
            restored = true;
            return store;
        } finally {
            if (!restored) {
                store.discard();
            }
        }
    }

    private static LsmStore begin(Path directory, StoreOptions options, StoreResources resources) {
        LsmStore store = new LsmStore(directory, resources);
        options.listener().on(new OpenedEvent(directory, store.storeEpoch(), store.lastSequence()));
        store.jobs.kick();
        return store;
    }

    /** The parts of its checkpoints that the store goes on with; nothing if it was not made by {@link #restore}. */
    public RestoredCheckpoint restored() {
        return resources.restored();
    }

    // Families.

    @Override
    public ColumnFamily family(String name) {
        Arguments.notNull(name, "name");
        for (ColumnFamily family : state.version().columnFamilies()) {
            if (family.name().equals(name)) {
                return family;
            }
        }
        return null;
    }

    @Override
    public List<ColumnFamily> families() {
        return List.copyOf(state.version().columnFamilies());
    }

    @Override
    public synchronized ColumnFamily createFamily(FamilyOptions familyOptions) throws IOException {
        Arguments.notNull(familyOptions, "options");
        failIfStopped();
        ColumnFamily existing = family(familyOptions.name());
        if (existing != null) {
            FamilyCompatibility.require(existing.options(), familyOptions);
            if (!existing.options().equals(familyOptions)) {
                installOrStop(new VersionEdit().addFamily(existing.id(), familyOptions));
                jobs.kick();
            }
            return new ColumnFamily(existing.id(), familyOptions);
        }
        int id = state.version().nextFamilyId();
        installOrStop(new VersionEdit().addFamily(id, familyOptions).nextFamilyId(id + 1));
        return new ColumnFamily(id, familyOptions);
    }

    @Override
    public void expireAppended(ColumnFamily family, Supplier<AppendedExpiry> expiry) throws IOException {
        requireFamily(family);
        if (!family.options().allowsAppend()) {
            throw new IllegalArgumentException("column family " + family.name() + " has no append delimiter: give its values a time to live instead");
        }
        resources.appendedExpiries().set(family.id(), expiry);
    }

    @Override
    public synchronized void dropFamily(ColumnFamily family) throws IOException {
        failIfStopped();
        requireFamily(family);
        jobs.whilePaused(() -> installOrStop(new VersionEdit().dropFamily(family.id())));
    }

    /** A version that was not published for certain stops the store: nobody could say which writes rely on it. */
    private void installOrStop(VersionEdit edit) throws IOException {
        try {
            state.install(edit);
        } catch (IOException | RuntimeException | Error e) {
            health.fail("store manifest", e);
            throw e;
        }
    }

    private void requireFamily(ColumnFamily family) throws StoreClosedException {
        Arguments.family(family);
        if (state.currentView().files(family.id()) == null) {
            throw new IllegalArgumentException("column family " + family + " is not in this store");
        }
    }

    private void requireFamilies(WriteBatch batch) throws StoreClosedException {
        ReadView view = state.currentView();
        batch.familyIds().forEach(id -> {
            if (view.files(id) == null) {
                throw new IllegalArgumentException("column family " + id + " of the batch is not in this store");
            }
        });
    }

    // Writing.

    @Override
    public long put(ColumnFamily family, Slice key, Slice value) throws IOException {
        return write(ValueKind.PUT, family, key, value);
    }

    @Override
    public long delete(ColumnFamily family, Slice key) throws IOException {
        return write(ValueKind.DELETE, family, key, EMPTY);
    }

    @Override
    public long append(ColumnFamily family, Slice key, Slice value) throws IOException {
        if (!Arguments.family(family).options().allowsAppend()) {
            throw new IllegalArgumentException("column family " + family.name() + " has no append delimiter: set FamilyOptions.appendDelimiter when it is created");
        }
        return write(ValueKind.APPEND, family, key, value);
    }

    private long write(int kind, ColumnFamily family, Slice key, Slice value) throws IOException {
        Arguments.notNull(key, "key");
        Arguments.notNull(value, "value");
        requireFamily(family);
        failIfStopped();
        try {
            return writes.write(kind, family, key, value);
        } catch (IOException | RuntimeException | Error e) {
            noteFailure(e);
            throw e;
        }
    }

    @Override
    public long deleteRange(ColumnFamily family, KeyRange range) throws IOException {
        return write(new WriteBatch().deleteRange(family, range));
    }

    @Override
    public long dropBefore(ColumnFamily family, KeyRange range, long eventTime) throws IOException {
        long sequence = write(new WriteBatch().dropBefore(family, range, eventTime));
        jobs.kick();
        return sequence;
    }

    @Override
    public long write(WriteBatch batch) throws IOException {
        Arguments.notNull(batch, "batch");
        requireFamilies(batch);
        failIfStopped();
        try {
            return writes.write(batch);
        } catch (IOException | RuntimeException | Error e) {
            noteFailure(e);
            throw e;
        }
    }

    /**
     * A write that failed half-way (a log that cannot be written) stops the store; a refused argument does not, nor does the interruption of
     * a writer: it only ever waits before its write has begun.
     */
    private void noteFailure(Throwable cause) {
        boolean nothingWritten = cause instanceof IllegalArgumentException || cause instanceof IllegalStateException
                || cause instanceof InterruptedIOException;
        if (!nothingWritten) {
            health.fail("write", cause);
        }
    }

    /** Requests of readers. */
    private final class Views implements ViewSource {
        @Override
        public ReadView currentView() throws StoreClosedException {
            return state.currentView();
        }

        @Override
        public long lastSequence() {
            return writes.lastSequence();
        }

        @Override
        public void level0IsCostly(int family) {
            jobs.compactions().compactForReads(family);
        }
    }

    /** Sets aside what was written so far and flushes it in the background, without waiting for that. Any thread. */
    public void freezeMemtable() throws IOException {
        failIfStopped();
        freeze();
    }

    private void freeze() throws IOException {
        writes.exclusively(() -> {
            if (writes.active().isEmpty()) {
                return;
            }
            long segment = 0;
            if (wal != null) {
                wal.rotate();
                segment = wal.segmentId();
            }
            writes.replaceActive(state.freeze(writes.lastSequence(), segment));
            counters.increment(StoreMetric.MEMTABLE_FREEZES);
        });
        jobs.kick();
    }

    @Override
    public void sync() throws IOException {
        failIfStopped();
        if (wal == null) {
            flush();
        } else {
            try {
                wal.drain(true);
            } catch (IOException e) {
                health.fail("log", e);
                throw e;
            }
        }
    }

    @Override
    public long durableSequence() {
        return wal == null ? state.version().flushedSequence() : wal.durableSequence();
    }

    @Override
    public long lastSequence() {
        return writes.lastSequence();
    }

    @Override
    public long storeEpoch() {
        return state.version().epoch();
    }

    // Reading.

    @Override
    public byte[] get(ColumnFamily family, byte[] key) throws IOException {
        return idleReaders.get(family, Arguments.notNull(key, "key"));
    }

    @Override
    public StoreReader reader() throws IOException {
        return reader(null);
    }

    @Override
    public StoreReader reader(Snapshot snapshot) throws IOException {
        state.currentView();
        return new LsmReader(new Views(), snapshot);
    }

    @Override
    public Snapshot snapshot() throws IOException {
        state.currentView();
        return snapshots.pin(writes::lastSequence);
    }

    @Override
    public StoreIterator iterator(ColumnFamily family, KeyRange range, TimeRange times, Snapshot snapshot) throws IOException {
        Arguments.family(family);
        Arguments.notNull(range, "range");
        if (!Arguments.notNull(times, "times").isAll() && family.options().eventTimeFromEnd() < Long.BYTES) {
            throw new IllegalArgumentException("column family " + family.name() + " has no event times: set FamilyOptions.eventTimeFromEnd when it is created");
        }
        return scan(family, new VisibleIterator.Bounds(range, times), snapshot);
    }

    @Override
    public boolean isEmpty(ColumnFamily family, KeyRange range) throws IOException {
        Arguments.family(family);
        VisibleIterator.Bounds bounds = new VisibleIterator.Bounds(Arguments.notNull(range, "range"), TimeRange.ALL);
        try (VisibleIterator iterator = scan(family, bounds, null)) {
            return iterator.isEmpty();
        }
    }

    private interface Opening {
        /** @param view used by what is opened, or released */
        VisibleIterator open(ReadView view, long sequence) throws IOException;
    }

    private VisibleIterator atSequence(Snapshot snapshot, Opening opening) throws IOException {
        while (true) {
            ReadView view = state.useView();
            long sequence = snapshot != null ? snapshot.sequence() : writes.lastSequence();
            // Writes up to this number are in the view only if it is still the one that is written to.
            if (snapshot != null || state.currentView() == view) {
                return opening.open(view, sequence);
            }
            view.release();
        }
    }

    private VisibleIterator scan(ColumnFamily family, VisibleIterator.Bounds bounds, Snapshot snapshot) throws IOException {
        VisibleIterator opened = atSequence(snapshot, (view, sequence) -> VisibleIterator.open(view, family, bounds, sequence));
        if (opened.spendsInLevel0(ReadView.SCAN_COST)) {
            jobs.compactions().compactForReads(family.id());
        }
        return opened;
    }

    /** Pointers only: no file is touched and no writer waits longer than for that. */
    @Override
    public Checkpoint checkpoint() throws IOException {
        failIfStopped();
        PinnedCheckpoint[] pinned = new PinnedCheckpoint[1];
        writes.exclusively(() -> pinned[0] = PinnedCheckpoint.pin(state.useView(), writes.lastSequence(), directory, options, resources.helper()));
        return pinned[0];
    }

    // Keeping house.

    @Override
    public void flush() throws IOException {
        failIfStopped();
        freeze();
        jobs.flushes().awaitFlushed();
    }

    @Override
    public void compact(ColumnFamily family, KeyRange range) throws IOException {
        requireFamily(family);
        Arguments.notNull(range, "range");
        flush();
        jobs.compactions().compactRange(family.id(), range);
    }

    @Override
    public void awaitIdle() throws IOException {
        failIfStopped();
        jobs.awaitIdle();
    }

    @Override
    public RangeSize approximateSize(ColumnFamily family, KeyRange range) throws IOException {
        requireFamily(family);
        Arguments.notNull(range, "range");
        ReadView view = state.useView();
        try {
            List<Memtable> memtables = new ArrayList<>(view.frozen());
            memtables.add(view.active());
            long bytes = 0;
            long entries = 0;
            for (Memtable memtable : memtables) {
                Memtable.Size held = memtable.estimate(family.id(), range);
                bytes += held.bytes();
                entries += held.entries();
            }
            for (FileReference reference : view.version().family(family.id()).references()) {
                KeyRange part = reference.clip().intersect(range);
                if (!part.isEmpty() && reference.overlaps(range)) {
                    SizeEstimate estimate = state.withFiles(table -> table.get(reference)).reader().estimate(part);
                    bytes += estimate.bytes();
                    entries += estimate.entries();
                }
            }
            return new RangeSize(bytes, entries);
        } finally {
            view.release();
        }
    }

    @Override
    public StoreStatistics statistics() {
        Map<StoreMetric, Long> values = new EnumMap<>(StoreMetric.class);
        counters.into(values);
        StoreDescription.gauges(values, state, snapshots, options, resources.cache());
        if (wal != null) {
            values.put(StoreMetric.WAL_BYTES_WRITTEN, wal.bytesWritten());
            values.put(StoreMetric.WAL_SYNCS, wal.syncCount());
        }
        return new StoreStatistics(values, Map.of(StoreMetric.PUT_LATENCY, counters.putLatency()));
    }

    @Override
    public String describe() {
        return StoreDescription.of(this, state, options) + jobs.compactions().running().stream().map(plan -> "running: " + plan + "\n").reduce("", String::concat);
    }

    /** Levels and windows of all families, with their files. */
    public List<StoreLevel> levels() {
        return StoreDescription.levels(state.version());
    }

    /** The pickers' scores: the next compaction, and why. */
    public String explainPick() {
        return jobs.compactions().explain();
    }

    private void failIfStopped() throws StoreClosedException {
        state.currentView();
        health.throwIfFailed();
    }

    /**
     * Under {@link Durability#NO_LOG}, flushes what is in memory first; else syncs the log.
     *
     * @throws StoreException if writes are lost, because the store had stopped after a failure; the message says which
     */
    @Override
    public void close() throws IOException {
        if (!resources.beginClose()) {
            return;
        }
        boolean inOrder = false;
        try {
            if (wal == null && !health.hasFailed()) {
                flush();
            }
            inOrder = !health.hasFailed();
        } finally {
            resources.close(inOrder);
        }
        long last = writes.lastSequence();
        if (health.hasFailed() && durableSequence() < last) {
            throw new StoreException("the store was closed after a failure, and writes are lost: sequence numbers " + (durableSequence() + 1) + " to "
                    + last + " were never made durable", health.failure());
        }
    }

    /** Closes without keeping what is only in memory: for hosts that have it elsewhere, and for tests of a crash. */
    public void discard() throws IOException {
        if (resources.beginClose()) {
            resources.close();
        }
    }
}
