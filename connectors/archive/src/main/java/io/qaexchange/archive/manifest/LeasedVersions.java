package io.qaexchange.archive.manifest;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leases of one process on the versions that it reads: one for each version however many reads have it, renewed while one does. The lease on the newest
 * version stays a while for the next read, so most reads cost nothing here; a process that reads nothing holds nothing.
 *
 * <p>Where a lease cannot be written, because the archive is read-only here, reads go on without: the grace time of the retention is what they have
 * then, and the log says so once.
 *
 * <p>Thread-safe.
 */
public final class LeasedVersions implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeasedVersions.class);

    private final ManifestStore store;
    private final VersionLeases leases;
    private final Clock clock;
    private final Duration time;
    /** By version. Guarded by this. */
    private final Map<Long, Held> held = new HashMap<>();
    /** Guarded by this. */
    private long newest;
    /** Guarded by this. */
    private boolean warned;
    private final ScheduledThreadPoolExecutor renewing;

    private static final class Held {
        @Nullable
        private VersionLeases.Lease lease;
        private int reads;
        private boolean lost;
    }

    /** A read of a version; close it when its files are not opened any more. */
    public final class Use implements AutoCloseable {
        private final long version;
        private boolean closed;

        private Use(long version) {
            this.version = version;
        }

        /** Whether the version's files can be relied on still: false if its lease could not be renewed in time. */
        public boolean isGood() {
            synchronized (LeasedVersions.this) {
                Held of = held.get(version);
                return of != null && !of.lost;
            }
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                end(version);
            }
        }
    }

    /** @param time how long a lease outlives its process */
    public LeasedVersions(ManifestStore store, Clock clock, Duration time) {
        this.store = store;
        this.leases = VersionLeases.of(store, clock);
        this.clock = clock;
        this.time = time;
        this.renewing = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "renews leases");
            thread.setDaemon(true);
            return thread;
        });
        renewing.setRemoveOnCancelPolicy(true);
        long periodMs = Math.max(1, time.toMillis() / 3);
        renewing.scheduleWithFixedDelay(this::renew, periodMs, periodMs, TimeUnit.MILLISECONDS);
    }

    /**
     * Holds a version for a read.
     *
     * @param version the version, as it was just read
     * @param files its files that are read
     * @param readAtMs a moment before it was read
     * @throws VersionLeases.RefusedException if one of the files is being deleted: read a newer version
     */
    public synchronized Use use(ArchiveManifest version, Collection<DataFile> files, long readAtMs) throws IOException {
        Held of = held.get(version.version());
        if (of == null || of.lost) {
            of = new Held();
            try {
                of.lease = leases.take(version, files, readAtMs, time);
            } catch (VersionLeases.RefusedException e) {
                throw e;
            } catch (IOException | UnsupportedOperationException e) {
                warnOnce(e);
            }
            held.put(version.version(), of);
        }
        of.reads++;
        if (version.version() > newest) {
            newest = version.version();
            releaseUnread();
        }
        return new Use(version.version());
    }

    /** The archive whose versions these are. */
    public ManifestStore store() {
        return store;
    }

    private void warnOnce(Exception e) {
        if (!warned) {
            warned = true;
            LOG.warn("no lease can be taken in archive {}: a retention may delete files below a read that takes longer than its grace time", store.root(), e);
        }
    }

    private synchronized void end(long version) {
        Held of = held.get(version);
        if (of != null) {
            of.reads--;
        }
        releaseUnread();
    }

    private void releaseUnread() {
        List<Long> unread = new ArrayList<>();
        held.forEach((version, of) -> {
            if (of.reads == 0 && version != newest) {
                unread.add(version);
            }
        });
        unread.forEach(version -> release(held.remove(version)));
    }

    private void release(Held of) {
        if (of.lease != null) {
            try {
                leases.release(of.lease);
            } catch (IOException e) {
                LOG.debug("lease {} was not released; it ends by its time", of.lease.name(), e);
            }
        }
    }

    private synchronized void renew() {
        held.values().removeIf(of -> {
            if (of.reads == 0) {
                release(of);
            }
            return of.reads == 0;
        });
        for (Held of : held.values()) {
            if (of.lease == null || of.lost) {
                continue;
            }
            try {
                of.lease = leases.renew(of.lease, time);
            } catch (VersionLeases.RefusedException e) {
                of.lost = true;
                LOG.warn("a lease on a manifest version was lost: {}", e.getMessage());
            } catch (IOException e) {
                of.lost = clock.millis() >= of.lease.expiresMs();
                LOG.warn("lease {} could not be renewed", of.lease.name(), e);
            }
        }
    }

    /** Ends all leases. */
    @Override
    public void close() {
        renewing.shutdownNow();
        synchronized (this) {
            held.values().forEach(this::release);
            held.clear();
        }
    }
}
