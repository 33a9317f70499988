package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Publishes changes of copies, and tells where files lie. One thread. */
final class TierManifest {

    private static final int PUBLISH_ATTEMPTS = 20;

    private final ManifestStore store;
    private final Consumer<String> steps;

    /** A change of copies, by the identity of their file. */
    @FunctionalInterface
    interface Change {
        /**
         * Changes the copies in place.
         *
         * @param copies of the newest version
         * @param version number of the version that will have them
         * @return whether there is a change
         */
        boolean apply(ArchiveManifest latest, Map<String, RemoteCopy> copies, long version);
    }

    /**
     * A file of any list.
     *
     * @param file the file
     * @param local where its local file lies
     * @param listed whether it is in the archive now
     */
    record Placed(DataFile file, Path local, boolean listed) {
    }

    TierManifest(ManifestStore store, Consumer<String> steps) {
        this.store = store;
        this.steps = steps;
    }

    /** Publishes a change; repeats it if another process publishes meanwhile. */
    void publish(String step, Change change) throws IOException {
        for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
            ArchiveManifest latest = store.latest();
            Map<String, RemoteCopy> copies = new LinkedHashMap<>();
            latest.remote().forEach(copy -> copies.put(copy.batchId(), copy));
            if (!change.apply(latest, copies, latest.version() + 1)) {
                return;
            }
            steps.accept("before " + step);
            if (store.publish(latest.withRemote(copies.values()))) {
                steps.accept("after " + step);
                return;
            }
        }
        throw new IOException("manifest version " + (store.latest().version() + 1) + " could not be created in " + PUBLISH_ATTEMPTS + " attempts");
    }

    /**
     * Writes the rows of moves that are done, unless they have one: another run that took a move over meanwhile writes its row.
     *
     * @param version the version that announced them
     * @param action copied or fetched
     * @param logged identities of files that have their row already
     */
    void log(long version, String action, Map<RemoteCopy, DataFile> done, Set<String> logged, long nowMs) throws IOException {
        if (logged.containsAll(done.keySet().stream().map(RemoteCopy::batchId).toList())) {
            return;
        }
        steps.accept("before rows of moves");
        Map<String, RemoteCopy> announced = store.latest().remoteByBatch();
        Map<RemoteCopy, DataFile> rows = new LinkedHashMap<>(done);
        rows.keySet().removeIf(copy -> logged.contains(copy.batchId()) || !copy.equals(announced.get(copy.batchId())));
        if (!rows.isEmpty()) {
            MoveLog.write(store, version, action, rows, nowMs);
        }
        steps.accept("after rows of moves");
    }

    /** All files of a version, by identity. */
    Map<String, Placed> placed(ArchiveManifest manifest) {
        Map<String, Placed> placed = new HashMap<>();
        manifest.files().forEach(file -> placed.put(file.batchId(), new Placed(file, store.locate(file), true)));
        manifest.superseded().forEach(file -> placed.put(file.batchId(), new Placed(file, store.locateSuperseded(file), false)));
        manifest.retired().stream().map(RetiredFile::file).forEach(file -> placed.put(file.batchId(), new Placed(file, store.locate(file), false)));
        return placed;
    }

    /** Deletes a local file, also if a restore moves it just now. */
    void deleteLocally(Placed placed) throws IOException {
        List<Path> places = new ArrayList<>(List.of(placed.local()));
        if (!placed.file().path().startsWith(ManifestStore.SUPERSEDED_FOLDER)) {
            places.add(store.locate(placed.file()));
            places.add(store.locateSuperseded(placed.file()));
        }
        for (Path path : places) {
            FileSystem fileSystem = path.getFileSystem();
            if (fileSystem.exists(path) && !fileSystem.delete(path, false)) {
                throw new IOException("file " + path + " could not be deleted");
            }
        }
    }

    /**
     * A path of the local disk, also of a mounted one.
     *
     * @throws IOException if the archive is not on a disk
     */
    static java.nio.file.Path onDisk(Path path) throws IOException {
        String scheme = path.toUri().getScheme();
        if (scheme != null && !scheme.equals("file")) {
            throw new IOException("file " + path + " is not on a local disk: only an archive on a disk of this machine, or a mounted one, has a second tier");
        }
        return java.nio.file.Path.of(path.getPath());
    }

    /** The copy of a file, if it is in that stage. */
    @Nullable
    static RemoteCopy inStage(Map<String, RemoteCopy> copies, String batchId, RemoteCopy.Stage... stages) {
        RemoteCopy copy = copies.get(batchId);
        return copy != null && List.of(stages).contains(copy.stage()) ? copy : null;
    }
}
