package io.qaexchange.job.query.live;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.LeasedVersions;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.VersionLeases;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LivePin;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.job.query.access.RowAccess;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * Opens consistent reads of a running job.
 *
 * <p>First all subtasks are pinned, in parallel, then the manifest is read. Rows that had left the state were published before their pin, so the
 * manifest has them. A file that was handed over after the pin of its subtask is not taken: the pin shows its rows as hot. Pins and
 * manifest must be of one archive epoch, else everything is released and tried again.
 *
 * <p>Thread-safe.
 */
public final class LiveReader implements AutoCloseable {

    private static final int ATTEMPTS = 5;
    private static final long FIRST_BACKOFF_MS = 20;
    /** How long files stay that a reader had which was killed. */
    private static final Duration LEASE = Duration.ofMinutes(1);

    private final JobDirectory directory;
    private final EndpointPool pool;
    private final Duration patience;
    private final ExecutorService pinning = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "pins subtasks");
        thread.setDaemon(true);
        return thread;
    });
    private final AtomicReference<ArchiveManifest> manifest = new AtomicReference<>();
    private final CutFiles.Known cuts = new CutFiles.Known();
    private volatile String archive;
    /** Guarded by this. */
    @Nullable
    private LeasedVersions leases;
    private volatile long notReadableSinceMs;

    /** @param patience how long a read waits for a job that restarts */
    public LiveReader(JobDirectory directory, EndpointPool pool, Duration patience) {
        this.directory = directory;
        this.pool = pool;
        this.patience = patience;
    }

    public JobDirectory directory() {
        return directory;
    }

    /** The archive of the job. */
    public ManifestStore archive() throws IOException {
        if (archive == null) {
            archive = directory.describeCached().archive();
        }
        return ManifestStore.of(new Path(archive));
    }

    /**
     * Opens a read of every row.
     *
     * @throws JobNotRunningException if the job does not run, or not all of it, for longer than the patience
     * @throws LiveException if the checkpoint that is asked for is not held
     */
    public LiveRead open(ReadLevel level) throws IOException {
        return open(level, RowAccess.ALL);
    }

    /**
     * Opens a read.
     *
     * @param access the rows that it shows
     * @throws JobNotRunningException if the job does not run, or not all of it, for longer than the patience
     * @throws LiveException if the checkpoint that is asked for is not held
     */
    public LiveRead open(ReadLevel level, RowAccess access) throws IOException {
        if (level instanceof ReadLevel.CheckpointInFiles || level instanceof ReadLevel.Stale) {
            throw new IllegalArgumentException("level " + level + " is not read from the running job");
        }
        long deadlineNs = System.nanoTime() + patience.toNanos();
        IOException last = null;
        for (int attempt = 0; attempt < ATTEMPTS || System.nanoTime() < deadlineNs; attempt++) {
            if (attempt > 0) {
                if (System.nanoTime() + backoffNs(attempt) > deadlineNs) {
                    break;
                }
                sleep(backoffNs(attempt));
            }
            long readAtMs = System.currentTimeMillis();
            try {
                LiveRead read = leased(tryOpen(level, access, attempt > 0), readAtMs);
                notReadableSinceMs = 0;
                return read;
            } catch (VersionLeases.RefusedException e) {
                last = e;
            } catch (JobNotRunningException e) {
                last = e;
            } catch (LiveException e) {
                if (!e.isRetriable()) {
                    throw e;
                }
                last = e;
            }
        }
        if (notReadableSinceMs == 0) {
            notReadableSinceMs = System.currentTimeMillis();
        }
        throw new JobNotRunningException(last.getMessage() + ". It could not be read since " + Instant.ofEpochMilli(notReadableSinceMs), last);
    }

    /**
     * Numbers of all instruments and accounts, as of the last barrier of their subtask. No row is read.
     *
     * @throws JobNotRunningException if not all subtasks can be asked
     */
    public List<InstrumentStatistics> statistics() throws IOException {
        List<InstrumentStatistics> all = new ArrayList<>();
        askEach((connection, subtask) -> connection.ofInstruments(subtask)).forEach(all::addAll);
        return all;
    }

    /**
     * The description that each subtask gives of itself and its store, as JSON.
     *
     * @throws JobNotRunningException if not all subtasks can be asked
     */
    public List<String> stores() throws IOException {
        return askEach(EndpointConnection::statistics);
    }

    /**
     * Starts a compaction of everything that the subtasks store, or ends it. {@link #stores} tells how far it is.
     *
     * @throws JobNotRunningException if not all subtasks can be asked
     * @throws LiveException if it is to be started and one runs
     */
    public void compact(boolean start) throws IOException {
        askEach((connection, subtask) -> {
            connection.compact(new LiveRequest.Compact(subtask, start, null));
            return subtask;
        });
    }

    /**
     * Starts a compaction of the rows of one instrument, in the subtask that has it.
     *
     * @return the subtask
     * @throws JobNotRunningException if the subtasks cannot be asked
     * @throws LiveException if one runs in this subtask
     */
    public int compact(String instrument) throws IOException {
        JobDescription job = directory.describe();
        if (!job.isComplete()) {
            throw notComplete(job);
        }
        EndpointAnnouncement endpoint = job.endpoints().stream().filter(of -> of.hasKey(instrument, job.maxParallelism())).findFirst()
                .orElseThrow(() -> new JobNotRunningException("no subtask has instrument " + instrument));
        pool.use(endpoint, connection -> {
            connection.compact(new LiveRequest.Compact(endpoint.subtask(), true, instrument));
            return endpoint;
        });
        return endpoint.subtask();
    }

    private interface Question<T> {
        T ask(EndpointConnection connection, int subtask) throws IOException;
    }

    private <T> List<T> askEach(Question<T> question) throws IOException {
        try {
            return askEach(directory.describeCached(), question);
        } catch (LiveException e) {
            if (!e.code().equals(LiveProtocol.GONE)) {
                throw e;
            }
            return askEach(directory.describe(), question);
        }
    }

    private <T> List<T> askEach(JobDescription job, Question<T> question) throws IOException {
        if (!job.isComplete()) {
            throw notComplete(job);
        }
        List<T> answers = new ArrayList<>();
        for (EndpointAnnouncement endpoint : job.endpoints()) {
            answers.add(pool.use(endpoint, connection -> question.ask(connection, endpoint.subtask())));
        }
        return answers;
    }

    private static JobNotRunningException notComplete(JobDescription job) {
        return new JobNotRunningException(job.endpoints().size() + " of " + job.parallelism() + " subtasks of the event store can be read"
                + (job.backend().equals("lsm") ? "" : "; the backend " + job.backend() + " cannot be read while the job runs: ask for level files, the newest Flink checkpoint"));
    }

    private static long backoffNs(int attempt) {
        return TimeUnit.MILLISECONDS.toNanos(FIRST_BACKOFF_MS << Math.min(attempt - 1, 4));
    }

    private static void sleep(long ns) throws IOException {
        try {
            TimeUnit.NANOSECONDS.sleep(ns);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the job", e);
        }
    }

    /** Keeps its files on the disk; closed if that fails. */
    private LiveRead leased(LiveRead read, long readAtMs) throws IOException {
        boolean kept = false;
        try {
            read.keep(leases().use(read.manifest(), read.files(), readAtMs));
            kept = true;
            return read;
        } finally {
            if (!kept) {
                read.close();
            }
        }
    }

    /** The leases of this process in the archive of the job. */
    public synchronized LeasedVersions leases() throws IOException {
        ManifestStore store = archive();
        if (leases == null || !leases.store().root().equals(store.root())) {
            if (leases != null) {
                leases.close();
            }
            leases = new LeasedVersions(store, Clock.systemUTC(), LEASE);
        }
        return leases;
    }

    private LiveRead tryOpen(ReadLevel level, RowAccess access, boolean askAgain) throws IOException {
        JobDescription job = askAgain ? directory.describe() : directory.describeCached();
        archive = job.archive();
        if (level instanceof ReadLevel.Archive) {
            return new LiveRead(pool, level, job.instruments(), job.maxParallelism(), List.of(), cuts.of(latestManifest(job), List.of()), access);
        }
        if (!job.isComplete()) {
            throw notComplete(job);
        }
        if (askAgain) {
            pool.retain(job.endpoints());
        }
        long checkpoint = level instanceof ReadLevel.Checkpoint of ? of.id() : LiveRequest.LIVE;
        if (level instanceof ReadLevel.LatestCheckpoint) {
            checkpoint = newestHeld(job);
        }
        List<LiveRead.Pinned> pins = pinAll(job, checkpoint);
        boolean opened = false;
        try {
            ArchiveManifest newest = latestManifest(job);
            for (LiveRead.Pinned pinned : pins) {
                if (!pinned.pin().archiveEpoch().equals(newest.currentEpoch())) {
                    throw new JobNotRunningException("subtask " + pinned.pin().subtask() + " runs in archive epoch "
                            + pinned.pin().archiveEpoch() + ", the manifest is of " + newest.currentEpoch());
                }
            }
            LiveRead read = new LiveRead(pool, checkpoint == LiveRequest.LIVE ? level : new ReadLevel.Checkpoint(checkpoint), job.instruments(),
                    job.maxParallelism(), pins, cuts.of(newest, pins), access);
            opened = true;
            return read;
        } finally {
            if (!opened) {
                LiveRead.release(pool, pins);
            }
        }
    }

    private ArchiveManifest latestManifest(JobDescription job) throws IOException {
        ArchiveManifest newest = ManifestStore.of(new Path(job.archive())).latest(manifest.get());
        manifest.set(newest);
        return newest;
    }

    private long newestHeld(JobDescription job) throws IOException {
        List<LiveRead.Pinned> now = pinAll(job, LiveRequest.LIVE);
        List<Long> common = LiveRead.commonCheckpoints(now);
        LiveRead.release(pool, now);
        if (common.isEmpty()) {
            throw new JobNotRunningException("no Flink checkpoint is held by all subtasks yet: none was completed since the job started");
        }
        return common.get(common.size() - 1);
    }

    private List<LiveRead.Pinned> pinAll(JobDescription job, long checkpoint) throws IOException {
        Map<EndpointPool.Address, List<EndpointAnnouncement>> byProcess = new LinkedHashMap<>();
        for (EndpointAnnouncement endpoint : job.endpoints()) {
            byProcess.computeIfAbsent(EndpointPool.Address.of(endpoint), address -> new ArrayList<>()).add(endpoint);
        }
        List<CompletableFuture<List<LiveRead.Pinned>>> pending = new ArrayList<>();
        Executor executor = byProcess.size() == 1 ? Runnable::run : pinning;
        for (List<EndpointAnnouncement> process : byProcess.values()) {
            pending.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return pin(process, checkpoint);
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            }, executor));
        }
        List<LiveRead.Pinned> pins = new ArrayList<>();
        IOException failed = null;
        for (CompletableFuture<List<LiveRead.Pinned>> one : pending) {
            try {
                pins.addAll(one.join());
            } catch (CompletionException e) {
                failed = add(failed, e.getCause() instanceof IOException io ? io : new IOException(e.getCause()));
            }
        }
        if (failed != null) {
            LiveRead.release(pool, pins);
            throw failed;
        }
        return pins;
    }

    private static IOException add(@Nullable IOException first, IOException next) {
        if (first == null) {
            return next;
        }
        first.addSuppressed(next);
        return first;
    }

    private List<LiveRead.Pinned> pin(List<EndpointAnnouncement> process, long checkpoint) throws IOException {
        List<LiveRequest.Pin.Subtask> subtasks = process.stream()
                .map(endpoint -> new LiveRequest.Pin.Subtask(endpoint.subtask(), endpoint.incarnation())).toList();
        List<LivePin> pins = pool.use(process.get(0), connection -> connection.pin(new LiveRequest.Pin(subtasks, checkpoint)));
        List<LiveRead.Pinned> pinned = new ArrayList<>();
        for (int i = 0; i < pins.size(); i++) {
            pinned.add(new LiveRead.Pinned(process.get(i), pins.get(i)));
        }
        return pinned;
    }

    @Override
    public void close() {
        synchronized (this) {
            if (leases != null) {
                leases.close();
            }
        }
        pinning.shutdownNow();
        pool.close();
        directory.close();
    }
}
