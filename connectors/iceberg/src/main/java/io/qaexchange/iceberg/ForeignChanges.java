package io.qaexchange.iceberg;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.mapping.NameMappingParser;

/**
 * Tells what somebody else changed in the metadata of a table of the mirror, and makes metadata without it.
 *
 * <p>A snapshot is the mirror's if its summary names an archive manifest version, a schema if the newest such snapshot has it. Properties, tags,
 * branches, sort orders and rollbacks of others are no such changes: no row depends on them, and the next sync goes on from there.
 *
 * <p>Stateless.
 */
final class ForeignChanges {

    static final String MANIFEST_VERSION = "qaexchange.manifest-version";
    static final String FOREIGN = "foreign-";

    private static final int FORMAT_VERSION = 2;
    /** Properties that all tables of the mirror have. */
    private static final Map<String, String> PROPERTIES = Map.of(
            // Procedures that delete data files, such as expire_snapshots, refuse to run: files are deleted by the archive's retention alone.
            TableProperties.GC_ENABLED, "false",
            // A commit of somebody else must make ours fail.
            TableProperties.COMMIT_NUM_RETRIES, "0",
            TableProperties.METADATA_DELETE_AFTER_COMMIT_ENABLED, "true",
            TableProperties.METADATA_PREVIOUS_VERSIONS_MAX, "20");

    private ForeignChanges() {
    }

    /** Properties of a new table. */
    static Map<String, String> properties() {
        Map<String, String> properties = new HashMap<>(PROPERTIES);
        properties.put(TableProperties.FORMAT_VERSION, Integer.toString(FORMAT_VERSION));
        return properties;
    }

    static boolean isOurs(Snapshot snapshot) {
        return snapshot.summary().containsKey(MANIFEST_VERSION);
    }

    static long versionOf(Snapshot snapshot) {
        return Long.parseLong(snapshot.summary().get(MANIFEST_VERSION));
    }

    /** Whether somebody upgraded the table to another version of the format. There is no way back, so such a table is made anew. */
    static boolean hasAnotherFormat(TableMetadata metadata) {
        return metadata.formatVersion() != FORMAT_VERSION;
    }

    /** Names of what somebody else changed but for snapshots, ascending. */
    static Set<String> of(TableMetadata metadata) {
        Set<String> changed = new TreeSet<>();
        PROPERTIES.forEach((property, value) -> {
            if (!value.equals(metadata.property(property, null))) {
                changed.add(property);
            }
        });
        Integer schemaId = schemaId(metadata);
        if (schemaId != null && schemaId != metadata.currentSchemaId()) {
            changed.add("the schema");
        } else if (!mapping(metadata, metadata.currentSchemaId()).equals(metadata.property(TableProperties.DEFAULT_NAME_MAPPING, null))) {
            changed.add(TableProperties.DEFAULT_NAME_MAPPING);
        }
        if (!isByDate(metadata.spec())) {
            changed.add("the partitioning");
        }
        if (hasAnotherFormat(metadata)) {
            changed.add("the format version, which is " + metadata.formatVersion() + " and not " + FORMAT_VERSION);
        }
        return changed;
    }

    /** The schema of the mirror's newest snapshot, on whatever branch; null if there is no snapshot. */
    @Nullable
    private static Integer schemaId(TableMetadata metadata) {
        return metadata.snapshots().stream().filter(ForeignChanges::isOurs).max(Comparator.comparingLong(Snapshot::sequenceNumber)).map(Snapshot::schemaId).orElse(null);
    }

    private static String mapping(TableMetadata metadata, int schemaId) {
        return NameMappingParser.toJson(TableColumns.mappingOf(metadata.schemasById().get(schemaId)));
    }

    private static boolean isByDate(PartitionSpec spec) {
        return spec.fields().size() == 1 && spec.fields().get(0).name().equals(TableColumns.DATE) && spec.fields().get(0).transform().isIdentity();
    }

    /**
     * The metadata without these changes: with our newest snapshot, whose successor of somebody else becomes a branch.
     *
     * @return the same metadata if there are none
     * @throws ForeignCommitException if there is no way back
     */
    static TableMetadata undo(String table, TableMetadata metadata) throws ForeignCommitException {
        TableMetadata.Builder next = TableMetadata.buildFrom(metadata);
        Snapshot head = metadata.currentSnapshot();
        if (head != null && !isOurs(head)) {
            next.setRef(branchOf(head), SnapshotRef.branchBuilder(head.snapshotId()).build());
            next.setRef(SnapshotRef.MAIN_BRANCH, SnapshotRef.branchBuilder(ours(table, metadata, head).snapshotId()).build());
        }
        if (of(metadata).isEmpty()) {
            return next.build();
        }
        Integer schemaId = schemaId(metadata);
        int schema = schemaId == null ? metadata.currentSchemaId() : schemaId;
        next.setCurrentSchema(schema);
        Map<String, String> properties = new HashMap<>(PROPERTIES);
        properties.put(TableProperties.DEFAULT_NAME_MAPPING, mapping(metadata, schema));
        next.setProperties(properties);
        if (!isByDate(metadata.spec())) {
            next.setDefaultPartitionSpec(metadata.specs().stream().filter(ForeignChanges::isByDate).findFirst()
                    .orElseThrow(() -> new ForeignCommitException("table " + table + " has no partitioning by date any more: bin/table repair --rebuild makes it anew"))
                    .specId());
        }
        return next.build();
    }

    /** The branch on which a snapshot of somebody else is kept. */
    static String branchOf(Snapshot head) {
        return FOREIGN + head.snapshotId();
    }

    private static Snapshot ours(String table, TableMetadata metadata, Snapshot head) throws ForeignCommitException {
        Snapshot ours = head;
        while (ours != null && !isOurs(ours)) {
            ours = ours.parentId() == null ? null : metadata.snapshot(ours.parentId());
        }
        if (ours == null) {
            throw new ForeignCommitException("table " + table + " has no snapshot of the mirror any more: bin/table repair --rebuild makes it anew");
        }
        return ours;
    }
}
