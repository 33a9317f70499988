package io.qaexchange.storage.compaction;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.memory.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Picks compactions of a time-windowed tree. Looks at metadata only.
 *
 * <p>Data that comes in order is left as it was written: files of one window that follow each other in time are looked at one at a
 * time by reads that know their time. Small files are joined in runs of similar size (factor 4), so that their number grows with the
 * logarithm of the window's bytes. Files that share both times and keys are compacted once more of them than the trigger allows meet at one key and
 * moment, the small ones of them first: a large one is not written again for the sake of a small one. The outputs of a merge share no key. Files of level 0,
 * which hold several windows, wait until as many have gathered as the trigger says, and are then taken apart into their windows. So
 * files of a window need not be in order of age; reads take the newest version of all.
 *
 * <p>Thread-safe: stateless.
 */
public final class TimeWindowPicker implements CompactionPicker {
    private static final int TIER_FACTOR = 4;

    private final int trigger;

    public TimeWindowPicker(StoreOptions options) {
        this(options.level0CompactionDepth());
    }

    TimeWindowPicker(int trigger) {
        this.trigger = trigger;
    }

    @Override
    public Optional<CompactionPlan> pick(FamilyVersion family, Set<Long> busy, long oldestSnapshot) {
        long fileBytes = family.family().options().fileBytes();
        for (Map.Entry<Long, List<FileReference>> window : family.windows().entrySet()) {
            for (List<FileReference> run : runs(window.getValue(), fileBytes)) {
                Optional<CompactionPlan> plan = merge(family, run, 1, window.getKey(), busy, "window=" + window.getKey() + " files=" + run.size());
                if (plan.isPresent()) {
                    return plan;
                }
            }
        }
        List<FileReference> level0 = family.level(0);
        if (level0.size() >= trigger * TIER_FACTOR) {
            return merge(family, level0, 0, 0, busy, "level=0 files=" + level0.size());
        }
        return Optional.empty();
    }

    /** Files worth compacting: neighbours in age of a similar small size, or too many that share times and keys. */
    private List<List<FileReference>> runs(List<FileReference> newestFirst, long fileBytes) {
        List<List<FileReference>> runs = new ArrayList<>();
        int from = 0;
        while (from < newestFirst.size()) {
            int tier = tier(newestFirst.get(from));
            int to = from + 1;
            while (to < newestFirst.size() && tier(newestFirst.get(to)) == tier) {
                to++;
            }
            List<FileReference> same = newestFirst.subList(from, to);
            boolean small = FamilyVersion.bytes(same) / same.size() < fileBytes / TIER_FACTOR;
            if (same.size() >= TIER_FACTOR && small) {
                runs.add(same);
            }
            from = to;
        }
        addTangled(newestFirst, fileBytes, runs);
        return runs;
    }

    /** Groups of files that hang together by sharing times and keys, where more than the trigger share a moment and a key: of each, what is worth a merge. */
    private void addTangled(List<FileReference> files, long fileBytes, List<List<FileReference>> runs) {
        if (files.size() <= trigger) {
            return;
        }
        Set<FileReference> left = new LinkedHashSet<>(files);
        while (!left.isEmpty()) {
            Set<FileReference> group = connected(left.iterator().next(), left);
            left.removeAll(group);
            List<FileReference> newestFirst = files.stream().filter(group::contains).toList();
            List<FileReference> deepest = deepest(newestFirst);
            if (deepest.size() > trigger) {
                runs.add(worthMerging(newestFirst, deepest, fileBytes));
            }
        }
    }

    /** The file and all that it shares times and keys with, directly or by others of them. */
    private static Set<FileReference> connected(FileReference first, Collection<FileReference> among) {
        Set<FileReference> left = new LinkedHashSet<>(among);
        left.remove(first);
        List<FileReference> found = new ArrayList<>(List.of(first));
        for (int i = 0; i < found.size(); i++) {
            FileReference at = found.get(i);
            List<FileReference> met = left.stream().filter(other -> sharesTimesAndKeys(at, other)).toList();
            met.forEach(left::remove);
            found.addAll(met);
        }
        return new LinkedHashSet<>(found);
    }

    /** The most files that share a key and a moment: as many as a read of one key may have to look at. */
    private static List<FileReference> deepest(List<FileReference> files) {
        List<FileReference> deepest = List.of();
        for (FileReference at : files) {
            List<FileReference> sharing = files.stream().filter(other -> sharesTimesAndKeys(at, other) && startsNoLater(other, at)).toList();
            if (sharing.size() > deepest.size()) {
                List<FileReference> deep = deepestInTime(sharing);
                deepest = deep.size() > deepest.size() ? deep : deepest;
            }
        }
        return deepest;
    }

    private static boolean startsNoLater(FileReference file, FileReference than) {
        return Slice.compare(file.keys().lower(), than.keys().lower()) <= 0;
    }

    /** The most files whose times share a moment. */
    private static List<FileReference> deepestInTime(List<FileReference> files) {
        List<FileReference> deepest = List.of();
        for (FileReference at : files) {
            long moment = at.table().minEventTime();
            List<FileReference> sharing = files.stream()
                    .filter(other -> other.table().minEventTime() <= moment && moment <= other.table().maxEventTime()).toList();
            deepest = sharing.size() > deepest.size() ? sharing : deepest;
        }
        return deepest;
    }

    /**
     * Files of a group whose merge makes it less deep: the two smallest of the sorted runs that meet in the deepest place, and larger ones while each is
     * no larger than those before it together. Appended values are joined, so nothing between two of them may be left out: where there are any, the whole
     * group is taken; and also if the merge would not make fewer files.
     */
    private static List<FileReference> worthMerging(List<FileReference> group, List<FileReference> deepest, long fileBytes) {
        if (group.stream().anyMatch(file -> file.table().appends() > 0)) {
            return group;
        }
        List<List<FileReference>> smallestFirst = sortedRuns(group).stream().filter(run -> run.stream().anyMatch(deepest::contains))
                .sorted(Comparator.comparingLong(FamilyVersion::bytes)).toList();
        Set<FileReference> taken = new LinkedHashSet<>();
        long bytes = 0;
        int runs = 0;
        for (List<FileReference> run : smallestFirst) {
            long more = FamilyVersion.bytes(run);
            if (runs >= 2 && more > bytes) {
                break;
            }
            taken.addAll(run);
            bytes += more;
            runs++;
        }
        Set<FileReference> merged = new LinkedHashSet<>();
        deepest.stream().filter(taken::contains).forEach(file -> merged.addAll(connected(file, taken)));
        long filesAfter = (FamilyVersion.bytes(merged) + fileBytes - 1) / fileBytes;
        return filesAfter >= merged.size() ? group : group.stream().filter(merged::contains).toList();
    }

    /** A group as few lists of files that share no key at any moment. */
    private static List<List<FileReference>> sortedRuns(List<FileReference> group) {
        List<List<FileReference>> runs = new ArrayList<>();
        for (FileReference file : group) {
            runs.stream().filter(run -> run.stream().noneMatch(other -> sharesTimesAndKeys(file, other))).findFirst().orElseGet(() -> {
                List<FileReference> another = new ArrayList<>();
                runs.add(another);
                return another;
            }).add(file);
        }
        return runs;
    }

    private static boolean sharesTimesAndKeys(FileReference a, FileReference b) {
        return a.table().minEventTime() <= b.table().maxEventTime() && b.table().minEventTime() <= a.table().maxEventTime()
                && a.keys().overlaps(b.keys());
    }

    private static int tier(FileReference file) {
        long bytes = Math.max(file.sizeBytes(), 64 << 10);
        return (63 - Long.numberOfLeadingZeros(bytes)) / 2;
    }

    private static Optional<CompactionPlan> merge(
            FamilyVersion family, List<FileReference> files, int level, long window, Set<Long> busy, String reason) {
        if (files.stream().anyMatch(file -> busy.contains(file.id()))) {
            return Optional.empty();
        }
        return Optional.of(new CompactionPlan.Merge(reason, family.family().id(), List.copyOf(files), level, window));
    }

    /** All files of each window that has any in the range, and all of level 0. */
    @Override
    public List<CompactionPlan> pickManual(FamilyVersion family, KeyRange range, boolean mayExpire) {
        List<CompactionPlan> plans = new ArrayList<>();
        family.windows().forEach((window, files) -> {
            if ((files.size() > 1 || mayExpire) && files.stream().anyMatch(file -> file.overlaps(range))) {
                merge(family, files, 1, window, Set.of(), "manual").ifPresent(plans::add);
            }
        });
        List<FileReference> level0 = family.level(0);
        if (level0.size() > 1 && level0.stream().anyMatch(file -> file.overlaps(range))) {
            merge(family, level0, 0, 0, Set.of(), "manual").ifPresent(plans::add);
        }
        return plans;
    }

    @Override
    public String explain(FamilyVersion family) {
        StringBuilder text = new StringBuilder();
        text.append("level=0 files=").append(family.level(0).size()).append(" trigger=").append(trigger * TIER_FACTOR).append('\n');
        family.windows().forEach((window, files) -> text.append(String.format("window=%d files=%d bytes=%d depth=%d tiers=%s%n", window,
                files.size(), FamilyVersion.bytes(files), deepest(files).size(), Arrays.toString(files.stream().mapToInt(TimeWindowPicker::tier).toArray()))));
        return text.toString();
    }
}
