package io.qaexchange.job.server.iceberg;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.OutsideCatalog;
import io.qaexchange.iceberg.SnapshotRetention;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Syncs the Iceberg tables after each version of the archive manifest, in a thread of its own, and lets old snapshots go.
 *
 * <p>A failure is logged once, kept in the {@link State}, and tried again, at longer and longer intervals. Nothing waits for this thread: archiving and
 * reading go on. Whatever was missed is in the next sync.
 *
 * <p>Thread-safe.
 */
public final class ContinuousMirror implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ContinuousMirror.class);
    private static final Duration EXPIRY_INTERVAL = Duration.ofHours(1);
    private static final long STOP_MS = 10_000;

    private final Archive archive;
    private final Settings settings;
    private final Clock clock;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "syncs Iceberg tables");
    private volatile State state = new State(0, 0, null, 0, "no sync has ended yet");
    /** Below: of the thread. */
    @Nullable
    private IcebergMirror mirror;
    private String root = "";
    @Nullable
    private ArchiveManifest newest;
    private Instant expiredAt = Instant.MIN;

    /** Finds the archive. */
    @FunctionalInterface
    public interface Archive {
        /** @throws IOException if it is not known, because the job does not run */
        ManifestStore open() throws IOException;
    }

    /**
     * Settings.
     *
     * @param poll time between two looks for a version of the archive manifest
     * @param longestPause longest time between two attempts while they fail
     * @param retention snapshots that stay
     * @param outside properties of a catalogue in which the tables are registered too, as {@link OutsideCatalog#open} takes them; empty for none
     */
    public record Settings(Duration poll, Duration longestPause, SnapshotRetention retention, Map<String, String> outside) {

        public Settings {
            outside = Map.copyOf(outside);
        }

        /** Looks each second. */
        public static Settings of(SnapshotRetention retention) {
            return of(retention, Map.of());
        }

        /** Looks each second, and registers the tables in a catalogue. */
        public static Settings of(SnapshotRetention retention, Map<String, String> outside) {
            return new Settings(Duration.ofSeconds(1), Duration.ofMinutes(1), retention, outside);
        }
    }

    /**
     * How far the tables are.
     *
     * @param mirrorVersion archive manifest version up to which all tables are; 0 for none
     * @param newestVersion newest version of the archive manifest that was seen
     * @param behindSince when the first version was seen that the tables lack; null if they lack none
     * @param failures attempts that failed since the last that did not
     * @param problem why the last attempt failed; null if it did not
     */
    public record State(long mirrorVersion, long newestVersion, @Nullable Instant behindSince, int failures, @Nullable String problem) {

        /** Versions that the tables are behind. */
        public long lag() {
            return Math.max(0, newestVersion - mirrorVersion);
        }
    }

    private ContinuousMirror(Archive archive, Settings settings, Clock clock) {
        this.archive = archive;
        this.settings = settings;
        this.clock = clock;
    }

    /** Starts. */
    public static ContinuousMirror start(Archive archive, Settings settings, Clock clock) {
        ContinuousMirror started = new ContinuousMirror(archive, settings, clock);
        started.thread.setDaemon(true);
        started.thread.start();
        return started;
    }

    /** How far the tables are now. */
    public State state() {
        return state;
    }

    /** Seconds since the tables lack a version; 0 if they lack none. */
    public double behindSeconds() {
        Instant since = state.behindSince();
        return since == null ? 0 : Math.max(0, Duration.between(since, clock.instant()).toMillis() / 1e3);
    }

    private void run() {
        try {
            do {
                attempt();
            } while (!stopped.await(pause().toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Duration pause() {
        Duration pause = settings.poll().multipliedBy(1L << Math.min(state.failures(), 16));
        return pause.compareTo(settings.longestPause()) < 0 ? pause : settings.longestPause();
    }

    private void attempt() {
        State before = state;
        try {
            ManifestStore store = archive.open();
            if (mirror == null || !root.equals(store.root().toString())) {
                mirror = IcebergMirror.of(store);
                root = store.root().toString();
                newest = null;
            }
            ArchiveManifest found = store.latest(newest);
            if (newest == null || found.version() != newest.version() || before.problem() != null) {
                see(found.version());
                IcebergMirror.SyncReport report = mirror.sync();
                state = new State(report.toVersion(), Math.max(report.toVersion(), found.version()), null, before.failures(), before.problem());
                register(mirror);
                newest = found;
                state = new State(report.toVersion(), Math.max(report.toVersion(), found.version()), null, 0, null);
                if (before.failures() > 0) {
                    LOG.info("the Iceberg tables are at archive manifest version {} again", report.toVersion());
                }
            }
            expire(mirror);
        } catch (IOException | RuntimeException e) {
            failed(before, e);
        }
    }

    /** Connects anew each time: versions are rare, and a connection that was kept may be dead. */
    private void register(IcebergMirror tables) throws IOException {
        if (!settings.outside().isEmpty()) {
            try (OutsideCatalog catalog = OutsideCatalog.open(settings.outside())) {
                catalog.register(tables).forEach(LOG::info);
            }
        }
    }

    /** A version was seen, which the tables may lack. */
    private void see(long version) {
        State now = state;
        Instant since = version <= now.mirrorVersion() ? null : now.behindSince() == null ? clock.instant() : now.behindSince();
        state = new State(now.mirrorVersion(), version, since, now.failures(), now.problem());
    }

    private void failed(State before, Exception e) {
        String problem = e.getMessage() == null ? e.toString() : e.getMessage();
        if (!problem.equals(before.problem())) {
            LOG.warn("the Iceberg tables are not up to date, the archive goes on without them: {}", problem, e);
        }
        State now = state;
        state = new State(now.mirrorVersion(), now.newestVersion(), now.behindSince(), before.failures() + 1, problem);
    }

    private void expire(IcebergMirror tables) throws IOException {
        Instant now = clock.instant();
        if (expiredAt.equals(Instant.MIN) || Duration.between(expiredAt, now).compareTo(EXPIRY_INTERVAL) >= 0) {
            tables.expire(settings.retention(), now);
            expiredAt = now;
        }
    }

    /** Ends after the sync that runs. */
    @Override
    public void close() {
        stopped.countDown();
        try {
            thread.join(STOP_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
