package io.qaexchange.storage;

/** When a write survives a power cut. In every case what a crash takes is a suffix of the writes, never one from the middle. */
public enum Durability {
    /** When the call returns: one sync per write or batch. */
    SYNC_EACH,
    /**
     * Soon after: a background thread syncs when {@link StoreOptions#groupCommitRecords()} wait or {@link StoreOptions#groupCommitMillis()}
     * have passed. {@link Store#durableSequence()} and {@link Store#sync()} tell and wait.
     */
    GROUP_COMMIT,
    /**
     * The log is written in the background; it is synced with {@link Store#sync()}, at flushes, and every 8 MB, so that no write waits for a long sync.
     * Survives a killed process, but for the last milliseconds.
     */
    NONE,
    /** There is no log: what was not flushed is gone after a crash, and a host (Flink) keeps the memtables' log in its checkpoints. */
    NO_LOG
}
