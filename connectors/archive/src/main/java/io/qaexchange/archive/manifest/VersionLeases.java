package io.qaexchange.archive.manifest;

import io.qaexchange.archive.objects.NewFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leases on versions of the archive manifest: files that left the archive after a reader had its version stay on the disk, and where they are, while a lease
 * of the reader lives, whichever process deletes. A lease ends by its time, so a reader that was killed holds nothing up for long.
 *
 * <p>A lease is a file in {@value #FOLDER} whose name says it all: {@code <since ms>-<expires ms>-<id>}. <em>Since</em> is a moment before the version
 * was read; files that left at that time or later are held.
 *
 * <p>Why nothing is deleted below a reader: the reader creates the lease, then looks at the manifest again, and gives up if a file of his is marked for
 * deletion. The retention marks files in a version of the manifest, then looks for leases, then deletes. One of the two sees the other.
 *
 * <p>Thread-safe.
 */
public final class VersionLeases {

    /** Folder of the leases. */
    public static final String FOLDER = "_leases";

    /** Clocks of two hosts may differ by this much, and a version may be made this long before it is published. */
    static final Duration SLACK = Duration.ofMinutes(1);

    private static final Logger LOG = LoggerFactory.getLogger(VersionLeases.class);
    private static final int PARTS = 3;

    private final ManifestStore store;
    private final Path folder;
    private final Clock clock;

    private VersionLeases(ManifestStore store, Clock clock) {
        this.store = store;
        this.folder = new Path(store.root(), FOLDER);
        this.clock = clock;
    }

    /** The leases of an archive. */
    public static VersionLeases of(ManifestStore store, Clock clock) {
        return new VersionLeases(store, clock);
    }

    /**
     * A lease. Immutable.
     *
     * @param name name of its file
     * @param sinceMs files that left at that time or later are held, ms since 1970
     * @param expiresMs when it ends
     */
    public record Lease(String name, long sinceMs, long expiresMs) {
    }

    /** A file of the version is being deleted: the reader takes a newer version. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /**
     * Takes a lease.
     *
     * @param version the version that was read
     * @param files files of it that are to be read; retired ones may be among them
     * @param readAtMs a moment before it was read, ms since 1970
     * @param time how long it lives without being renewed
     * @throws RefusedException if one of the files is being deleted
     */
    public Lease take(ArchiveManifest version, Collection<DataFile> files, long readAtMs, Duration time) throws IOException {
        Set<String> paths = new HashSet<>();
        files.forEach(file -> paths.add(file.path()));
        long since = readAtMs;
        for (RetiredFile retired : version.retired()) {
            if (paths.contains(retired.file().path())) {
                since = Math.min(since, retired.retiredAtMs());
            }
        }
        Lease lease = create(since, time);
        boolean good = false;
        try {
            paths.removeAll(there(store.latest(version), version));
            if (!paths.isEmpty()) {
                throw new RefusedException("file " + paths.iterator().next() + " of manifest version " + version.version() + " is being deleted, or has left the archive");
            }
            good = true;
            return lease;
        } finally {
            if (!good) {
                release(lease);
            }
        }
    }

    /** Paths of the files that the newest version names, that are not being deleted, and that have not been moved away since another version was read. */
    private static Set<String> there(ArchiveManifest newest, ArchiveManifest read) {
        Set<String> there = new HashSet<>();
        newest.files().forEach(file -> there.add(file.path()));
        newest.superseded().stream().filter(read.superseded()::contains).forEach(file -> there.add(file.path()));
        newest.retired().stream().filter(file -> !file.isDeleting()).forEach(file -> there.add(file.file().path()));
        return there;
    }

    private Lease create(long sinceMs, Duration time) throws IOException {
        FileSystem fileSystem = folder.getFileSystem();
        NewFolder.make(folder);
        long expiresMs = clock.millis() + time.toMillis();
        Lease lease = new Lease(sinceMs + "-" + expiresMs + "-" + UUID.randomUUID().toString().replace("-", ""), sinceMs, expiresMs);
        boolean good = false;
        try (FSDataOutputStream out = fileSystem.create(new Path(folder, lease.name()), FileSystem.WriteMode.NO_OVERWRITE)) {
            // Flink's file system for S3 takes an empty object for the mark of a folder, finds no file there, and does not delete it.
            out.write('\n');
            good = true;
        } finally {
            if (!good) {
                release(lease);
            }
        }
        return lease;
    }

    /**
     * A lease that lives longer, in place of one that lives still.
     *
     * @throws RefusedException if it has ended already: files may be gone
     */
    public Lease renew(Lease lease, Duration time) throws IOException {
        if (clock.millis() >= lease.expiresMs()) {
            throw new RefusedException("the lease on a manifest version ended before it was renewed");
        }
        Lease next = create(lease.sinceMs(), time);
        release(lease);
        return next;
    }

    /** Ends a lease. Ending one that has ended is no error. */
    public void release(Lease lease) throws IOException {
        folder.getFileSystem().delete(new Path(folder, lease.name()), false);
    }

    /** As {@link #heldSinceMs}, earlier by what clocks may differ: files that left the archive from then on are not deleted. */
    public long retiredSinceMs() throws IOException {
        long since = heldSinceMs();
        return since == Long.MAX_VALUE ? since : since - SLACK.toMillis();
    }

    /**
     * The earliest moment that a living lease holds files from: {@link Long#MAX_VALUE} if none lives. Leases that ended long ago are removed.
     *
     * @throws IOException if a file in the folder is no lease: who deletes must not guess
     */
    public long heldSinceMs() throws IOException {
        long since = Long.MAX_VALUE;
        long nowMs = clock.millis();
        for (FileStatus file : list()) {
            String name = file.getPath().getName();
            Lease lease = parse(name);
            if (lease.expiresMs() + SLACK.toMillis() > nowMs) {
                since = Math.min(since, lease.sinceMs());
            } else {
                LOG.info("lease {} ended without being released: its reader was killed", name);
                release(lease);
            }
        }
        return since;
    }

    private Lease parse(String name) throws IOException {
        String[] parts = name.split("-");
        try {
            if (parts.length == PARTS) {
                return new Lease(name, Long.parseLong(parts[0]), Long.parseLong(parts[1]));
            }
        } catch (NumberFormatException e) {
            throw new IOException("file " + new Path(folder, name) + " does not belong in this folder: its name is no lease", e);
        }
        throw new IOException("file " + new Path(folder, name) + " does not belong in this folder: its name is no lease");
    }

    private FileStatus[] list() throws IOException {
        try {
            FileStatus[] files = folder.getFileSystem().listStatus(folder);
            return files == null ? new FileStatus[0] : files;
        } catch (FileNotFoundException e) {
            LOG.debug("nobody has ever taken a lease in {}", folder, e);
            return new FileStatus[0];
        }
    }
}
