package io.qaexchange.storage.memory;

/**
 * Where memtables, caches and write buffers take their memory from: one budget that can be shared by several stores. Embedded programs
 * use {@link BudgetedMemoryPool}; a host with memory of its own (Flink's managed memory) brings an implementation.
 *
 * <p>Thread-safe.
 */
public interface MemoryPool {
    /**
     * Takes a chunk.
     *
     * @return null when the budget does not allow it; the caller then frees something (freezes a memtable, evicts) or waits
     */
    Chunk tryAllocate(int bytes);

    /**
     * Takes a chunk that must be had, over the budget if need be: for the few places where refusing would lose data. What is over the
     * budget is counted.
     */
    Chunk allocate(int bytes);

    /** Gives a chunk back; it must not be touched after. */
    void free(Chunk chunk);

    long usedBytes();

    long budgetBytes();

    /** The most that was ever in use, for showing that the budget held. */
    long peakBytes();
}
