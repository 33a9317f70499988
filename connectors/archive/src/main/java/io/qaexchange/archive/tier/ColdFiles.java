package io.qaexchange.archive.tier;

import static java.util.Objects.requireNonNull;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import java.io.IOException;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * Opens files of one manifest version, wherever they are: the local file, or a copy of the object in the cache.
 *
 * <p>Thread-safe.
 */
public final class ColdFiles {

    private final ManifestStore store;
    private final Map<String, RemoteCopy> copies;
    private final TierCache cache;

    private ColdFiles(ManifestStore store, Map<String, RemoteCopy> copies, TierCache cache) {
        this.store = store;
        this.copies = copies;
        this.cache = cache;
    }

    /** Files of a version, through the cache of this process. */
    public static ColdFiles of(ManifestStore store, ArchiveManifest manifest) {
        return of(store, manifest, TierSettings.cache());
    }

    /** Files of a version. */
    public static ColdFiles of(ManifestStore store, ArchiveManifest manifest, TierCache cache) {
        return new ColdFiles(requireNonNull(store, "store"), manifest.remoteByBatch(), requireNonNull(cache, "cache"));
    }

    /** Files of a version of which only some copies are known, by batch, through the cache of this process. */
    public static ColdFiles of(ManifestStore store, Map<String, RemoteCopy> copies) {
        return new ColdFiles(requireNonNull(store, "store"), Map.copyOf(copies), TierSettings.cache());
    }

    /** The copy of a file in an object store; null if it has none. */
    @Nullable
    public RemoteCopy copyOf(DataFile file) {
        return copies.get(file.batchId());
    }

    /**
     * Opens a file. One whose local file has left since this version is found by the newest version: readers may have an old one for days.
     *
     * @throws IOException if it is in an object store only, and that is away or has other bytes
     */
    public ColdFile open(DataFile file) throws IOException {
        return open(file, store.locate(file));
    }

    /**
     * As {@link #open(DataFile)}.
     *
     * @param local where the local file lies
     */
    public ColdFile open(DataFile file, Path local) throws IOException {
        RemoteCopy copy = copies.get(file.batchId());
        if (copy == null || copy.stage() == RemoteCopy.Stage.COPYING) {
            RemoteCopy since = isOnDisk(local) && !local.getFileSystem().exists(local) ? store.latest().remoteByBatch().get(file.batchId()) : null;
            return since != null && since.hasObject() ? cache.open(file.path(), since) : ColdFile.at(local);
        }
        // A local file that is to be there may have left by a later version.
        if (copy.isReadLocally() && local.getFileSystem().exists(local)) {
            return ColdFile.at(local);
        }
        return cache.open(file.path(), copy);
    }

    private static boolean isOnDisk(Path path) {
        String scheme = path.toUri().getScheme();
        return scheme == null || scheme.equals("file");
    }

    /** Whether a file is read from the local disk, or the file system of the archive. */
    public boolean isLocal(DataFile file) {
        RemoteCopy copy = copies.get(file.batchId());
        return copy == null || copy.isReadLocally();
    }

    /** The tier of a file: local, both, leaving, remote or fetching. */
    public String tierOf(DataFile file) {
        return tierOf(copies.get(file.batchId()));
    }

    /** The tier of a file with that copy, null for none. */
    public static String tierOf(@Nullable RemoteCopy copy) {
        return copy == null ? "local" : switch (copy.stage()) {
            case COPYING -> "local";
            case BOTH -> "both";
            case LEAVING, DELETING -> "leaving";
            case REMOTE -> "remote";
            case FETCHING -> "fetching";
        };
    }

    /** Where other programs find a file: the local file, or the object. */
    public String locationOf(DataFile file) {
        return isLocal(file) ? store.locate(file).getPath() : copies.get(file.batchId()).uri();
    }
}
