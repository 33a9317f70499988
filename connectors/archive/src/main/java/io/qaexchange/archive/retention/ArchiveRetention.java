package io.qaexchange.archive.retention;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.FileCopy;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.manifest.VersionLeases;
import io.qaexchange.archive.objects.ObjectStores;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets archived files go, beside a running job or without one. Works on whole files and needs no free space.
 *
 * <ol>
 *   <li>Files older than the policy leave the table: a manifest version lists them as retired. Readers that have them open go on.
 *   <li>Retired files whose grace time is over, and which no retained checkpoint and no legal hold needs, are marked as being deleted by another version.
 *   <li>Their rows are added to the audit table, they go from the disk, and a version without them is published.
 * </ol>
 *
 * <p>A run that was killed is continued by the next one: it finishes what is marked first.
 *
 * <p>One thread.
 */
public final class ArchiveRetention {

    /** Name of a file that is being fetched from an object store. */
    public static final String FETCHING_PREFIX = ".fetching-";
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveRetention.class);
    private static final int PUBLISH_ATTEMPTS = 20;
    /** Files that no version names may be in the making. */
    private static final Duration UNNAMED_AGE = Duration.ofDays(1);

    private final ManifestStore store;
    private final RetentionPolicy policy;
    private final Duration grace;
    private final List<RetainedCheckpoint> checkpoints;
    private final Clock clock;
    private final Consumer<String> steps;

    /** A change of the manifest; null if there is nothing to change. */
    @FunctionalInterface
    private interface Change {
        @Nullable
        ArchiveManifest of(ArchiveManifest latest) throws IOException;
    }

    /**
     * A retention.
     *
     * @param grace how long a file stays on the disk after it left the table
     * @param checkpoints all checkpoints and savepoints from which the job may be restored
     * @param clock wall clock
     */
    public ArchiveRetention(ManifestStore store, RetentionPolicy policy, Duration grace, List<RetainedCheckpoint> checkpoints, Clock clock) {
        this(store, policy, grace, checkpoints, clock, step -> { });
    }

    /** As the constructor; {@code steps} is told before and after each step that changes something, for tests that end there. */
    public static ArchiveRetention observed(ManifestStore store, RetentionPolicy policy, Duration grace, List<RetainedCheckpoint> checkpoints, Clock clock,
            Consumer<String> steps) {
        return new ArchiveRetention(store, policy, grace, checkpoints, clock, steps);
    }

    /** @param steps is told before and after each step that changes something, for tests that end there */
    ArchiveRetention(ManifestStore store, RetentionPolicy policy, Duration grace, List<RetainedCheckpoint> checkpoints, Clock clock,
            Consumer<String> steps) {
        this.store = store;
        this.policy = policy;
        this.grace = grace;
        this.checkpoints = List.copyOf(checkpoints);
        this.clock = clock;
        this.steps = steps;
    }

    /** The steps that {@link #run} would take now. */
    public RetentionReport plan() throws IOException {
        ArchiveManifest latest = store.latest();
        List<String> notes = new ArrayList<>();
        List<DataFile> old = policy.expired(latest, clock.instant());
        List<DataFile> expired = old.stream().filter(file -> !latest.isHeld(file)).toList();
        Sorted sorted = sort(latest, notes);
        return new RetentionReport(expired, old.stream().filter(latest::isHeld).toList(), sorted.due, sorted.waiting, sorted.needed, unnamed(latest), notes);
    }

    /** Lets files go. */
    public RetentionReport run() throws IOException {
        List<String> notes = new ArrayList<>();
        List<String> away = new ArrayList<>();
        List<RetiredFile> deleted = new ArrayList<>(deleteMarked(away, file -> true));
        List<DataFile> expired = new ArrayList<>();
        List<DataFile> held = new ArrayList<>();
        publish("expire", latest -> {
            List<DataFile> old = policy.expired(latest, clock.instant());
            expired.clear();
            held.clear();
            old.forEach(file -> (latest.isHeld(file) ? held : expired).add(file));
            return expired.isEmpty() ? null : latest.withExpired(expired, clock.millis());
        });
        List<RetiredFile> ahead = new ArrayList<>();
        publish("put back", latest -> {
            ahead.clear();
            long toComeFromMs = RetentionPolicy.toComeFromMs(latest, clock);
            latest.retired().stream().filter(file -> !file.isDeleting() && file.retiredAtMs() > toComeFromMs).forEach(ahead::add);
            return ahead.isEmpty() ? null : latest.withRetiredNow(ahead, clock.millis());
        });
        Sorted[] sorted = new Sorted[1];
        publish("mark", latest -> {
            notes.clear();
            sorted[0] = sort(latest, notes);
            return sorted[0].due.isEmpty() ? null : latest.withDeleting(sorted[0].due, clock.millis());
        });
        away.clear();
        deleted.addAll(deleteMarked(away, file -> true));
        notes.addAll(away);
        if (!ahead.isEmpty()) {
            notes.add(ahead.size() + " files left the archive at a time that is still to come: a clock was ahead then. Their grace time begins now");
        }
        List<String> unnamed = unnamed(store.latest());
        for (String path : unnamed) {
            delete(new Path(store.root(), path));
        }
        return new RetentionReport(expired, held, deleted, sorted[0].waiting, sorted[0].needed, unnamed, notes);
    }

    /** Lets the files go whose rows were erased, and no others: what a lease or an uncommitted file of a checkpoint holds waits for a later run. */
    public RetentionReport runErased() throws IOException {
        List<String> notes = new ArrayList<>();
        publish("mark", latest -> {
            notes.clear();
            List<RetiredFile> due = erased(sort(latest, notes).due);
            return due.isEmpty() ? null : latest.withDeleting(due, clock.millis());
        });
        List<String> away = new ArrayList<>();
        List<RetiredFile> deleted = deleteMarked(away, ArchiveRetention::isErased);
        ArchiveManifest latest = store.latest();
        notes.clear();
        Sorted left = sort(latest, notes);
        List<RetiredFile> waiting = new ArrayList<>(erased(left.waiting));
        latest.retired().stream().filter(file -> file.isDeleting() && isErased(file)).forEach(waiting::add);
        return new RetentionReport(List.of(), List.of(), deleted, waiting, erased(left.needed), List.of(), away);
    }

    private static List<RetiredFile> erased(List<RetiredFile> files) {
        return files.stream().filter(ArchiveRetention::isErased).toList();
    }

    private static boolean isErased(RetiredFile file) {
        return file.reason() == RetiredFile.Reason.ERASED;
    }

    /** Retired files by whether they may go now. */
    private record Sorted(List<RetiredFile> due, List<RetiredFile> waiting, List<RetiredFile> needed) {
    }

    private Sorted sort(ArchiveManifest latest, List<String> notes) throws IOException {
        Set<RetiredFile> restorable = new HashSet<>();
        Set<String> uncommitted = new HashSet<>();
        for (RetainedCheckpoint checkpoint : checkpoints) {
            uncommitted.addAll(checkpoint.uncommitted());
            try {
                restorable.addAll(latest.neededBy(checkpoint.epoch(), checkpoint.checkpointId()));
            } catch (IllegalArgumentException e) {
                notes.add(checkpoint.name() + " cannot be restored with this archive: " + e.getMessage());
            }
        }
        Sorted sorted = new Sorted(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        long leasedSinceMs = VersionLeases.of(store, clock).retiredSinceMs();
        long oldest = clock.millis() - grace.toMillis();
        for (RetiredFile file : latest.retired()) {
            if (file.isDeleting()) {
                continue;
            }
            boolean held = file.reason() == RetiredFile.Reason.EXPIRED && latest.isHeld(file.file());
            if (held || restorable.contains(file) || uncommitted.contains(new Path(file.file().path()).getName())) {
                sorted.needed.add(file);
            } else {
                (!isErased(file) && file.retiredAtMs() > oldest || file.retiredAtMs() >= leasedSinceMs ? sorted.waiting : sorted.due).add(file);
            }
        }
        return sorted;
    }

    /**
     * Deletes what a version marked, whoever published it.
     *
     * @param away takes a line for each object whose store is away; it stays marked
     */
    private List<RetiredFile> deleteMarked(List<String> away, Predicate<RetiredFile> wanted) throws IOException {
        ArchiveManifest latest = store.latest();
        // Marked first, then the leases: a reader who does not see the mark has a lease that is seen here. His files are deleted by a later run.
        long leasedSinceMs = VersionLeases.of(store, clock).retiredSinceMs();
        Map<Long, List<RetiredFile>> byVersion = latest.retired().stream().filter(file -> file.isDeleting() && wanted.test(file) && file.retiredAtMs() < leasedSinceMs)
                .collect(Collectors.groupingBy(RetiredFile::deletingVersion, TreeMap::new, Collectors.toList()));
        List<RetiredFile> deleted = new ArrayList<>();
        for (Map.Entry<Long, List<RetiredFile>> marked : byVersion.entrySet()) {
            steps.accept("before rows");
            Map<String, RemoteCopy> copies = store.latest().remoteByBatch();
            DeletionLog.write(store, marked.getKey(), marked.getValue(), copies);
            steps.accept("after rows");
            for (RetiredFile file : marked.getValue()) {
                Path named = store.locate(file.file());
                delete(named);
                // It was not moved aside while a reader had a lease, or a restore moved it since.
                delete(store.otherPlace(named));
                steps.accept("after deletion");
            }
            List<RetiredFile> gone = new ArrayList<>();
            for (RetiredFile file : marked.getValue()) {
                if (deleteObject(copies.get(file.file().batchId()), away)) {
                    gone.add(file);
                }
            }
            publish("forget", newest -> {
                List<RetiredFile> still = newest.retired().stream().filter(gone::contains).toList();
                return still.isEmpty() ? null : newest.withoutRetired(still);
            });
            deleted.addAll(gone);
        }
        return deleted;
    }

    private boolean deleteObject(@Nullable RemoteCopy copy, List<String> away) {
        if (copy == null) {
            return true;
        }
        try {
            ObjectStores.of(copy.store()).delete(copy.key());
            steps.accept("after deletion of the object");
            return true;
        } catch (IOException e) {
            LOG.warn("object {} is deleted by a later run", copy.uri(), e);
            away.add("the rows of object " + copy.uri() + " left the archive, and a later run deletes it: " + e.getMessage());
            return false;
        }
    }

    private void publish(String step, Change change) throws IOException {
        for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
            ArchiveManifest next = change.of(store.latest());
            if (next == null) {
                return;
            }
            steps.accept("before " + step);
            if (store.publish(next)) {
                steps.accept("after " + step);
                return;
            }
        }
        throw new IOException("manifest version " + (store.latest().version() + 1) + " could not be created in " + PUBLISH_ATTEMPTS + " attempts");
    }

    private static void delete(Path path) throws IOException {
        FileSystem fileSystem = path.getFileSystem();
        if (fileSystem.exists(path) && !fileSystem.delete(path, false)) {
            throw new IOException("file " + path + " could not be deleted");
        }
    }

    /** Files of compactions, of erasures, and of fetching, that were killed. */
    private List<String> unnamed(ArchiveManifest latest) throws IOException {
        List<String> unnamed = new ArrayList<>();
        addUnnamed("", latest.everyPath(), unnamed);
        addUnnamed(ManifestStore.SUPERSEDED_FOLDER + "/", latest.everyPath(), unnamed);
        return unnamed;
    }

    private void addUnnamed(String folder, Set<String> named, List<String> unnamed) throws IOException {
        for (FileStatus table : list(folder.isEmpty() ? store.root() : new Path(store.root(), folder))) {
            if (!table.isDir() || !table.getPath().getName().startsWith("table=")) {
                continue;
            }
            for (FileStatus day : list(table.getPath())) {
                for (FileStatus file : day.isDir() ? list(day.getPath()) : new FileStatus[0]) {
                    String name = file.getPath().getName();
                    String path = folder + table.getPath().getName() + "/" + day.getPath().getName() + "/" + name;
                    boolean ours = name.startsWith(ArchiveCompaction.PREFIX) || name.startsWith(ArchiveCompaction.HIDDEN_PREFIX)
                            || name.startsWith(FETCHING_PREFIX) || name.startsWith(FileCopy.REWRITTEN_PREFIX) || name.startsWith(FileCopy.REWRITING_PREFIX);
                    if (ours && !named.contains(path) && file.getModificationTime() < clock.millis() - UNNAMED_AGE.toMillis()) {
                        unnamed.add(path);
                    }
                }
            }
        }
    }

    private static FileStatus[] list(Path folder) throws IOException {
        try {
            FileStatus[] entries = folder.getFileSystem().listStatus(folder);
            return entries == null ? new FileStatus[0] : entries;
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        }
    }
}
