package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Chunk;
import io.qaexchange.storage.memory.MemoryPool;

/**
 * One part of a {@link BlockCache} with its own lock: an open-addressing table of blocks, and a clock that picks what must go.
 *
 * <p>The table probes linearly and closes gaps when a block leaves (no tombstones), so a look-up ends at the first empty place. The
 * clock is an array of all blocks in no particular order; the hand passes over pinned and recently used ones.
 *
 * <p>Thread-safe: every method takes the lock of this object.
 */
final class CacheShard {
    private static final int INITIAL_TABLE = 64;

    private final MemoryPool pool;
    private final long capacityBytes;

    private CachedBlock[] table = new CachedBlock[INITIAL_TABLE];
    private CachedBlock[] clock = new CachedBlock[INITIAL_TABLE / 2];
    private int count;
    private int hand;
    private long usedBytes;
    private long hits;
    private long misses;
    private long inserts;
    private long evictions;
    private long refusals;

    CacheShard(MemoryPool pool, long capacityBytes) {
        this.pool = pool;
        this.capacityBytes = capacityBytes;
    }

    synchronized boolean lookup(long file, long offset, int hash, BlockPin pin) {
        CachedBlock block = find(file, offset, hash);
        if (block == null) {
            misses++;
            return false;
        }
        hits++;
        block.recentlyUsed = true;
        block.retain();
        pin.hold(block);
        return true;
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
    synchronized void insert(long file, long offset, int hash, Chunk chunk, int length, BlockPin pin) {
        CachedBlock present = find(file, offset, hash);
        if (present != null) {
            cancel(chunk);
            present.recentlyUsed = true;
            present.retain();
            pin.hold(present);
            return;
        }
        CachedBlock block = new CachedBlock(file, offset, chunk, length, pool);
        if ((count + 1) * 2 > table.length) {
            grow();
        }
        place(table, block, hash);
        block.clockPosition = count;
        clock[count++] = block;
        inserts++;
        block.retain();
        pin.hold(block);
    }

    synchronized void eraseFile(long file) {
        for (int i = count - 1; i >= 0; i--) {
            CachedBlock block = clock[i];
            if (block.file == file) {
                unlink(block);
                block.release();
            }
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
        return new CacheStatistics(hits, misses, inserts, evictions, refusals, count, usedBytes, capacityBytes);
    }

    /** Takes one block out of the table whose memory then belongs to the caller; null if all are pinned. */
    private CachedBlock evictOne() {
        for (int looked = 0; looked < 2 * count; looked++) {
            if (hand >= count) {
                hand = 0;
            }
            CachedBlock candidate = clock[hand];
            if (candidate.recentlyUsed) {
                candidate.recentlyUsed = false;
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
        int mask = table.length - 1;
        int gap = hash(block.file, block.offset) & mask;
        while (table[gap] != block) {
            gap = (gap + 1) & mask;
        }
        table[gap] = null;
        for (int i = (gap + 1) & mask; table[i] != null; i = (i + 1) & mask) {
            int home = hash(table[i].file, table[i].offset) & mask;
            if (((i - home) & mask) >= ((i - gap) & mask)) {
                table[gap] = table[i];
                table[i] = null;
                gap = i;
            }
        }
    }

    private CachedBlock find(long file, long offset, int hash) {
        CachedBlock[] blocks = table;
        int mask = blocks.length - 1;
        for (int i = hash & mask; ; i = (i + 1) & mask) {
            CachedBlock block = blocks[i];
            if (block == null || (block.offset == offset && block.file == file)) {
                return block;
            }
        }
    }

    private void grow() {
        CachedBlock[] larger = new CachedBlock[table.length * 2];
        CachedBlock[] largerClock = new CachedBlock[larger.length / 2];
        for (int i = 0; i < count; i++) {
            place(larger, clock[i], hash(clock[i].file, clock[i].offset));
            largerClock[i] = clock[i];
        }
        table = larger;
        clock = largerClock;
    }

    private static void place(CachedBlock[] table, CachedBlock block, int hash) {
        int mask = table.length - 1;
        int i = hash & mask;
        while (table[i] != null) {
            i = (i + 1) & mask;
        }
        table[i] = block;
    }

    static int hash(long file, long offset) {
        long mixed = (file * 0x9E3779B97F4A7C15L ^ offset) * 0xD6E8FEB86659FD93L;
        return (int) (mixed >>> 32);
    }
}
