package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * A block in the cache and those who look at it. The cache holds one reference as long as the block is in its place, every pin holds
 * one more; the last to let go frees the memory.
 *
 * <p>Thread-safe. A reference is added only where there is one already, so one that reached 0 stays there; the cache gives up its own
 * one only with the shard's lock. So a block that was retained is never freed under who retained it.
 */
final class CachedBlock {
    private static final AtomicIntegerFieldUpdater<CachedBlock> REFERENCES =
            AtomicIntegerFieldUpdater.newUpdater(CachedBlock.class, "references");

    final CachedFile file;
    final int block;
    final long offset;
    final Chunk chunk;
    final int length;
    /** Where the chunk lies, kept here because a hit must not wait for one more line of memory. */
    final Object base;
    final long address;
    private final MemoryPool pool;
    private volatile int references = 1;
    /** Set at a hit, taken away by the clock hand. Plain: a hit that the hand does not see costs a second reading, no more. */
    private boolean recentlyUsed;
    /** Where this block stands in its shard's clock. Guarded by the shard's lock. */
    int clockPosition;

    CachedBlock(CachedFile file, int block, long offset, Chunk chunk, int length, MemoryPool pool) {
        this.file = file;
        this.block = block;
        this.offset = offset;
        this.chunk = chunk;
        this.length = length;
        base = chunk.base();
        address = chunk.address();
        this.pool = pool;
    }

    /** @return false if the memory was given back, or is about to be */
    boolean tryRetain() {
        int now = references;
        while (now > 0) {
            if (REFERENCES.compareAndSet(this, now, now + 1)) {
                return true;
            }
            now = references;
        }
        return false;
    }

    /** Lets go of one reference and frees the memory if it was the last. */
    void release() {
        int left = REFERENCES.decrementAndGet(this);
        if (left == 0) {
            pool.free(chunk);
        } else if (left < 0) {
            throw new AssertionError("a cached block was released more often than pinned: block=" + block + " offset=" + offset);
        }
    }

    /** Gives up the cache's own reference if nobody else has one; the caller then owns the memory. */
    boolean tryEvict() {
        return REFERENCES.compareAndSet(this, 1, 0);
    }

    void touch() {
        // Mostly it is set, and the line of other readers stays theirs.
        if (!recentlyUsed) {
            recentlyUsed = true;
        }
    }

    /** Whether it was used since this was last asked. */
    boolean takeRecentlyUsed() {
        boolean used = recentlyUsed;
        recentlyUsed = false;
        return used;
    }
}
