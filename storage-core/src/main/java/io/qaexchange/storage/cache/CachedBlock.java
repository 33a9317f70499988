package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A block in the cache and those who look at it. The cache holds one reference as long as the block is in its table, every pin holds
 * one more; the last to let go frees the memory.
 *
 * <p>Thread-safe. References are added only under the lock of the shard that holds the block, and the cache gives up its own one only
 * there and only from 1 to 0, so a block that is found is never freed under the finder.
 */
final class CachedBlock {
    private static final AtomicIntegerFieldUpdater<CachedBlock> REFERENCES =
            AtomicIntegerFieldUpdater.newUpdater(CachedBlock.class, "references");

    final long file;
    final long offset;
    final Chunk chunk;
    final int length;
    /** Where the chunk lies, kept here because a hit must not wait for one more line of memory. */
    final Object base;
    final long address;
    private final MemoryPool pool;
    private volatile int references = 1;
    /** Set at every hit, taken away by the clock hand. Guarded by the shard's lock. */
    boolean recentlyUsed;
    /** Where this block stands in its shard's clock. Guarded by the shard's lock. */
    int clockPosition;

    CachedBlock(long file, long offset, Chunk chunk, int length, MemoryPool pool) {
        this.file = file;
        this.offset = offset;
        this.chunk = chunk;
        this.length = length;
        base = chunk.base();
        address = chunk.address();
        this.pool = pool;
    }

    void retain() {
        int before = REFERENCES.getAndIncrement(this);
        assert before > 0 : "a freed block was found in the cache";
    }

    /** Lets go of one reference and frees the memory if it was the last. */
    void release() {
        int left = REFERENCES.decrementAndGet(this);
        if (left == 0) {
            pool.free(chunk);
        } else if (left < 0) {
            throw new AssertionError("a cached block was released more often than pinned: file=" + file + " offset=" + offset);
        }
    }

    /** Gives up the cache's own reference if nobody else has one; the caller then owns the memory. */
    boolean tryEvict() {
        return REFERENCES.compareAndSet(this, 1, 0);
    }
}
