package io.qaexchange.storage.engine;

import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.StoreEvent.CompactionEvent;
import io.qaexchange.storage.StoreEvent.FilesDroppedEvent;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.compaction.CompactionPicker;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.compaction.DroppedFiles;
import io.qaexchange.storage.compaction.ExpiredFiles;
import io.qaexchange.storage.compaction.LeveledPicker;
import io.qaexchange.storage.compaction.TimeWindowPicker;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs compactions: asks the pickers for what is due, runs it on the executor, publishes the outcome.
 *
 * <p>Threads: any thread may {@link #kick}. Compactions run on the executor, or on a thread that would otherwise wait for them. Guarded by
 * the {@link StoreHealth}.
 */
final class CompactionScheduler {
    private final JobContext context;
    private final StoreOptions options;
    private final StoreState state;
    private final StoreHealth health;
    private final CompactionPicker leveled;
    private final CompactionPicker windowed;
    private final RateLimiter limiter;
    private final FlushEstimate level0Estimate = new FlushEstimate();
    /** The running compactions, for people; by number. */
    private final Map<Long, String> runningPlans = new ConcurrentHashMap<>();

    // Guarded by health.
    /** References that running compactions take away. */
    private final Set<Long> busy = new HashSet<>();
    private int running;
    private int queued;
    /** Families whose reads would be cheaper with level 0 compacted. */
    private final Set<Integer> wantedByReads = new HashSet<>();
    private boolean paused;
    private long nextNumber;
    /** A compaction of level 0 runs whose end {@link #level0Estimate} guesses. */
    private boolean level0Running;

    CompactionScheduler(JobContext context) {
        this.context = context;
        options = context.options();
        state = context.state();
        health = context.health();
        leveled = new LeveledPicker(options);
        windowed = new TimeWindowPicker(options);
        limiter = new RateLimiter(options.compactionBytesPerSecond());
    }

    /** Starts what is due and not under way. */
    void kick() {
        int starting;
        synchronized (health) {
            if (!mayBegin() || pick().isEmpty()) {
                return;
            }
            starting = Math.max(0, options.backgroundJobs() - running - queued);
            queued += starting;
        }
        for (int i = 0; i < starting; i++) {
            context.executor().execute(() -> {
                synchronized (health) {
                    queued--;
                }
                runWhileDue();
            });
        }
    }

    /** With the lock held. */
    private boolean mayBegin() {
        return !paused && health.isWorking();
    }

    /** Runs what is due on this thread, one compaction after the other, unless enough of them run already. */
    void runWhileDue() {
        while (true) {
            CompactionPlan plan;
            synchronized (health) {
                if (!mayBegin() || running >= options.backgroundJobs()) {
                    return;
                }
                Optional<CompactionPlan> picked = pick();
                if (picked.isEmpty()) {
                    health.changed();
                    return;
                }
                plan = picked.get();
                claim(plan);
            }
            runClaimed(plan);
        }
    }

    /** Level 0 of a family is to be compacted as soon as nothing else is due: its reads have spent what that costs. */
    void compactForReads(int family) {
        synchronized (health) {
            wantedByReads.add(family);
        }
        kick();
    }

    /** With the lock held. */
    private Optional<CompactionPlan> pick() {
        Version version = state.version();
        long oldestSnapshot = SnapshotRegistry.oldest(context.snapshots().sequences());
        for (FamilyVersion family : version.families()) {
            Optional<CompactionPlan> plan = pick(version, family, oldestSnapshot);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return pickForReads(version);
    }

    /** With the lock held. */
    private Optional<CompactionPlan> pick(Version version, FamilyVersion family, long oldestSnapshot) {
        return DroppedFiles.find(family, version.dropWatermarks(family.family().id()), oldestSnapshot, busy)
                .or(() -> ExpiredFiles.find(family, options.clock().getAsLong(), busy))
                .or(() -> picker(family).pick(family, busy, oldestSnapshot));
    }

    /** With the lock held. */
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

    /** With the lock held. */
    private void claim(CompactionPlan plan) {
        plan.inputs().forEach(input -> busy.add(input.id()));
        if (plan.inputs().stream().anyMatch(input -> input.level() == 0)) {
            wantedByReads.remove(plan.inputs().get(0).family());
        }
        running++;
    }

    private void runClaimed(CompactionPlan plan) {
        long number;
        synchronized (health) {
            number = nextNumber++;
        }
        runningPlans.put(number, plan.toString());
        boolean interrupted = Thread.interrupted();
        try {
            run(plan);
        } catch (JobStopped e) {
            // The store is closing; what the job wrote is named by no manifest.
        } catch (Throwable e) {
            health.fail("compaction", e);
        } finally {
            runningPlans.remove(number);
            synchronized (health) {
                plan.inputs().forEach(input -> busy.remove(input.id()));
                running--;
                health.changed();
            }
            StoreHealth.interruptAgain(interrupted);
        }
    }

    private void run(CompactionPlan plan) throws IOException {
        long started = System.nanoTime();
        VersionEdit edit = new VersionEdit();
        if (plan instanceof CompactionPlan.TrivialMove move) {
            edit.remove(move.file().id());
            edit.add(move.file().movedTo(state.versions().nextReferenceId(), move.outputLevel(), move.outputWindow()));
            state.install(edit);
            context.counters().increment(StoreMetric.COMPACTION_TRIVIAL_MOVES);
            context.listener().on(new CompactionEvent(move.file().family(), move.outputLevel(), 1, 1, 0, 0, true, JobContext.since(started),
                    plan.toString()));
        } else if (plan instanceof CompactionPlan.DropFiles drop) {
            drop.inputs().forEach(file -> edit.remove(file.id()));
            state.install(edit);
            context.counters().add(StoreMetric.FILES_DROPPED, drop.inputs().size());
            context.listener().on(new FilesDroppedEvent(drop.inputs().size(), drop.toString()));
        } else if (plan instanceof CompactionPlan.Merge merge) {
            long read = FamilyVersion.bytes(merge.inputs());
            boolean timed = beginLevel0(merge, read);
            long written;
            try {
                written = merge(merge, edit);
            } finally {
                if (timed) {
                    endLevel0();
                }
            }
            context.counters().increment(StoreMetric.COMPACTIONS);
            context.counters().add(StoreMetric.COMPACTION_READ_BYTES, read);
            context.counters().add(StoreMetric.COMPACTION_WRITTEN_BYTES, written);
            context.listener().on(new CompactionEvent(merge.family(), merge.outputLevel(), merge.inputs().size(), edit.added().size(), read, written,
                    false, JobContext.since(started), plan.toString()));
        }
    }

    /** @return whether this compaction of level 0 is the one that writers may wait for */
    private boolean beginLevel0(CompactionPlan.Merge merge, long bytes) {
        synchronized (health) {
            if (level0Running || merge.outputLevel() == 0 || merge.inputs().stream().noneMatch(input -> input.level() == 0)) {
                return false;
            }
            level0Running = true;
        }
        level0Estimate.begin(bytes, System.nanoTime());
        return true;
    }

    private void endLevel0() {
        synchronized (health) {
            level0Running = false;
        }
        long now = System.nanoTime();
        level0Estimate.written(now);
        level0Estimate.end(now);
    }

    /** @return bytes written */
    private long merge(CompactionPlan.Merge merge, VersionEdit edit) throws IOException {
        ReadView view = state.useView();
        try {
            Map<Long, FileHandle> handles = new HashMap<>();
            state.withFiles(table -> {
                for (FileReference input : merge.inputs()) {
                    handles.put(input.fileNumber(), table.get(input));
                }
                return null;
            });
            CompactionJob job = new CompactionJob(merge, view.version(), context.snapshots().sequences(), context.target(),
                    state.versions()::nextReferenceId, input -> handles.get(input.fileNumber()), this::pace, context.expiries());
            job.run(edit, parts -> JobCrew.runTogether(parts, context.executor()), options.backgroundJobs());
            context.syncDirectory();
            state.install(edit);
            return job.bytesWritten();
        } finally {
            view.release();
        }
    }

    /** A job noticed that the store is closing. */
    private static final class JobStopped extends IOException {
        private static final long serialVersionUID = 1L;

        JobStopped() {
            super("the store is closing");
        }
    }

    private void pace(long bytesWritten) throws IOException {
        if (health.isClosing()) {
            throw new JobStopped();
        }
        limiter.pace(bytesWritten);
    }

    /** Compacts everything of a range as far down as it goes, on this thread, while other compactions wait. */
    void compactRange(int family, KeyRange range) throws IOException {
        whilePaused(() -> {
            FamilyVersion version = state.version().family(family);
            if (version != null) {
                boolean mayExpire = version.family().options().timeToLiveMillis() > 0 || context.appendedExpiries().has(family);
                for (CompactionPlan plan : picker(version).pickManual(version, range, mayExpire)) {
                    synchronized (health) {
                        claim(plan);
                    }
                    runClaimed(plan);
                    health.throwIfFailed();
                }
            }
        });
    }

    /** Waits until level 0 is less deep than this, or no compaction can make it so. */
    void awaitLevel0Below(int depth) throws IOException {
        while (level0Depth() >= depth) {
            health.throwIfFailed();
            if (context.hasOwnThreads()) {
                kick();
            } else {
                runWhileDue();
            }
            synchronized (health) {
                if (health.isClosing() || running == 0 && pick().isEmpty()) {
                    return;
                }
                if (level0Depth() >= depth && (running > 0 || queued > 0 || paused)) {
                    health.awaitChange();
                }
            }
        }
        health.throwIfFailed();
    }

    /** The number of files in the deepest level 0 of all leveled families. */
    int level0Depth() {
        int deepest = 0;
        for (FamilyVersion family : state.version().families()) {
            if (family.family().options().compactionStyle() == CompactionStyle.LEVELED) {
                deepest = Math.max(deepest, family.level0Depth());
            }
        }
        return deepest;
    }

    /** Until the compaction of level 0 that began first of those that run will have ended, by the speed of those before; 0 if none runs. */
    long level0RemainingNanos() {
        synchronized (health) {
            return !level0Running ? 0 : level0Estimate.remainingNanos(0, System.nanoTime());
        }
    }

    /** Whether nothing is due and nothing runs. */
    boolean isIdle() {
        synchronized (health) {
            return running == 0 && pick().isEmpty();
        }
    }

    boolean isRunning() {
        synchronized (health) {
            return running > 0;
        }
    }

    /** Whether compactions run, or have to wait until {@link #whilePaused} ends. */
    boolean isBusy() {
        synchronized (health) {
            return running > 0 || paused;
        }
    }

    /** Runs something while no compaction is under way and none may begin. */
    void whilePaused(StoreHealth.Waiting work) throws IOException {
        synchronized (health) {
            while (paused) {
                health.awaitChange();
            }
            health.throwIfFailed();
            paused = true;
        }
        try {
            synchronized (health) {
                while (running > 0) {
                    health.awaitChange();
                }
            }
            work.run();
        } finally {
            synchronized (health) {
                paused = false;
                health.changed();
            }
            kick();
        }
    }

    /** The plans that run now. */
    List<String> running() {
        return List.copyOf(runningPlans.values());
    }

    /** The next compaction of each family, and the scores behind it. */
    String explain() {
        StringBuilder text = new StringBuilder();
        synchronized (health) {
            Version version = state.version();
            long oldestSnapshot = SnapshotRegistry.oldest(context.snapshots().sequences());
            for (FamilyVersion family : version.families()) {
                text.append(family.family().name()).append(": ")
                        .append(pick(version, family, oldestSnapshot).map(CompactionScheduler::sentence).orElse("nothing is due")).append('\n');
                picker(family).explain(family).lines().forEach(line -> text.append("  ").append(line).append('\n'));
            }
        }
        return text.toString();
    }

    private static String sentence(CompactionPlan plan) {
        String files = plan.inputs().size() + " files with " + StoreDescription.bytes(FamilyVersion.bytes(plan.inputs()));
        String into = plan instanceof CompactionPlan.Merge merge ? " are merged into level " + merge.outputLevel()
                : plan instanceof CompactionPlan.TrivialMove move ? " move to level " + move.outputLevel() : " are dropped";
        return files + into + ": " + plan.reason();
    }
}
