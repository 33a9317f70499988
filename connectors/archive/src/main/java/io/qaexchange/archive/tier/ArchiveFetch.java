package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RemoteCopy.Stage;
import io.qaexchange.archive.retention.ArchiveRetention;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings local files back from an object store; the objects stay. A version announces them, each is read under a hidden name, compared and renamed, and
 * another version says that readers take it. A run that was killed is continued by the next one.
 *
 * <p>One thread.
 */
public final class ArchiveFetch {

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveFetch.class);

    private final ManifestStore store;
    private final Clock clock;
    private final Consumer<String> steps;
    private final TierManifest manifest;

    /**
     * Result of a run, or its plan.
     *
     * @param fetched files that were read from the object store
     * @param stay files whose local file was there still, and stays
     * @param problems files that are left as they are, and why, one line each
     */
    public record Report(List<DataFile> fetched, List<DataFile> stay, List<String> problems) {
        public Report {
            fetched = List.copyOf(fetched);
            stay = List.copyOf(stay);
            problems = List.copyOf(problems);
        }
    }

    public ArchiveFetch(ManifestStore store, Clock clock) {
        this(store, clock, step -> { });
    }

    /** @param steps is told before and after each step that changes something, for tests that end there */
    ArchiveFetch(ManifestStore store, Clock clock, Consumer<String> steps) {
        this.store = store;
        this.clock = clock;
        this.steps = steps;
        this.manifest = new TierManifest(store, steps);
    }

    /** The files that {@link #run} would fetch, and those whose local file is there. */
    public Report plan(Predicate<DataFile> wanted) throws IOException {
        ArchiveManifest latest = store.latest();
        return new Report(inStage(latest, wanted, Stage.REMOTE, Stage.FETCHING, Stage.DELETING), inStage(latest, wanted, Stage.BOTH, Stage.LEAVING), List.of());
    }

    /**
     * Fetches files.
     *
     * @param wanted which
     * @param stay how long their local files stay, whatever the policy says
     * @throws IOException if the disk of the archive has no space for all of them; nothing is changed then
     */
    public Report run(Predicate<DataFile> wanted, Duration stay) throws IOException {
        requireSpace(plan(wanted).fetched());
        long until = clock.millis() + stay.toMillis();
        List<DataFile> there = new ArrayList<>();
        List<DataFile> due = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        Set<String> logged = new HashSet<>();
        for (RemoteCopy copy : store.latest().remote()) {
            if (copy.stage() == Stage.FETCHING && MoveLog.batches(store, copy.stageVersion()).contains(copy.batchId())) {
                logged.add(copy.batchId());
            }
        }
        long[] version = new long[1];
        manifest.publish("announce", (latest, copies, next) -> {
            there.clear();
            due.clear();
            problems.clear();
            for (DataFile file : inStage(latest, wanted, Stage.values())) {
                RemoteCopy copy = copies.get(file.batchId());
                switch (copy.stage()) {
                    case BOTH, LEAVING -> {
                        there.add(file);
                        copies.put(file.batchId(), copy.at(Stage.BOTH, next, clock.millis()).keptUntil(until));
                    }
                    case REMOTE, FETCHING -> {
                        due.add(file);
                        if (!logged.contains(file.batchId())) {
                            copies.put(file.batchId(), copy.at(Stage.FETCHING, next, clock.millis()).keptUntil(until));
                        }
                    }
                    case DELETING -> problems.add("not fetched: " + file.path() + ": its local file is being deleted. Run bin/archive retain to its end, then fetch");
                    case COPYING -> LOG.debug("file {} is being copied and is there", file.path());
                }
            }
            version[0] = next;
            return !there.isEmpty() || due.stream().anyMatch(file -> !logged.contains(file.batchId()));
        });
        List<DataFile> fetched = fetch(due, logged, version[0], problems);
        return new Report(fetched, there, problems);
    }

    /** The job writes to that disk too: it must not find it full. */
    private void requireSpace(List<DataFile> due) throws IOException {
        long bytes = due.stream().mapToLong(DataFile::lengthBytes).sum();
        if (bytes > 0) {
            Path folder = TierManifest.onDisk(store.root());
            long free = Files.getFileStore(folder).getUsableSpace();
            if (bytes > free) {
                throw new IOException(String.format("%,d files with %,d bytes are to be fetched, and the disk of %s has %,d bytes left. Ask for fewer days, or free space",
                        due.size(), bytes, folder, free));
            }
        }
    }

    private List<DataFile> fetch(List<DataFile> due, Set<String> logged, long version, List<String> problems) throws IOException {
        Map<String, RemoteCopy> copies = store.latest().remoteByBatch();
        Map<RemoteCopy, DataFile> done = new LinkedHashMap<>();
        for (DataFile file : due) {
            RemoteCopy copy = TierManifest.inStage(copies, file.batchId(), Stage.FETCHING);
            if (copy == null) {
                continue;
            }
            try {
                steps.accept("before fetch");
                fetch(file, copy);
                steps.accept("after fetch");
                done.put(copy, file);
            } catch (IOException e) {
                LOG.warn("file {} is not fetched", file.path(), e);
                problems.add("not fetched: " + file.path() + ": " + e.getMessage());
            }
        }
        manifest.log(version, "fetched", done, logged, clock.millis());
        List<DataFile> away = new ArrayList<>();
        manifest.publish("fetched", (latest, now, next) -> {
            away.clear();
            Set<String> listed = latest.files().stream().map(DataFile::batchId).collect(Collectors.toSet());
            boolean changed = false;
            for (RemoteCopy copy : done.keySet()) {
                RemoteCopy known = TierManifest.inStage(now, copy.batchId(), Stage.FETCHING);
                boolean there = listed.contains(copy.batchId());
                if (!there) {
                    away.add(done.get(copy));
                }
                if (known != null) {
                    now.put(copy.batchId(), known.at(there ? Stage.BOTH : Stage.REMOTE, next, clock.millis()));
                    changed = true;
                }
            }
            return changed;
        });
        for (DataFile file : away) {
            problems.add("not fetched: " + file.path() + ": it left the archive meanwhile");
            Files.deleteIfExists(TierManifest.onDisk(store.locate(file)));
        }
        return done.values().stream().filter(file -> !away.contains(file)).toList();
    }

    private void fetch(DataFile file, RemoteCopy copy) throws IOException {
        Path target = TierManifest.onDisk(store.locate(file));
        Path folder = Files.createDirectories(target.getParent());
        if (!folder.toFile().canWrite()) {
            throw new IOException("folder " + folder + " cannot be written");
        }
        Path hidden = folder.resolve(ArchiveRetention.FETCHING_PREFIX + UUID.randomUUID());
        try {
            TierCache.copyTo(copy, hidden);
            Files.move(hidden, target, StandardCopyOption.ATOMIC_MOVE);
            try (FileChannel parent = FileChannel.open(folder, StandardOpenOption.READ)) {
                parent.force(true);
            }
        } catch (NoSuchFileException e) {
            throw new IOException("file " + hidden + " went while it was written", e);
        } finally {
            Files.deleteIfExists(hidden);
        }
    }

    private static List<DataFile> inStage(ArchiveManifest latest, Predicate<DataFile> wanted, Stage... stages) {
        Map<String, RemoteCopy> copies = latest.remoteByBatch();
        return latest.files().stream().filter(wanted).filter(file -> TierManifest.inStage(copies, file.batchId(), stages) != null).toList();
    }
}
