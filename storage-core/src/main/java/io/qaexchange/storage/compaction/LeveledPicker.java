package io.qaexchange.storage.compaction;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Picks the next compaction of a leveled tree. Looks at metadata only and does no I/O, so a test is a picture of levels.
 *
 * <p>Level 0 is scored by its depth (files that share a key) over the depth at which it is due, deeper levels by bytes over target. The
 * highest score of at least 1.0 whose files are free wins, level 0 first among equals. On level 0, picks the oldest file and every file of
 * the level that shares keys with it: a file that stays must not be older than one that goes below it. On deeper levels, picks the file
 * that overlaps the fewest bytes in the next level relative to its own size. When nothing else is due, picks a file whose tombstones slow
 * scans down.
 *
 * <p>A compaction from level 0 rewrites the files of level 1 that it overlaps, which with random keys is the whole level. So it begins at
 * the trigger only if its files of level 0 are twice as large as those of level 1; else it waits until level 0 is twice as deep. If they
 * are less than half as large even then, only the newest files become one, and stay in level 0: docs/design/0018 has the sums.
 *
 * <p>Invariants: a plan never names a busy file; its outputs overlap no file left in the target level.
 * <p>Thread-safe: stateless.
 */
public final class LeveledPicker implements CompactionPicker {
    /** So many small neighbours are joined; a file below such a part of the usual size is small. */
    private static final int SMALL_FILES = 8;
    /** So many tombstones in a row cost a scan as much as some reads. */
    private static final int LONG_RUN = 512;

    private final int level0Trigger;
    /** The number of files in level 0 at which it is compacted in any case. */
    private final int level0Limit;
    private final int multiplier;

    public LeveledPicker(StoreOptions options) {
        // Writes are not to be slowed by files that merely wait.
        this(options.level0CompactionDepth(), Math.min(2 * options.level0CompactionDepth(), options.level0SlowdownDepth()), options.levelMultiplier());
    }

    LeveledPicker(int level0Trigger, int level0Limit, int multiplier) {
        this.level0Trigger = level0Trigger;
        this.level0Limit = level0Limit;
        this.multiplier = multiplier;
    }

    /** @param size depth of level 0, bytes of a deeper one; {@code limit} in the same unit */
    private record Scored(int level, double score, long size, long limit) {
        /** Made only for what is picked or shown: picking runs with every write that kicks it. */
        String reason() {
            return String.format(level == 0 ? "level=%d score=%.2f depth=%d trigger=%d" : "level=%d score=%.2f bytes=%d target=%d",
                    level, score, size, limit);
        }
    }

    @Override
    public Optional<CompactionPlan> pick(FamilyVersion family, Set<Long> busy, long oldestSnapshot) {
        for (Scored candidate : scores(family)) {
            if (candidate.score() < 1.0) {
                break;
            }
            Optional<CompactionPlan> plan = candidate.level() == 0
                    ? fromDeepLevel0(family, candidate.reason(), busy)
                    : fromLevel(family, candidate, busy);
            if (plan.isPresent()) {
                return plan;
            }
        }
        return gatherSmall(family, busy).or(() -> thinOut(family, busy, oldestSnapshot));
    }

    @Override
    public Optional<CompactionPlan> pickForReads(FamilyVersion family, Set<Long> busy) {
        return family.level0Depth() < 2 ? Optional.empty() : fromLevel0(family, "level=0 wanted by reads", busy);
    }

    /**
     * Where keys grow, files of level 0 share none and are never deep, however many they become: past a number they go down, mostly
     * without being touched. Below, neighbours that are small are joined.
     */
    private Optional<CompactionPlan> gatherSmall(FamilyVersion family, Set<Long> busy) {
        int many = 2 * level0Trigger;
        if (family.level(0).size() >= many) {
            Optional<CompactionPlan> plan = fromLevel0(family, "level=0 files=" + family.level(0).size() + " at most=" + many, busy);
            if (plan.isPresent()) {
                return plan;
            }
        }
        long small = family.family().options().fileBytes() / SMALL_FILES;
        for (int level = 1; level < FamilyVersion.LEVELS; level++) {
            List<FileReference> run = new ArrayList<>();
            for (FileReference file : family.level(level)) {
                if (file.sizeBytes() >= small || isBusy(file, busy)) {
                    run.clear();
                    continue;
                }
                run.add(file);
                if (run.size() == SMALL_FILES) {
                    return Optional.of(new CompactionPlan.Merge("level=" + level + " small files", family.family().id(), List.copyOf(run), level, 0));
                }
            }
        }
        return Optional.empty();
    }

    /**
     * A scan walks tombstones one by one, and where the heads of queues were taken away many stand one after the other, before anything
     * that is alive. Such a file goes down to what its tombstones hide; where nothing lies below it is written anew without them.
     * While a snapshot needs them they stay where they are.
     */
    private static Optional<CompactionPlan> thinOut(FamilyVersion family, Set<Long> busy, long oldestSnapshot) {
        FileReference worst = null;
        for (FileReference file : family.references()) {
            SstableMetadata table = file.table();
            boolean slow = table.longestTombstoneRun() >= LONG_RUN && 2 * table.deletes() >= table.entries()
                    && table.largestSequence() <= oldestSnapshot && !isBusy(file, busy);
            if (slow && (worst == null || table.longestTombstoneRun() > worst.table().longestTombstoneRun())) {
                worst = file;
            }
        }
        if (worst == null) {
            return Optional.empty();
        }
        List<FileReference> inputs = worst.level() == 0 ? connectedInLevel0(family, worst) : List.of(worst);
        KeyRange hull = hull(inputs);
        boolean anyBelow = false;
        for (int level = worst.level() + 1; level < FamilyVersion.LEVELS; level++) {
            anyBelow |= !FamilyVersion.overlapping(family.level(level), hull).isEmpty();
        }
        int outputLevel = anyBelow || worst.level() == 0 ? worst.level() + 1 : worst.level();
        List<FileReference> all = new ArrayList<>(inputs);
        if (outputLevel > worst.level()) {
            all.addAll(FamilyVersion.overlapping(family.level(outputLevel), hull));
        }
        String why = "level=" + worst.level() + " tombstones in a row=" + worst.table().longestTombstoneRun();
        if (all.size() == 1 && anyBelow) {
            return Optional.of(new CompactionPlan.TrivialMove(why, worst, outputLevel, 0));
        }
        return merge(family, all, outputLevel, why, busy);
    }

    @Override
    public String explain(FamilyVersion family) {
        StringBuilder text = new StringBuilder();
        for (Scored candidate : scores(family)) {
            text.append(candidate.reason()).append('\n');
        }
        return text.toString();
    }

    private List<Scored> scores(FamilyVersion family) {
        List<Scored> scores = new ArrayList<>();
        int depth = family.level0Depth();
        int due = dueDepth(family, depth);
        double score = (double) depth / due;
        scores.add(new Scored(0, score, depth, due));
        long target = family.family().options().levelBaseBytes();
        for (int level = 1; level < FamilyVersion.LEVELS - 1; level++) {
            long bytes = FamilyVersion.bytes(family.level(level));
            score = (double) bytes / target;
            scores.add(new Scored(level, score, bytes, target));
            target *= multiplier;
        }
        scores.sort(Comparator.comparingDouble(Scored::score).reversed().thenComparingInt(Scored::level));
        return scores;
    }

    /** The depth at which files leave level 0 or become fewer. */
    private int dueDepth(FamilyVersion family, int depth) {
        if (depth < level0Trigger || depth >= level0Limit) {
            return level0Trigger;
        }
        List<FileReference> inputs = leavingLevel0(family);
        return FamilyVersion.bytes(inputs) >= 2 * bytesBelow(family, inputs) ? level0Trigger : level0Limit;
    }

    private static Optional<CompactionPlan> fromLevel0(FamilyVersion family, String why, Set<Long> busy) {
        List<FileReference> inputs = leavingLevel0(family);
        return into(family, inputs, hull(inputs), 1, why, busy);
    }

    private static Optional<CompactionPlan> fromDeepLevel0(FamilyVersion family, String why, Set<Long> busy) {
        List<FileReference> inputs = leavingLevel0(family);
        if (inputs.size() == 1 || 2 * FamilyVersion.bytes(inputs) >= bytesBelow(family, inputs)) {
            return into(family, inputs, hull(inputs), 1, why, busy);
        }
        return merge(family, newestOfOneSize(inputs), 0, why + " below=" + bytesBelow(family, inputs), busy);
    }

    private static List<FileReference> leavingLevel0(FamilyVersion family) {
        List<FileReference> level0 = family.level(0);
        return connectedInLevel0(family, level0.get(level0.size() - 1));
    }

    private static long bytesBelow(FamilyVersion family, List<FileReference> inputs) {
        return FamilyVersion.bytes(FamilyVersion.overlapping(family.level(1), hull(inputs)));
    }

    /** The newest two, and older ones as long as each is no larger than the newer ones together. What is left is older than all of them. */
    private static List<FileReference> newestOfOneSize(List<FileReference> newestFirst) {
        long bytes = newestFirst.get(0).sizeBytes();
        int count = 1;
        while (count < newestFirst.size() && (count < 2 || newestFirst.get(count).sizeBytes() <= bytes)) {
            bytes += newestFirst.get(count).sizeBytes();
            count++;
        }
        return newestFirst.subList(0, count);
    }

    /** The files of level 0 that share keys with one of them, or with one that does, and so on. */
    private static List<FileReference> connectedInLevel0(FamilyVersion family, FileReference first) {
        List<FileReference> connected = List.of(first);
        int before;
        do {
            before = connected.size();
            connected = FamilyVersion.overlapping(family.level(0), hull(connected));
        } while (connected.size() > before);
        return connected;
    }

    private static KeyRange hull(List<FileReference> files) {
        KeyRange hull = files.get(0).keys();
        for (FileReference file : files) {
            hull = CompactionPlan.hull(hull, file.keys());
        }
        return hull;
    }

    private Optional<CompactionPlan> fromLevel(FamilyVersion family, Scored why, Set<Long> busy) {
        FileReference best = null;
        double cheapest = Double.MAX_VALUE;
        for (FileReference file : family.level(why.level())) {
            List<FileReference> below = FamilyVersion.overlapping(family.level(why.level() + 1), file.keys());
            if (isBusy(file, busy) || below.stream().anyMatch(other -> isBusy(other, busy))) {
                continue;
            }
            double cost = (double) FamilyVersion.bytes(below) / Math.max(1, file.sizeBytes());
            if (cost < cheapest) {
                cheapest = cost;
                best = file;
            }
        }
        return best == null ? Optional.empty() : into(family, List.of(best), best.keys(), why.level() + 1, why.reason(), busy);
    }

    private static Optional<CompactionPlan> into(
            FamilyVersion family, List<FileReference> inputs, KeyRange hull, int outputLevel, String why, Set<Long> busy) {
        List<FileReference> below = FamilyVersion.overlapping(family.level(outputLevel), hull);
        if (below.isEmpty() && inputs.size() == 1 && !isBusy(inputs.get(0), busy)) {
            return Optional.of(new CompactionPlan.TrivialMove(why, inputs.get(0), outputLevel, 0));
        }
        List<FileReference> all = new ArrayList<>(inputs);
        all.addAll(below);
        return merge(family, all, outputLevel, why, busy);
    }

    private static Optional<CompactionPlan> merge(FamilyVersion family, List<FileReference> inputs, int outputLevel, String why, Set<Long> busy) {
        if (inputs.stream().anyMatch(file -> isBusy(file, busy))) {
            return Optional.empty();
        }
        return Optional.of(new CompactionPlan.Merge(why, family.family().id(), List.copyOf(inputs), outputLevel, 0));
    }

    /** Everything that shares keys with a range, of all levels, into the deepest level that holds any of it (at least 1). */
    @Override
    public List<CompactionPlan> pickManual(FamilyVersion family, KeyRange range, boolean mayExpire) {
        List<FileReference> inputs = new ArrayList<>();
        KeyRange hull = range;
        int deepest = 1;
        int before;
        do {
            before = inputs.size();
            inputs.clear();
            for (int level = 0; level < FamilyVersion.LEVELS; level++) {
                List<FileReference> files = FamilyVersion.overlapping(family.level(level), hull);
                inputs.addAll(files);
                if (!files.isEmpty()) {
                    deepest = Math.max(deepest, level);
                }
            }
            for (FileReference input : inputs) {
                hull = CompactionPlan.hull(hull, input.keys());
            }
        } while (inputs.size() > before);
        boolean done = inputs.isEmpty() || !mayExpire && inputs.stream().allMatch(file -> file.level() == inputs.get(0).level() && file.level() > 0
                && file.table().deletes() == 0 && file.table().rangeTombstones() == 0 && !file.isClipped());
        return done ? List.of() : List.of(new CompactionPlan.Merge("manual", family.family().id(), List.copyOf(inputs), deepest, 0));
    }

    private static boolean isBusy(FileReference file, Set<Long> busy) {
        return busy.contains(file.id());
    }
}
