package io.qaexchange.state;

import io.qaexchange.storage.Snapshot;

/** A moment of the store that several users share. The last one to let go closes it. Thread-safe. */
final class SharedSnapshot {
    private final Snapshot snapshot;
    /** Guarded by this. */
    private int users = 1;

    SharedSnapshot(Snapshot snapshot) {
        this.snapshot = snapshot;
    }

    /** Good until the caller lets go. */
    Snapshot snapshot() {
        return snapshot;
    }

    /** For one more user. */
    synchronized SharedSnapshot share() {
        if (users == 0) {
            throw new IllegalStateException("the snapshot at sequence number " + snapshot.sequence() + " is closed");
        }
        users++;
        return this;
    }

    /** Called once by each user. */
    synchronized void release() {
        if (--users == 0) {
            snapshot.close();
        }
    }
}
