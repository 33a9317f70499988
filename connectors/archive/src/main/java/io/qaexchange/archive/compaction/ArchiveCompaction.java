package io.qaexchange.archive.compaction;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.FileCopy;
import io.qaexchange.archive.manifest.ManifestStore;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compacts an archive, beside a running job or without one.
 *
 * <p>Each group is a step of its own: its rows are merged into a local file, this is copied into the archive under a hidden name, read back and
 * compared, renamed, and a new manifest version makes it stand for its files. Until then nobody sees it, so a crash leaves at most a file
 * that no version names. If the job publishes first, the step is repeated on its version; if the job was restored meanwhile and one of the
 * files left the archive, the group is given up.
 *
 * <p>One thread.
 */
public final class ArchiveCompaction {

    /** Names of compacted files begin with it. */
    public static final String PREFIX = "compacted-";
    /** Names of files that are being copied begin with it. */
    public static final String HIDDEN_PREFIX = ".compacting-";

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveCompaction.class);
    private static final int PUBLISH_ATTEMPTS = 20;

    private final ManifestStore store;
    private final CompactionOptions options;
    private final java.nio.file.Path temporary;
    private final Clock clock;

    /**
     * A compaction.
     *
     * @param temporary a local folder, which must exist
     * @param clock wall clock
     */
    public ArchiveCompaction(ManifestStore store, CompactionOptions options, java.nio.file.Path temporary, Clock clock) {
        this.store = store;
        this.options = options;
        this.temporary = temporary;
        this.clock = clock;
    }

    /** The steps that {@link #run} would take now. */
    public List<CompactionGroup> plan(Predicate<DataFile> wanted) throws IOException {
        return CompactionPlanner.plan(store.latest(), options, wanted);
    }

    /**
     * Compacts the files of the newest version.
     *
     * @param wanted files that may be compacted
     * @param each takes each new file when it is published
     */
    public CompactionReport run(Predicate<DataFile> wanted, Consumer<DataFile> each) throws IOException {
        int files = 0;
        int groups = 0;
        long bytesBefore = 0;
        long bytesAfter = 0;
        long rows = 0;
        List<String> left = new ArrayList<>();
        for (CompactionGroup group : plan(wanted)) {
            DataFile compacted;
            try {
                compacted = compact(group);
            } catch (IOException e) {
                LOG.warn("{} files of table {}, {} are left as they are", group.files().size(), group.table(), group.tradingDay(), e);
                left.add(group.files().size() + " files of table " + group.table() + ", " + group.tradingDay() + ": " + e.getMessage());
                continue;
            }
            groups++;
            files += group.files().size();
            bytesBefore += group.bytes();
            bytesAfter += compacted.lengthBytes();
            rows += compacted.rows();
            each.accept(compacted);
        }
        return new CompactionReport(groups, files, bytesBefore, bytesAfter, rows, left);
    }

    private DataFile compact(CompactionGroup group) throws IOException {
        String id = UUID.randomUUID().toString();
        String folder = "table=" + group.table() + "/date=" + group.tradingDay();
        String path = folder + "/" + PREFIX + id + ".parquet";
        java.nio.file.Path local = temporary.resolve(id + ".parquet");
        Path hidden = new Path(store.root(), folder + "/" + HIDDEN_PREFIX + id);
        boolean done = false;
        try {
            DataFile compacted = new FileMerger(store, options).merge(group, local, id, path);
            FileCopy.into(local, hidden, store.locate(compacted), compacted.sha256());
            publish(group, compacted);
            done = true;
            return compacted;
        } finally {
            Files.deleteIfExists(local);
            if (!done && !isNamed(path)) {
                remove(new Path(store.root(), path));
            }
        }
    }

    /** Whether the newest version names a file: publishing may have failed after the moment at which it was done. */
    private boolean isNamed(String path) {
        try {
            ArchiveManifest latest = store.latest();
            return latest.everyPath().contains(path);
        } catch (IOException e) {
            LOG.warn("file {} may be in the manifest, which cannot be read: it stays", path, e);
            return true;
        }
    }

    private void publish(CompactionGroup group, DataFile compacted) throws IOException {
        for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
            ArchiveManifest latest = store.latest();
            ArchiveManifest next;
            try {
                next = latest.withCompacted(group.files(), compacted, clock.millis());
            } catch (IllegalArgumentException e) {
                throw new IOException(e.getMessage() + ": the job was restored from an earlier point, or another compaction was faster", e);
            }
            if (store.publish(next)) {
                return;
            }
        }
        throw new IOException("manifest version " + (store.latest().version() + 1) + " could not be created in " + PUBLISH_ATTEMPTS + " attempts");
    }

    private static void remove(Path file) throws IOException {
        if (file.getFileSystem().exists(file)) {
            file.getFileSystem().delete(file, false);
        }
    }
}
