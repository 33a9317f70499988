package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.checkpoint.JobPart;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.compaction.DropWatermarkIndex;
import io.qaexchange.storage.compaction.Expiry;
import io.qaexchange.storage.compaction.RetainedEntries;
import io.qaexchange.storage.compaction.SstableOutputs;
import io.qaexchange.storage.compaction.WindowedOutputs;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.ReadMode;
import io.qaexchange.storage.sstable.SstableReader.Anchor;
import io.qaexchange.storage.sstable.SstableReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Carries out a {@link CompactionPlan.Merge}: reads the inputs ahead and writes the entries that are still needed. A large compaction is cut into
 * ranges of keys, which are compacted at the same time. One thread, but for the subcompactions.
 */
final class CompactionJob {
    private static final int ENTRIES_BETWEEN_PAUSES = 256;
    private static final int MAX_WINDOWS = 64;

    /** Lets the rest of the store breathe. */
    interface Pacer {
        /**
         * Called after some entries.
         *
         * @param bytesWritten by the job so far
         * @throws IOException if the store is closing and the job should stop
         */
        void pause(long bytesWritten) throws IOException;
    }

    private final CompactionPlan.Merge plan;
    private final Version version;
    private final FamilyVersion family;
    private final long[] snapshots;
    private final SstableOutputs.Target target;
    private final LongSupplier referenceIds;
    private final Function<FileReference, FileHandle> handles;
    private final Pacer pacer;
    private final Function<ColumnFamily, Expiry> expiries;
    private final List<FileReference> olderOthers;
    private long bytesWritten;

    CompactionJob(CompactionPlan.Merge plan, Version version, long[] snapshots, SstableOutputs.Target target, LongSupplier referenceIds,
            Function<FileReference, FileHandle> handles, Pacer pacer, Function<ColumnFamily, Expiry> expiries) {
        this.plan = plan;
        this.version = version;
        family = version.family(plan.family());
        this.snapshots = snapshots;
        this.target = target;
        this.referenceIds = referenceIds;
        this.handles = handles;
        this.pacer = pacer;
        this.expiries = expiries;
        olderOthers = olderOthers(plan, family);
    }

    /** Runs subcompactions of a compaction at the same time, as far as there are threads; returns or throws when all have ended. */
    interface Crew {
        void runAll(List<Subcompaction> subcompactions) throws IOException;
    }

    /** Removes the inputs from the version and adds the outputs, in the edit. Outputs are synced, their names are not. */
    void run(VersionEdit edit, Crew crew, int mostSubcompactions) throws IOException {
        FamilyOptions options = family.family().options();
        boolean toWindows = options.compactionStyle() == CompactionStyle.TIME_WINDOW && plan.outputLevel() == 0;
        List<KeyRange> ranges = toWindows ? List.of(KeyRange.ALL) : SubcompactionRanges.split(anchors(), outputFileBytes(options), mostSubcompactions);
        List<Subcompaction> subcompactions = ranges.stream().map(range -> new Subcompaction(range, toWindows)).toList();
        if (subcompactions.size() == 1) {
            subcompactions.get(0).run();
        } else {
            crew.runAll(subcompactions);
        }
        for (Subcompaction part : subcompactions) {
            part.outputs.forEach(edit::add);
            bytesWritten += part.bytes;
        }
        plan.inputs().forEach(input -> edit.remove(input.id()));
    }

    /** Rows that stay in level 0 become one file, however large: the compaction is there to leave fewer files. */
    private long outputFileBytes(FamilyOptions options) {
        return plan.outputLevel() == 0 ? Long.MAX_VALUE : options.fileBytes();
    }

    private List<Anchor> anchors() throws IOException {
        List<Anchor> anchors = new ArrayList<>();
        for (FileReference input : plan.inputs()) {
            for (Anchor anchor : handles.apply(input).reader().anchors()) {
                if (input.clip().contains(anchor.key())) {
                    anchors.add(anchor);
                }
            }
        }
        return anchors;
    }

    /** The compaction of one range of keys. One thread. */
    final class Subcompaction implements JobPart {
        private final KeyRange range;
        private final boolean toWindows;
        private final List<FileReference> outputs = new ArrayList<>();
        private long bytes;
        private int sincePause;

        private Subcompaction(KeyRange range, boolean toWindows) {
            this.range = range;
            this.toWindows = toWindows;
        }

        @Override
        public void run() throws IOException {
            FamilyOptions options = family.family().options();
            List<InternalIterator> children = new ArrayList<>();
            List<Long> newest = new ArrayList<>();
            List<RangeTombstoneList> deletions = new ArrayList<>();
            for (FileReference input : plan.inputs()) {
                if (input.overlaps(range)) {
                    SstableReader reader = handles.apply(input).reader();
                    KeyRange clip = input.clip().intersect(range);
                    children.add(reader.iterator(clip, ReadMode.SEQUENTIAL));
                    newest.add(input.table().largestSequence());
                    deletions.add(reader.rangeTombstones().clip(clip));
                }
            }
            RangeTombstoneList tombstones = RangeTombstoneList.merge(deletions);
            DropWatermarkIndex dropWatermarks = DropWatermarkIndex.of(version.dropWatermarks(plan.family()), options.eventTimeFromEnd());
            RetainedEntries.Scope scope = new RetainedEntries.Scope(options, snapshots, tombstones, dropWatermarks, CompactionJob.this::isOldest,
                    expiries.apply(family.family()));
            try (MergingIterator merged = MergingIterator.of(children, newest)) {
                merged.seekToFirst();
                if (toWindows) {
                    toWindows(merged, scope, tombstones);
                } else {
                    toLevel(merged, scope, tombstones);
                }
            }
        }

        private void toLevel(MergingIterator merged, RetainedEntries.Scope scope, RangeTombstoneList tombstones) throws IOException {
            FamilyOptions options = family.family().options();
            try (SstableOutputs files = new SstableOutputs(target, options, plan.outputLevel(), outputFileBytes(options), stillNeeded(tombstones))) {
                new RetainedEntries(merged, scope, (key, trailer, value) -> {
                    files.add(key, trailer, value);
                    pauseNowAndThen(files.bytes());
                }).run();
                for (SstableOutputs.Output output : files.finish()) {
                    outputs.add(FileReference.whole(referenceIds.getAsLong(), output.fileNumber(), plan.family(), plan.outputLevel(),
                            plan.outputWindow(), output.table()));
                }
                bytes = files.bytes();
            }
        }

        /** Files that hold several windows are taken apart into theirs. */
        private void toWindows(MergingIterator merged, RetainedEntries.Scope scope, RangeTombstoneList tombstones) throws IOException {
            try (WindowedOutputs files = new WindowedOutputs(target, family.family().options(), MAX_WINDOWS, stillNeeded(tombstones))) {
                new RetainedEntries(merged, scope, (key, trailer, value) -> {
                    files.add(key, trailer, value);
                    pauseNowAndThen(files.bytes());
                }).run();
                VersionEdit edit = new VersionEdit();
                files.finish(edit, plan.family(), referenceIds);
                outputs.addAll(edit.added());
                bytes = files.bytes();
            }
        }

        private void pauseNowAndThen(long written) throws IOException {
            if (++sincePause == ENTRIES_BETWEEN_PAUSES) {
                sincePause = 0;
                pacer.pause(written);
            }
        }
    }

    /** Whether nothing outside the inputs can hold an older entry of the key. */
    private boolean isOldest(Slice key) {
        for (FileReference other : olderOthers) {
            if (other.mayContain(key)) {
                return false;
            }
        }
        return true;
    }

    /**
     * In a leveled tree what lies deeper is older, and what lies higher and shares keys is among the inputs or newer. Files of windows
     * may be older unless they began after the newest input.
     */
    private static List<FileReference> olderOthers(CompactionPlan.Merge plan, FamilyVersion family) {
        boolean leveled = family.family().options().compactionStyle() == CompactionStyle.LEVELED;
        Set<Long> inputs = new HashSet<>();
        long newestInput = 0;
        for (FileReference input : plan.inputs()) {
            inputs.add(input.id());
            newestInput = Math.max(newestInput, input.table().largestSequence());
        }
        List<FileReference> older = new ArrayList<>();
        for (FileReference other : family.references()) {
            boolean mayBeOlder = leveled ? other.level() >= plan.outputLevel() : other.table().smallestSequence() <= newestInput;
            if (mayBeOlder && !inputs.contains(other.id())) {
                older.add(other);
            }
        }
        return older;
    }

    /** Range deletions that hide nothing any more are left out: no pinned snapshot is older, and no older entry lies outside the inputs. */
    private RangeTombstoneList stillNeeded(RangeTombstoneList tombstones) {
        long oldestSnapshot = SnapshotRegistry.oldest(snapshots);
        List<RangeTombstone> needed = new ArrayList<>();
        for (RangeTombstone tombstone : tombstones.tombstones()) {
            if (tombstone.sequence() > oldestSnapshot || overlapsOlder(tombstone.range())) {
                needed.add(tombstone);
            }
        }
        return RangeTombstoneList.of(needed);
    }

    private boolean overlapsOlder(KeyRange range) {
        return olderOthers.stream().anyMatch(other -> other.overlaps(range));
    }

    long bytesWritten() {
        return bytesWritten;
    }
}
