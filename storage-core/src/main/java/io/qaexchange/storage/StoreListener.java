package io.qaexchange.storage;

/**
 * Told what a store does, one line of {@code name=value} pairs per event. Called on the thread that does the work: be quick, and do not
 * call back into the store.
 */
@FunctionalInterface
public interface StoreListener {
    /** What happened. */
    enum Kind { OPENED, RECOVERED, FROZEN, FLUSHED, COMPACTED, FILES_DROPPED, STALLED, CHECKPOINTED, FAILED, CLOSED }

    StoreListener NONE = (kind, text) -> {};

    void on(Kind kind, String text);
}
