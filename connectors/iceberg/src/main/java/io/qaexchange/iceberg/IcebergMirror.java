package io.qaexchange.iceberg;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The archive's tables as Apache Iceberg tables, in {@code _iceberg/} of the archive's folder.
 *
 * <p>{@link #sync} goes through the versions of the archive manifest that are newer than the mirror, oldest first, and applies each to each table.
 * Versions that are not kept any more, or whose files have left since, are passed over. A crash at any point leaves tables that are behind, never ahead, and the next sync goes on.
 * The content of the table decides what is committed, so repeating a version changes nothing.
 *
 * <p>Several processes may sync at once: each metadata version is created by one of them, and who comes too late looks again. Commits of others than
 * mirrors are refused. One thread.
 */
public final class IcebergMirror {

    /** Folder of the tables: a warehouse of Iceberg's {@code hadoop} catalogues. */
    public static final String FOLDER = "_iceberg";
    private static final String STATE = "mirror.json";
    private static final String STATE_VERSION = "manifestVersion";
    private static final int ATTEMPTS = 10;
    private static final String ASIDE = ".aside-";
    private static final Logger LOG = LoggerFactory.getLogger(IcebergMirror.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ManifestStore store;
    private final MirrorFiles files;
    private final String folder;
    private final Map<String, TableMirror> tables = new HashMap<>();

    /**
     * Result of a sync.
     *
     * @param fromVersion archive manifest version of the mirror before; 0 for none
     * @param toVersion version of the mirror now
     * @param snapshots snapshots that were made
     * @param skippedVersions versions that were not kept any more
     */
    public record SyncReport(long fromVersion, long toVersion, int snapshots, long skippedVersions) {
    }

    /**
     * How the mirror compares with the archive manifest.
     *
     * @param mirrorVersion archive manifest version up to which all tables are; 0 for none
     * @param newestVersion newest version of the archive manifest
     * @param tables by name
     */
    public record Status(long mirrorVersion, long newestVersion, List<TableStatus> tables) {

        /** Whether all tables show what the newest version lists. */
        public boolean isCurrent() {
            return tables.stream().allMatch(table -> table.isSame() && table.problem() == null);
        }

        /** Archive manifest versions that the mirror is behind. */
        public long lag() {
            return newestVersion - mirrorVersion;
        }
    }

    IcebergMirror(ManifestStore store, MirrorFiles files) {
        this.store = store;
        this.files = files;
        this.folder = TableFiles.locationOf(new Path(store.root(), FOLDER));
    }

    /** The mirror of an archive, which need not exist yet. */
    public static IcebergMirror of(ManifestStore store) {
        return new IcebergMirror(store, new FlinkFiles());
    }

    /**
     * Brings all tables to the newest version of the archive manifest.
     *
     * @throws ForeignCommitException if somebody else changed a table; tables before it in the alphabet are further
     */
    public SyncReport sync() throws IOException {
        long before = version();
        List<Long> versions = store.versions();
        long newest = versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
        if (before > newest) {
            throw new IOException("the Iceberg tables are at archive manifest version " + before + ", the archive is at " + newest
                    + ": it was replaced by an older copy. bin/table repair --rebuild makes the tables anew");
        }
        List<Long> due = versions.stream().filter(version -> version > before || version == newest).toList();
        ArchiveManifest latest = store.latest();
        int snapshots = 0;
        long done = before;
        for (long version : due) {
            ArchiveManifest manifest = store.at(version);
            if (manifest == null) {
                continue;
            }
            snapshots += apply(manifest, version == newest ? manifest : latest);
            if (version > done) {
                if (version > version()) {
                    write(version);
                }
                done = version;
            }
        }
        return new SyncReport(before, done, snapshots, Math.max(0, done - before - due.stream().filter(version -> version > before).count()));
    }

    /** @param newest version that says which files are there now; a table whose files have left since is brought to a later version */
    private int apply(ArchiveManifest manifest, ArchiveManifest newest) throws IOException {
        int changed = 0;
        for (String name : names(manifest)) {
            TableFiles target = TableFiles.of(store, manifest, name);
            if (!target.isReadable(TableFiles.of(store, newest, name))) {
                LOG.info("table {}: files of archive manifest version {} have left since; it is passed over", name, manifest.version());
                continue;
            }
            String goal = "table " + name + " could not be brought to archive manifest version " + manifest.version();
            changed += change(name, goal, table -> table.apply(target)) ? 1 : 0;
        }
        return changed;
    }

    private interface Change<T> {
        T make(TableMirror table) throws IOException;
    }

    /** Changes a table; anew if another writer is faster. */
    private <T> T change(String name, String failure, Change<T> change) throws IOException {
        for (int attempt = 1;; attempt++) {
            try {
                return change.make(table(name));
            } catch (ConflictException e) {
                table(name).reload();
                if (attempt == ATTEMPTS) {
                    throw new IOException(failure + " in " + ATTEMPTS + " attempts: " + e.getMessage(), e);
                }
                LOG.info("table {}: looking again, as another writer was faster", name, e);
            } catch (IOException e) {
                table(name).reload();
                throw e;
            } catch (RuntimeException e) {
                table(name).reload();
                throw new IOException(failure + ": " + e.getMessage(), e);
            }
        }
    }

    /**
     * Lets old snapshots of all tables go. Data files stay: the archive's retention alone deletes them.
     *
     * @param now wall clock
     * @return snapshots that expired, by table
     */
    public Map<String, Integer> expire(SnapshotRetention retention, Instant now) throws IOException {
        Map<String, Integer> expired = new TreeMap<>();
        for (String name : names(store.latest())) {
            int count = change(name, "old snapshots of table " + name + " could not be taken out", table -> table.expire(retention, now));
            if (count > 0) {
                expired.put(name, count);
            }
        }
        return expired;
    }

    /**
     * Compares all tables with a version of the archive manifest, and with the footers of their files.
     *
     * @throws IOException if it cannot be compared: the version or metadata cannot be read
     */
    public MirrorCheck check(long version) throws IOException {
        List<String> problems = new ArrayList<>();
        long reached = version();
        if (reached < version) {
            problems.add("the Iceberg tables are at archive manifest version " + reached + ", the audit read version " + version + ": run bin/table sync");
            return new MirrorCheck(version, 0, 0, 0, problems);
        }
        ArchiveManifest manifest = version == 0 ? ArchiveManifest.EMPTY : store.at(version);
        if (manifest == null) {
            problems.add("archive manifest version " + version + " is not kept any more: nothing can be compared with it");
            return new MirrorCheck(version, 0, 0, 0, problems);
        }
        int compared = 0;
        long dataFiles = 0;
        long rows = 0;
        for (String name : names(manifest)) {
            compared++;
            table(name).reload();
            for (org.apache.iceberg.DataFile file : table(name).check(TableFiles.of(store, manifest, name), problems)) {
                dataFiles++;
                rows += file.recordCount();
            }
        }
        return new MirrorCheck(version, compared, dataFiles, rows, problems);
    }

    private TableMirror table(String name) {
        return tables.computeIfAbsent(name, table -> new TableMirror(store, files, folder, table));
    }

    /** Tables of a version and of the mirror, by name. */
    private TreeSet<String> names(ArchiveManifest manifest) throws IOException {
        TreeSet<String> names = new TreeSet<>();
        manifest.files().stream().map(DataFile::table).forEach(names::add);
        files.list(folder).stream().filter(name -> !name.startsWith(".") && !name.startsWith(STATE)).forEach(names::add);
        return names;
    }

    /** Compares all tables with the newest version of the archive manifest. */
    public Status status() throws IOException {
        ArchiveManifest newest = store.latest();
        List<TableStatus> all = new ArrayList<>();
        for (String name : names(newest)) {
            all.add(table(name).status(TableFiles.of(store, newest, name)));
        }
        return new Status(version(), newest.version(), all);
    }

    /**
     * Puts tables that somebody else changed, or that cannot be read, right, and syncs. No data file and no snapshot is lost: what others committed stays
     * as a branch, and metadata that is made anew is put aside.
     *
     * @param rebuild whether all tables are made anew
     * @return what was done, one line each
     */
    public List<String> repair(boolean rebuild) throws IOException {
        List<String> done = new ArrayList<>();
        ArchiveManifest newest = store.latest();
        boolean ahead = version() > newest.version();
        for (String name : names(newest)) {
            TableMirror table = table(name);
            table.reload();
            String line;
            if (rebuild && table.exists()) {
                line = table.putAside(aside(name));
            } else {
                line = repair(table, name);
            }
            if (line != null) {
                done.add(line);
            }
        }
        if (rebuild || ahead) {
            write(0);
        }
        SyncReport report = sync();
        if (report.snapshots() > 0) {
            done.add("synced to archive manifest version " + report.toVersion() + ": " + report.snapshots() + " snapshots");
        }
        return done;
    }

    @Nullable
    private String repair(TableMirror table, String name) throws IOException {
        try {
            Snapshot head = table.head();
            table.contentOf(head);
        } catch (IOException | RuntimeException e) {
            return e.getMessage() + "; " + table.putAside(aside(name));
        }
        return table.hasAnotherFormat() ? table.putAside(aside(name)) : table.putBack();
    }

    private String aside(String name) throws IOException {
        List<String> taken = files.list(folder);
        int number = 1;
        while (taken.contains(ASIDE + name + "-" + number)) {
            number++;
        }
        return folder + "/" + ASIDE + name + "-" + number;
    }

    /** A table for Iceberg's readers; null if the mirror does not have it. */
    @Nullable
    public Table open(String name) throws IOException {
        TableMirror table = table(name);
        return table.exists() ? table.table() : null;
    }

    /**
     * Where the data files of a snapshot lie, ascending: paths of local files, addresses of objects.
     *
     * @param snapshot its id, or the name of a branch or tag; null for the current one
     * @throws IllegalArgumentException if there is no such table or snapshot
     */
    public List<String> dataFiles(String name, @Nullable String snapshot) throws IOException {
        TableMetadata metadata = names(ArchiveManifest.EMPTY).contains(name) ? table(name).metadata() : null;
        if (metadata == null) {
            throw new IllegalArgumentException("there is no Iceberg table " + name + ", only " + String.join(", ", tables()));
        }
        Snapshot found = snapshot == null ? metadata.currentSnapshot() : named(metadata, snapshot);
        return table(name).contentOf(found).keySet().stream().map(TableFiles::pathOf).sorted().toList();
    }

    private static Snapshot named(TableMetadata metadata, String snapshot) {
        SnapshotRef ref = metadata.ref(snapshot);
        Snapshot found = ref != null ? metadata.snapshot(ref.snapshotId()) : metadata.snapshots().stream()
                .filter(any -> Long.toString(any.snapshotId()).equals(snapshot)).findFirst().orElse(null);
        if (found == null) {
            throw new IllegalArgumentException("the table has no snapshot, branch or tag " + snapshot + ". Branches and tags: " + String.join(", ", metadata.refs().keySet()));
        }
        return found;
    }

    /** Names of the tables that have a snapshot, ascending. */
    List<String> tables() throws IOException {
        List<String> made = new ArrayList<>();
        for (String name : names(ArchiveManifest.EMPTY)) {
            TableMetadata metadata = table(name).metadata();
            if (metadata != null && metadata.currentSnapshot() != null) {
                made.add(name);
            }
        }
        return made;
    }

    /** The newest metadata of a table that is there. */
    TableMetadata metadata(String name) throws IOException {
        return table(name).metadata();
    }

    /** The archive manifest version up to which all tables are; 0 if there is no mirror. */
    public long version() throws IOException {
        String state = folder + "/" + STATE;
        if (!files.exists(state)) {
            return 0;
        }
        byte[] bytes = files.read(state);
        try {
            JsonNode version = JSON.readTree(bytes).path(STATE_VERSION);
            if (version.isIntegralNumber() && version.longValue() >= 0) {
                return version.longValue();
            }
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IOException("file " + state + " is damaged; delete it and run bin/table sync: " + e.getOriginalMessage(), e);
        }
        throw new IOException("file " + state + " is damaged: it has no " + STATE_VERSION + "; delete it and run bin/table sync");
    }

    private void write(long version) throws IOException {
        files.replace(folder + "/" + STATE, ("{\"" + STATE_VERSION + "\":" + version + "}\n").getBytes(StandardCharsets.UTF_8));
    }
}
