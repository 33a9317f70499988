package io.qaexchange.storage.manifest;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.error.StoreException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A picture of the store on disk: families, files, drop watermarks, and up to where the log is covered by files. Immutable.
 *
 * <p>Invariants, checked when a version is made: reference ids are unique; levels below 0 of leveled families are disjoint; a file
 * number means one file.
 */
public final class Version {
    /** A store without files. */
    public static final Version EMPTY = new Version(new Fields());

    private final Fields fields;
    private final Map<Integer, FamilyVersion> families;

    /** The parts of a version; mutable only while one is being made. */
    private static final class Fields {
        long epoch;
        List<VersionEdit.Parent> parents = List.of();
        long nextFileNumber = 1;
        long nextReferenceId = 1;
        int nextFamilyId = 1;
        long flushedSequence;
        long oldestSegment;
        Map<Integer, ColumnFamily> families = new TreeMap<>();
        Map<Long, FileReference> references = new LinkedHashMap<>();
        Map<Integer, List<DropWatermark>> dropWatermarks = new HashMap<>();
    }

    private Version(Fields fields) {
        this.fields = fields;
        Map<Integer, List<FileReference>> byFamily = new HashMap<>();
        fields.references.values().forEach(r -> byFamily.computeIfAbsent(r.family(), f -> new ArrayList<>()).add(r));
        Map<Integer, FamilyVersion> made = new TreeMap<>();
        fields.families.forEach((id, family) -> made.put(id, new FamilyVersion(family, byFamily.getOrDefault(id, List.of()))));
        families = Collections.unmodifiableMap(made);
    }

    /**
     * The version after an edit.
     *
     * @throws StoreException if the edit does not fit this version
     */
    public Version apply(VersionEdit edit) throws StoreException {
        Fields next = new Fields();
        next.epoch = edit.epoch != null ? edit.epoch : fields.epoch;
        next.parents = edit.parents != null ? edit.parents : fields.parents;
        next.nextFileNumber = edit.nextFileNumber != null ? edit.nextFileNumber : fields.nextFileNumber;
        next.nextReferenceId = edit.nextReferenceId != null ? edit.nextReferenceId : fields.nextReferenceId;
        next.nextFamilyId = edit.nextFamilyId != null ? edit.nextFamilyId : fields.nextFamilyId;
        next.flushedSequence = edit.flushedSequence != null ? edit.flushedSequence : fields.flushedSequence;
        next.oldestSegment = edit.oldestSegment != null ? edit.oldestSegment : fields.oldestSegment;
        next.families.putAll(fields.families);
        next.references.putAll(fields.references);
        next.dropWatermarks.putAll(fields.dropWatermarks);
        for (VersionEdit.AddedFamily family : edit.familiesAdded) {
            next.families.put(family.id(), new ColumnFamily(family.id(), family.options()));
        }
        for (int family : edit.familiesDropped) {
            next.families.remove(family);
            next.dropWatermarks.remove(family);
            next.references.values().removeIf(reference -> reference.family() == family);
        }
        for (long id : edit.removed) {
            if (next.references.remove(id) == null) {
                throw new StoreException("version edit removes reference " + id + ", which is not there");
            }
        }
        for (FileReference reference : edit.added) {
            if (!next.families.containsKey(reference.family())) {
                throw new StoreException("version edit adds " + reference + " to a family that is not there");
            }
            if (next.references.put(reference.id(), reference) != null) {
                throw new StoreException("version edit adds reference " + reference.id() + " twice");
            }
        }
        for (DropWatermark dropWatermark : edit.dropWatermarks) {
            List<DropWatermark> dropWatermarks = new ArrayList<>(next.dropWatermarks.getOrDefault(dropWatermark.family(), List.of()));
            dropWatermarks.add(dropWatermark);
            next.dropWatermarks.put(dropWatermark.family(), List.copyOf(dropWatermarks));
        }
        if (!edit.dropWatermarksRemoved.isEmpty()) {
            next.dropWatermarks.replaceAll((family, dropWatermarks) ->
                    dropWatermarks.stream().filter(dropWatermark -> !edit.dropWatermarksRemoved.contains(dropWatermark.sequence())).toList());
        }
        Version version = new Version(next);
        version.checkDisjoint();
        return version;
    }

    private void checkDisjoint() throws StoreException {
        for (FamilyVersion family : families.values()) {
            for (int level = 1; level < FamilyVersion.LEVELS; level++) {
                List<FileReference> files = family.level(level);
                for (int i = 1; i < files.size(); i++) {
                    if (files.get(i - 1).keys().overlaps(files.get(i).keys())) {
                        throw new StoreException("files of level " + level + " of family " + family.family().name() + " overlap: "
                                + files.get(i - 1) + " and " + files.get(i));
                    }
                }
            }
        }
    }

    /** An edit that makes this version out of nothing. */
    public VersionEdit toEdit() {
        VersionEdit edit = new VersionEdit().epoch(fields.epoch, fields.parents).nextNumbers(fields.nextFileNumber, fields.nextReferenceId)
                .nextFamilyId(fields.nextFamilyId).flushed(fields.flushedSequence, fields.oldestSegment);
        fields.families.forEach((id, family) -> edit.addFamily(id, family.options()));
        fields.references.values().forEach(edit::add);
        fields.dropWatermarks.values().forEach(dropWatermarks -> dropWatermarks.forEach(edit::addDropWatermark));
        return edit;
    }

    public long epoch() {
        return fields.epoch;
    }

    /** Where the state came from when this epoch began. */
    public List<VersionEdit.Parent> parents() {
        return fields.parents;
    }

    public long nextFileNumber() {
        return fields.nextFileNumber;
    }

    public long nextReferenceId() {
        return fields.nextReferenceId;
    }

    public int nextFamilyId() {
        return fields.nextFamilyId;
    }

    /** All writes up to this one are in files. */
    public long flushedSequence() {
        return fields.flushedSequence;
    }

    /** Log segments with a smaller number are no longer needed. */
    public long oldestSegment() {
        return fields.oldestSegment;
    }

    public Collection<ColumnFamily> columnFamilies() {
        return Collections.unmodifiableCollection(fields.families.values());
    }

    /** Null if the family is not there. */
    public FamilyVersion family(int id) {
        return families.get(id);
    }

    public Collection<FamilyVersion> families() {
        return families.values();
    }

    public Collection<FileReference> references() {
        return Collections.unmodifiableCollection(fields.references.values());
    }

    /** Drop watermarks of a family, in the order in which they were set. */
    public List<DropWatermark> dropWatermarks(int family) {
        return fields.dropWatermarks.getOrDefault(family, List.of());
    }
}
