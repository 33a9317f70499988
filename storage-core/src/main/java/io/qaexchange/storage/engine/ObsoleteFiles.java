package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes files that nothing needs any more. A file that cannot be deleted costs space and nothing else: it is reported, counted, and
 * taken away at the next opening, since no manifest names it. Thread-safe.
 */
final class ObsoleteFiles {
    private static final Logger LOG = LoggerFactory.getLogger(ObsoleteFiles.class);

    private final Vfs vfs;
    private final Counters counters;

    ObsoleteFiles(Vfs vfs, Counters counters) {
        this.vfs = vfs;
        this.counters = counters;
    }

    void delete(Path path) {
        try {
            vfs.delete(path);
        } catch (IOException e) {
            counters.increment(StoreMetric.FILES_UNDELETED);
            LOG.warn("obsolete file stays until the store is opened again: file={}", path, e);
        }
    }

    /** Closes a file that nobody reads any more. */
    void close(Path path, AutoCloseable reader) {
        try {
            reader.close();
        } catch (Exception e) {
            LOG.warn("a file could not be closed: file={}", path, e);
        }
    }
}
