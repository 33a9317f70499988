package io.qaexchange.storage.compaction;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import java.util.ArrayList;
import java.util.Arrays;
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
 * logarithm of the window's bytes. Files that share both times and keys are compacted once one of them meets more others than the trigger
 * allows, together with all that hang on them: what comes out shares no key, so no compaction leads to itself again. Files of level 0,
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
        addTangled(newestFirst, runs);
        return runs;
    }

    /** Groups of files that hang together by sharing times and keys, where one of them meets too many. */
    private void addTangled(List<FileReference> files, List<List<FileReference>> runs) {
        if (files.size() <= trigger) {
            return;
        }
        Set<FileReference> left = new LinkedHashSet<>(files);
        while (!left.isEmpty()) {
            List<FileReference> group = new ArrayList<>();
            group.add(left.iterator().next());
            left.remove(group.get(0));
            int most = 0;
            for (int i = 0; i < group.size(); i++) {
                FileReference at = group.get(i);
                List<FileReference> met = files.stream().filter(other -> sharesTimesAndKeys(at, other)).toList();
                most = Math.max(most, met.size());
                met.stream().filter(left::remove).forEach(group::add);
            }
            if (most > trigger) {
                runs.add(files.stream().filter(group::contains).toList());
            }
        }
    }

    private static boolean sharesTimesAndKeys(FileReference a, FileReference b) {
        return a.table().minEventTime() <= b.table().maxEventTime() && b.table().minEventTime() <= a.table().maxEventTime()
                && a.keys().overlaps(b.keys());
    }

    private static int tier(FileReference file) {
        long bytes = Math.max(file.sizeBytes(), 64 << 10);
        return (63 - Long.numberOfLeadingZeros(bytes)) / 2;
    }

    /** The most files whose times share a moment. */
    private static int depthInTime(List<FileReference> files) {
        long[] starts = files.stream().mapToLong(file -> file.table().minEventTime()).sorted().toArray();
        long[] ends = files.stream().mapToLong(file -> file.table().maxEventTime()).sorted().toArray();
        int deepest = 0;
        int ended = 0;
        for (int started = 0; started < starts.length; started++) {
            while (ends[ended] < starts[started]) {
                ended++;
            }
            deepest = Math.max(deepest, started + 1 - ended);
        }
        return deepest;
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
                files.size(), FamilyVersion.bytes(files), depthInTime(files), Arrays.toString(files.stream().mapToInt(TimeWindowPicker::tier).toArray()))));
        return text.toString();
    }
}
