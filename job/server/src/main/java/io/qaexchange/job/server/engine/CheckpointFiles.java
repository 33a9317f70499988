package io.qaexchange.job.server.engine;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.LeasedVersions;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.live.JobDirectory;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.sql.RowSource;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.job.server.session.ReadMoment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;

/**
 * The rows of the job's newest completed Flink checkpoint, read from its files: with every state backend, and also while the job restarts. The files
 * get second names, so that the job may delete the checkpoint meanwhile; they are opened once and kept until there is a newer checkpoint.
 *
 * <p>Thread-safe; one query at a time reads rows.
 */
public final class CheckpointFiles implements AutoCloseable {

    private static final int ATTEMPTS = 5;

    private final JobDirectory directory;
    private final JobMonitor monitor;
    private final Leases leases;
    private final Clock clock;
    /** Guarded by this. */
    @Nullable
    private JobDescription known;
    /** Guarded by this. */
    @Nullable
    private Kept kept;

    private record Kept(String path, UnionReader rows, Path links, LeasedVersions leases, long readAtMs) {
    }

    /** Takes the rows while they are there. */
    @FunctionalInterface
    interface Use {
        void with(RowSource rows) throws Exception;
    }

    /** Finds the leases of this process. */
    @FunctionalInterface
    public interface Leases {
        LeasedVersions of() throws IOException;
    }

    /** @param leases keep archived files on the disk while they are read */
    public CheckpointFiles(JobDirectory directory, JobMonitor monitor, Leases leases, Clock clock) {
        this.directory = directory;
        this.leases = leases;
        this.monitor = monitor;
        this.clock = clock;
    }

    /**
     * Reads the newest checkpoint.
     *
     * @param oldest age above which a checkpoint is refused; null for any age
     * @return the moment of the rows: the level {@code checkpoint:ID}, and when the checkpoint was triggered
     * @throws JobNotRunningException if there is no checkpoint, or none that is new enough
     * @throws IOException if its files cannot be read
     */
    synchronized ReadMoment read(@Nullable Duration oldest, Use use) throws Exception {
        Exception last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            JobStatus.Checkpoint newest = monitor.status().checkpoints().lastComplete();
            if (newest == null || newest.path() == null) {
                throw new JobNotRunningException("the job has completed no Flink checkpoint whose files can be read");
            }
            Duration age = Duration.ofMillis(newest.ageMs(clock.instant()));
            if (oldest != null && age.compareTo(oldest) > 0) {
                throw new JobNotRunningException("the newest Flink checkpoint, " + newest.id() + ", is " + age.toSeconds() + " s old, more than the "
                        + oldest.toMillis() / 1000.0 + " s that are allowed");
            }
            try {
                UnionReader rows = open(newest.path());
                try (LeasedVersions.Use lease = kept.leases().use(rows.manifest(), files(rows), kept.readAtMs())) {
                    use.with(RowSource.of(rows));
                }
                long atMs = Instant.parse(newest.at()).toEpochMilli();
                return new ReadMoment("checkpoint:" + rows.checkpoint().checkpointId(), atMs, atMs, "", rows.manifestVersion(), List.of());
            } catch (IOException e) {
                // Deleted before its files had second names; the next one is tried.
                last = e;
                release();
            }
        }
        throw new IOException("the files of " + ATTEMPTS + " Flink checkpoints could not be read one after the other, the last time: " + last.getMessage(), last);
    }

    private static List<DataFile> files(UnionReader rows) {
        return Stream.concat(rows.files().stream(), rows.otherFiles().stream()).toList();
    }

    private UnionReader open(String path) throws Exception {
        if (kept != null && kept.path().equals(path)) {
            return kept.rows();
        }
        release();
        long readAtMs = clock.millis();
        Path links = Files.createTempDirectory("checkpoint");
        boolean opened = false;
        try {
            CheckpointReader checkpoint = CheckpointReader.openPinned(path, links);
            JobDescription job = describe();
            UnionReader rows = UnionReader.open(checkpoint, new org.apache.flink.core.fs.Path(job.archive()), job.instruments());
            kept = new Kept(path, rows, links, leases.of(), readAtMs);
            opened = true;
            return rows;
        } finally {
            if (!opened) {
                FileUtils.deleteDirectoryQuietly(links.toFile());
            }
        }
    }

    /** Archive and instruments of a job stay the same while it restarts. */
    private JobDescription describe() throws IOException {
        try {
            known = directory.describeCached();
        } catch (IOException e) {
            if (known == null) {
                throw e;
            }
        }
        return known;
    }

    private void release() {
        if (kept != null) {
            FileUtils.deleteDirectoryQuietly(kept.links().toFile());
            kept = null;
        }
    }

    @Override
    public synchronized void close() {
        release();
    }
}
