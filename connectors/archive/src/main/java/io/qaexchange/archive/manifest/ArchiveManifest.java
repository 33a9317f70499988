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
import javax.annotation.Nullable;

/**
 * One version of the list of archived files, with the epochs that wrote them.
 *
 * <p>An epoch is a branch of history: its files belong to the archive as long as no job was restored from a checkpoint before them. The
 * <em>ancestry</em> of an epoch is itself and, of each parent, the files handed over up to the checkpoint that the child was
 * restored from. {@code files} are in the ancestry of the current epoch; {@code superseded} are not, lie in {@code _superseded/}, and
 * come back if their branch is restored.
 *
 * <p>Immutable: changes give the next version.
 *
 * @param formatVersion version of this format, {@value #FORMAT_VERSION}
 * @param version number of this version, from 1 without holes
 * @param currentEpoch epoch of the job that may publish, null before the first
 * @param epochs all epochs ever
 * @param files the archive
 * @param superseded files of abandoned branches
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ArchiveManifest(int formatVersion, long version, @Nullable String currentEpoch, List<ArchiveEpoch> epochs, List<DataFile> files,
        List<DataFile> superseded) {

    public static final int FORMAT_VERSION = 1;
    /** Before the first version. */
    public static final ArchiveManifest EMPTY = new ArchiveManifest(FORMAT_VERSION, 0, null, List.of(), List.of(), List.of());

    public ArchiveManifest {
        epochs = List.copyOf(epochs);
        files = List.copyOf(files);
        superseded = List.copyOf(superseded);
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

    /** Batch ids of {@link #files}. */
    @JsonIgnore
    public Set<String> publishedBatches() {
        Set<String> ids = new HashSet<>();
        for (DataFile file : files) {
            ids.add(file.batchId());
        }
        return ids;
    }

    /**
     * The next version, with a new current epoch; files outside its ancestry change to superseded, superseded ones inside it come back.
     *
     * @throws IllegalArgumentException if the parent is not known here
     */
    public ArchiveManifest beginEpoch(ArchiveEpoch epoch) {
        requireNonNull(epoch, "epoch");
        if (epoch.parent() != null && findEpoch(epoch.parent()) == null) {
            throw new IllegalArgumentException("epoch " + epoch.parent() + " is not in the manifest");
        }
        List<ArchiveEpoch> nextEpochs = new ArrayList<>(epochs);
        if (findEpoch(epoch.id()) == null) {
            nextEpochs.add(epoch);
        }
        ArchiveManifest named = new ArchiveManifest(FORMAT_VERSION, version + 1, epoch.id(), nextEpochs, files, superseded);
        Map<String, Long> ancestry = named.ancestry(epoch.id(), Long.MAX_VALUE);
        List<DataFile> nextFiles = new ArrayList<>();
        List<DataFile> nextSuperseded = new ArrayList<>();
        for (List<DataFile> old : List.of(files, superseded)) {
            for (DataFile file : old) {
                (isWithin(file, ancestry) ? nextFiles : nextSuperseded).add(file);
            }
        }
        return new ArchiveManifest(FORMAT_VERSION, version + 1, epoch.id(), nextEpochs, nextFiles, nextSuperseded);
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
        return next.size() == files.size() ? this
                : new ArchiveManifest(FORMAT_VERSION, version + 1, currentEpoch, epochs, next, superseded);
    }

    /**
     * The files that a reader of a checkpoint sees as archived: what was handed over up to that checkpoint in its own branch.
     *
     * @param epochId epoch that took the checkpoint
     * @param checkpointId the checkpoint
     * @throws IllegalArgumentException if that branch is not the current one any more, so that its files may have moved
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
        List<DataFile> visible = new ArrayList<>();
        for (DataFile file : files) {
            if (isWithin(file, ancestry)) {
                visible.add(file);
            }
        }
        return visible;
    }

    /**
     * The files that a live reader takes: those of former epochs, and of the current epoch those that each subtask had handed over when it was
     * pinned. Later files hold rows that the pins show as hot.
     *
     * @param handedOver by subtask the ordinal of its last file in the current epoch; files of the ledger are taken in any case
     * @throws IllegalArgumentException if a file of the current epoch is of a subtask that is not pinned
     */
    public List<DataFile> filesAsOfPins(Map<Integer, Long> handedOver) {
        List<DataFile> visible = new ArrayList<>();
        for (DataFile file : files) {
            if (!file.epoch().equals(currentEpoch) || file.subtask() == DataFile.NONE) {
                visible.add(file);
                continue;
            }
            Long last = handedOver.get(file.subtask());
            if (last == null) {
                throw new IllegalArgumentException("file " + file.path() + " was handed over by subtask " + file.subtask() + ", of which there is no pin");
            }
            if (file.ordinal() <= last) {
                visible.add(file);
            }
        }
        return visible;
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

    private static boolean isWithin(DataFile file, Map<String, Long> ancestry) {
        Long upTo = ancestry.get(file.epoch());
        return upTo != null && file.checkpointId() <= upTo;
    }
}
