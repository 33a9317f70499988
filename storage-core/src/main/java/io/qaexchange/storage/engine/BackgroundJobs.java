package io.qaexchange.storage.engine;

import io.qaexchange.storage.AppendedExpiry;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.compaction.CompactionPicker;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.compaction.DroppedFiles;
import io.qaexchange.storage.compaction.ExpiredFiles;
import io.qaexchange.storage.compaction.Expiry;
import io.qaexchange.storage.compaction.LeveledPicker;
import io.qaexchange.storage.compaction.SstableOutputs;
import io.qaexchange.storage.compaction.TimeWindowPicker;
import io.qaexchange.storage.engine.StoreState.LoggedMemtable;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memtable.Memtable;
import io.qaexchange.storage.wal.WalWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Flushes and merges: decides what is due, runs it on the executor, publishes the outcome. A job that fails stops the store with its
 * cause; nothing is tried again behind the user's back.
 *
 * <p>Threads: any thread may {@link #kick}; jobs run on the executor, or on a writer that would otherwise wait for them.
 */
final class BackgroundJobs {
    private static final long SHORTEST_LOOK_MILLIS = 1_000;
    private static final long LONGEST_LOOK_MILLIS = 60_000;

    private final Path directory;
    private final StoreOptions options;
    private final StoreState state;
    private final SnapshotRegistry snapshots;
    private final Counters counters;
    private final WalWriter wal;
    private final ObsoleteFiles obsolete;
    private final Executor executor;
    private final CompactionPicker leveled;
    private final CompactionPicker windowed;
    private final RateLimiter limiter;
    /** By family. */
    private final Map<Integer, Supplier<AppendedExpiry>> appendedExpiries = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Set<Long> busy = new HashSet<>();
    private int mergesRunning;
    private int mergesQueued;
    /** Families whose reads would be cheaper with level 0 merged. */
    private final Set<Integer> wantedByReads = new HashSet<>();
    private boolean flushQueued;
    private boolean paused;
    private boolean stopped;
    /** Set once, with the lock held; every write looks at it without. */
    private volatile Throwable failure;

    private final Map<Long, String> running = new ConcurrentHashMap<>();
    private long nextJob;

    BackgroundJobs(Path directory, StoreOptions options, StoreState state, SnapshotRegistry snapshots, Counters counters, WalWriter wal,
            ObsoleteFiles obsolete, Executor executor) {
        this.directory = directory;
        this.options = options;
        this.state = state;
        this.snapshots = snapshots;
        this.counters = counters;
        this.wal = wal;
        this.obsolete = obsolete;
        this.executor = executor;
        leveled = new LeveledPicker(options);
        windowed = new TimeWindowPicker(options);
        limiter = new RateLimiter(options.compactionBytesPerSecond());
    }

    /**
     * From now on looks for expired files from time to time, also if nothing is ever written again: twenty times in the shortest life of
     * a family's values, but not more often than every second and not more seldom than every minute. A family created later, or given
     * another time to live, counts from the next look on.
     *
     * @param timer what is put off when the store closes does nothing then
     */
    void lookForExpired(ScheduledExecutorService timer) {
        long delay = Math.max(SHORTEST_LOOK_MILLIS, Math.min(LONGEST_LOOK_MILLIS, shortestLifeMillis() / 20));
        synchronized (this) {
            // After stop() the timer takes no more.
            if (stopped) {
                return;
            }
            timer.schedule(() -> {
                if (shortestLifeMillis() != Long.MAX_VALUE) {
                    kick();
                }
                lookForExpired(timer);
            }, delay, TimeUnit.MILLISECONDS);
        }
    }

    /** From now on flushes and merges of a family ask this what of its appended values has expired; null: nothing has. */
    void expireAppended(int family, Supplier<AppendedExpiry> expiry) {
        appendedExpiries.compute(family, (id, before) -> expiry);
    }

    private Function<ColumnFamily, Expiry> expiriesOfNow() {
        long nowMillis = options.clock().getAsLong();
        return family -> {
            Supplier<AppendedExpiry> appended = appendedExpiries.get(family.id());
            return new Expiry(family.options(), appended == null ? null : appended.get(), nowMillis);
        };
    }

    /** Level 0 of a family is to be merged as soon as nothing else is due: its reads have spent what that costs. */
    void mergeForReads(int family) {
        synchronized (this) {
            wantedByReads.add(family);
        }
        kick();
    }

    /** {@link Long#MAX_VALUE} if nothing expires. */
    private long shortestLifeMillis() {
        long shortest = Long.MAX_VALUE;
        for (FamilyVersion family : state.version().families()) {
            long life = family.family().options().timeToLiveMillis();
            shortest = life == 0 ? shortest : Math.min(shortest, life);
        }
        return shortest;
    }

    /** Starts whatever is due and not under way. */
    void kick() {
        int merges = 0;
        boolean flush;
        synchronized (this) {
            if (paused || stopped || failure != null) {
                return;
            }
            flush = !flushQueued && state.frozenCount() > 0 && !state.isFlushClaimed();
            flushQueued |= flush;
            if (hasWork()) {
                merges = Math.max(0, options.backgroundJobs() - mergesRunning - mergesQueued);
                mergesQueued += merges;
            }
        }
        if (flush) {
            executor.execute(() -> {
                synchronized (this) {
                    flushQueued = false;
                }
                flushIfDue();
            });
        }
        for (int i = 0; i < merges; i++) {
            executor.execute(() -> {
                synchronized (this) {
                    mergesQueued--;
                }
                mergeWhileDue();
            });
        }
    }

    private synchronized boolean hasWork() {
        return pick().isPresent();
    }

    /**
     * Flushes what is frozen, on this thread.
     *
     * @return false if there was nothing to do, or another thread is at it
     */
    boolean flushIfDue() {
        List<LoggedMemtable> claimed;
        synchronized (this) {
            if (stopped || failure != null) {
                return false;
            }
            claimed = state.claimFlush();
        }
        if (claimed.isEmpty()) {
            return false;
        }
        boolean interrupted = Thread.interrupted();
        try {
            flush(claimed);
        } catch (Throwable e) {
            fail("flush", e);
        } finally {
            state.unclaimFlush();
            wakeUp();
            interruptAgain(interrupted);
        }
        kick();
        return true;
    }

    /** A job may run on a caller's thread, but is the store's: it goes on where the thread is interrupted, and the flag is kept for the caller. */
    private static void interruptAgain(boolean interrupted) {
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void flush(List<LoggedMemtable> claimed) throws IOException {
        long started = System.nanoTime();
        if (wal != null) {
            // What the files will hold must not be more durable than what came before it in the log.
            wal.drain(true);
        }
        List<Memtable> memtables = claimed.stream().map(LoggedMemtable::memtable).toList();
        FlushJob job = new FlushJob(memtables, state.version(), snapshots.sequences(), target(), state.versions()::nextReferenceId,
                expiriesOfNow());
        VersionEdit edit = new VersionEdit();
        job.run(edit);
        options.vfs().syncDirectory(directory);
        Version version = state.installFlush(claimed, edit, snapshots.sequences());
        counters.increment(Counters.Name.FLUSHES);
        counters.add(Counters.Name.FLUSH_BYTES, job.bytes());
        deleteOldSegments(version);
        options.listener().on(StoreListener.Kind.FLUSHED, "memtables=" + claimed.size() + " files=" + edit.added().size() + " bytes=" + job.bytes()
                + " sequence=" + version.flushedSequence() + " millis=" + (System.nanoTime() - started) / 1_000_000);
    }

    private void deleteOldSegments(Version version) throws IOException {
        if (options.durability() == Durability.NO_LOG) {
            return;
        }
        for (String name : options.vfs().list(directory)) {
            if (FileNames.isWal(name) && FileNames.number(name).getAsLong() < version.oldestSegment()) {
                obsolete.delete(directory.resolve(name));
            }
        }
    }

    private SstableOutputs.Target target() {
        return new SstableOutputs.Target(options.vfs(), directory, state.versions()::nextFileNumber, options.memoryPool());
    }

    private void mergeWhileDue() {
        while (true) {
            CompactionPlan plan;
            synchronized (this) {
                if (paused || stopped || failure != null || mergesRunning >= options.backgroundJobs()) {
                    return;
                }
                Optional<CompactionPlan> picked = pick();
                if (picked.isEmpty()) {
                    notifyAll();
                    return;
                }
                plan = picked.get();
                claim(plan);
            }
            runClaimed(plan);
        }
    }

    /** Needs the lock. */
    private Optional<CompactionPlan> pick() {
        Version version = state.version();
        long oldestSnapshot = SnapshotRegistry.oldest(snapshots.sequences());
        for (FamilyVersion family : version.families()) {
            Optional<CompactionPlan> drop = DroppedFiles.find(family, version.floors(family.family().id()), oldestSnapshot, busy);
            if (drop.isPresent()) {
                return drop;
            }
            Optional<CompactionPlan> expired = ExpiredFiles.find(family, options.clock().getAsLong(), busy);
            if (expired.isPresent()) {
                return expired;
            }
            Optional<CompactionPlan> plan = picker(family).pick(family, busy, oldestSnapshot);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return pickForReads(version);
    }

    /** Needs the lock. */
    private Optional<CompactionPlan> pickForReads(Version version) {
        wantedByReads.removeIf(id -> version.family(id) == null || version.family(id).level0Depth() < 2);
        for (int id : wantedByReads) {
            FamilyVersion family = version.family(id);
            Optional<CompactionPlan> plan = picker(family).pickForReads(family, busy);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return Optional.empty();
    }

    private CompactionPicker picker(FamilyVersion family) {
        return family.family().options().compactionStyle() == CompactionStyle.LEVELED ? leveled : windowed;
    }

    private void claim(CompactionPlan plan) {
        plan.inputs().forEach(input -> busy.add(input.id()));
        if (plan.inputs().stream().anyMatch(input -> input.level() == 0)) {
            wantedByReads.remove(plan.inputs().get(0).family());
        }
        mergesRunning++;
    }

    private void runClaimed(CompactionPlan plan) {
        long job;
        synchronized (this) {
            job = nextJob++;
        }
        running.put(job, plan.toString());
        boolean interrupted = Thread.interrupted();
        try {
            run(plan);
        } catch (JobStopped e) {
            // The store is closing; what the job wrote is named by no manifest.
        } catch (Throwable e) {
            fail("merge", e);
        } finally {
            running.remove(job);
            synchronized (this) {
                plan.inputs().forEach(input -> busy.remove(input.id()));
                mergesRunning--;
                notifyAll();
            }
            interruptAgain(interrupted);
        }
    }

    private void run(CompactionPlan plan) throws IOException {
        long started = System.nanoTime();
        VersionEdit edit = new VersionEdit();
        if (plan instanceof CompactionPlan.TrivialMove move) {
            edit.remove(move.file().id());
            edit.add(move.file().movedTo(state.versions().nextReferenceId(), move.outputLevel(), move.outputWindow()));
            state.install(edit);
            counters.increment(Counters.Name.COMPACTION_TRIVIAL_MOVES);
        } else if (plan instanceof CompactionPlan.DropFiles drop) {
            drop.inputs().forEach(file -> edit.remove(file.id()));
            state.install(edit);
            counters.add(Counters.Name.FILES_DROPPED, drop.inputs().size());
            options.listener().on(StoreListener.Kind.FILES_DROPPED, drop.toString());
            return;
        } else if (plan instanceof CompactionPlan.Merge merge) {
            merge(merge, edit);
        }
        options.listener().on(StoreListener.Kind.COMPACTED, plan + " millis=" + (System.nanoTime() - started) / 1_000_000);
    }

    private void merge(CompactionPlan.Merge merge, VersionEdit edit) throws IOException {
        ReadView view = state.useView();
        try {
            Map<Long, FileHandle> handles = new java.util.HashMap<>();
            state.withFiles(table -> {
                for (FileReference input : merge.inputs()) {
                    handles.put(input.fileNumber(), table.get(input));
                }
                return null;
            });
            MergeJob job = new MergeJob(merge, view.version(), snapshots.sequences(), target(), state.versions()::nextReferenceId,
                    input -> handles.get(input.fileNumber()), this::pace, expiriesOfNow());
            job.run(edit, this::runTogether, options.backgroundJobs());
            options.vfs().syncDirectory(directory);
            state.install(edit);
            counters.increment(Counters.Name.COMPACTIONS);
            counters.add(Counters.Name.COMPACTION_READ_BYTES, FamilyVersion.bytes(merge.inputs()));
            counters.add(Counters.Name.COMPACTION_WRITTEN_BYTES, job.bytesWritten());
        } finally {
            view.release();
        }
    }

    /**
     * This thread works through the parts, helped by whatever threads of the executor are free before it is done. One that comes too
     * late finds nothing to do, so nobody waits for a thread that never comes.
     */
    private void runTogether(List<MergeJob.Part> parts) throws IOException {
        MergeCrew crew = new MergeCrew(parts);
        for (int i = 1; i < parts.size(); i++) {
            executor.execute(crew::help);
        }
        crew.help();
        crew.awaitEnd();
    }

    /** A job noticed that the store is closing. */
    private static final class JobStopped extends IOException {
        private static final long serialVersionUID = 1L;

        JobStopped() {
            super("the store is closing");
        }
    }

    private void pace(long bytesWritten) throws IOException {
        synchronized (this) {
            if (stopped) {
                throw new JobStopped();
            }
        }
        limiter.pace(bytesWritten);
    }

    /** Merges everything of a range as far down as it goes, on this thread, while other merges wait. */
    void mergeManually(int family, KeyRange range) throws IOException {
        whilePaused(() -> {
            FamilyVersion version = state.version().family(family);
            if (version != null) {
                boolean mayExpire = version.family().options().timeToLiveMillis() > 0 || appendedExpiries.containsKey(family);
                for (CompactionPlan plan : picker(version).pickManual(version, range, mayExpire)) {
                    synchronized (this) {
                        claim(plan);
                    }
                    runClaimed(plan);
                    throwIfFailed();
                }
            }
        });
    }

    /** Waits until nothing is due. A caller's own executor is helped along. */
    void awaitIdle() throws IOException {
        while (true) {
            if (flushIfDue()) {
                continue;
            }
            mergeWhileDue();
            synchronized (this) {
                throwIfFailed();
                if (stopped) {
                    return;
                }
                if (mergesRunning == 0 && state.frozenCount() == 0 && !state.isFlushClaimed() && pick().isEmpty()) {
                    return;
                }
                if (mergesRunning > 0 || state.isFlushClaimed()) {
                    awaitChange();
                }
            }
        }
    }

    /** Waits until no more than {@code count} memtables are frozen, working on it if nobody else is. */
    void awaitFrozenAtMost(int count) throws IOException {
        while (state.frozenCount() > count) {
            throwIfFailed();
            if (flushIfDue()) {
                continue;
            }
            synchronized (this) {
                if (state.frozenCount() > count && state.isFlushClaimed()) {
                    awaitChange();
                }
            }
        }
        throwIfFailed();
    }

    /** Waits until no memtable is frozen any more, also on an interrupted thread, which stays interrupted. */
    void awaitFlushed() throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    awaitFrozenAtMost(0);
                    return;
                } catch (InterruptedIOException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            interruptAgain(interrupted);
        }
    }

    /** Waits until a merge has made level 0 shallow again. */
    void awaitLevel0Below(int depth) throws IOException {
        while (level0Depth() >= depth) {
            throwIfFailed();
            mergeWhileDue();
            synchronized (this) {
                if (stopped || mergesRunning == 0 && pick().isEmpty()) {
                    return;
                }
                if (level0Depth() >= depth && mergesRunning > 0) {
                    awaitChange();
                }
            }
        }
        throwIfFailed();
    }

    int level0Depth() {
        int deepest = 0;
        for (FamilyVersion family : state.version().families()) {
            if (family.family().options().compactionStyle() == CompactionStyle.LEVELED) {
                deepest = Math.max(deepest, family.level0Depth());
            }
        }
        return deepest;
    }

    /** Needs the lock. */
    private void awaitChange() throws IOException {
        try {
            wait(1000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the store's background work");
        }
    }

    private synchronized void wakeUp() {
        notifyAll();
    }

    /** Runs something while no merge is under way and none may begin. */
    void whilePaused(WritePath.Exclusive work) throws IOException {
        synchronized (this) {
            while (paused) {
                awaitChange();
            }
            throwIfFailed();
            paused = true;
        }
        try {
            synchronized (this) {
                while (mergesRunning > 0) {
                    awaitChange();
                }
            }
            work.run();
        } finally {
            synchronized (this) {
                paused = false;
                notifyAll();
            }
            kick();
        }
    }

    void fail(String what, Throwable cause) {
        synchronized (this) {
            if (failure != null) {
                failure.addSuppressed(cause);
                return;
            }
            failure = cause;
            notifyAll();
        }
        options.listener().on(StoreListener.Kind.FAILED, "what=" + what + " cause=" + cause);
    }

    void throwIfFailed() throws StoreClosedException {
        Throwable now = failure;
        if (now != null) {
            throw new StoreClosedException("the store has stopped: " + now.getMessage(), now);
        }
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** What stopped the store; null if nothing did. */
    Throwable failure() {
        return failure;
    }

    /** No new jobs; waits for those under way, which give up at their next pause. */
    void stop() {
        boolean interrupted = false;
        synchronized (this) {
            stopped = true;
            notifyAll();
            while (mergesRunning > 0 || state.isFlushClaimed()) {
                try {
                    wait(1000);
                } catch (InterruptedException e) {
                    // Memory and mappings are given back next, which nobody may be reading then.
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is being merged now. */
    List<String> running() {
        return List.copyOf(running.values());
    }

    String explain() {
        StringBuilder text = new StringBuilder();
        for (FamilyVersion family : state.version().families()) {
            text.append(family.family().name()).append('\n');
            picker(family).explain(family).lines().forEach(line -> text.append("  ").append(line).append('\n'));
        }
        return text.toString();
    }
}
