package io.qaexchange.state.store;

import io.qaexchange.state.memory.SlotResources;
import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.CheckpointSource;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.Store;
import io.qaexchange.storage.StoreEvent;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import javax.annotation.Nullable;
import org.apache.flink.util.ResourceGuard;

/**
 * The store of one operator subtask: Flink has every byte of it in checkpoints, so it keeps no log, and closing it throws it away,
 * folder and all.
 *
 * <p>Threads: writes, {@link #get} and its result belong to the task thread. Iterators, snapshots and {@link #copy} may be used on any
 * thread that holds a {@link #lease()}; {@link #close()} waits for leases. Its memtable may be measured and frozen by any thread.
 */
public final class StateStore implements Closeable, SlotResources.Memtables {
    /** Folder of the engine, within the operator's. */
    private static final String STORE = "store";

    private final Path directory;
    private final LsmStore store;
    private final StoreReader reader;
    private final ResourceGuard leases = new ResourceGuard();
    private final Slice keyView = new Slice();
    private final Slice valueView = new Slice();
    /** Set by background threads when the reader holds on to memory that could be free. */
    private final ReaderRelease release;
    private boolean closed;

    /** Notified by the engine that memtables were flushed, which an idle reader would keep in memory. */
    private static final class ReaderRelease implements StoreListener {
        private final StoreListener next;
        private volatile boolean due;

        ReaderRelease(StoreListener next) {
            this.next = next;
        }

        @Override
        public void on(StoreEvent event) {
            if (event instanceof StoreEvent.FlushEvent || event instanceof StoreEvent.CompactionEvent) {
                due = true;
            }
            next.on(event);
        }
    }

    /** Opens a store. */
    private interface Opening {
        LsmStore open(Path folder, StoreOptions options) throws IOException;
    }

    private StateStore(Path directory, LsmStore store, StoreReader reader, ReaderRelease release) {
        this.directory = directory;
        this.store = store;
        this.reader = reader;
        this.release = release;
    }

    /**
     * Opens an empty store.
     *
     * @param directory does not exist yet; removed by {@link #close()}
     * @param listener notified of flushes, compactions, stalls and failures
     */
    public static StateStore open(Path directory, StoreOptions.Builder options, StoreListener listener) throws IOException {
        return make(directory, options, listener, LsmStore::open);
    }

    /** Opens a store with the content of checkpoints, side by side. */
    public static StateStore restore(Path directory, StoreOptions.Builder options, StoreListener listener, List<CheckpointSource> sources)
            throws IOException {
        return make(directory, options, listener, (folder, built) -> LsmStore.restore(folder, built, sources));
    }

    private static StateStore make(Path directory, StoreOptions.Builder options, StoreListener listener, Opening opening) throws IOException {
        ReaderRelease release = new ReaderRelease(listener);
        LsmStore store = opening.open(directory.resolve(STORE), options.listener(release).build());
        return new StateStore(directory, store, store.reader(), release);
    }

    public Path directory() {
        return directory;
    }

    /** Folder for local copies of the log's pieces. */
    public Path pieces() {
        return directory.resolve("pieces");
    }

    /** The engine's handle, for statistics. */
    public Store engine() {
        return store;
    }

    /** Levels of the engine, for people. */
    public List<StoreLevel> levels() {
        return store.levels();
    }

    /**
     * Compacts a range of all families, one after the other, on this thread, which holds a lease.
     *
     * @throws java.io.InterruptedIOException if the thread is interrupted
     */
    public void compact(KeyRange range) throws IOException {
        for (ColumnFamily family : store.families()) {
            store.compact(family, range);
        }
    }

    /** The next compactions of the engine, and their reasons. */
    public String explainPick() {
        return store.explainPick();
    }

    /** Keeps the store open until the lease is closed. */
    public ResourceGuard.Lease lease() throws IOException {
        return leases.acquireResource();
    }

    public ColumnFamily createFamily(FamilyOptions options) throws IOException {
        return store.createFamily(options);
    }

    /** See {@link Store#expireAppended}. */
    void expireAppended(ColumnFamily family, @Nullable Supplier<AppendedExpiry> expiry) throws IOException {
        store.expireAppended(family, expiry);
    }

    /** Null if there is none of that name. */
    @Nullable
    public ColumnFamily family(String name) {
        return store.family(name);
    }

    public void dropFamily(ColumnFamily family) throws IOException {
        store.dropFamily(family);
    }

    /** @return a view of the value, good until the next call of any method of this store; null if the key has none */
    @Nullable
    public Slice get(ColumnFamily family, Slice key) throws IOException {
        return reader.get(family, key) ? reader.value() : null;
    }

    /** As {@link StoreReader#copy}, of the state of now. @return null if these entries have to be iterated */
    @Nullable
    public CopiedEntries copy(ColumnFamily family, Slice prefix, boolean withValues) throws IOException {
        return reader.copy(family, prefix, withValues);
    }

    /** A copy of the value, readable on any thread; null if the key has none. */
    @Nullable
    public byte[] copy(ColumnFamily family, byte[] key) throws IOException {
        return store.get(family, key);
    }

    public void put(ColumnFamily family, Slice key, byte[] value, int length) throws IOException {
        freeMemoryOfReader();
        store.put(family, key, valueView.wrap(value, 0, length));
    }

    /** Appends to a list without reading it. */
    public void append(ColumnFamily family, Slice key, byte[] value, int length) throws IOException {
        freeMemoryOfReader();
        store.append(family, key, valueView.wrap(value, 0, length));
    }

    public void delete(ColumnFamily family, Slice key) throws IOException {
        freeMemoryOfReader();
        store.delete(family, key);
    }

    public void delete(ColumnFamily family, byte[] key) throws IOException {
        delete(family, keyView.wrap(key));
    }

    public void deleteRange(ColumnFamily family, KeyRange range) throws IOException {
        freeMemoryOfReader();
        store.deleteRange(family, range);
    }

    public void dropBefore(ColumnFamily family, KeyRange range, long eventTimeNs) throws IOException {
        freeMemoryOfReader();
        store.dropBefore(family, range, eventTimeNs);
    }

    public void write(WriteBatch batch) throws IOException {
        freeMemoryOfReader();
        store.write(batch);
    }

    /** An iterator that stands nowhere yet. @param snapshot null for the state of now */
    public StoreIterator iterator(ColumnFamily family, KeyRange range, @Nullable Snapshot snapshot) throws IOException {
        return store.iterator(family, range, snapshot);
    }

    /** Whether no key of a range has a value now. */
    public boolean isEmpty(ColumnFamily family, KeyRange range) throws IOException {
        return store.isEmpty(family, range);
    }

    public Checkpoint checkpoint() throws IOException {
        return store.checkpoint();
    }

    /** The parts of its checkpoints that the store goes on with. */
    public RestoredCheckpoint restored() {
        return store.restored();
    }

    public Snapshot snapshot() throws IOException {
        return store.snapshot();
    }

    @Override
    public long activeBytes() {
        return store.statistics().get(StoreMetric.MEMTABLE_ACTIVE_BYTES);
    }

    @Override
    public long frozenBytes() {
        return store.statistics().get(StoreMetric.MEMTABLE_FROZEN_BYTES);
    }

    @Override
    public void freeze() throws IOException {
        store.freezeMemtable();
    }

    private void freeMemoryOfReader() {
        if (release.due) {
            release.due = false;
            reader.release();
        }
    }

    /** Waits for leases, stops the engine, removes the folder. Does nothing the second time. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        leases.close();
        try {
            reader.close();
            store.discard();
        } finally {
            FolderRemoval.remove(directory);
        }
    }
}
