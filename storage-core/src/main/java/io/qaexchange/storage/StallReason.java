package io.qaexchange.storage;

/** Why a write waited. Each reason is a limit of {@link StoreOptions}. */
public enum StallReason {
    /** As many memtables as may wait for their flush do: the write waited until one was flushed. */
    FROZEN_MEMTABLES("maxFrozenMemtables"),
    /** Level 0 is so deep that writes stop: the write waited for a compaction. */
    LEVEL0_STOP("level0StopDepth"),
    /** Level 0 is so deep that writes are slowed: the write paused. */
    LEVEL0_SLOWDOWN("level0SlowdownDepth"),
    /** Memtables fill faster than they are flushed: the write paused, so that a later one need not stop. */
    MEMTABLES_FILLING("memtableBytes");

    private final String option;

    StallReason(String option) {
        this.option = option;
    }

    /** Name of the option that sets the limit. */
    public String option() {
        return option;
    }
}
