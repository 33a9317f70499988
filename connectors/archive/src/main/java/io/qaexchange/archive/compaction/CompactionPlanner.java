package io.qaexchange.archive.compaction;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Picks the files that become one. Looks at the manifest only and does no I/O.
 *
 * <p>Files of a group are neighbours in the order of hand-over, so few checkpoints lie between them. The largest file of a group has at most half of
 * its bytes: a row is written again only into a file at least twice as large, so at most log2(target / first size) times.
 *
 * <p>Stateless.
 */
public final class CompactionPlanner {

    private CompactionPlanner() {
    }

    /**
     * The groups of a version.
     *
     * @param wanted files that may be compacted
     */
    public static List<CompactionGroup> plan(ArchiveManifest manifest, CompactionOptions options, Predicate<DataFile> wanted) {
        Map<String, Integer> epochs = new HashMap<>();
        for (ArchiveEpoch epoch : manifest.epochs()) {
            epochs.put(epoch.id(), epochs.size());
        }
        Map<String, List<DataFile>> small = new TreeMap<>();
        Set<String> copied = manifest.remoteByBatch().keySet();
        for (DataFile file : manifest.files()) {
            // A file in an object store would have to be fetched and copied again: compact before you copy.
            if (file.lengthBytes() < options.targetBytes() / 2 && !copied.contains(file.batchId()) && wanted.test(file)) {
                small.computeIfAbsent(file.table() + " " + file.tradingDay(), key -> new ArrayList<>()).add(file);
            }
        }
        Comparator<DataFile> handOver = Comparator.<DataFile>comparingInt(file -> epochs.getOrDefault(newest(file).epoch(), 0))
                .thenComparingLong(file -> newest(file).checkpointId()).thenComparingLong(DataFile::minEventTimeNs).thenComparing(DataFile::batchId);
        List<CompactionGroup> groups = new ArrayList<>();
        for (List<DataFile> files : small.values()) {
            files.sort(handOver);
            List<DataFile> group = new ArrayList<>();
            long bytes = 0;
            for (DataFile file : files) {
                if (bytes + file.lengthBytes() > options.targetBytes() || group.size() == options.mostFiles()) {
                    add(groups, group);
                    group = new ArrayList<>();
                    bytes = 0;
                }
                group.add(file);
                bytes += file.lengthBytes();
            }
            add(groups, group);
        }
        return groups;
    }

    /** The batch of a file that was handed over last; a compacted file's batches are in that order. */
    private static ArchivedBatch newest(DataFile file) {
        return file.batches().get(file.batches().size() - 1);
    }

    /** Adds a group, without a large file at its beginning that is not worth another writing. */
    private static void add(List<CompactionGroup> groups, List<DataFile> files) {
        List<DataFile> rest = new ArrayList<>(files);
        while (rest.size() > 1) {
            DataFile largest = rest.stream().max(Comparator.comparingLong(DataFile::lengthBytes)).orElseThrow();
            if (largest.lengthBytes() * 2 <= rest.stream().mapToLong(DataFile::lengthBytes).sum()) {
                groups.add(new CompactionGroup(rest.get(0).table(), rest.get(0).tradingDay(), rest));
                return;
            }
            rest.remove(largest);
        }
    }
}
