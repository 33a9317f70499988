package io.qaexchange.job.stream.live;

import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.state.CheckpointNotHeldException;
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
        final long id;
        final HotRowService service;
        final HotRowService.Pinned pinned;
        long usedNs = System.nanoTime();
        int users;

        Leased(long id, HotRowService service, HotRowService.Pinned pinned) {
            this.id = id;
            this.service = service;
            this.pinned = pinned;
        }
    }

    /** All guarded by this. */
    private final Map<Long, Leased> pins = new HashMap<>();
    private long lastId;
    private boolean closed;

    /**
     * Pins a subtask. A checkpoint can be pinned as long as another pin reads it, even if the subtask holds it no more: whoever has an answer about a
     * checkpoint can have the next one checked by somebody else.
     */
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
        HotRowService.Pinned pinned;
        try {
            pinned = service.pin(id, checkpointId);
        } catch (CheckpointNotHeldException e) {
            pinned = pinLike(service, id, checkpointId, e);
        }
        synchronized (this) {
            if (!closed) {
                pins.put(id, new Leased(id, service, pinned));
                return pinned;
            }
        }
        pinned.session().close();
        throw new LiveException(LiveProtocol.GONE, "the job has ended here");
    }

    /** Pins what another pin reads. */
    private HotRowService.Pinned pinLike(HotRowService service, long id, long checkpointId, CheckpointNotHeldException notHeld) throws IOException {
        Leased other;
        synchronized (this) {
            other = pins.values().stream().filter(leased -> leased.service == service && leased.pinned.pin().checkpointId() == checkpointId).findAny()
                    .orElseThrow(() -> notHeld);
            other.users++;
        }
        try {
            return service.pinLike(id, other.pinned);
        } finally {
            endUse(other);
        }
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
            endUse(leased);
        }
    }

    private synchronized void endUse(Leased leased) {
        leased.users--;
        leased.usedNs = System.nanoTime();
        if (leased.users == 0 && !pins.containsKey(leased.id)) {
            leased.pinned.session().close();
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
