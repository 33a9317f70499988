package io.qaexchange.iceberg;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
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
 */
record TableFiles(String table, ArchiveManifest manifest, long checkpoint, Map<String, DataFile> listed, Map<String, String> places,
        Set<String> abandoned) {

    static TableFiles of(ManifestStore store, ArchiveManifest manifest, String table) {
        Map<String, DataFile> listed = new LinkedHashMap<>();
        Map<String, String> places = new HashMap<>();
        Set<String> abandoned = new HashSet<>();
        String aside = ManifestStore.SUPERSEDED_FOLDER + "/";
        for (RetiredFile retired : manifest.retired()) {
            if (retired.file().table().equals(table)) {
                String path = retired.file().path();
                String original = locationOf(new Path(store.root(), path.startsWith(aside) ? path.substring(aside.length()) : path));
                if (!retired.isDeleting()) {
                    places.put(original, locationOf(store.locate(retired.file())));
                }
                if (retired.reason() == RetiredFile.Reason.SPLIT) {
                    abandoned.add(original);
                }
            }
        }
        for (DataFile file : manifest.superseded()) {
            if (file.table().equals(table)) {
                places.put(locationOf(store.locate(file)), locationOf(store.locateSuperseded(file)));
                abandoned.add(locationOf(store.locate(file)));
            }
        }
        long checkpoint = 0;
        for (DataFile file : manifest.files()) {
            if (file.table().equals(table)) {
                String location = locationOf(store.locate(file));
                listed.put(location, file);
                places.put(location, location);
                checkpoint = Math.max(checkpoint, lastCheckpoint(file, manifest.currentEpoch()));
            }
        }
        return new TableFiles(table, manifest, checkpoint, listed, places, abandoned);
    }

    private static long lastCheckpoint(DataFile file, @Nullable String epoch) {
        return file.batches().stream().filter(batch -> batch.epoch().equals(epoch)).mapToLong(ArchivedBatch::checkpointId).max().orElse(0);
    }

    /** A location as Iceberg's readers open it: local files as {@code file:///…}. */
    static String locationOf(Path path) {
        String scheme = path.toUri().getScheme();
        return scheme == null || scheme.equals("file") ? "file://" + path.getPath() : path.toString();
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
