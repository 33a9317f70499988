package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.sstable.ReadOptions;
import io.qaexchange.storage.sstable.SstableMetadata;
import io.qaexchange.storage.sstable.SstableReader;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * An sstable of the store while anybody needs it: opened at the first read, closed when the last lease ends, and then deleted if no
 * version names it any more.
 *
 * <p>Thread-safe. The version that names the file holds one lease, each read view and checkpoint another.
 */
final class FileHandle {
    private final long number;
    private final SstableMetadata expected;
    private final Path path;
    private final Vfs vfs;
    private final StoreOptions.ReadMode readMode;
    private final BlockCache cache;
    private final ObsoleteFiles obsolete;
    private final Consumer<CorruptionException> onFault;
    private final AtomicInteger leases = new AtomicInteger(1);
    /** Volatile: opened by the first reader, read by all. */
    private volatile SstableReader reader;
    private volatile boolean deleteWhenFree;

    /** @param expected of the file, as the store manifest has it */
    FileHandle(long number, SstableMetadata expected, Path directory, Vfs vfs, StoreOptions.ReadMode readMode, BlockCache cache, ObsoleteFiles obsolete,
            Consumer<CorruptionException> onFault) {
        this.onFault = onFault;
        this.number = number;
        this.expected = expected;
        path = FileNames.sstable(directory, number);
        this.vfs = vfs;
        this.readMode = readMode;
        this.cache = cache;
        this.obsolete = obsolete;
    }

    long number() {
        return number;
    }

    Path path() {
        return path;
    }

    SstableReader reader() throws IOException {
        SstableReader opened = reader;
        return opened != null ? opened : open();
    }

    private synchronized SstableReader open() throws IOException {
        if (reader == null) {
            SstableReader opened = SstableReader.open(vfs, path, readMode == StoreOptions.ReadMode.MMAP ? ReadOptions.MMAP : ReadOptions.PREAD, cache,
                    onFault);
            if (!isExpected(opened.metadata())) {
                opened.close();
                throw new CorruptionException("another sstable of the same size stands in place of this one: expected=" + expected + " found="
                        + opened.metadata(), path, 0);
            }
            reader = opened;
        }
        return reader;
    }

    private boolean isExpected(SstableMetadata found) {
        return found.entries() == expected.entries() && found.smallestSequence() == expected.smallestSequence()
                && found.largestSequence() == expected.largestSequence() && Arrays.equals(found.smallestKey(), expected.smallestKey())
                && Arrays.equals(found.largestKey(), expected.largestKey());
    }

    /** The caller must hold a lease already, or know that the version does. */
    void lease() {
        if (leases.getAndIncrement() <= 0) {
            throw new IllegalStateException("file " + path + " was leased after its last lease had ended");
        }
    }

    void release() {
        int left = leases.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("file " + path + " was released more often than leased");
        }
        if (left == 0) {
            closeReader();
            if (deleteWhenFree) {
                obsolete.delete(path);
            }
        }
    }

    private synchronized void closeReader() {
        if (reader != null) {
            obsolete.close(path, reader);
            reader = null;
        }
    }

    /** No version names the file any more: it goes with its last lease. */
    void dropFromVersion() {
        deleteWhenFree = true;
        release();
    }
}
