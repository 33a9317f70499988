package io.qaexchange.iceberg;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.DeleteFiles;
import org.apache.iceberg.ManageSnapshots;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One table of the mirror. {@link #apply} brings it to a version of the archive manifest with one commit of its metadata, so a reader sees the
 * table before or after, and a crash leaves it before.
 *
 * <p>The commit is the difference between the files of the current snapshot and those that the version lists: an append, a rewrite of files with
 * the same batches, a deletion, or an overwrite. If a restore took files away, the branch {@code abandoned-<archive epoch>} keeps the snapshot, and the
 * table goes back to the newest snapshot of the history that was restored; the difference to that one follows on top.
 *
 * <p>One thread.
 */
final class TableMirror {

    static final String ARCHIVE_EPOCH = "qaexchange.archive-epoch";
    static final String CHECKPOINT = "qaexchange.checkpoint";
    static final String KAFKA_OFFSETS = "qaexchange.kafka-offsets";
    static final String ABANDONED = "abandoned-";

    private static final Logger LOG = LoggerFactory.getLogger(TableMirror.class);
    private final ManifestStore store;
    private final MirrorFiles files;
    private final String name;
    private final String location;
    /** Data files by location, by snapshot. */
    private final Map<Long, Map<String, DataFile>> contents = new HashMap<>();
    private MirrorOperations operations;

    TableMirror(ManifestStore store, MirrorFiles files, String folder, String name) {
        this.store = store;
        this.files = files;
        this.name = name;
        this.location = folder + "/" + name;
    }

    /** Files that leave and that come. */
    private record Difference(List<DataFile> removed, List<io.qaexchange.archive.manifest.DataFile> added) {

        static Difference between(Map<String, DataFile> held, TableFiles target) {
            List<DataFile> removed = new ArrayList<>();
            held.forEach((location, file) -> {
                if (!target.listed().containsKey(location)) {
                    removed.add(file);
                }
            });
            return new Difference(removed, target.listed().entrySet().stream().filter(entry -> !held.containsKey(entry.getKey())).map(Map.Entry::getValue)
                    .toList());
        }

        boolean isEmpty() {
            return removed.isEmpty() && added.isEmpty();
        }
    }

    /** Takes the newest metadata version. What is computed and committed afterwards is based on it: a newer one in between must make the commit fail. */
    private MirrorOperations refresh() throws IOException {
        if (operations == null || operations.isOutdated()) {
            operations = MirrorOperations.load(files, location);
        }
        return operations;
    }

    /** Forgets what is known of the table. */
    void reload() {
        operations = null;
    }

    /** The current snapshot of the newest metadata version, on which everything is based that follows. */
    @Nullable
    Snapshot head() throws IOException {
        TableMetadata metadata = refresh().current();
        return metadata == null ? null : metadata.currentSnapshot();
    }

    /** Whether the table is there. */
    boolean exists() throws IOException {
        return files.exists(location);
    }

    /** The newest metadata version; null if there is none. */
    @Nullable
    TableMetadata metadata() throws IOException {
        return refresh().current();
    }

    /** The table for Iceberg's readers. */
    Table table() throws IOException {
        return new BaseTable(refresh(), name);
    }

    /**
     * Brings the table to a version of the archive manifest.
     *
     * @return whether it changed
     * @throws ForeignCommitException if somebody else changed the table
     */
    boolean apply(TableFiles target) throws IOException {
        Snapshot head = head();
        checkOurs();
        if (head != null && ForeignChanges.versionOf(head) > target.version()) {
            return false;
        }
        Difference difference = Difference.between(contentOf(head), target);
        boolean abandons = target.abandons(difference.removed().stream().map(DataFile::location).toList());
        Snapshot base = abandons ? restored(head, target.manifest()) : null;
        if (base != null) {
            difference = Difference.between(contentOf(base), target);
        }
        boolean changed = !difference.isEmpty() || abandons;
        Map<String, Moves> moves = moves(target, abandons ? ABANDONED + head.summary().get(ARCHIVE_EPOCH) : null, head);
        if (changed || !moves.isEmpty()) {
            commit(target, head, base, abandons, difference, moves);
            LOG.info("table {} is at archive manifest version {}: {} files removed, {} added{}", name, target.version(), difference.removed().size(),
                    difference.added().size(), abandons ? ", a branch of its history was abandoned" : "");
        }
        if (operations.version() > 0) {
            operations.writeHint();
            contents.keySet().retainAll(operations.current().refs().values().stream().map(SnapshotRef::snapshotId).toList());
        }
        return changed || !moves.isEmpty();
    }

    private void commit(TableFiles target, @Nullable Snapshot head, @Nullable Snapshot base, boolean abandons, Difference difference,
            Map<String, Moves> moves) throws IOException {
        List<FileFooter> footers = new ArrayList<>();
        ColdFiles coldFiles = ColdFiles.of(store, target.manifest());
        Map<io.qaexchange.archive.manifest.DataFile, String> locations = new HashMap<>();
        target.listed().forEach((place, file) -> locations.put(file, place));
        for (io.qaexchange.archive.manifest.DataFile file : difference.added()) {
            footers.add(footerOf(coldFiles, file, locations.get(file)));
        }
        if (operations.current() == null) {
            create(footers);
        }
        Transaction transaction = new BaseTable(operations, name).newTransaction();
        if (abandons) {
            abandon(transaction, head, base);
        }
        if (abandons || !difference.isEmpty()) {
            evolve(transaction, footers);
            KafkaOffsets offsets = offsetsOf(coldFiles, target, abandons ? base : head, difference);
            update(transaction, target, difference, footers, offsets.toJson());
        }
        for (Map.Entry<String, Moves> branch : moves.entrySet()) {
            branch.getValue().commit(transaction, branch.getKey(), target);
        }
        transaction.commitTransaction();
    }

    /** Reads a footer, also of a file that is in an object store only. */
    private static FileFooter footerOf(ColdFiles files, io.qaexchange.archive.manifest.DataFile file, String location) throws IOException {
        try (ColdFile cold = files.open(file)) {
            return FileFooter.read(file, cold.path(), location);
        }
    }

    /** The first metadata version: a table without rows. */
    private void create(List<FileFooter> footers) {
        Schema schema = TableColumns.schemaOf(footers.stream().map(FileFooter::schema).toList());
        PartitionSpec spec = PartitionSpec.builderFor(schema).identity(TableColumns.DATE).build();
        SortOrder.Builder order = SortOrder.builderFor(schema);
        if (schema.findField(TableColumns.INSTRUMENT) != null && schema.findField(TableColumns.EVENT_TIME_US) != null) {
            order.asc(TableColumns.INSTRUMENT).asc(TableColumns.EVENT_TIME_US);
        }
        Map<String, String> properties = ForeignChanges.properties();
        // Spark's vectorized reader (runtime 1.11.0) fails on some of our tables: ArrayIndexOutOfBoundsException in VectorizedDeltaEncodedValuesReader.
        properties.put(TableProperties.PARQUET_VECTORIZATION_ENABLED, "false");
        properties.put(TableProperties.DEFAULT_NAME_MAPPING, NameMappingParser.toJson(TableColumns.mappingOf(schema)));
        operations.commit(null, TableMetadata.newTableMetadata(schema, spec, order.build(), location, properties));
    }

    private void abandon(Transaction transaction, Snapshot head, @Nullable Snapshot base) {
        String branch = ABANDONED + head.summary().get(ARCHIVE_EPOCH);
        ManageSnapshots snapshots = transaction.manageSnapshots();
        SnapshotRef known = operations.current().ref(branch);
        if (known == null) {
            snapshots.createBranch(branch, head.snapshotId());
        } else {
            snapshots.replaceBranch(branch, head.snapshotId());
        }
        if (base != null) {
            snapshots.setCurrentSnapshot(base.snapshotId());
        }
        snapshots.commit();
    }

    /** Adds columns that the table does not have. */
    private void evolve(Transaction transaction, List<FileFooter> footers) throws IOException {
        Schema schema = transaction.table().schema();
        UpdateSchema update = null;
        for (Map.Entry<String, Type> column : TableColumns.columnsOf(footers.stream().map(FileFooter::schema).toList()).entrySet()) {
            Types.NestedField known = schema.findField(column.getKey());
            if (known == null) {
                update = update == null ? transaction.updateSchema() : update;
                update.addColumn(column.getKey(), column.getValue());
            } else if (!TableColumns.isSame(known.type(), column.getValue())) {
                throw new IOException("column " + column.getKey() + " of table " + name + " is " + known.type() + " in the Iceberg table and "
                        + column.getValue() + " in a new file: rebuild the table with bin/table repair --rebuild");
            }
        }
        if (update != null) {
            update.commit();
            transaction.updateProperties().set(TableProperties.DEFAULT_NAME_MAPPING,
                    NameMappingParser.toJson(TableColumns.mappingOf(transaction.table().schema()))).commit();
        }
    }

    /** The offsets of the snapshot that is made: those of the one before, and of the files that come. All files are read if the one before names none. */
    private KafkaOffsets offsetsOf(ColdFiles coldFiles, TableFiles target, @Nullable Snapshot before, Difference difference) throws IOException {
        String known = before == null ? null : before.summary().get(KAFKA_OFFSETS);
        if (known == null) {
            return offsetsOf(coldFiles, target.listed().values());
        }
        return KafkaOffsets.parse(known).with(isRewrite(target, difference) ? KafkaOffsets.NONE : offsetsOf(coldFiles, difference.added()));
    }

    private static KafkaOffsets offsetsOf(ColdFiles coldFiles, Collection<io.qaexchange.archive.manifest.DataFile> some) throws IOException {
        KafkaOffsets offsets = KafkaOffsets.NONE;
        for (io.qaexchange.archive.manifest.DataFile file : some) {
            try (ColdFile cold = coldFiles.open(file)) {
                offsets = offsets.with(KafkaOffsets.read(cold.path()));
            }
        }
        return offsets;
    }

    private static boolean isRewrite(TableFiles target, Difference difference) {
        List<DataFile> removed = difference.removed();
        return !removed.isEmpty() && !difference.added().isEmpty()
                && rows(removed) == difference.added().stream().mapToLong(io.qaexchange.archive.manifest.DataFile::rows).sum()
                && target.areSameRows(difference.added(), removed.stream().map(DataFile::location).toList());
    }

    private static void update(Transaction transaction, TableFiles target, Difference difference, List<FileFooter> footers, String offsets) {
        Table table = transaction.table();
        List<DataFile> added = footers.stream().map(footer -> footer.toDataFile(table.schema(), table.spec())).toList();
        List<DataFile> removed = difference.removed();
        if (removed.isEmpty()) {
            AppendFiles append = transaction.newAppend();
            added.forEach(append::appendFile);
            describe(append, target, offsets).commit();
        } else if (added.isEmpty()) {
            DeleteFiles delete = transaction.newDelete();
            removed.forEach(delete::deleteFile);
            describe(delete, target, offsets).commit();
        } else if (isRewrite(target, difference)) {
            RewriteFiles rewrite = transaction.newRewrite();
            removed.forEach(rewrite::deleteFile);
            added.forEach(rewrite::addFile);
            describe(rewrite, target, offsets).commit();
        } else {
            OverwriteFiles overwrite = transaction.newOverwrite();
            removed.forEach(overwrite::deleteFile);
            added.forEach(overwrite::addFile);
            describe(overwrite, target, offsets).commit();
        }
    }

    private static long rows(List<DataFile> some) {
        return some.stream().mapToLong(DataFile::recordCount).sum();
    }

    private static <T extends SnapshotUpdate<T>> T describe(T update, TableFiles target, @Nullable String offsets) {
        if (offsets != null) {
            update.set(KAFKA_OFFSETS, offsets);
        }
        update.set(ForeignChanges.MANIFEST_VERSION, Long.toString(target.version())).set(CHECKPOINT, Long.toString(target.checkpoint()));
        return update.set(ARCHIVE_EPOCH, String.valueOf(target.manifest().currentEpoch()));
    }

    /** The newest snapshot before the head that has nothing of an abandoned branch; null if there is none. */
    @Nullable
    private Snapshot restored(Snapshot head, ArchiveManifest manifest) throws IOException {
        TableMetadata metadata = operations.current();
        for (Snapshot snapshot = parentOf(metadata, head); snapshot != null; snapshot = parentOf(metadata, snapshot)) {
            Map<String, String> summary = snapshot.summary();
            if (ForeignChanges.isOurs(snapshot) && manifest.isInHistory(summary.get(ARCHIVE_EPOCH), Long.parseLong(summary.get(CHECKPOINT)))) {
                return snapshot;
            }
        }
        return null;
    }

    @Nullable
    private static Snapshot parentOf(TableMetadata metadata, Snapshot snapshot) {
        return snapshot.parentId() == null ? null : metadata.snapshot(snapshot.parentId());
    }

    /** Files of an abandoned branch that lie elsewhere now, or are gone. */
    private record Moves(@Nullable String offsets, Map<DataFile, String> places, List<DataFile> gone) {

        void commit(Transaction transaction, String branch, TableFiles target) {
            PartitionSpec spec = transaction.table().spec();
            OverwriteFiles overwrite = transaction.newOverwrite().toBranch(branch);
            gone.forEach(overwrite::deleteFile);
            places.forEach((file, place) -> {
                overwrite.deleteFile(file);
                overwrite.addFile(DataFiles.builder(spec).copy(file).withPath(place).build());
            });
            describe(overwrite, target, offsets).commit();
        }
    }

    private Map<String, Moves> moves(TableFiles target, @Nullable String newBranch, @Nullable Snapshot head) throws IOException {
        Map<String, Snapshot> branches = new LinkedHashMap<>();
        TableMetadata metadata = operations.current();
        if (metadata != null) {
            metadata.refs().forEach((branch, ref) -> {
                if (branch.startsWith(ABANDONED)) {
                    branches.put(branch, metadata.snapshot(ref.snapshotId()));
                }
            });
        }
        if (newBranch != null) {
            branches.put(newBranch, head);
        }
        Map<String, Moves> moves = new LinkedHashMap<>();
        for (Map.Entry<String, Snapshot> branch : branches.entrySet()) {
            Map<DataFile, String> places = new LinkedHashMap<>();
            List<DataFile> gone = new ArrayList<>();
            for (DataFile file : contentOf(branch.getValue()).values()) {
                String place = target.places().get(TableFiles.originalOf(store, file.location()));
                if (place == null) {
                    gone.add(file);
                } else if (!place.equals(file.location())) {
                    places.put(file, place);
                }
            }
            if (!places.isEmpty() || !gone.isEmpty()) {
                moves.put(branch.getKey(), new Moves(branch.getValue().summary().get(KAFKA_OFFSETS), places, gone));
            }
        }
        return moves;
    }

    /** The data files of a snapshot, by location. */
    Map<String, DataFile> contentOf(@Nullable Snapshot snapshot) throws IOException {
        if (snapshot == null) {
            return Map.of();
        }
        Map<String, DataFile> known = contents.get(snapshot.snapshotId());
        if (known == null) {
            known = new LinkedHashMap<>();
            TableMetadata metadata = operations.current();
            for (ManifestFile manifest : snapshot.dataManifests(operations.io())) {
                try (ManifestReader<DataFile> reader = ManifestFiles.read(manifest, operations.io(), metadata.specsById())) {
                    for (DataFile file : reader) {
                        known.put(file.location(), file.copy());
                    }
                }
            }
            contents.put(snapshot.snapshotId(), known);
        }
        return known;
    }

    /** @throws ForeignCommitException if somebody else changed the table */
    private void checkOurs() throws IOException {
        TableMetadata metadata = operations.current();
        if (metadata == null) {
            return;
        }
        Snapshot head = metadata.currentSnapshot();
        if (head != null && !ForeignChanges.isOurs(head)) {
            throw new ForeignCommitException("table " + name + ": snapshot " + head.snapshotId() + " (" + head.operation() + ") was committed by somebody"
                    + " else; the archive manifest decides what is in this table. Nothing was changed. bin/table repair keeps that snapshot as branch "
                    + ForeignChanges.branchOf(head) + " and puts the table back");
        }
        Set<String> changed = ForeignChanges.of(metadata);
        if (!changed.isEmpty()) {
            throw new ForeignCommitException("table " + name + ": somebody else changed " + String.join(", ", changed) + ". Nothing was changed. bin/table repair "
                    + (ForeignChanges.hasAnotherFormat(metadata) ? "puts the metadata aside and makes the table anew" : "puts the table back"));
        }
    }

    /** Snapshots that expired. */
    int expire(SnapshotRetention retention, Instant now) throws IOException {
        refresh();
        checkOurs();
        int expired = SnapshotExpiry.run(operations, retention, now);
        if (expired > 0) {
            LOG.info("table {}: {} snapshots expired; no data file was deleted", name, expired);
        }
        return expired;
    }

    /**
     * Compares the snapshot of a version of the archive manifest with that version, and with the footers of its files.
     *
     * @param problems what does not fit is added to it
     * @return data files of the snapshot
     */
    Collection<DataFile> check(TableFiles target, List<String> problems) throws IOException {
        Snapshot snapshot = head();
        try {
            checkOurs();
        } catch (ForeignCommitException e) {
            problems.add(e.getMessage());
        }
        TableMetadata metadata = operations.current();
        while (snapshot != null && (!ForeignChanges.isOurs(snapshot) || ForeignChanges.versionOf(snapshot) > target.version())) {
            snapshot = parentOf(metadata, snapshot);
        }
        int known = problems.size();
        Map<String, DataFile> held = contentOf(snapshot);
        Difference difference = Difference.between(held, target);
        difference.removed().forEach(file -> problems.add("table " + name + " has file " + file.location() + ", which archive manifest version "
                + target.version() + " does not list"));
        difference.added().forEach(file -> problems.add("table " + name + " lacks file " + file.path() + " of archive manifest version " + target.version()));
        ColdFiles coldFiles = ColdFiles.of(store, target.manifest());
        for (Map.Entry<String, io.qaexchange.archive.manifest.DataFile> listed : target.listed().entrySet()) {
            DataFile file = held.get(listed.getKey());
            if (file != null) {
                try {
                    FileFooter footer = footerOf(coldFiles, listed.getValue(), listed.getKey());
                    String different = footer.differenceTo(file, metadata.schema(), metadata.spec());
                    if (different != null) {
                        problems.add("table " + name + ": " + different + " of file " + listed.getKey() + " is not that of the file");
                    }
                } catch (IOException e) {
                    problems.add("table " + name + ": " + e.getMessage());
                }
            }
        }
        if (snapshot != null && problems.size() == known) {
            checkOffsets(coldFiles, target, snapshot, problems);
        }
        return held.values();
    }

    /** Rows that the retention or an erasure took away may have had greater offsets than those that are left. */
    private void checkOffsets(ColdFiles coldFiles, TableFiles target, Snapshot snapshot, List<String> problems) {
        String named = snapshot.summary().get(KAFKA_OFFSETS);
        if (named == null) {
            return;
        }
        try {
            KafkaOffsets offsets = KafkaOffsets.parse(named);
            KafkaOffsets rows = offsetsOf(coldFiles, target.listed().values());
            boolean isWhole = target.manifest().expired().isEmpty() && target.manifest().erasures().isEmpty();
            if (isWhole ? !offsets.equals(rows) : !offsets.covers(rows)) {
                problems.add("table " + name + ": snapshot " + snapshot.snapshotId() + " names Kafka offsets " + named + ", its rows have " + rows.toJson());
            }
        } catch (IOException e) {
            problems.add("table " + name + ": " + e.getMessage());
        }
    }

    /** Compares the table with a version of the archive manifest. */
    TableStatus status(TableFiles target) {
        int listed = target.listed().size();
        try {
            Snapshot head = head();
            int version = operations.version();
            if (head == null) {
                return new TableStatus(name, version, 0, 0, 0, 0, listed, target.rows(), listed == 0, null);
            }
            Map<String, DataFile> held = contentOf(head);
            boolean same = held.keySet().equals(target.listed().keySet()) && held.values().stream().allMatch(file ->
                    file.recordCount() == target.listed().get(file.location()).rows()
                            && file.fileSizeInBytes() == target.listed().get(file.location()).lengthBytes());
            String problem = null;
            try {
                checkOurs();
            } catch (ForeignCommitException e) {
                problem = e.getMessage();
            }
            return new TableStatus(name, version, head.snapshotId(), ForeignChanges.isOurs(head) ? ForeignChanges.versionOf(head) : 0, held.size(),
                    rows(List.copyOf(held.values())), listed, target.rows(), same, problem);
        } catch (IOException | RuntimeException e) {
            return new TableStatus(name, 0, 0, 0, 0, 0, listed, target.rows(), false, e.getMessage());
        }
    }

    /** Whether the table has a version of Iceberg's format that the mirror does not write. */
    boolean hasAnotherFormat() throws IOException {
        TableMetadata metadata = metadata();
        return metadata != null && ForeignChanges.hasAnotherFormat(metadata);
    }

    /**
     * Puts a table that somebody else changed back to our newest snapshot, schema and properties, and keeps their snapshot as a branch.
     *
     * @return what was done; null if there was nothing to do
     */
    @Nullable
    String putBack() throws IOException {
        TableMetadata metadata = metadata();
        TableMetadata without = metadata == null ? null : ForeignChanges.undo(name, metadata);
        if (without == null || without.changes().isEmpty()) {
            return null;
        }
        Snapshot head = metadata.currentSnapshot();
        Set<String> changed = ForeignChanges.of(metadata);
        operations.commit(metadata, without);
        operations.writeHint();
        return "table " + name + ": " + (head == null || ForeignChanges.isOurs(head) ? "" : "snapshot " + head.snapshotId() + " of somebody else is branch "
                + ForeignChanges.branchOf(head) + " now; the table is back at snapshot " + without.currentSnapshot().snapshotId() + (changed.isEmpty() ? "" : "; "))
                + (changed.isEmpty() ? "" : String.join(", ", changed) + " put back");
    }

    /** Puts the table's metadata aside, so that it is made anew. */
    String putAside(String other) throws IOException {
        files.rename(location, other);
        contents.clear();
        reload();
        return "table " + name + ": its metadata was put aside as " + other;
    }
}
