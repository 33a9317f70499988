package io.qaexchange.iceberg;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * One table in one version of the archive manifest, by locations of files.
 *
 * @param table its name
 * @param manifest the version
 * @param checkpoint the last checkpoint of the current archive epoch that added to it; 0 if none did
 * @param listed its files, by location
 * @param places where a file lies now, by the location that it has in the archive; files that are not there any more are left out
 * @param abandoned locations in the archive of files that a restore took away
 * @param moved the other location of listed files that lie on the local disk and in an object store, or did
 */
record TableFiles(String table, ArchiveManifest manifest, long checkpoint, Map<String, DataFile> listed, Map<String, String> places,
        Set<String> abandoned, Map<String, String> moved) {

    static TableFiles of(ManifestStore store, ArchiveManifest manifest, String table) {
        Map<String, DataFile> listed = new LinkedHashMap<>();
        Map<String, String> places = new HashMap<>();
        Set<String> abandoned = new HashSet<>();
        Map<String, String> moved = new HashMap<>();
        Map<String, RemoteCopy> copies = manifest.remoteByBatch();
        String aside = ManifestStore.SUPERSEDED_FOLDER + "/";
        for (RetiredFile retired : manifest.retired()) {
            if (retired.file().table().equals(table)) {
                String path = retired.file().path();
                String original = locationOf(new Path(store.root(), path.startsWith(aside) ? path.substring(aside.length()) : path));
                RemoteCopy copy = copies.get(retired.file().batchId());
                // One with erased rows is for nobody to take again.
                if (!retired.isDeleting() && retired.reason() != RetiredFile.Reason.ERASED) {
                    place(places, original, locationOf(store.locate(retired.file())), copy);
                }
                if (retired.reason() == RetiredFile.Reason.SPLIT) {
                    abandon(abandoned, original, copy);
                }
            }
        }
        for (DataFile file : manifest.superseded()) {
            if (file.table().equals(table)) {
                RemoteCopy copy = copies.get(file.batchId());
                place(places, locationOf(store.locate(file)), locationOf(store.locateSuperseded(file)), copy);
                abandon(abandoned, locationOf(store.locate(file)), copy);
            }
        }
        long checkpoint = 0;
        for (DataFile file : manifest.files()) {
            if (file.table().equals(table)) {
                String local = locationOf(store.locate(file));
                RemoteCopy copy = copies.get(file.batchId());
                boolean remote = copy != null && !copy.isReadLocally();
                listed.put(remote ? copy.uri() : local, file);
                place(places, local, local, copy);
                if (copy != null) {
                    moved.put(remote ? copy.uri() : local, remote ? local : copy.uri());
                }
                checkpoint = Math.max(checkpoint, lastCheckpoint(file, manifest.currentEpoch()));
            }
        }
        return new TableFiles(table, manifest, checkpoint, listed, places, abandoned, moved);
    }

    /** @param local where the local file lies, if it is there */
    private static void place(Map<String, String> places, String original, String local, @Nullable RemoteCopy copy) {
        places.put(original, copy == null || copy.hasLocalFile() ? local : copy.uri());
        if (copy != null && copy.hasObject()) {
            places.put(copy.uri(), copy.uri());
        }
    }

    private static void abandon(Set<String> abandoned, String original, @Nullable RemoteCopy copy) {
        abandoned.add(original);
        if (copy != null) {
            abandoned.add(copy.uri());
        }
    }

    /** Whether these files only lie elsewhere than others, or are compacted ones. */
    boolean areSameRows(Collection<DataFile> added, Collection<String> removed) {
        Set<String> before = Set.copyOf(removed);
        Set<DataFile> elsewhere = new HashSet<>();
        listed.forEach((location, file) -> {
            if (before.contains(moved.getOrDefault(location, ""))) {
                elsewhere.add(file);
            }
        });
        return added.stream().allMatch(file -> file.isCompacted() || elsewhere.contains(file));
    }

    private static long lastCheckpoint(DataFile file, @Nullable String epoch) {
        return file.batches().stream().filter(batch -> batch.epoch().equals(epoch)).mapToLong(ArchivedBatch::checkpointId).max().orElse(0);
    }

    /** A location as Iceberg's readers open it: local files as {@code file:///…}. */
    static String locationOf(Path path) {
        String scheme = path.toUri().getScheme();
        return scheme == null || scheme.equals("file") ? "file://" + path.getPath() : path.toString();
    }

    /** A location as programs open it that know no {@code file:} addresses. */
    static String pathOf(String location) {
        return location.startsWith("file://") ? location.substring("file://".length()) : location;
    }

    long version() {
        return manifest.version();
    }

    /** The location in the archive of a file that may lie among the superseded ones. */
    static String originalOf(ManifestStore store, String location) {
        String aside = locationOf(new Path(store.root(), ManifestStore.SUPERSEDED_FOLDER)) + "/";
        return location.startsWith(aside) ? locationOf(new Path(store.root(), location.substring(aside.length()))) : location;
    }

    /** Whether a restore took one of these files away. */
    boolean abandons(Collection<String> removed) {
        return removed.stream().anyMatch(abandoned::contains);
    }

    /** Whether all files are still where this version lists them, by a newer version. */
    boolean isReadable(TableFiles newer) {
        return listed.keySet().stream().allMatch(location -> location.equals(newer.places.get(location)));
    }

    long rows() {
        return listed.values().stream().mapToLong(DataFile::rows).sum();
    }
}
