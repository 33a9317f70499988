package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.objects.ObjectStores;
import io.qaexchange.archive.retention.DeletionLog;
import io.qaexchange.archive.retention.RetainedCheckpoint;
import io.qaexchange.archive.retention.RetentionPolicy;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies files to an object store, and removes local files that are there, beside a running job or without one.
 *
 * <ol>
 *   <li>Files older than {@code remote-after} are announced by a manifest version, put if absent, read back, and named as copied by another version.
 *   <li>Copied files older than {@code local-retention} leave the local tier: readers take the object from a manifest version on.
 *   <li>When the grace time is over, the object is read back again. A version says that the local file is being deleted, a row of the audit table is
 *       written, the file goes, and a version says that it is gone.
 * </ol>
 *
 * <p>A run that was killed is continued by the next one. A file that cannot be copied or compared is left as it is and named; a store that is away
 * ends the stage, and the others go on.
 *
 * <p>One thread.
 */
public final class ArchiveTiers {

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveTiers.class);
    /** Files that two manifest versions announce and confirm. */
    private static final int GROUP_FILES = 64;

    private final ManifestStore store;
    private final RetentionPolicy policy;
    private final String remote;
    private final Duration grace;
    private final Clock clock;
    private final Consumer<String> steps;
    private final TierManifest manifest;
    private final Set<String> uncommitted = new HashSet<>();

    /**
     * Tiers of an archive.
     *
     * @param remote URI of the object store for new copies; null if none is made
     * @param grace how long a local file stays after readers take the object
     * @param checkpoints all checkpoints and savepoints from which the job may be restored
     * @param clock wall clock
     * @throws IllegalArgumentException if the URI names no object store
     */
    public ArchiveTiers(ManifestStore store, RetentionPolicy policy, @Nullable String remote, Duration grace, List<RetainedCheckpoint> checkpoints,
            Clock clock) {
        this(store, policy, remote, grace, checkpoints, clock, step -> { });
    }

    /** @param steps is told before and after each step that changes something, for tests that end there */
    ArchiveTiers(ManifestStore store, RetentionPolicy policy, @Nullable String remote, Duration grace, List<RetainedCheckpoint> checkpoints, Clock clock,
            Consumer<String> steps) {
        this.store = store;
        this.policy = policy;
        this.remote = remote == null ? null : ObjectStores.normalized(remote);
        this.grace = grace;
        this.clock = clock;
        this.steps = steps;
        this.manifest = new TierManifest(store, steps);
        checkpoints.forEach(checkpoint -> uncommitted.addAll(checkpoint.uncommitted()));
    }

    /** The steps that {@link #run} would take now. */
    public TierReport plan() throws IOException {
        ArchiveManifest latest = store.latest();
        Map<String, RemoteCopy> copies = latest.remoteByBatch();
        List<DataFile> copied = toCopy(latest, copies);
        copied.forEach(file -> copies.put(file.batchId(), announce(file, remote, file.sha256() == null ? "" : file.sha256(), 0).at(Stage.BOTH, 0, 0)));
        List<DataFile> kept = new ArrayList<>();
        List<DataFile> leaving = toLeave(latest, copies, kept);
        List<DataFile> waiting = new ArrayList<>();
        List<DataFile> deleted = new ArrayList<>(inStage(latest, Stage.DELETING));
        deleted.addAll(toDelete(latest, copies, waiting, kept));
        return new TierReport(copied, leaving, deleted, waiting, kept, List.of());
    }

    /** Copies and removes. */
    public TierReport run() throws IOException {
        List<String> problems = new ArrayList<>();
        List<DataFile> deleted = new ArrayList<>(deleteMarked());
        List<DataFile> copied = copy(problems);
        putBack();
        List<DataFile> kept = new ArrayList<>();
        List<DataFile> leaving = new ArrayList<>();
        manifest.publish("leave", (latest, copies, version) -> {
            kept.clear();
            leaving.clear();
            leaving.addAll(toLeave(latest, copies, kept));
            leaving.forEach(file -> copies.computeIfPresent(file.batchId(), (id, copy) -> copy.at(Stage.LEAVING, version, clock.millis())));
            return !leaving.isEmpty();
        });
        List<DataFile> waiting = new ArrayList<>();
        mark(problems, waiting, kept);
        deleted.addAll(deleteMarked());
        return new TierReport(copied, leaving, deleted, waiting, kept, problems);
    }

    // ---- copying

    /** Files that are to be copied, those of a run that was killed among them. */
    private List<DataFile> toCopy(ArchiveManifest latest, Map<String, RemoteCopy> copies) {
        List<DataFile> due = new ArrayList<>(inStage(latest, Stage.COPYING));
        if (remote != null) {
            policy.toCopy(latest, clock.instant()).stream().filter(file -> !copies.containsKey(file.batchId())).forEach(due::add);
        }
        return due;
    }

    private List<DataFile> copy(List<String> problems) throws IOException {
        ArchiveManifest latest = store.latest();
        List<DataFile> due = toCopy(latest, latest.remoteByBatch());
        List<DataFile> copied = new ArrayList<>();
        Set<String> logged = new HashSet<>();
        for (RemoteCopy copy : latest.remote()) {
            if (copy.stage() == Stage.COPYING && MoveLog.batches(store, copy.stageVersion()).contains(copy.batchId())) {
                logged.add(copy.batchId());
            }
        }
        for (int from = 0; from < due.size(); from += GROUP_FILES) {
            try {
                copied.addAll(copyGroup(due.subList(from, Math.min(due.size(), from + GROUP_FILES)), logged, problems));
            } catch (StoreAwayException e) {
                LOG.warn("copying ends", e);
                problems.add(e.getMessage() + "; " + (due.size() - copied.size()) + " files are not copied");
                break;
            }
        }
        return copied;
    }

    /** The object store cannot be reached, so nothing else is tried. */
    private static final class StoreAwayException extends Exception {
        private static final long serialVersionUID = 1L;

        StoreAwayException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** @param logged identities of files that have their row already */
    private List<DataFile> copyGroup(List<DataFile> group, Set<String> logged, List<String> problems) throws IOException, StoreAwayException {
        Map<String, String> hashes = hashes(group, problems);
        long[] version = new long[1];
        manifest.publish("announce", (latest, copies, next) -> {
            Map<String, TierManifest.Placed> placed = manifest.placed(latest);
            boolean changed = false;
            for (DataFile file : group) {
                RemoteCopy known = copies.get(file.batchId());
                boolean isNew = known == null && remote != null && placed.containsKey(file.batchId()) && placed.get(file.batchId()).listed();
                boolean again = known != null && known.stage() == Stage.COPYING && !logged.contains(file.batchId());
                if (hashes.containsKey(file.batchId()) && (isNew || again)) {
                    copies.put(file.batchId(), isNew ? announce(file, remote, hashes.get(file.batchId()), next) : known.at(Stage.COPYING, next, clock.millis()));
                    changed = true;
                }
            }
            version[0] = next;
            return changed;
        });
        Map<RemoteCopy, DataFile> done = new LinkedHashMap<>();
        Set<String> put = new HashSet<>();
        StoreAwayException away = copyObjects(group, done, put, problems);
        manifest.log(version[0], "copied", done, logged, clock.millis());
        List<RemoteCopy> orphans = new ArrayList<>();
        manifest.publish("copied", (latest, copies, next) -> {
            orphans.clear();
            boolean changed = false;
            for (RemoteCopy copy : done.keySet()) {
                RemoteCopy known = copies.get(copy.batchId());
                if (known == null) {
                    orphans.add(copy);
                } else if (known.stage() == Stage.COPYING) {
                    copies.put(copy.batchId(), known.at(Stage.BOTH, next, clock.millis()));
                    changed = true;
                }
            }
            return changed;
        });
        for (RemoteCopy orphan : orphans) {
            if (put.contains(orphan.batchId())) {
                ObjectStores.of(orphan.store()).delete(orphan.key());
            }
        }
        if (away != null) {
            throw away;
        }
        return List.copyOf(done.values());
    }

    @Nullable
    private StoreAwayException copyObjects(List<DataFile> group, Map<RemoteCopy, DataFile> done, Set<String> put, List<String> problems) throws IOException {
        ArchiveManifest latest = store.latest();
        Map<String, RemoteCopy> copies = latest.remoteByBatch();
        Map<String, TierManifest.Placed> placed = manifest.placed(latest);
        for (DataFile file : group) {
            RemoteCopy copy = TierManifest.inStage(copies, file.batchId(), Stage.COPYING);
            if (copy == null) {
                continue;
            }
            try {
                steps.accept("before put");
                if (ObjectCopier.ensure(TierManifest.onDisk(placed.get(file.batchId()).local()), copy)) {
                    put.add(file.batchId());
                }
                steps.accept("after put");
                done.put(copy, file);
            } catch (ObjectCopier.WrongFileException e) {
                LOG.warn("file {} is not copied", file.path(), e);
                problems.add("not copied: " + file.path() + ": " + e.getMessage());
            } catch (IOException e) {
                return new StoreAwayException(new IOException("not copied: " + file.path() + ": " + e.getMessage(), e));
            }
        }
        return null;
    }

    /** The hash of each file: the manifest's, or that of its bytes if an older build published it. */
    private Map<String, String> hashes(List<DataFile> group, List<String> problems) throws IOException {
        Map<String, String> hashes = new HashMap<>();
        for (DataFile file : group) {
            Path path = store.locate(file);
            if (file.sha256() != null) {
                hashes.put(file.batchId(), file.sha256());
            } else if (!path.getFileSystem().exists(path)) {
                problems.add("not copied: " + file.path() + ": it is in the manifest and not there");
            } else {
                hashes.put(file.batchId(), Sha256.of(path));
            }
        }
        return hashes;
    }

    private RemoteCopy announce(DataFile file, String storeUri, String sha256, long version) {
        return new RemoteCopy(file.batchId(), storeUri, file.path(), file.lengthBytes(), sha256, Stage.COPYING, version, clock.millis(), 0);
    }

    // ---- leaving the local disk

    /** Files that left while a clock was ahead leave now: their grace time would not end for long. */
    private void putBack() throws IOException {
        Set<String> ahead = new HashSet<>();
        manifest.publish("put back", (latest, copies, version) -> {
            ahead.clear();
            long toComeFromMs = RetentionPolicy.toComeFromMs(latest, clock);
            for (RemoteCopy copy : latest.remote()) {
                if (copy.stage() == Stage.LEAVING && copy.stageAtMs() > toComeFromMs) {
                    ahead.add(copy.batchId());
                    copies.put(copy.batchId(), copy.at(Stage.LEAVING, version, clock.millis()));
                }
            }
            return !ahead.isEmpty();
        });
        if (!ahead.isEmpty()) {
            LOG.warn("{} files left the local disk at a time that is still to come: a clock was ahead then. Their grace time begins now", ahead.size());
        }
    }

    private List<DataFile> toLeave(ArchiveManifest latest, Map<String, RemoteCopy> copies, List<DataFile> kept) {
        List<DataFile> leaving = new ArrayList<>();
        for (DataFile file : policy.toLeaveLocalDisk(latest, clock.instant())) {
            RemoteCopy copy = TierManifest.inStage(copies, file.batchId(), Stage.BOTH);
            if (copy != null) {
                (isKept(latest, file, copy) ? kept : leaving).add(file);
            }
        }
        return leaving;
    }

    private List<DataFile> toDelete(ArchiveManifest latest, Map<String, RemoteCopy> copies, List<DataFile> waiting, List<DataFile> kept) {
        List<DataFile> due = new ArrayList<>();
        long oldest = clock.millis() - grace.toMillis();
        for (DataFile file : inStage(latest, Stage.LEAVING)) {
            RemoteCopy copy = copies.get(file.batchId());
            if (isKept(latest, file, copy)) {
                kept.add(file);
            } else {
                (copy.stageAtMs() > oldest ? waiting : due).add(file);
            }
        }
        return due;
    }

    private boolean isKept(ArchiveManifest latest, DataFile file, RemoteCopy copy) {
        return latest.isHeld(file) || uncommitted.contains(new Path(file.path()).getName()) || copy.keepLocalUntilMs() > clock.millis();
    }

    /** Reads the objects of due files back, and says by a version that the local files go. */
    private void mark(List<String> problems, List<DataFile> waiting, List<DataFile> kept) throws IOException {
        ArchiveManifest before = store.latest();
        Map<String, RemoteCopy> copiesBefore = before.remoteByBatch();
        Map<String, TierManifest.Placed> placed = manifest.placed(before);
        Set<String> compared = new HashSet<>();
        for (DataFile file : toDelete(before, copiesBefore, new ArrayList<>(), new ArrayList<>())) {
            try {
                ObjectCopier.ensure(TierManifest.onDisk(placed.get(file.batchId()).local()), copiesBefore.get(file.batchId()));
                compared.add(file.batchId());
            } catch (IOException e) {
                LOG.warn("local file {} stays", file.path(), e);
                problems.add("local file stays: " + file.path() + ": " + e.getMessage());
            }
        }
        List<DataFile> keptHere = new ArrayList<>();
        manifest.publish("mark", (latest, copies, version) -> {
            waiting.clear();
            keptHere.clear();
            List<DataFile> due = toDelete(latest, copies, waiting, keptHere);
            due.removeIf(file -> !compared.contains(file.batchId()));
            due.forEach(file -> copies.computeIfPresent(file.batchId(), (id, copy) -> copy.at(Stage.DELETING, version, clock.millis())));
            return !due.isEmpty();
        });
        kept.addAll(keptHere);
    }

    /** Deletes the local files that a version marked, whoever published it. */
    private List<DataFile> deleteMarked() throws IOException {
        ArchiveManifest latest = store.latest();
        Map<String, TierManifest.Placed> placed = manifest.placed(latest);
        Map<Long, Map<RemoteCopy, DataFile>> byVersion = new TreeMap<>();
        for (RemoteCopy copy : latest.remote()) {
            if (copy.stage() == Stage.DELETING) {
                byVersion.computeIfAbsent(copy.stageVersion(), version -> new LinkedHashMap<>()).put(copy, placed.get(copy.batchId()).file());
            }
        }
        List<DataFile> deleted = new ArrayList<>();
        for (Map.Entry<Long, Map<RemoteCopy, DataFile>> marked : byVersion.entrySet()) {
            steps.accept("before rows of deletions");
            DeletionLog.writeLocal(store, marked.getKey(), marked.getValue());
            steps.accept("after rows of deletions");
            for (RemoteCopy copy : marked.getValue().keySet()) {
                // Another run may have finished this one, and somebody may have fetched the file since.
                latest = store.latest(latest);
                if (copy.equals(latest.remoteByBatch().get(copy.batchId()))) {
                    manifest.deleteLocally(manifest.placed(latest).get(copy.batchId()));
                    steps.accept("after deletion");
                }
            }
            manifest.publish("gone", (newest, copies, version) -> {
                boolean changed = false;
                for (RemoteCopy copy : marked.getValue().keySet()) {
                    changed |= copies.replace(copy.batchId(), copy, copy.at(Stage.REMOTE, version, clock.millis()));
                }
                return changed;
            });
            deleted.addAll(marked.getValue().values());
        }
        return deleted;
    }

    /** Files of the archive whose copy is in a stage. */
    private static List<DataFile> inStage(ArchiveManifest latest, Stage stage) {
        Map<String, RemoteCopy> copies = latest.remoteByBatch();
        return latest.files().stream().filter(file -> TierManifest.inStage(copies, file.batchId(), stage) != null).toList();
    }
}
