package io.qaexchange.storage.engine;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.RestoredCheckpoint;
import io.qaexchange.storage.StoreEvent.ClosedEvent;
import io.qaexchange.storage.StoreEvent.RecoveryEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.engine.StoreState.LoggedMemtable;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.manifest.VersionSet;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.recovery.RecoveredState;
import io.qaexchange.storage.wal.WalWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Everything that an open store consists of, opened in order and closed in reverse. Opening: lock the folder, recover, begin a new
 * store epoch in a new store manifest, take away files that no manifest names, begin a new log segment.
 */
final class StoreResources {
    private static final int IDLE_THREAD_SECONDS = 10;

    private final Path directory;
    private final StoreOptions options;
    private final StoreHealth health;
    private final AppendedExpiries appendedExpiries = new AppendedExpiries();
    private final SnapshotRegistry snapshots = new SnapshotRegistry();
    private final Counters counters = new Counters();
    private final AtomicBoolean closing = new AtomicBoolean();
    private Closeable lock;
    private BlockCache cache;
    private VersionSet versions;
    private StoreState state;
    private WalWriter wal;
    private WalThread walThread;
    private BackgroundJobs jobs;
    private ScheduledThreadPoolExecutor ownThreads;
    private ThreadPoolExecutor ownFlushThread;
    private ThreadPoolExecutor ownHelper;
    private long recoveredSequence;
    private RestoredCheckpoint restored;
    /** Where the log of before this opening ends. */
    private WalWriter.End recoveredEnd;

    private StoreResources(Path directory, StoreOptions options) {
        this.directory = directory;
        this.options = options;
        health = new StoreHealth(options.listener());
    }

    /** Where the state that a store begins with comes from. */
    interface Origin {
        RecoveredState state() throws IOException;
    }

    static StoreResources open(Path directory, StoreOptions options, Origin origin) throws IOException {
        StoreResources resources = new StoreResources(directory, options);
        boolean opened = false;
        try {
            resources.openIn(origin);
            opened = true;
            return resources;
        } finally {
            if (!opened) {
                resources.closing.set(true);
                resources.close();
            }
        }
    }

    private void openIn(Origin origin) throws IOException {
        options.vfs().createDirectories(directory);
        lock = options.vfs().lock(directory.resolve(FileNames.LOCK));
        RecoveredState recovery = origin.state();
        boolean adopted = false;
        try {
            adopt(recovery);
            adopted = true;
        } finally {
            if (!adopted && state == null) {
                recovery.release();
            }
        }
    }

    private void adopt(RecoveredState recovery) throws IOException {
        recoveredSequence = recovery.lastSequence();
        recoveredEnd = new WalWriter.End(recovery.previousSegment(), recovery.previousSize());
        counters.add(StoreMetric.RECOVERY_REPLAYED_OPERATIONS, recovery.replayedOperations());
        counters.add(StoreMetric.RECOVERY_TORN_BYTES, recovery.tornBytes());
        if (recovery.replayedOperations() > 0 || recovery.tornBytes() > 0) {
            options.listener().on(new RecoveryEvent(recovery.replayedOperations(), recovery.lastSequence(), recovery.tornBytes()));
        }

        Version before = recovery.version();
        Version begun = before.apply(new VersionEdit().epoch(recovery.lastEpoch() + 1, recovery.parents()));
        versions = VersionSet.create(options.vfs(), directory, begun, recovery.highestNumber(), options.manifestBytes());
        ObsoleteFiles obsolete = new ObsoleteFiles(options.vfs(), counters);
        removeUnnamed(begun, obsolete);

        boolean logged = options.durability() != Durability.NO_LOG;
        if (logged) {
            wal = WalWriter.open(options.vfs(), directory, new SegmentNames(), options.walSegmentBytes(), begun.epoch(), recoveredSequence,
                    recovery.previousSegment(), recovery.previousSize());
        }
        cache = new BlockCache(options.memoryPool(), Math.max(1, options.blockCacheBytes()));
        FileTable files = new FileTable(directory, options, cache, obsolete, this::stopOnFault);
        List<LoggedMemtable> recovered = new ArrayList<>();
        for (int i = 0; i < recovery.memtables().size(); i++) {
            Memtable memtable = recovery.memtables().get(i);
            boolean last = i + 1 == recovery.memtables().size();
            recovered.add(new LoggedMemtable(memtable, recovery.firstSegments().get(i), last ? recoveredSequence : memtable.lastSequence()));
        }
        restored = recovery.restored();
        state = new StoreState(options, versions, files, recovered, recovery.dropWatermarks(), recovery.nextMemtableId(), logged ? wal.segmentId() : 0);
        JobContext context = new JobContext(directory, options, state, snapshots, counters, health, appendedExpiries, executor(), flushExecutor(), helpers());
        jobs = new BackgroundJobs(context, wal, obsolete);
        if (ownThreads != null) {
            jobs.lookForExpired(ownThreads);
        } else if (options.executor() instanceof ScheduledExecutorService timer) {
            jobs.lookForExpired(timer);
        }
        if (logged && options.executor() == null && options.durability() != Durability.SYNC_EACH) {
            boolean sync = options.durability() == Durability.GROUP_COMMIT;
            walThread = new WalThread("wal-" + directory.getFileName(), wal, sync, options.groupCommitMillis(),
                    sync ? options.groupCommitRecords() : Integer.MAX_VALUE, health::fail);
            walThread.start();
        }
    }

    /** After a fault a mapping may give any bytes, so nothing more is built on it. */
    private void stopOnFault(CorruptionException fault) {
        health.fail("mapping", fault);
    }

    private final class SegmentNames implements WalWriter.SegmentNames {
        @Override
        public long nextId() {
            return versions.nextFileNumber();
        }

        @Override
        public Path path(Path directory, long id) {
            return FileNames.wal(directory, id);
        }
    }

    /** Outputs of jobs that a crash cut short, segments that are covered by files, old manifests. */
    private void removeUnnamed(Version version, ObsoleteFiles obsolete) throws IOException {
        Set<Long> named = new HashSet<>();
        version.references().stream().map(FileReference::fileNumber).forEach(named::add);
        for (String name : options.vfs().list(directory)) {
            long number = FileNames.number(name).orElse(-1);
            boolean unnamed = FileNames.isSstable(name) && !named.contains(number)
                    || FileNames.isWal(name) && number < version.oldestSegment()
                    || FileNames.isManifest(name) && number != versions.manifestNumber();
            if (unnamed) {
                obsolete.delete(directory.resolve(name));
            }
        }
    }

    private Executor executor() {
        if (options.executor() != null) {
            return options.executor();
        }
        AtomicInteger count = new AtomicInteger();
        ownThreads = new ScheduledThreadPoolExecutor(options.backgroundJobs(), work -> {
            Thread thread = new Thread(work, "store-" + directory.getFileName() + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        ownThreads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return ownThreads;
    }

    /** A thread of its own where the store has its own threads: compactions, which take long, must not keep flushes waiting, for which writers wait. */
    private Executor flushExecutor() {
        if (options.executor() != null) {
            return options.executor();
        }
        ownFlushThread = thread("flush");
        return ownFlushThread;
    }

    /** One more thread where the store has its own: while a flush or a checkpoint is written, it compresses. */
    private Executor helpers() {
        if (options.executor() != null) {
            return null;
        }
        ownHelper = thread("help");
        return ownHelper;
    }

    private ThreadPoolExecutor thread(String name) {
        ThreadPoolExecutor thread = new ThreadPoolExecutor(1, 1, IDLE_THREAD_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
            Thread started = new Thread(work, "store-" + directory.getFileName() + "-" + name);
            started.setDaemon(true);
            return started;
        });
        thread.allowCoreThreadTimeOut(true);
        return thread;
    }

    /** Null without threads of the store's own. */
    Executor helper() {
        return ownHelper;
    }

    StoreOptions options() {
        return options;
    }

    SnapshotRegistry snapshots() {
        return snapshots;
    }

    Counters counters() {
        return counters;
    }

    StoreState state() {
        return state;
    }

    StoreHealth health() {
        return health;
    }

    AppendedExpiries appendedExpiries() {
        return appendedExpiries;
    }

    BackgroundJobs jobs() {
        return jobs;
    }

    BlockCache cache() {
        return cache;
    }

    /** Null without a log. */
    WalWriter wal() {
        return wal;
    }

    Runnable walSignal() {
        WalThread thread = walThread;
        if (thread != null) {
            return thread::signal;
        }
        return () -> {};
    }

    long recoveredSequence() {
        return recoveredSequence;
    }

    RestoredCheckpoint restored() {
        return restored;
    }

    /** @return false if the store is closed already */
    boolean beginClose() {
        return closing.compareAndSet(false, true);
    }

    /** Closes what was opened, last first; the first failure is thrown, the others are added to it. */
    void close() throws IOException {
        close(false);
    }

    /** @param inOrder whether nothing has failed and nothing is given up: the next opening may then expect all that is here */
    void close(boolean inOrder) throws IOException {
        List<Closeable> steps = new ArrayList<>();
        if (walThread != null) {
            steps.add(walThread::stop);
        }
        if (jobs != null) {
            steps.add(jobs::stop);
        }
        if (ownThreads != null) {
            steps.add(ownThreads::shutdown);
        }
        if (ownFlushThread != null) {
            steps.add(ownFlushThread::shutdown);
        }
        if (ownHelper != null) {
            steps.add(ownHelper::shutdown);
        }
        if (wal != null) {
            steps.add(wal::close);
        }
        if (state != null) {
            steps.add(state::close);
        }
        if (versions != null) {
            if (inOrder) {
                steps.add(this::noteEnd);
            }
            steps.add(versions::close);
        }
        if (cache != null) {
            steps.add(cache::close);
        }
        if (lock != null) {
            steps.add(lock);
        }
        IOException failure = null;
        for (Closeable step : steps) {
            try {
                step.close();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        options.listener().on(new ClosedEvent(directory));
        if (failure != null) {
            throw failure;
        }
    }

    private void noteEnd() throws IOException {
        WalWriter.End end = wal == null ? recoveredEnd : wal.end();
        if (end != null && !health.hasFailed()) {
            versions.noteEnd(end.segmentId(), end.size());
        }
    }
}
