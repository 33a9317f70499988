package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.compaction.DropWatermarkIndex;
import io.qaexchange.storage.compaction.Expiry;
import io.qaexchange.storage.compaction.RetainedEntries;
import io.qaexchange.storage.compaction.SstableOutputs;
import io.qaexchange.storage.compaction.WindowedOutputs;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.DoubleConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Writes memtables into sstables: one per family, or one per window of event time. Reads nothing from disk, so its speed is the
 * disk's.
 *
 * <p>Of a time-windowed family, a flush writes at most {@link #MAX_WINDOWS} windows; entries of further ones, and range deletions, go
 * into one file of level 0. One thread.
 */
final class FlushJob {
    static final int MAX_WINDOWS = 16;

    private final List<Memtable> memtables;
    private final Version version;
    private final long[] snapshots;
    private final SstableOutputs.Target target;
    private final LongSupplier referenceIds;
    private final Function<ColumnFamily, Expiry> expiries;
    private final DoubleConsumer progress;
    private final long entries;
    private long entriesBefore;
    private long bytes;

    /**
     * @param memtables newest first
     * @param progress is told now and then what part of the entries, 0 to 1, is written
     */
    FlushJob(List<Memtable> memtables, Version version, long[] snapshots, SstableOutputs.Target target, LongSupplier referenceIds,
            Function<ColumnFamily, Expiry> expiries, DoubleConsumer progress) {
        this.memtables = memtables;
        this.version = version;
        this.snapshots = snapshots;
        this.target = target;
        this.referenceIds = referenceIds;
        this.expiries = expiries;
        this.progress = progress;
        entries = Math.max(1, memtables.stream().mapToLong(Memtable::entryCount).sum());
    }

    /** Adds the new files to the edit. They are synced, their names are not. */
    void run(VersionEdit edit) throws IOException {
        TreeSet<Integer> families = new TreeSet<>();
        for (Memtable memtable : memtables) {
            for (int family : memtable.families()) {
                families.add(family);
            }
        }
        for (int family : families) {
            if (version.family(family) != null) {
                flush(version.family(family), edit);
            }
        }
    }

    private void flush(FamilyVersion family, VersionEdit edit) throws IOException {
        int id = family.family().id();
        FamilyOptions options = family.family().options();
        List<InternalIterator> children = new ArrayList<>();
        List<Long> newest = new ArrayList<>();
        List<RangeTombstone> deletions = new ArrayList<>();
        for (Memtable memtable : memtables) {
            children.add(memtable.iterator(id));
            newest.add(memtable.lastSequence());
            deletions.addAll(memtable.rangeTombstones(id));
        }
        RangeTombstoneList tombstones = RangeTombstoneList.of(deletions);
        DropWatermarkIndex dropWatermarks = DropWatermarkIndex.of(version.dropWatermarks(id), options.eventTimeFromEnd());
        // Whether files may hold an older entry of a key is asked of their ranges alone.
        RetainedEntries.Scope scope = new RetainedEntries.Scope(options, snapshots, tombstones, dropWatermarks, key -> isInNoFile(family, key),
                expiries.apply(family.family()));
        RangeTombstoneList kept = family.references().isEmpty() && snapshots.length == 0 ? RangeTombstoneList.EMPTY : tombstones;
        try (MergingIterator merged = MergingIterator.of(children, newest)) {
            merged.seekToFirst();
            if (options.compactionStyle() == CompactionStyle.TIME_WINDOW) {
                try (WindowedOutputs outputs = new WindowedOutputs(target, options, MAX_WINDOWS, kept)) {
                    run(new RetainedEntries(merged, scope, outputs::add));
                    outputs.finish(edit, id, referenceIds);
                    bytes += outputs.bytes();
                }
            } else {
                try (SstableOutputs outputs = new SstableOutputs(target, options, 0, Long.MAX_VALUE, kept)) {
                    run(new RetainedEntries(merged, scope, outputs::add));
                    finish(outputs, id, edit);
                }
            }
        }
    }

    private void run(RetainedEntries retained) throws IOException {
        retained.run(read -> progress.accept(Math.min(1, (entriesBefore + read) / (double) entries)));
        entriesBefore += retained.entriesRead();
    }

    private static boolean isInNoFile(FamilyVersion family, Slice key) {
        for (FileReference reference : family.references()) {
            if (reference.mayContain(key)) {
                return false;
            }
        }
        return true;
    }

    private void finish(SstableOutputs outputs, int family, VersionEdit edit) throws IOException {
        for (SstableOutputs.Output output : outputs.finish()) {
            edit.add(FileReference.whole(referenceIds.getAsLong(), output.fileNumber(), family, 0, 0, output.table()));
        }
        bytes += outputs.bytes();
    }

    /** Bytes written. */
    long bytes() {
        return bytes;
    }
}
