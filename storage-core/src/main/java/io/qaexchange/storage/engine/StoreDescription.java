package io.qaexchange.storage.engine;

import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Store;
import io.qaexchange.storage.StoreLevel;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.CacheStatistics;
import io.qaexchange.storage.compaction.CompactionPicker;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.compaction.LeveledPicker;
import io.qaexchange.storage.compaction.TimeWindowPicker;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.vfs.OpenFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The store for people and for monitors. Stateless. */
public final class StoreDescription {
    private StoreDescription() {}

    static void gauges(Map<StoreMetric, Long> values, StoreState state, SnapshotRegistry snapshots, StoreOptions options, BlockCache cache) {
        Version version = state.version();
        values.put(StoreMetric.FILES, (long) version.references().size());
        values.put(StoreMetric.LEVEL0_DEPTH, version.families().stream().mapToLong(FamilyVersion::level0Depth).max().orElse(0));
        values.put(StoreMetric.FILES_BYTES, FamilyVersion.bytes(List.copyOf(version.references())));
        values.put(StoreMetric.MEMTABLE_ACTIVE_BYTES, state.activeMemtable().memoryBytes());
        values.put(StoreMetric.MEMTABLE_FROZEN_COUNT, (long) state.frozenCount());
        values.put(StoreMetric.MEMTABLE_FROZEN_BYTES, state.frozenBytes());
        values.put(StoreMetric.MEMORY_USED_BYTES, options.memoryPool().usedBytes());
        values.put(StoreMetric.MEMORY_BUDGET_BYTES, options.memoryPool().budgetBytes());
        values.put(StoreMetric.MEMORY_PEAK_BYTES, options.memoryPool().peakBytes());
        values.put(StoreMetric.SNAPSHOTS, (long) snapshots.count());
        values.put(StoreMetric.STORE_EPOCH, version.epoch());
        values.put(StoreMetric.FLUSHED_SEQUENCE, version.flushedSequence());
        OpenFiles open = options.vfs().openFiles();
        values.put(StoreMetric.FILES_OPEN, (long) open.openCount());
        values.put(StoreMetric.FILES_REOPENED, open.reopenCount());
        values.put(StoreMetric.MAPPINGS, (long) open.mappingCount());
        CacheStatistics cached = cache.statistics();
        values.put(StoreMetric.CACHE_HITS, cached.hits());
        values.put(StoreMetric.CACHE_MISSES, cached.misses());
        values.put(StoreMetric.CACHE_EVICTIONS, cached.evictions());
        values.put(StoreMetric.CACHE_USED_BYTES, cached.usedBytes());
    }

    static String of(Store store, StoreState state, StoreOptions options) {
        Version version = state.version();
        StringBuilder text = new StringBuilder();
        text.append(String.format("store epoch %d  sequence %d  flushed %d  durable %d  (%s)%n", version.epoch(), store.lastSequence(),
                version.flushedSequence(), store.durableSequence(), options.durability()));
        text.append(String.format("memtables: active %s, frozen %d (%s); memory %s of %s%n", bytes(state.activeMemtable().memoryBytes()),
                state.frozenCount(), bytes(state.frozenBytes()), bytes(options.memoryPool().usedBytes()), bytes(options.memoryPool().budgetBytes())));
        return text + ofVersion(version);
    }

    static List<StoreLevel> levels(Version version) {
        List<StoreLevel> levels = new ArrayList<>();
        for (FamilyVersion family : version.families()) {
            for (int level = 0; level < FamilyVersion.LEVELS; level++) {
                if (!family.level(level).isEmpty()) {
                    levels.add(level(family, level, false, family.level(level)));
                }
            }
            family.windows().forEach((window, files) -> levels.add(level(family, window, true, files)));
        }
        return levels;
    }

    private static StoreLevel level(FamilyVersion family, long place, boolean isWindow, List<FileReference> files) {
        return new StoreLevel(family.family().name(), family.family().options().compactionStyle(), place, isWindow,
                files.stream().map(file -> FamilyVersion.bytes(List.of(file))).toList(), files.stream().map(FileReference::fileNumber).toList(),
                files.stream().map(file -> file.table().maxEventTime()).toList(), entries(files), deletes(files));
    }

    private static long entries(List<FileReference> files) {
        return files.stream().mapToLong(file -> file.table().entries()).sum();
    }

    private static long deletes(List<FileReference> files) {
        return files.stream().mapToLong(file -> file.table().deletes() + file.table().rangeTombstones()).sum();
    }

    /** Levels and windows of all families. */
    public static String ofVersion(Version version) {
        StringBuilder text = new StringBuilder();
        for (FamilyVersion family : version.families()) {
            describe(family, text);
        }
        return text.toString();
    }

    /** The plans of the pickers of a store with default options, and the scores behind them. */
    public static String explainPick(Version version) {
        StoreOptions options = StoreOptions.builder().build();
        StringBuilder text = new StringBuilder();
        for (FamilyVersion family : version.families()) {
            CompactionPicker picker = family.family().options().compactionStyle() == CompactionStyle.LEVELED
                    ? new LeveledPicker(options) : new TimeWindowPicker(options);
            String plan = picker.pick(family, Set.of(), Long.MAX_VALUE).map(CompactionPlan::toString).orElse("nothing is due");
            text.append(family.family().name()).append(": ").append(plan).append('\n');
            picker.explain(family).lines().forEach(line -> text.append("  ").append(line).append('\n'));
        }
        return text.toString();
    }

    private static void describe(FamilyVersion family, StringBuilder text) {
        text.append(String.format("%s: %s, %d files, %s%n", family.family().name(), family.family().options().compactionStyle(),
                family.references().size(), bytes(family.bytes())));
        if (family.references().isEmpty()) {
            return;
        }
        text.append("  place          files       bytes        entries    deletes\n");
        for (int level = 0; level < FamilyVersion.LEVELS; level++) {
            line("level " + level, family.level(level), text);
        }
        family.windows().forEach((window, files) -> line("window " + window, files, text));
    }

    private static void line(String place, List<FileReference> files, StringBuilder text) {
        if (!files.isEmpty()) {
            text.append(String.format("  %-14s %5d  %10s  %13d  %9d%n", place, files.size(), bytes(FamilyVersion.bytes(files)), entries(files), deletes(files)));
        }
    }

    /** For people: {@code 12 MiB}. */
    public static String bytes(long bytes) {
        if (bytes < 10 << 10) {
            return bytes + " B";
        }
        return bytes < 10L << 20 ? (bytes >> 10) + " KiB" : bytes < 10L << 30 ? (bytes >> 20) + " MiB" : (bytes >> 30) + " GiB";
    }
}
