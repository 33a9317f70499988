package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import javax.annotation.Nullable;

/**
 * One version of the list of archived files, with the epochs that wrote them.
 *
 * <p>An epoch is a branch of history: its files belong to the archive as long as no job was restored from a checkpoint before them. The
 * <em>ancestry</em> of an epoch is itself and, of each parent, the files handed over up to the checkpoint that the child was
 * restored from. {@code files} are in the ancestry of the current epoch; {@code superseded} are not, lie in {@code _superseded/}, and
 * come back if their branch is restored.
 *
 * <p>A compacted file has the rows of several batches. Who may not take all of them takes the files that it was made of instead. These are
 * {@code retired}: on the disk until a grace time is over, and in no newest reader's list. Each batch is in one file of {@code files} or
 * {@code superseded}, or is {@code expired}.
 *
 * <p>Immutable: changes give the next version.
 *
 * @param formatVersion version of this format, {@value #FORMAT_VERSION}
 * @param version number of this version, from 1 without holes
 * @param currentEpoch epoch of the job that may publish, null before the first
 * @param epochs all epochs ever
 * @param files the archive
 * @param superseded files of abandoned branches
 * @param retired files that left the archive and are still on the disk
 * @param expired batches whose rows were let go: for no reader hot, and never added again
 * @param holds rows that must be kept
 * @param remote copies of files in object stores, of {@code files}, {@code superseded} and {@code retired}
 * @param erasures rows that were erased by request, one entry for each version that did
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ArchiveManifest(int formatVersion, long version, @Nullable String currentEpoch, List<ArchiveEpoch> epochs, List<DataFile> files,
        List<DataFile> superseded, List<RetiredFile> retired, List<ExpiredBatch> expired,
        List<LegalHold> holds, @JsonInclude(JsonInclude.Include.NON_EMPTY) List<RemoteCopy> remote,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Erasure> erasures) {

    /**
     * Version 2 added hashes, compacted files, {@code retired} and {@code expired}; version 1 is read as one without them. An archive of which no file
     * was copied to an object store is written as version 2, so that a build from before can go on with it.
     */
    public static final int FORMAT_VERSION = 2;
    /** Version 3 added {@code remote}. */
    static final int TIERED_FORMAT_VERSION = 3;
    /** Version 4 added {@code erasures}; an archive of which nothing was erased is written as version 2 or 3. */
    static final int ERASED_FORMAT_VERSION = 4;
    static final int FIRST_FORMAT_VERSION = 1;
    private static final String SUPERSEDED_PREFIX = "_superseded/";
    /** Before the first version. */
    public static final ArchiveManifest EMPTY = new ArchiveManifest(FORMAT_VERSION, 0, null, List.of(), List.of(), List.of());

    public ArchiveManifest {
        epochs = List.copyOf(epochs);
        files = List.copyOf(files);
        superseded = List.copyOf(superseded);
        retired = retired == null ? List.of() : List.copyOf(retired);
        expired = expired == null ? List.of() : List.copyOf(expired);
        holds = holds == null ? List.of() : List.copyOf(holds);
        remote = remote == null ? List.of() : List.copyOf(remote);
        erasures = erasures == null ? List.of() : List.copyOf(erasures);
    }

    /** A version of which no file was retired. */
    public ArchiveManifest(int formatVersion, long version, @Nullable String currentEpoch, List<ArchiveEpoch> epochs, List<DataFile> files,
            List<DataFile> superseded) {
        this(formatVersion, version, currentEpoch, epochs, files, superseded, List.of(), List.of(), List.of(), List.of(), List.of());
    }

    private ArchiveManifest next(List<DataFile> nextFiles, List<RetiredFile> nextRetired) {
        return new ArchiveManifest(formatOf(remote), version + 1, currentEpoch, epochs, nextFiles, superseded, nextRetired, expired, holds, remote, erasures);
    }

    private int formatOf(List<RemoteCopy> copies) {
        return !erasures.isEmpty() ? ERASED_FORMAT_VERSION : copies.isEmpty() ? FORMAT_VERSION : TIERED_FORMAT_VERSION;
    }

    /** The epoch of that id, or null. */
    @Nullable
    public ArchiveEpoch findEpoch(@Nullable String id) {
        for (ArchiveEpoch epoch : epochs) {
            if (epoch.id().equals(id)) {
                return epoch;
            }
        }
        return null;
    }

    /** Batches of {@link #files}, and those that expired: for the job none of them is on its way. */
    @JsonIgnore
    public Set<String> publishedBatches() {
        Set<String> ids = batchIds(files);
        expired.forEach(batch -> ids.add(batch.batchId()));
        return ids;
    }

    /**
     * The batches that a reader of these files must not take for hot.
     *
     * @param read files of this version that are read
     */
    public Set<String> notHot(Collection<DataFile> read) {
        Set<String> ids = batchIds(read);
        expired.forEach(batch -> ids.add(batch.batchId()));
        return ids;
    }

    /** The batches among some that are {@link #notHot}. */
    public Set<String> notHot(Collection<DataFile> read, Set<String> asked) {
        Set<String> ids = new HashSet<>();
        if (!asked.isEmpty()) {
            for (DataFile file : read) {
                file.batches().forEach(batch -> addAsked(batch.batchId(), asked, ids));
            }
            expired.forEach(batch -> addAsked(batch.batchId(), asked, ids));
        }
        return ids;
    }

    private static void addAsked(String batchId, Set<String> asked, Set<String> ids) {
        if (asked.contains(batchId)) {
            ids.add(batchId);
        }
    }

    private static Set<String> batchIds(Collection<DataFile> files) {
        Set<String> ids = new HashSet<>();
        for (DataFile file : files) {
            file.batches().forEach(batch -> ids.add(batch.batchId()));
        }
        return ids;
    }

    /**
     * Where the sink committed files whose rows are in a compacted file, expired, or in an object store only: these files need not be there any
     * more.
     */
    @JsonIgnore
    public Set<String> replacedPaths() {
        Set<String> paths = new HashSet<>();
        for (List<DataFile> some : List.of(files, superseded)) {
            some.stream().filter(DataFile::isCompacted).forEach(file -> file.batches().forEach(batch -> paths.add(batch.path())));
        }
        expired.forEach(batch -> paths.add(batch.path()));
        Map<String, RemoteCopy> copies = remoteByBatch();
        for (DataFile file : copies.isEmpty() ? List.<DataFile>of() : files) {
            if (copies.containsKey(file.batchId()) && !copies.get(file.batchId()).hasLocalFile()) {
                paths.add(file.path());
            }
        }
        return paths;
    }

    /** Every path that this version names as that of a file, relative to the archive's folder. */
    @JsonIgnore
    public Set<String> everyPath() {
        Set<String> paths = new HashSet<>();
        files.forEach(file -> paths.add(file.path()));
        superseded.forEach(file -> paths.add(SUPERSEDED_PREFIX + file.path()));
        retired.forEach(file -> paths.add(file.file().path()));
        return paths;
    }

    /**
     * The next version, with a new current epoch; files outside its ancestry change to superseded, superseded ones inside it come back. A compacted
     * file with rows of both is retired, and the files that it was made of are back.
     *
     * @param nowMs wall clock, ms since 1970
     * @throws IllegalArgumentException if the parent is not known here, or a compacted file would have to be split whose parts are gone
     */
    public ArchiveManifest beginEpoch(ArchiveEpoch epoch, long nowMs) {
        requireNonNull(epoch, "epoch");
        if (epoch.parent() != null && findEpoch(epoch.parent()) == null) {
            throw new IllegalArgumentException("epoch " + epoch.parent() + " is not in the manifest");
        }
        List<ArchiveEpoch> nextEpochs = new ArrayList<>(epochs);
        if (findEpoch(epoch.id()) == null) {
            nextEpochs.add(epoch);
        }
        ArchiveManifest named = new ArchiveManifest(formatOf(remote), version + 1, epoch.id(), nextEpochs, files, superseded, retired, expired, holds, remote, erasures);
        Map<String, Long> ancestry = named.ancestry(epoch.id(), Long.MAX_VALUE);
        Split split = new Split(batch -> isWithin(batch, ancestry), "restoring checkpoint " + epoch.restoredCheckpointId());
        files.forEach(split::place);
        superseded.stream().filter(file -> file.shareOf(split.within) != DataFile.Share.SOME).forEach(split::place);
        superseded.stream().filter(file -> file.shareOf(split.within) == DataFile.Share.SOME)
                .forEach(file -> split.place(file, SUPERSEDED_PREFIX + file.path()));
        List<RetiredFile> nextRetired = new ArrayList<>(retired);
        nextRetired.removeAll(split.back);
        split.broken.forEach(file -> nextRetired.add(RetiredFile.now(file, RetiredFile.Reason.SPLIT, null, nowMs)));
        return new ArchiveManifest(formatOf(remote), version + 1, epoch.id(), nextEpochs, split.inside, split.outside, nextRetired, expired, holds, remote, erasures);
    }

    /** As {@link #beginEpoch(ArchiveEpoch, long)}, at the time when the epoch started. */
    public ArchiveManifest beginEpoch(ArchiveEpoch epoch) {
        return beginEpoch(epoch, epoch.startedAtMs());
    }

    /** The next version, with these files added; those whose batch is already here are left out. This version if none is new. */
    public ArchiveManifest withFiles(Collection<DataFile> added) {
        Set<String> known = publishedBatches();
        List<DataFile> next = new ArrayList<>(files);
        for (DataFile file : added) {
            if (known.add(file.batchId())) {
                next.add(file);
            }
        }
        return next.size() == files.size() ? this : next(next, retired);
    }

    /**
     * The next version, in which a compacted file stands for those that it was made of.
     *
     * @param nowMs wall clock, ms since 1970
     * @throws IllegalArgumentException if one of them is not in the archive any more, or the batches differ
     */
    public ArchiveManifest withCompacted(Collection<DataFile> sources, DataFile compacted, long nowMs) {
        if (!files.containsAll(sources)) {
            throw new IllegalArgumentException("a file of compacted file " + compacted.path() + " is not in manifest version " + version + " any more");
        }
        List<ArchivedBatch> batches = sources.stream().flatMap(file -> file.batches().stream()).toList();
        if (!batches.equals(compacted.batches()) || batches.stream().mapToLong(ArchivedBatch::rows).sum() != compacted.rows()) {
            throw new IllegalArgumentException("compacted file " + compacted.path() + " has not the rows of its " + sources.size() + " files");
        }
        List<DataFile> next = new ArrayList<>(files);
        next.removeAll(sources);
        next.add(compacted);
        List<RetiredFile> nextRetired = new ArrayList<>(retired);
        sources.forEach(file -> nextRetired.add(RetiredFile.now(file, RetiredFile.Reason.COMPACTED, compacted.batchId(), nowMs)));
        return next(next, nextRetired);
    }

    /**
     * The next version, without files whose rows are let go.
     *
     * @param gone files of {@code files} and {@code superseded}
     * @param nowMs wall clock, ms since 1970
     * @throws IllegalArgumentException if one of them is in neither list any more, or is held
     */
    public ArchiveManifest withExpired(Collection<DataFile> gone, long nowMs) {
        List<DataFile> nextFiles = new ArrayList<>(files);
        List<DataFile> nextSuperseded = new ArrayList<>(superseded);
        List<RetiredFile> nextRetired = new ArrayList<>(retired);
        List<ExpiredBatch> nextExpired = new ArrayList<>(expired);
        for (DataFile file : gone) {
            if (isHeld(file)) {
                throw new IllegalArgumentException("file " + file.path() + " is held");
            }
            boolean listed = nextFiles.remove(file);
            if (!listed && !nextSuperseded.remove(file)) {
                throw new IllegalArgumentException("file " + file.path() + " is not in manifest version " + version + " any more");
            }
            // Where it belongs: the move may still wait for a lease, so whoever looks for the file looks in both places.
            DataFile lying = listed ? file : file.movedTo(SUPERSEDED_PREFIX + file.path());
            nextRetired.add(RetiredFile.now(lying, RetiredFile.Reason.EXPIRED, null, nowMs));
            file.batches().forEach(batch -> nextExpired.add(
                    new ExpiredBatch(batch.batchId(), file.table(), file.tradingDay(), batch.rows(), batch.path(), nowMs)));
        }
        return new ArchiveManifest(formatOf(remote), version + 1, currentEpoch, epochs, nextFiles, nextSuperseded, nextRetired, nextExpired, holds, remote, erasures);
    }

    /**
     * The next version, in which retired files are being deleted: from here on nobody may take them.
     *
     * @throws IllegalArgumentException if one of them is not retired any more
     */
    public ArchiveManifest withDeleting(Collection<RetiredFile> gone, long nowMs) {
        if (!retired.containsAll(gone)) {
            throw new IllegalArgumentException("a file that was to be deleted is not retired in manifest version " + version + " any more");
        }
        return next(files, retired.stream().map(file -> gone.contains(file) ? file.beingDeleted(version + 1, nowMs) : file).toList());
    }

    /** The next version, in which some retired files left now: the clock was ahead when they did. */
    public ArchiveManifest withRetiredNow(Collection<RetiredFile> ahead, long nowMs) {
        return next(files, retired.stream().map(file -> ahead.contains(file) ? file.leftAt(nowMs) : file).toList());
    }

    /** The next version, without retired files that are deleted, and without their copies in object stores. */
    public ArchiveManifest withoutRetired(Collection<RetiredFile> gone) {
        List<RetiredFile> rest = new ArrayList<>(retired);
        rest.removeAll(gone);
        Set<String> batches = batchIds(List.of());
        gone.forEach(file -> batches.add(file.file().batchId()));
        List<RemoteCopy> copies = remote.stream().filter(copy -> !batches.contains(copy.batchId())).toList();
        return new ArchiveManifest(formatOf(copies), version + 1, currentEpoch, epochs, files, superseded, rest, expired, holds, copies, erasures);
    }

    /**
     * The next version, in which files without some rows stand for others, wherever these are listed. The others are retired at once, for nobody to
     * take again.
     *
     * @param rewritten by the identity of the file that it stands for; one without rows leaves nothing behind but its batches, which stay known
     * @param erasure what was erased, for the record
     * @throws IllegalArgumentException if one of the files is not named any more, or the holds are others than those that were respected
     */
    public ArchiveManifest withErased(Map<String, RewrittenFile> rewritten, List<LegalHold> respected, Erasure erasure, long nowMs) {
        if (!holds.equals(respected)) {
            throw new IllegalArgumentException("the legal holds are not those of the plan any more");
        }
        return new ErasedVersion(this, rewritten, nowMs).next(erasure);
    }

    /** The next version, with other holds. */
    public ArchiveManifest withHolds(List<LegalHold> others) {
        return new ArchiveManifest(formatOf(remote), version + 1, currentEpoch, epochs, files, superseded, retired, expired, others, remote, erasures);
    }

    /**
     * The next version, with other copies in object stores. Copies of files that this version does not name any more are left out.
     *
     * @param others all copies
     * @throws IllegalArgumentException if a file would have two
     */
    public ArchiveManifest withRemote(Collection<RemoteCopy> others) {
        Set<String> named = new HashSet<>();
        for (List<DataFile> some : List.of(files, superseded, retired.stream().map(RetiredFile::file).toList())) {
            some.forEach(file -> named.add(file.batchId()));
        }
        Set<String> seen = new HashSet<>();
        List<RemoteCopy> next = new ArrayList<>();
        for (RemoteCopy copy : others) {
            if (!seen.add(copy.batchId())) {
                throw new IllegalArgumentException("file of batch " + copy.batchId() + " would have two copies");
            }
            if (named.contains(copy.batchId())) {
                next.add(copy);
            }
        }
        return new ArchiveManifest(formatOf(next), version + 1, currentEpoch, epochs, files, superseded, retired, expired, holds, next, erasures);
    }

    /** The copies in object stores, by the identity of their file. */
    @JsonIgnore
    public Map<String, RemoteCopy> remoteByBatch() {
        Map<String, RemoteCopy> copies = new HashMap<>();
        remote.forEach(copy -> copies.put(copy.batchId(), copy));
        return copies;
    }

    /** Whether a file must be kept. */
    public boolean isHeld(DataFile file) {
        return holds.stream().anyMatch(hold -> hold.holds(file));
    }

    /**
     * The files that a reader of a checkpoint sees as archived: what was handed over up to that checkpoint in its own branch.
     *
     * @param epochId epoch that took the checkpoint
     * @param checkpointId the checkpoint
     * @throws IllegalArgumentException if that branch is not the current one any more, so that its files may have moved, or if files that were
     *         compacted since are gone
     */
    public List<DataFile> filesAsOf(String epochId, long checkpointId) {
        Map<String, Long> current = currentEpoch == null ? Map.of() : ancestry(currentEpoch, Long.MAX_VALUE);
        Long visibleUpTo = current.get(epochId);
        if (visibleUpTo == null || visibleUpTo < checkpointId) {
            throw new IllegalArgumentException("checkpoint " + checkpointId + " of epoch " + epochId
                    + " is not in the history of the archive's current epoch " + currentEpoch
                    + ": a job was restored from an earlier point. Restore that checkpoint, or read a newer one");
        }
        Map<String, Long> ancestry = ancestry(epochId, checkpointId);
        Split split = new Split(batch -> isWithin(batch, ancestry), "reading checkpoint " + checkpointId);
        files.forEach(split::place);
        return split.inside;
    }

    /**
     * Whether what an epoch handed over up to a checkpoint belongs to the history of the current epoch: no job was restored from a point before it.
     *
     * @param checkpointId 0 for the beginning of the epoch
     */
    public boolean isInHistory(String epochId, long checkpointId) {
        Long upTo = currentEpoch == null ? null : ancestry(currentEpoch, Long.MAX_VALUE).get(epochId);
        return upTo != null && checkpointId <= upTo;
    }

    /**
     * The files that a live reader takes: those of former epochs, and of the current epoch those that each subtask had handed over when it was
     * pinned. Later files hold rows that the pins show as hot.
     *
     * @param handedOver by subtask the ordinal of its last file in the current epoch; files of the ledger are taken in any case
     * @throws IllegalArgumentException if a file of the current epoch is of a subtask that is not pinned
     */
    public List<DataFile> filesAsOfPins(Map<Integer, Long> handedOver) {
        Split split = new Split(batch -> {
            if (!batch.epoch().equals(currentEpoch) || batch.subtask() == DataFile.NONE) {
                return true;
            }
            Long last = handedOver.get(batch.subtask());
            if (last == null) {
                throw new IllegalArgumentException("file " + batch.path() + " was handed over by subtask " + batch.subtask() + ", of which there is no pin");
            }
            return batch.ordinal() <= last;
        }, "a live read");
        files.forEach(split::place);
        return split.inside;
    }

    /**
     * The retired files that a reader or a restore of a checkpoint would take.
     *
     * @throws IllegalArgumentException if the epoch is not known, or some of them are gone already
     */
    public Set<RetiredFile> neededBy(String epochId, long checkpointId) {
        if (findEpoch(epochId) == null) {
            throw new IllegalArgumentException("epoch " + epochId + " of checkpoint " + checkpointId + " is not in the manifest");
        }
        Map<String, Long> ancestry = ancestry(epochId, checkpointId);
        Split split = new Split(batch -> isWithin(batch, ancestry), "checkpoint " + checkpointId);
        files.forEach(split::place);
        superseded.forEach(split::place);
        return new HashSet<>(split.back);
    }

    /** Places files inside or outside a point of history; a compacted file on both sides gives way to the files that it was made of. */
    private final class Split {
        private final Predicate<ArchivedBatch> within;
        private final String purpose;
        private final List<DataFile> inside = new ArrayList<>();
        private final List<DataFile> outside = new ArrayList<>();
        private final List<DataFile> broken = new ArrayList<>();
        private final List<RetiredFile> back = new ArrayList<>();

        Split(Predicate<ArchivedBatch> within, String purpose) {
            this.within = within;
            this.purpose = purpose;
        }

        void place(DataFile file) {
            place(file, file.path());
        }

        /** @param brokenPath where the file lies if it has to give way */
        void place(DataFile file, String brokenPath) {
            switch (file.shareOf(within)) {
                case ALL -> inside.add(file);
                case NONE -> outside.add(file);
                case SOME -> {
                    broken.add(file.movedTo(brokenPath));
                    List<RetiredFile> parts = retired.stream().filter(part -> !part.isDeleting() && file.batchId().equals(part.replacedBy())).toList();
                    if (!batchIds(parts.stream().map(RetiredFile::file).toList()).equals(batchIds(List.of(file)))) {
                        throw new IllegalArgumentException(purpose + " needs files that were compacted into " + file.path()
                                + " and deleted since, when the grace time was over: the archive cannot go back to a point between them."
                                + " Take a newer checkpoint or savepoint, or a copy of the archive from before");
                    }
                    back.addAll(parts);
                    parts.forEach(part -> place(part.file()));
                }
            }
        }
    }

    /** Epoch id to the last checkpoint of it that counts, from {@code epochId} up to the first ancestor. */
    private Map<String, Long> ancestry(String epochId, long upToCheckpoint) {
        Map<String, Long> ancestry = new HashMap<>();
        long upTo = upToCheckpoint;
        for (ArchiveEpoch epoch = findEpoch(epochId); epoch != null; epoch = findEpoch(epoch.parent())) {
            if (ancestry.putIfAbsent(epoch.id(), upTo) != null) {
                throw new IllegalStateException("epoch " + epoch.id() + " is its own ancestor");
            }
            upTo = Math.min(upTo, epoch.restoredCheckpointId());
        }
        return ancestry;
    }

    private static boolean isWithin(ArchivedBatch batch, Map<String, Long> ancestry) {
        Long upTo = ancestry.get(batch.epoch());
        return upTo != null && batch.checkpointId() <= upTo;
    }
}
