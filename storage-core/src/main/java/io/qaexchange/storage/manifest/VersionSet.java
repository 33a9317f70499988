package io.qaexchange.storage.manifest;

import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The version in force, and the manifest that makes each step durable before it counts.
 *
 * <p>Threads: {@link #apply} by one at a time (it locks); {@link #current} and the numbers from any.
 */
public final class VersionSet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(VersionSet.class);

    private final Vfs vfs;
    private final Path directory;
    private final long manifestBytes;
    private final AtomicLong nextFileNumber;
    private final AtomicLong nextReferenceId;
    /** Volatile: readers take the newest. */
    private volatile Version current;
    private ManifestWriter writer;
    private long manifestNumber;
    /** Also twice what the whole picture takes, so that a large one is not written again with every edit. */
    private long sizeToBeginAnew;
    private IOException failure;

    /**
     * Begins a new manifest with the given version and puts it in force.
     *
     * @param highestNumber no file of the folder has a higher number
     * @param manifestBytes size at which the manifest is begun anew
     */
    public static VersionSet create(Vfs vfs, Path directory, Version version, long highestNumber, long manifestBytes) throws IOException {
        VersionSet set = new VersionSet(vfs, directory, version, highestNumber, manifestBytes);
        set.newManifest();
        return set;
    }

    private VersionSet(Vfs vfs, Path directory, Version version, long highestNumber, long manifestBytes) {
        this.manifestBytes = manifestBytes;
        this.vfs = vfs;
        this.directory = directory;
        nextFileNumber = new AtomicLong(Math.max(version.nextFileNumber(), highestNumber + 1));
        nextReferenceId = new AtomicLong(version.nextReferenceId());
        current = version;
    }

    /**
     * Makes an edit durable, then the version after it current. If this fails, the store must stop: what the disk holds is unknown, and
     * no later edit is taken.
     *
     * @throws StoreClosedException if an earlier edit failed, which is the cause
     */
    public synchronized Version apply(VersionEdit edit) throws IOException {
        if (failure != null) {
            throw new StoreClosedException("the manifest cannot be written any more: " + failure.getMessage(), failure);
        }
        edit.nextNumbers(nextFileNumber.get(), nextReferenceId.get());
        Version next = current.apply(edit);
        try {
            if (writer.size() > sizeToBeginAnew) {
                newManifest();
            }
            writer.append(edit);
        } catch (IOException e) {
            failure = e;
            throw e;
        }
        current = next;
        return next;
    }

    private void newManifest() throws IOException {
        ManifestWriter old = writer;
        long oldNumber = manifestNumber;
        long number = nextFileNumber.getAndIncrement();
        Version whole = current.apply(new VersionEdit().nextNumbers(nextFileNumber.get(), nextReferenceId.get()));
        ManifestWriter fresh = ManifestWriter.create(vfs, FileNames.manifest(directory, number), whole);
        boolean inForce = false;
        try {
            vfs.syncDirectory(directory);
            CurrentFile.write(vfs, directory, number);
            inForce = true;
        } finally {
            if (!inForce) {
                fresh.close();
            }
        }
        writer = fresh;
        manifestNumber = number;
        sizeToBeginAnew = Math.max(manifestBytes, 2 * fresh.size());
        if (old != null) {
            discard(old, FileNames.manifest(directory, oldNumber));
        }
    }

    /** A manifest that is in force no more costs space and nothing else; the next opening takes it away. */
    private void discard(ManifestWriter old, Path path) {
        try {
            old.close();
            vfs.delete(path);
        } catch (IOException e) {
            LOG.warn("old manifest stays until the store is opened again: file={}", path, e);
        }
    }

    public Version current() {
        return current;
    }

    public long nextFileNumber() {
        return nextFileNumber.getAndIncrement();
    }

    public long nextReferenceId() {
        return nextReferenceId.getAndIncrement();
    }

    public long manifestNumber() {
        return manifestNumber;
    }

    /** Notes where manifest and log end, since the store closes in order; not if an edit has failed. No edit may follow. */
    public synchronized void noteEnd(long segment, long segmentBytes) throws IOException {
        if (failure != null) {
            return;
        }
        writer.sync();
        CurrentFile.writeClosed(vfs, directory, manifestNumber, new CurrentFile.End(writer.size(), segment, segmentBytes));
    }

    @Override
    public synchronized void close() throws IOException {
        writer.close();
    }
}
