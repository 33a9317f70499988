package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;
import java.util.Arrays;

/**
 * One part of a {@link BlockCache} with its own lock: a clock that picks what must go. The blocks stand in their files' places; the clock
 * is an array of them in no particular order, and the hand passes over pinned and recently used ones.
 *
 * <p>Thread-safe: every method takes the lock of this object. A file's place changes only under it.
 */
final class CacheShard {
    private static final int INITIAL_BLOCKS = 32;

    private final MemoryPool pool;
    private final long capacityBytes;

    private CachedBlock[] clock = new CachedBlock[INITIAL_BLOCKS];
    private int count;
    private int hand;
    private long usedBytes;
    private long inserts;
    private long evictions;
    private long refusals;

    CacheShard(MemoryPool pool, long capacityBytes) {
        this.pool = pool;
        this.capacityBytes = capacityBytes;
    }

    synchronized boolean hasRoomFor(int bytes) {
        return usedBytes + bytes <= capacityBytes;
    }

    /** Memory for a block that is about to be read, others evicted for it; null if there is no room. */
    synchronized Chunk reserve(int bytes) {
        if (bytes > capacityBytes) {
            refusals++;
            return null;
        }
        Chunk reused = null;
        while (usedBytes + bytes > capacityBytes) {
            CachedBlock victim = evictOne();
            if (victim == null) {
                refusals++;
                return null;
            }
            if (victim.chunk.size() == bytes && usedBytes + bytes <= capacityBytes) {
                reused = victim.chunk;
            } else {
                pool.free(victim.chunk);
            }
        }
        Chunk chunk = reused != null ? reused : pool.tryAllocate(bytes);
        while (chunk == null) {
            CachedBlock victim = evictOne();
            if (victim == null) {
                refusals++;
                return null;
            }
            pool.free(victim.chunk);
            chunk = pool.tryAllocate(bytes);
        }
        usedBytes += bytes;
        return chunk;
    }

    /** Gives back memory of {@link #reserve} that was not filled. */
    synchronized void cancel(Chunk chunk) {
        usedBytes -= chunk.size();
        pool.free(chunk);
    }

    /** Takes in a filled block and pins it; if another thread was faster, its copy is pinned and this one freed. */
    synchronized void insert(CachedBlock block, BlockPin pin) {
        CachedBlock present = block.file.at(block.block);
        if (present != null && present.offset == block.offset && present.tryRetain()) {
            cancel(block.chunk);
            present.touch();
            pin.hold(present);
            return;
        }
        erase(block.file, block.block);
        if (count == clock.length) {
            clock = Arrays.copyOf(clock, count * 2);
        }
        block.file.place(block.block, block);
        block.clockPosition = count;
        clock[count++] = block;
        inserts++;
        if (block.tryRetain()) {
            pin.hold(block);
        }
    }

    synchronized void erase(CachedFile file, int number) {
        CachedBlock block = file.at(number);
        if (block != null) {
            unlink(block);
            block.release();
        }
    }

    synchronized void clear() {
        for (int i = count - 1; i >= 0; i--) {
            CachedBlock block = clock[i];
            unlink(block);
            block.release();
        }
    }

    synchronized CacheStatistics statistics() {
        return new CacheStatistics(0, 0, inserts, evictions, refusals, count, usedBytes, capacityBytes);
    }

    /** Takes one block out of the table whose memory then belongs to the caller; null if all are pinned. */
    private CachedBlock evictOne() {
        for (int looked = 0; looked < 2 * count; looked++) {
            if (hand >= count) {
                hand = 0;
            }
            CachedBlock candidate = clock[hand];
            if (candidate.takeRecentlyUsed()) {
                hand++;
            } else if (candidate.tryEvict()) {
                unlink(candidate);
                evictions++;
                return candidate;
            } else {
                hand++;
            }
        }
        return null;
    }

    private void unlink(CachedBlock block) {
        usedBytes -= block.chunk.size();
        CachedBlock last = clock[--count];
        clock[block.clockPosition] = last;
        last.clockPosition = block.clockPosition;
        clock[count] = null;
        block.file.place(block.block, null);
    }
}
