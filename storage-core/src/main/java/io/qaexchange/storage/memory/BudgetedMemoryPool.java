package io.qaexchange.storage.memory;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Heap or direct memory up to a budget. Direct chunks are released when freed, not when collected.
 *
 * <p>Thread-safe.
 */
public final class BudgetedMemoryPool implements MemoryPool {
    /** Where the bytes lie. */
    public enum Kind { HEAP, DIRECT }

    private final Kind kind;
    private final long budgetBytes;
    private final AtomicLong usedBytes = new AtomicLong();
    private final AtomicLong peakBytes = new AtomicLong();

    public BudgetedMemoryPool(Kind kind, long budgetBytes) {
        if (budgetBytes <= 0) {
            throw new IllegalArgumentException("memory budget must be positive: " + budgetBytes);
        }
        this.kind = kind;
        this.budgetBytes = budgetBytes;
    }

    @Override
    public Chunk tryAllocate(int bytes) {
        long used;
        do {
            used = usedBytes.get();
            if (used + bytes > budgetBytes) {
                return null;
            }
        } while (!usedBytes.compareAndSet(used, used + bytes));
        return create(bytes, used + bytes);
    }

    @Override
    public Chunk allocate(int bytes) {
        return create(bytes, usedBytes.addAndGet(bytes));
    }

    private Chunk create(int bytes, long nowUsed) {
        peakBytes.accumulateAndGet(nowUsed, Math::max);
        boolean created = false;
        try {
            Chunk chunk = kind == Kind.HEAP ? Chunk.heap(bytes) : Chunk.direct(bytes);
            created = true;
            return chunk;
        } finally {
            if (!created) {
                usedBytes.addAndGet(-bytes);
            }
        }
    }

    @Override
    public void free(Chunk chunk) {
        usedBytes.addAndGet(-chunk.size());
        if (kind == Kind.DIRECT) {
            Memory.release(chunk.buffer());
        }
    }

    @Override
    public long usedBytes() {
        return usedBytes.get();
    }

    @Override
    public long budgetBytes() {
        return budgetBytes;
    }

    @Override
    public long peakBytes() {
        return peakBytes.get();
    }
}
