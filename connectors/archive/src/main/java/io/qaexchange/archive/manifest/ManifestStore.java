package io.qaexchange.archive.manifest;

import io.qaexchange.archive.objects.NewFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the versions of the manifest in {@code _manifest/} of an archive's folder, on any of Flink's file systems.
 *
 * <p>A version is created only if it does not exist ({@link NewFile}), and never changed. The newest {@value #KEPT_VERSIONS} versions
 * are kept.
 *
 * <p>Thread-safe: has no state of its own.
 */
public final class ManifestStore {

    /** Folder of the versions. */
    public static final String MANIFEST_FOLDER = "_manifest";
    /** Folder of files that left the archive. */
    public static final String SUPERSEDED_FOLDER = "_superseded";
    static final int KEPT_VERSIONS = 50;

    private static final Logger LOG = LoggerFactory.getLogger(ManifestStore.class);
    private static final String SUFFIX = ".json";
    private static final int LIST_ATTEMPTS = 10;

    private final Path root;
    private final Path folder;

    private ManifestStore(Path root) {
        this.root = root;
        this.folder = new Path(root, MANIFEST_FOLDER);
    }

    /** The manifest of the archive in that folder, which need not exist yet. */
    public static ManifestStore of(Path archive) {
        return new ManifestStore(archive);
    }

    /** The archive's folder. */
    public Path root() {
        return root;
    }

    /** Where a file of the archive lies. */
    public Path locate(DataFile file) {
        return new Path(root, file.path());
    }

    /** Where a superseded file lies. */
    public Path locateSuperseded(DataFile file) {
        return new Path(new Path(root, SUPERSEDED_FOLDER), file.path());
    }

    /**
     * The other place of a file that the manifest names: superseded files lie where they were until the leases of readers end, and a restore moves them
     * back. Names are unique, so no other file lies there.
     */
    public Path otherPlace(Path named) {
        String prefix = root.getPath().endsWith("/") ? root.getPath() : root.getPath() + "/";
        String path = named.getPath().substring(prefix.length());
        String aside = SUPERSEDED_FOLDER + "/";
        return new Path(root, path.startsWith(aside) ? path.substring(aside.length()) : aside + path);
    }

    /** The newest version; {@link ArchiveManifest#EMPTY} if there is none. */
    public ArchiveManifest latest() throws IOException {
        for (int attempt = 0;; attempt++) {
            long newest = newestVersion();
            if (newest == 0) {
                return ArchiveManifest.EMPTY;
            }
            try {
                return read(newest);
            } catch (FileNotFoundException | NoSuchFileException e) {
                if (attempt >= 3) {
                    throw e;
                }
                LOG.info("manifest version {} was removed while it was read; reading the newest again", newest);
            }
        }
    }

    /**
     * The newest version, for a reader that has an older one.
     *
     * @param known null if the reader has none
     */
    public ArchiveManifest latest(@Nullable ArchiveManifest known) throws IOException {
        return known != null && isNewest(known.version()) ? known : latest();
    }

    /**
     * Whether there is no newer version than that one: costs two looks for a file. The second is for a reader who has slept while more versions were
     * published than are kept: the next of his is gone, and so is his.
     *
     * @param version 0 for none, which is never the newest
     */
    public boolean isNewest(long version) throws IOException {
        FileSystem fileSystem = root.getFileSystem();
        return version > 0 && !exists(fileSystem, fileOf(version + 1)) && exists(fileSystem, fileOf(version));
    }

    /**
     * Publishes a version, with the hash of the one before.
     *
     * @return whether it is published; false if that version exists already, as another's, or existed and is not kept any more
     */
    public boolean publish(ArchiveManifest manifest) throws IOException {
        if (manifest.version() < 1) {
            throw new IllegalArgumentException("version must be positive: " + manifest.version());
        }
        FileSystem fileSystem = root.getFileSystem();
        NewFolder.make(folder);
        String former = ManifestFormat.NO_FORMER;
        if (manifest.version() > 1) {
            try {
                byte[] before = bytesOf(manifest.version() - 1);
                former = Sha256.of(before, before.length);
            } catch (FileNotFoundException e) {
                LOG.info("manifest version {} is not kept any more: newer ones were published since", manifest.version() - 1, e);
                return false;
            }
        }
        byte[] bytes = ManifestFormat.encode(manifest, former);
        Path target = fileOf(manifest.version());
        boolean created = NewFile.create(target, bytes);
        if (created) {
            removeOldVersions(fileSystem, manifest.version());
        }
        return created;
    }

    /**
     * A version; null if it is not kept any more, or not published yet.
     *
     * @throws IOException if it cannot be read, or was changed
     */
    @Nullable
    public ArchiveManifest at(long version) throws IOException {
        try {
            return read(version);
        } catch (FileNotFoundException e) {
            LOG.debug("manifest version {} is not there", version, e);
            return null;
        }
    }

    private ArchiveManifest read(long version) throws IOException {
        return ManifestFormat.decode(bytesOf(version), version, fileOf(version).toString()).manifest();
    }

    /** The bytes of a version. */
    byte[] bytesOf(long version) throws IOException {
        try {
            return readAll(fileOf(version));
        } catch (NoSuchFileException e) {
            throw (FileNotFoundException) new FileNotFoundException(e.getMessage()).initCause(e);
        }
    }

    private byte[] readAll(Path file) throws IOException {
        return reading(() -> {
            try (FSDataInputStream in = root.getFileSystem().open(file)) {
                return in.readAllBytes();
            }
        });
    }

    /** Work with the archive's file system. */
    @FunctionalInterface
    private interface Reading<T> {
        T run() throws IOException;
    }

    /** Flink's file system for S3 throws what is unchecked while the store is away; to callers that is a failure to read like any other. */
    private <T> T reading(Reading<T> work) throws IOException {
        try {
            return work.run();
        } catch (RuntimeException e) {
            throw new IOException("archive " + root + " cannot be read: " + e.getMessage(), e);
        }
    }

    private void removeOldVersions(FileSystem fileSystem, long newest) throws IOException {
        for (long version : versions()) {
            if (version <= newest - KEPT_VERSIONS) {
                fileSystem.delete(fileOf(version), false);
            }
        }
    }

    /** Also where a list of files is late: a version is found by its name as soon as it is there. */
    private long newestVersion() throws IOException {
        List<Long> versions = versions();
        long newest = versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
        FileSystem fileSystem = root.getFileSystem();
        while (exists(fileSystem, fileOf(newest + 1))) {
            newest++;
        }
        return newest;
    }

    private boolean exists(FileSystem fileSystem, Path file) throws IOException {
        return reading(() -> fileSystem.exists(file));
    }

    /** The versions that are kept, ascending. */
    public List<Long> versions() throws IOException {
        FileSystem fileSystem = root.getFileSystem();
        List<Long> versions = new ArrayList<>();
        if (!exists(fileSystem, folder)) {
            return versions;
        }
        for (FileStatus entry : list(fileSystem)) {
            String name = entry.getPath().getName();
            if (name.endsWith(SUFFIX) && !name.startsWith(".")) {
                versions.add(versionOf(name));
            }
        }
        Collections.sort(versions);
        return versions;
    }

    /** Lists the folder; again if another process removes an old version meanwhile. */
    private FileStatus[] list(FileSystem fileSystem) throws IOException {
        for (int attempt = 1;; attempt++) {
            try {
                FileStatus[] entries = reading(() -> fileSystem.listStatus(folder));
                return entries == null ? new FileStatus[0] : entries;
            } catch (FileNotFoundException e) {
                if (attempt == LIST_ATTEMPTS) {
                    throw e;
                }
                LOG.debug("listing {} again, attempt {}", folder, attempt, e);
            }
        }
    }

    private long versionOf(String name) throws IOException {
        try {
            return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
        } catch (NumberFormatException e) {
            throw new IOException("file " + new Path(folder, name) + " does not belong in this folder: its name is not a version number", e);
        }
    }

    private Path fileOf(long version) {
        return new Path(folder, String.format("%012d%s", version, SUFFIX));
    }
}
