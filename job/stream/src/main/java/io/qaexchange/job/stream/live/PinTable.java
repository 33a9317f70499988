package io.qaexchange.job.stream.live;

import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The pins of an endpoint. A pin that is not used for {@link #LEASE_S} seconds is released: it keeps compactions from dropping what it reads.
 *
 * <p>Thread-safe.
 */
final class PinTable {

    static final int LEASE_S = 60;
    private static final int MOST = 1024;

    private static final class Leased {
        final HotRowService service;
        final HotRowService.Pinned pinned;
        long usedNs = System.nanoTime();
        int users;

        Leased(HotRowService service, HotRowService.Pinned pinned) {
            this.service = service;
            this.pinned = pinned;
        }
    }

    /** All guarded by this. */
    private final Map<Long, Leased> pins = new HashMap<>();
    private long lastId;
    private boolean closed;

    /** Pins a subtask. */
    HotRowService.Pinned pin(HotRowService service, long checkpointId) throws IOException {
        long id;
        synchronized (this) {
            if (closed) {
                throw new LiveException(LiveProtocol.GONE, "the job has ended here");
            }
            if (pins.size() >= MOST) {
                throw new LiveException(LiveProtocol.BUSY, "this TaskManager holds " + MOST + " pins. Try again in a moment");
            }
            id = ++lastId;
        }
        HotRowService.Pinned pinned = service.pin(id, checkpointId);
        synchronized (this) {
            if (!closed) {
                pins.put(id, new Leased(service, pinned));
                return pinned;
            }
        }
        pinned.session().close();
        throw new LiveException(LiveProtocol.GONE, "the job has ended here");
    }

    /** Reads a pin; nobody releases it meanwhile. */
    interface Use {
        void accept(HotRowService service, HotRowService.Pinned pinned) throws IOException;
    }

    void use(long id, Use use) throws IOException {
        Leased leased;
        synchronized (this) {
            leased = pins.get(id);
            if (leased == null) {
                throw new LiveException(LiveProtocol.GONE, "pin " + id + " was released: it was not used for " + LEASE_S
                        + " s, or its subtask has ended");
            }
            leased.users++;
        }
        try {
            use.accept(leased.service, leased.pinned);
        } finally {
            synchronized (this) {
                leased.users--;
                leased.usedNs = System.nanoTime();
                if (leased.users == 0 && !pins.containsKey(id)) {
                    leased.pinned.session().close();
                }
            }
        }
    }

    synchronized void release(long id) {
        Leased leased = pins.remove(id);
        if (leased != null && leased.users == 0) {
            leased.pinned.session().close();
        }
    }

    /** Releases the pins of a subtask that has ended. */
    void releaseOf(HotRowService service) {
        releaseIf(leased -> leased.service == service);
    }

    private synchronized void releaseIf(Predicate<Leased> condition) {
        List<Long> ids = new ArrayList<>();
        pins.forEach((id, leased) -> {
            if (condition.test(leased)) {
                ids.add(id);
            }
        });
        ids.forEach(this::release);
    }

    /** Runs until {@link #close}. */
    void releaseExpired() {
        while (true) {
            synchronized (this) {
                try {
                    wait(TimeUnit.SECONDS.toMillis(1));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
                if (closed) {
                    return;
                }
            }
            long nowNs = System.nanoTime();
            releaseIf(leased -> leased.users == 0 && nowNs - leased.usedNs > TimeUnit.SECONDS.toNanos(LEASE_S));
        }
    }

    synchronized void close() {
        closed = true;
        notifyAll();
        releaseIf(leased -> true);
    }

    synchronized int size() {
        return pins.size();
    }
}
